"""Recordings of HTTP exchanges: file format, journal, matching and replay."""
