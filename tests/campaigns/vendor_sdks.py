"""``python -m tests.campaigns.vendor_sdks [--write]``: the vendors' SDKs against our stand-ins.

Installs `lark-oapi`, `wechatpy` and `DingtalkChatbot` into an environment of their own, starts
``bpmax-sim simulate``, and makes everyday calls. Each call says what it has to come back with: a
value, or the code of the vendor's refusal. ``--write`` keeps them for the pages. It ends with 1
where a call came to something else.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PACKAGES = ("lark-oapi==1.7.5", "wechatpy==1.8.18", "cryptography", "DingtalkChatbot==1.5.7")
PLATFORMS = ("feishu", "qywx", "dingtalk_v1")
CALLS = Path(__file__).parent / "vendor_sdk_calls.py"
OUTCOMES = Path(__file__).parent / "vendor_sdk_outcomes.json"
Outcome = list[str]  # the SDK, its call, what it has to come back with, and what it did


def main() -> int:
    """Run the calls, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="keep what came for the pages")
    parser.add_argument("--python", help="an interpreter that has the SDKs")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcomes = _outcomes(options.python or _install(Path(folder)))
    lines = [json.dumps(outcome, ensure_ascii=False) for outcome in outcomes]
    print(*lines, sep="\n")  # noqa: T201
    wrong = [
        line for line, (_, _, expected, got) in zip(lines, outcomes, strict=True) if expected != got
    ]
    print(f"{len(outcomes)} calls, {len(wrong)} otherwise", *wrong, sep="\n")  # noqa: T201
    if options.write:
        OUTCOMES.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")
    return int(bool(wrong) or not outcomes)


def _install(folder: Path) -> str:
    venv.create(folder, with_pip=True)
    python = str(folder / "bin/python")
    subprocess.run([python, "-m", "pip", "install", "-q", *PACKAGES], check=True)
    return python


def _outcomes(python: str) -> list[Outcome]:
    rows: list[Outcome] = []
    for platform in PLATFORMS:
        with simulate(platform) as served:
            done = subprocess.run(
                [python, str(CALLS), platform, json.dumps(served)],
                check=True,
                capture_output=True,
                text=True,
                timeout=120,
            )
        rows += [json.loads(line) for line in done.stdout.splitlines()]
    return rows


@contextmanager
def simulate(platform: str) -> Iterator[dict[str, Any]]:
    """Yield what ``bpmax-sim simulate --json`` says: its address and its credentials."""
    command = [sys.executable, "-m", "bpmax_sim", "simulate", platform, "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        try:
            yield json.loads(server.stdout.readline())
        finally:
            server.terminate()


if __name__ == "__main__":
    sys.exit(main())
