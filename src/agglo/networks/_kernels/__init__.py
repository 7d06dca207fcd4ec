"""Array kernels of the networks area: no labels, no frames."""
