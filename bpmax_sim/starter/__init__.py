"""Create projects that pass at once: `bpmax-sim init`, ``init --from`` and the demonstration."""
