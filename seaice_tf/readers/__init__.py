"""The only room that opens data files: bytes to arrays, masks and metadata."""
