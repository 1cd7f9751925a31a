"""Files and figures of a forecast."""
