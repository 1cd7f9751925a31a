"""One file per verb of the command line; knows no task by name."""
