"""Events told to a person."""
