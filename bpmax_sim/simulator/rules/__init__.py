"""Rule tables of third parties, one a file."""
