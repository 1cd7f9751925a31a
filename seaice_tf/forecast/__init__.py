"""Monthly sea-ice concentration: years of monthly maps in, the next 12 months out."""
