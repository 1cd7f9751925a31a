"""Dice coefficient, baselines and the search of post-processing decisions."""
