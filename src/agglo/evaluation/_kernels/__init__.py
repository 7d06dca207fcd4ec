"""Array kernels of the composite-indicator engine."""
