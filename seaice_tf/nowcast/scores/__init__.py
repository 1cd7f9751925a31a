"""Scores of forecast frames, and baselines."""
