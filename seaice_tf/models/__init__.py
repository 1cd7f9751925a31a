"""Factories of functional models, their layers, losses and weights."""
