"""A warm Python looks from outside like one that was started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests import warm

pytestmark = pytest.mark.skipif(not warm.FORKS, reason="nothing forks here")
SEEN = """
import os, sys
print(sys.argv, os.getcwd(), os.environ["客户"], sys.path[0], __name__, sys.stdin.read())
print(sys.stdout.encoding, sys.executable, file=sys.stderr)
"""


def run(*arguments: str, python: str = "", **more: Any) -> tuple[int, bytes, bytes]:
    command = [python or warm.python(), *arguments]
    done = subprocess.run(command, capture_output=True, check=False, **more)
    return done.returncode, done.stdout, done.stderr.replace(b"/python3.11\n", b"/python\n")


@pytest.mark.parametrize("arguments", [("-c", SEEN, "-k", "张 三"), ("-m", "told", "a", "")])
def test_it_has_the_same_arguments_environment_folder_and_streams(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    (tmp_path / "told.py").write_text(SEEN, encoding="utf-8")
    same: dict[str, Any] = {"cwd": tmp_path, "input": "合同".encode()}
    same["env"] = {**os.environ, "客户": "张三", "PYTHONUTF8": "1"}

    assert run(*arguments, **same) == run(*arguments, python=sys.executable, **same)


@pytest.mark.parametrize(
    "code",
    [
        "",
        "import sys; sys.exit(6)",
        "raise SystemExit('没有录制')",
        "import atexit; atexit.register(print, '最后'); print('先', end=' ')",
        "import threading, time; threading.Timer(0.01, print, ['后']).start()",
        "import os; os._exit(9)",
        "import os; os.kill(os.getpid(), 9)",
    ],
)
def test_it_ends_the_same_way(code: str) -> None:
    assert run("-c", code) == run("-c", code, python=sys.executable)


def test_who_ends_it_ends_its_command(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    wait = f"import os, time; open({str(file)!r}, 'w').write(f'{{os.getpid()}}\\n'); time.sleep(60)"
    with subprocess.Popen([warm.python(), "-c", wait]) as process:
        while not (file.exists() and file.read_text().endswith("\n")):
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)

    pid = int(file.read_text())
    until = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and time.monotonic() < until:
        time.sleep(0.01)
    assert process.returncode == -signal.SIGTERM
    assert not Path(f"/proc/{pid}").exists()
