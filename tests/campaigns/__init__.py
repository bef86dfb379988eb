"""Attacks that take longer than a test suite may; ``.ci/nightly`` runs them whole."""
