"""Programs that test_fuzz.py starts; they import each other."""

collect_ignore_glob = ["fuzz*.py"]
