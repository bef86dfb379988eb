"""Checks of recordings and declarations: drift, migration, coverage, secrets."""
