"""Judge recordings and declarations: drift, migration, coverage, secrets."""
