"""Frames: reading, checks, sampling, optical flow and synthetic data."""
