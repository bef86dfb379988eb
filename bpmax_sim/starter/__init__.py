"""A project that passes at once: what `bpmax-sim init` writes."""
