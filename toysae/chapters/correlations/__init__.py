"""What correlated data can identify, in reading order:

causes       whether something better is known than what was learned
turned_rows  two sets of features in one plane, and what turned dictionaries cost there
budget       what a dictionary can do if only so many latents may be active
landscapes   the picture of a value over two settings
"""
