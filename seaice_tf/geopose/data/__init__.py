"""Tiles, poses, augmentation, rectification and synthetic cities."""
