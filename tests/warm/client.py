"""Has a command run by the warm process, in its own folder, environment and streams.

Nobody imports this: it is the text of small programs, which start without site-packages.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from contextlib import suppress


def main(path: str, arguments: tuple[str, ...]) -> None:
    """Have it run by the server at *path*, after *arguments*, and end as it does."""
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(path)
        folder = os.getcwd()  # noqa: PTH109 - pathlib takes as long to import as all of this
        command = [*arguments, *sys.argv[1:]], folder, dict(os.environ)
        data = repr(command).encode("utf-8", "surrogateescape")
        socket.send_fds(server, [len(data).to_bytes(4, "big")], [0, 1, 2])
        server.sendall(data)
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):  # only the command has them: who reads is to see that it ends
            os.dup2(nothing, stream)
        answer = server.recv(4)
    if not answer:
        sys.exit(f"the warm Python is gone: {path}")
    status = int.from_bytes(answer, "big")
    if os.WIFSIGNALED(status):
        with suppress(OSError):  # of SIGKILL
            signal.signal(os.WTERMSIG(status), signal.SIG_DFL)
        os.kill(os.getpid(), os.WTERMSIG(status))
    os._exit(os.waitstatus_to_exitcode(status))
