"""Products; everything reaches the disk through `atomic`."""
