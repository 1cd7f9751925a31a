"""The published scoring rules, float64 and streaming."""
