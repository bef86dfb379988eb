"""Whether a green scenario would notice a mistake in a script, and which line is missing if not.

An optional part, which nothing below imports.
"""
