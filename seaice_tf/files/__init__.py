"""Files of any system: atomic writes, locks, formats, pictures."""
