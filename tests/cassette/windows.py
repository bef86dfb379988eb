"""A process that records under rules of Windows: ``-m tests.cassette.windows PATH``.

The modules of the package are imported as on Windows: without fork and fcntl, with an `msvcrt`
whose locks are Linux's own of bytes. And nothing that is open is renamed, replaced or deleted,
which an audit hook sees to, so that it holds for whoever does it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx  # noqa: F401 - what others wrote finds the system that it runs on
import msgspec

_OPEN_FILE_LOCK = 37  # F_OFD_SETLK: of the open file, as on Windows, and not of the process
_FORBIDDEN = re.compile(r'[<>:"|?*\\\x00-\x1f]|[ .]$')
_LONGEST = 259
MODULES = ("bpmax_sim.cassette.file", "bpmax_sim.cassette.recorder", "tests.cassette.exchanges")


def fake_locks() -> Any:
    """Return a module that locks as Microsoft's library says it does."""
    module: Any = ModuleType("msvcrt")
    module.LK_LOCK, module.LK_NBLCK = 1, 2

    def locking(descriptor: int, mode: int, length: int) -> None:
        start = os.lseek(descriptor, 0, os.SEEK_CUR)
        wanted = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, start, length, 0)
        for _ in range(10 if mode == module.LK_LOCK else 1):
            try:
                fcntl.fcntl(descriptor, _OPEN_FILE_LOCK, wanted)
            except OSError:
                time.sleep(1 if mode == module.LK_LOCK else 0)
            else:
                return
        raise OSError(errno.EACCES, "Permission denied")

    module.locking = locking
    return module


def refuse_what_is_open(root: Path) -> None:
    """Have nothing below *root* renamed or deleted that this process has open."""

    def hook(event: str, details: tuple[Any, ...]) -> None:
        paths = {"os.rename": details[:2], "os.remove": details[:1]}.get(event, ())
        below = [name for name in map(os.fspath, paths) if name.startswith(str(root))]
        for name in below:
            if name in opened():
                raise PermissionError(errno.EACCES, "used by another process", name)
        if event == "open" and str(details[0]).startswith(str(root)):
            rest = str(details[0])[len(str(root)) :]
            if len(rest) > _LONGEST or any(map(_FORBIDDEN.search, rest.split("/"))):
                raise OSError(errno.EINVAL, "not a name on Windows", rest)

    sys.addaudithook(hook)


def opened() -> set[str]:
    """Return the files that this process has open."""
    found = set()
    for one in os.listdir("/proc/self/fd"):  # noqa: PTH208 - names alone are wanted
        try:
            found.add(os.readlink(f"/proc/self/fd/{one}"))  # noqa: PTH115
        except OSError:
            continue  # the folder's own
    return found


def be_windows(do: Callable[[], object]) -> None:
    """Import what *do* imports as on Windows."""
    system, sys.platform = sys.platform, "win32"
    sys.modules["msvcrt"] = fake_locks()
    for name in ("fork", "register_at_fork", "fdatasync"):
        delattr(os, name)
    try:
        do()
    finally:
        sys.platform = system


def main(path: str) -> None:
    """Record, change what was recorded, replace a large cassette that is being read, recover."""
    be_windows(lambda: [__import__(one) for one in MODULES])
    from bpmax_sim.cassette.file import Cassette  # noqa: PLC0415 - as on Windows
    from bpmax_sim.cassette.journal import scan_nothing  # noqa: PLC0415
    from bpmax_sim.cassette.merge import recover  # noqa: PLC0415
    from bpmax_sim.cassette.recorder import Recorder  # noqa: PLC0415
    from tests.cassette.exchanges import RULES, ZONE, answer, detail  # noqa: PLC0415

    target = Path(path)
    refuse_what_is_open(target.parent)
    reading = []
    for owner in ("采购", "销售"):
        recorder = Recorder(target, rules=RULES, owner=owner, scan=scan_nothing, zone=ZONE)
        for number in range(3):
            recorder.append(detail(number, outcome=answer("客户" * 60_000)))
        recorder.redact_again(
            lambda one: msgspec.structs.replace(one, outcome=answer("顾客" * 60_000)),
            secret_texts=[""],
        )
        recorder.seal()
        reading.append(Cassette.load(target))
    left = Recorder(target, rules=RULES, owner="仓库", scan=scan_nothing, zone=ZONE)
    left.append(detail(9, outcome=answer("货")))
    left.close()
    (written,) = recover(target)
    print(written.name, [len(one) for one in (*reading, Cassette.load(target))])  # noqa: T201
    print(sorted(one.name for one in target.parent.iterdir()))  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1])
