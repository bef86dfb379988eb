"""Recordings of other tools, converted to exchanges and back by pure functions."""
