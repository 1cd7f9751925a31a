"""Ice charts of Sentinel-1 SAR scenes."""
