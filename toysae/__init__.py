"""toysae: do sparse autoencoders find the true features, or composites of them?

Read the modules in this order; each imports only from those before it:

    firings       who fires with whom
    copula        the same where firings are correlated
    magnitudes    how strongly
    worlds        both, and the directions of the features: where the data come from
    sae           a stack of sparse autoencoders; variants the kinds that people use
    training      one training loop for every stack and every world
    oracle        what training is compared with: bounds, exact codes, exact losses, best dictionaries
    theory        closed forms
    exchange      SAEs leave for SAELens and come back
    labels        what a latent stands for: one feature, several, or neither
    measures      what is counted: labels, recovery scores, absorption, intervals
    bias          the exact account of a decoder bias
    two_features  the smallest worlds, of which everything is known
    hierarchies   parents and children
    antipodal     two sets of features in one plane
    budget        what a dictionary can do if only so many latents may be active
    superposed    more features than dimensions
    synthetic     a benchmark world of any size; detection SAEs as detectors of its features, inheritance its families
    trials        SAEs of several kinds on that benchmark, a point of a sweep; comparison who is ahead
    tasks         worlds on which remedies compete
    classical     dictionaries by methods older than SAEs
    remedies      who competes, and how they are scored; tuning how their settings are chosen
    figures       the pictures; figures_values those of a value over two settings, figures_detection scores
    sentences     phrases that several notebooks compute
    interactive   the picture with sliders
    sweeps        a grid of settings becomes one table; points are what it computes, and contest
    bench         how fast it is
    writeup       how notebooks become a book (needs none of the above)
"""

__version__ = "0.1.0"
