"""Mutation testing: find mistakes in scripts that no green scenario would notice.

An optional package that only the command line and the pytest plugin import.
"""
