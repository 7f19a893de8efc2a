"""Many features in superposition, in reading order:

trials        SAEs of several kinds on the benchmark: a point of a sweep
comparison    who is ahead, seed by seed
inheritance   children and parents within an SAE
clouds        the picture of scores that have two coordinates
plan          the large sweep of this chapter
"""
