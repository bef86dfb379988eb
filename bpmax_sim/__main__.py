"""``python -m bpmax_sim``: the command line."""

from __future__ import annotations

from bpmax_sim.cli import main

if __name__ == "__main__":
    main()
