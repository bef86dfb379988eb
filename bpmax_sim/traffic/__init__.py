"""Recordings of other tools: bytes -> exchanges and back, by pure functions."""
