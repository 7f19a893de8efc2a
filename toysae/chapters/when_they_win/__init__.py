"""What decides whether composites win, in reading order:

phases        who wins, over two settings
two_features  two features and two latents, over a grid of settings
plan          the large sweep of this chapter
"""
