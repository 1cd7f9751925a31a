"""Products of a nowcast: files of forecasts, netCDF and pictures."""
