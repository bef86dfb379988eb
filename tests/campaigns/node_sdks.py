"""``python -m tests.campaigns.node_sdks``: a vendor's SDK for Node against our stand-in.

``@larksuiteoapi/node-sdk`` comes from npm, into a temporary folder or the one that ``NODE_MODULES``
names. It ends with 1 where a call came to something else than the vendor's answer.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.campaigns.importers import DATA, install_node_modules
from tests.campaigns.vendor_sdks import simulate

PACKAGE = "@larksuiteoapi/node-sdk@1"


def main() -> int:
    """Make the calls, and return the exit status."""
    with tempfile.TemporaryDirectory() as folder, simulate("feishu") as served:
        modules = install_node_modules(Path(folder), PACKAGE)
        done = subprocess.run(
            ["node", DATA / "feishu.js", json.dumps(served)],
            env={**os.environ, "NODE_PATH": str(modules)},
            check=True,
            capture_output=True,
            text=True,
            timeout=120,
        )
    lines = [line for line in done.stdout.splitlines() if line.startswith('["')]  # it logs, too
    outcomes = [json.loads(line) for line in lines]
    wrong = [name for name, expected, got in outcomes if expected != got]
    sys.stdout.write("\n".join(lines) + f"\n{len(outcomes)} calls, {len(wrong)} otherwise\n")
    return int(bool(wrong) or not outcomes)


if __name__ == "__main__":
    sys.exit(main())
