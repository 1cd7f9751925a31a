"""Grids, counts, tiles and windows: numpy in, numpy out."""
