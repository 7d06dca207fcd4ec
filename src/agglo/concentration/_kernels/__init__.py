"""Array kernels of the concentration measures: arrays in, arrays out, no labels."""
