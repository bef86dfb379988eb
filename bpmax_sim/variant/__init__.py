"""Runs of an item with something changed: a script's text, more faults, other steps."""
