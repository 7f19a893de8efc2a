"""Parents and children, in reading order:

families   what becomes of a parent's latent when a child fires
halves     the picture of both halves of an SAE: what latents write, and what makes them fire
"""
