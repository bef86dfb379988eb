"""Try every failure of a third party, and every order of its responses, on scenarios that pass."""
