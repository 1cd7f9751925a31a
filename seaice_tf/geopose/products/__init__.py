"""Submissions and plots."""
