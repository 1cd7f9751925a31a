"""Charts of sea ice on radar scenes."""
