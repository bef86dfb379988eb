"""What answers requests: the interface `Transport`, and objects that wrap one another."""
