"""Label tables, photos, run-length codes and post-processing."""
