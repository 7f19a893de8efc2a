"""How far training stays from the optimum, and what the data settle, in reading order:

stacks            stacks that are trained side by side, and SAEs put together from two
paths             the straight path from the atoms to the composites
what_data_settle  where the features are a sharp minimum, and where a mirror image costs the same
pictures          the figures of this study
"""
