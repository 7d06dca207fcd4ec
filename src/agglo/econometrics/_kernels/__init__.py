"""Array kernels of the spatial panel estimators."""
