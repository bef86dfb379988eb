"""What was said: the file format, journal, store, and matching of recordings."""
