"""Published scoring rules and baselines."""
