"""Reads the source files."""
