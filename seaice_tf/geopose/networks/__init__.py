"""Model factories, layers and losses."""
