"""``python -m benchmarks [--json] [NAME…]``: run the benchmarks and print one table."""

from __future__ import annotations

import argparse
import importlib
import json
import platform
import sys

NAMES = ("calls", "cassette", "determinism", "memory", "scripts", "signing", "start")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}")
    parser.add_argument("--json", action="store_true", help="one object on standard output")
    options = parser.parse_args()
    found = {}
    for name in options.names or NAMES:
        print(f"{name} …", file=sys.stderr)
        found[name] = importlib.import_module(f"benchmarks.{name}").measure()
    if options.json:
        machine = {"python": platform.python_version(), "system": platform.platform()}
        print(json.dumps({"version": 1, **machine, "figures": found}, ensure_ascii=False))
        return
    for name, figures in found.items():
        for what, value in figures.items():
            print(f"{name:9} {what:52} {value:12.3f}")


if __name__ == "__main__":
    main()
