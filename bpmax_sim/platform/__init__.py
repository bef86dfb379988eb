"""What is declared: platforms, instances, APIs, credentials, auth."""
