"""How fast is it? Our training beside other people's, and what it costs where.

Only `serving` and `peer` are imported in the environment of the peers, which holds no more than our core and sae_lens.
"""
