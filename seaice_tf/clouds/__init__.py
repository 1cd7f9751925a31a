"""Masks of four kinds of cloud organisation on satellite photos."""
