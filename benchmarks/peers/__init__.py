"""Peers beside this project: trials that run, in an environment of their own."""
