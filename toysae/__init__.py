"""toysae: do sparse autoencoders find the true features, or composites of them?

Read the modules in this order; each imports only from those before it:

    worlds     who fires with whom, and how strongly
    sae        a stack of sparse autoencoders
    training   one training loop for every stack and every world
    oracle     what training is compared with: bounds, exact codes, exact losses
    measures   what is counted: cosines, labels, recovery scores, intervals
    figures    the pictures
    writeup    how notebooks become a book (needs none of the above)
"""

__version__ = "0.1.0"
