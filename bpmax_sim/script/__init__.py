"""JavaScript: engine, prelude, runtime and the scheduler of virtual time."""
