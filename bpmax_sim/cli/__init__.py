"""The command line `bpmax-sim`."""
