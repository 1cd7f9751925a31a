"""Pure functions from numpy arrays to numpy arrays."""
