"""Imports what tests start Python for, and forks itself for each command of a client."""

from __future__ import annotations

import ast
import atexit
import gc
import io
import locale
import os
import runpy
import selectors
import signal
import socket
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module, metadata
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn, TextIO

MODULES = (
    *("pytest", "_pytest.main", "xdist.remote", "xdist.dsession", "pdb", "importlib.readers"),
    *("hypothesis.internal.observability", "_hypothesis_pytestplugin", "typer._adapters"),
    *("pydantic.type_adapter", "pydantic.json_schema", "pydantic.plugin._loader", "resource"),
    *(f"bpmax_sim.cli.{name}" for name in ("app", "run", "lint", "cassettes", "review", "project")),
    *(f"bpmax_sim.pytest_plugin.{name}" for name in ("items", "summary", "python_tests")),
    *("bpmax_sim.transport.live", "bpmax_sim.report.html", "jinja2.sandbox"),
    *("bpmax_sim.platform.sandbox", "bpmax_sim.scenario.model"),
)
"""What most commands import; servers and clients are left to the few that do.

Of Hypothesis it is what its plugin imports when any run of pytest ends.
"""


@dataclass(frozen=True, slots=True)
class Command:
    """What a Python is to do: its arguments, folder, environment, and three open streams."""

    arguments: list[str]
    folder: str
    environment: dict[str, str]
    streams: list[int]


@dataclass(slots=True)
class Server:
    """Starts a child for each client, and tells the client how it ended."""

    listener: socket.socket
    selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    children: dict[int, tuple[int, socket.socket]] = field(default_factory=dict)

    def serve(self) -> Command | None:
        """Answer until the standard input ends; return in each child with its command."""
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.selector.register(0, selectors.EVENT_READ)
        while True:
            for key, _ in self.selector.select():
                if key.fd == 0:
                    return None
                if key.fileobj is self.listener:
                    command = self.fork(self.listener.accept()[0])
                    if command is not None:
                        return command
                elif key.fd in self.children:
                    self.reap(key.fd)
                else:  # the client is gone, and takes its command with it
                    self.selector.unregister(key.fileobj)
                    os.kill(key.data, signal.SIGKILL)

    def fork(self, client: socket.socket) -> Command | None:
        command = received(client)
        pid = os.fork()
        if not pid:
            self.forget(client)
            return command
        for stream in command.streams:
            os.close(stream)
        ended = os.pidfd_open(pid)
        self.children[ended] = (pid, client)
        self.selector.register(ended, selectors.EVENT_READ)
        self.selector.register(client, selectors.EVENT_READ, pid)
        return None

    def forget(self, client: socket.socket) -> None:
        """Close in a child what it has of its parent."""
        self.selector.close()
        for ended, (_, other) in self.children.items():
            os.close(ended)
            other.close()
        client.close()
        self.listener.close()

    def reap(self, ended: int) -> None:
        pid, client = self.children.pop(ended)
        _, status = os.waitpid(pid, 0)
        self.selector.unregister(ended)
        os.close(ended)
        with suppress(KeyError):
            self.selector.unregister(client)
        with suppress(OSError), client:
            client.sendall(status.to_bytes(4, "big"))

    def kill(self) -> None:
        """End what still runs."""
        for pid, _ in self.children.values():
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def received(client: socket.socket) -> Command:
    head, streams, _, _ = socket.recv_fds(client, 4, 3)
    left, data = int.from_bytes(head, "big"), b""
    while len(data) < left:
        data += client.recv(left - len(data))
    arguments, folder, environment = ast.literal_eval(data.decode("utf-8", "surrogateescape"))
    return Command(arguments, folder, environment, streams)


def load() -> None:
    """Import the package, and what its tests are run with."""
    for name in MODULES:
        import_module(name)
    from _pytest.assertion.rewrite import AssertionRewritingHook  # noqa: PLC0415
    from _pytest.config import default_plugins  # noqa: PLC0415

    for name in default_plugins:
        import_module(f"_pytest.{name}")
    fill()
    # Plugins that are imported already have no rewritten assertions; none here needs them.
    AssertionRewritingHook._warn_already_imported = lambda *_: None  # type: ignore[method-assign]
    gc.collect()
    gc.freeze()


