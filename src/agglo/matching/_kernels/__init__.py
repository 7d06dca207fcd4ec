"""Array kernels of matching."""
