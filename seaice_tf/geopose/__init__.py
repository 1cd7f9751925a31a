"""Height above ground and flow of oblique aerial images."""
