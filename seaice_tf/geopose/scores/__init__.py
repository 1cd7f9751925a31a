"""Score of the Overhead Geopose Challenge, and baselines."""
