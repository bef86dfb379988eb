"""Has a command run by the warm process, in its own folder, environment and streams.

Nobody imports this: it is the text of small programs, which start without site-packages, and
import only what is built in: the modules around it cost as much as the start of Python itself.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]
import _socket
import os
import sys


def main(path: str, arguments: tuple[str, ...]) -> None:
    """Have it run by the server at *path*, after *arguments*, and end as it does."""
    server = _socket.socket(_socket.AF_UNIX)
    server.connect(path)
    folder = os.getcwd()  # noqa: PTH109
    command = [*arguments, *sys.argv[1:]], folder, dict(os.environ)
    data = repr(command).encode("utf-8", "surrogateescape")
    streams = b"".join(stream.to_bytes(4, sys.byteorder) for stream in range(3))
    rights = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, streams)]
    server.sendmsg([len(data).to_bytes(4, "big")], rights)
    server.sendall(data)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):  # only the command has them: who reads is to see that it ends
        os.dup2(nothing, stream)
    answer = server.recv(4)
    if not answer:
        sys.exit(f"the warm Python is gone: {path}")
    status = int.from_bytes(answer, "big")
    if os.WIFSIGNALED(status):
        if os.WTERMSIG(status) != _signal.SIGKILL:  # whose handler is nobody's to set
            _signal.signal(os.WTERMSIG(status), _signal.SIG_DFL)
        os.kill(os.getpid(), os.WTERMSIG(status))
    os._exit(os.waitstatus_to_exitcode(status))