def fill() -> None:
    """Fill the caches of what never changes: shipped platforms, bytecode, what is installed."""
    from bpmax_sim.platform.load import find_built_in_platform, list_built_in_keys  # noqa: PLC0415
    from bpmax_sim.scenario.model import Scenario  # noqa: PLC0415
    from bpmax_sim.script.limits import Limits  # noqa: PLC0415
    from bpmax_sim.script.runtime import make_quickjs  # noqa: PLC0415
    from bpmax_sim.yamlfile.shapes import build_shape  # noqa: PLC0415

    for key in list_built_in_keys():
        find_built_in_platform(key)
    build_shape(Scenario)
    make_quickjs(Limits()).close()
    # Each `-p NAME` has pytest list what is installed, and read the entry points of all that.
    read: Any = metadata.PathDistribution.entry_points
    read_once = cache(lambda path: read.fget(metadata.PathDistribution(path)))
    list_all = metadata.distributions
    listed = cache(lambda _path: list(list_all()))
    replaced: Any = metadata
    replaced.PathDistribution.entry_points = property(lambda one: read_once(one._path))
    replaced.distributions = lambda **by: list_all(**by) if by else listed(tuple(sys.path))


def become(command: Command) -> None:
    """Have the streams, folder and environment of *command*."""
    for number, file in enumerate(command.streams):
        os.dup2(file, number)
        os.close(file)
    os.chdir(command.folder)
    os.environ.clear()
    os.environ.update(command.environment)
    time.tzset()
    named, _, errors = os.environ.get("PYTHONIOENCODING", "").partition(":")
    utf8 = sys.flags.utf8_mode or os.environ.get("PYTHONUTF8") == "1"
    encoding = named or ("utf-8" if utf8 else locale.getencoding())
    stdin = io.BufferedReader(io.FileIO(0, closefd=False))
    for name, stream in {
        "stdin": io.TextIOWrapper(stdin, encoding, errors or "strict"),
        "stdout": written(1, encoding, errors or "strict", command),
        "stderr": written(2, encoding, "backslashreplace", command),
    }.items():
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    sys.orig_argv = [sys.executable, *command.arguments]


def written(number: int, encoding: str, errors: str, command: Command) -> TextIO:
    """Return the text stream that a Python has over the file *number*."""
    at_once = "PYTHONUNBUFFERED" in os.environ or "-u" in command.arguments
    raw: Any = io.FileIO(number, "w", closefd=False)
    raw = raw if at_once else io.BufferedWriter(raw)
    lines = number == 2 or os.isatty(number)
    return io.TextIOWrapper(raw, encoding, errors, line_buffering=lines, write_through=at_once)


def run(arguments: Sequence[str]) -> None:
    """Do what Python does with its *arguments*: a module or a text, and what follows it."""
    kind, what, *rest = [one for one in arguments if one != "-u"]
    added = [one for one in os.environ.get("PYTHONPATH", "").split(os.pathsep) if one]
    sys.path[:1] = [str(Path.cwd()) if kind == "-m" else "", *added]
    sys.argv = [kind, *rest]
    if kind == "-m":
        runpy.run_module(what, run_name="__main__", alter_sys=True)
        return
    assert kind == "-c", f"{arguments}: a warm Python takes -m and -c"
    main = sys.modules["__main__"] = ModuleType("__main__")
    exec(compile(what, "<string>", "exec"), main.__dict__)


def ended(arguments: Sequence[str]) -> int:
    """Do it, and return what Python would exit with."""
    try:
        run(arguments)
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        sys.stderr.write(f"{end.code}\n")
        return 1
    except BaseException:  # noqa: BLE001 - it is Python's last word on any
        sys.excepthook(*sys.exc_info())
        return 1
    return 0


def leave(code: int) -> NoReturn:
    """End as Python does, but leave its memory to the system: to clear it costs five forks."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        code = 120
    os._exit(code)


def main() -> None:
    server = Server(socket.socket(fileno=int(sys.argv[1])))
    load()
    command = server.serve()
    if command is None:
        server.kill()
    else:
        become(command)
        leave(ended(command.arguments))


if __name__ == "__main__":
    main()
