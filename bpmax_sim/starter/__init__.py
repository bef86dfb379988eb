"""Projects that pass at once: what `bpmax-sim init` writes, and the demonstration."""
