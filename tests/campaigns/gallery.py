"""``python -m tests.campaigns.gallery``: every command on the gallery, after each kind of run.

The gallery is the first user: nothing that it does may end in a traceback, or with another exit
code than its page says. The runs: replayed, simulated, recorded against the servers that the
gallery is recorded from, recorded against simulators, and live against a port where nobody
listens; each in both languages. It prints what went wrong and ends with 1 if anything did.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple
from urllib.error import HTTPError
from urllib.request import urlopen

from bpmax_sim.cli.app import run_command_line

ROOT = Path(__file__).parents[2]
SCENARIO = "scenarios/crm"
CASSETTE = "cassettes/crm/选择客户回填.yaml"
TRACE = ("--trace", "on", "--junitxml", "结果.xml")
NOBODY = ("QYWX_URL", "CRM_URL", "EXTERNAL_URL", "ARCHIVE_URL")
SECRETS = (
    "QYWX_CORPID", "QYWX_SECRET", "CRM_USER", "CRM_PASSWORD", "EXTERNAL_CLIENT_ID",
    "EXTERNAL_CLIENT_SECRET", "ARCHIVE_SECRET_KEY",
)  # fmt: skip


class Kind(NamedTuple):
    """A way to run the gallery: the command, who answers, its exit code, and what it leaves.

    *show*, *review* and *prune* are the exit codes of these commands afterwards.
    """

    command: tuple[str, ...]
    servers: str = ""
    code: int = 0
    show: int = 5
    review: int = 0
    prune: int = 2


RECORD = ("record", "--record=rewrite", "--allow-ci-record", *TRACE)
KINDS: Mapping[str, Kind] = {
    "replay": Kind(("run", *TRACE), prune=0),
    "json": Kind(("run", "--json", "--trace", "on"), prune=0),
    "live": Kind(("run", "--mode", "live", *TRACE), "nobody", code=4, show=0),
    "simulate": Kind(("run", "--mode", "simulate", *TRACE), code=1, show=0),
    "simulator": Kind((*RECORD, "--against", "simulator"), "nobody", code=1, show=0, review=6),
    "record": Kind(RECORD, "all"),
}

AFTER: tuple[tuple[str, ...], ...] = (
    ("report",),
    ("report", "--json"),
    ("coverage",),
    ("coverage", "--json"),
    ("lint",),
    ("list",),
    ("run", "--lf"),
)
"""Commands that look at what a run left, and end with 0."""

ALWAYS: Mapping[tuple[str, ...], int] = {
    ("lint", "--explain"): 0,
    ("lint", "--json"): 0,
    ("list", "--json"): 0,
    ("uses", "crm_system.get_customer_detail"): 0,
    ("uses", "--json", "crm_system"): 0,
    ("types",): 0,
    ("schema",): 0,
    ("doctor",): 1,
    ("cassette", "inspect", CASSETTE): 0,
    ("cassette", "inspect", "--json", CASSETTE): 0,
    ("cassette", "diff", CASSETTE, CASSETTE): 0,
    ("cassette", "fmt", "--check"): 0,
    ("cassette", "recover"): 0,
    ("cassette", "seal", "--yes", CASSETTE): 0,
    ("cassette", "export", "--as", "har", "--to", "导出.har", CASSETTE): 0,
    ("verify", SCENARIO): 2,
    ("migrate",): 0,
    ("merge",): 2,
    ("import", "导出.har", "--to", "cassettes/导入.yaml", "--for", "导入", "--yes"): 0,
    ("init", "--yes", "--platform", "oms", "--auth", "none", "新项目"): 0,
    ("demo", "演示"): 0,
    ("fuzz", "scenarios/platforms/crm_system.yaml", "--minutes", "0.1"): 0,
    ("run", "-k", "没有这个"): 5,
    ("run", "scenarios/没有.scenario.yaml"): 2,
}
"""Commands that no run changes -> their exit codes, where no platform has a credential."""


SERVERS: tuple[tuple[str, ...], ...] = (("serve", "cassettes/crm"), ("simulate", "qywx"))
"""Commands that answer until somebody presses Ctrl-C."""


def commands_of(name: str) -> Mapping[tuple[str, ...], int]:
    """Return the commands that are tried after the run of *name*, with their exit codes."""
    kind = KINDS[name]
    left = {("show",): kind.show, ("show", "--json"): kind.show, ("review",): kind.review}
    left[("cassette", "prune")] = kind.prune
    return {kind.command: kind.code, **left, **dict.fromkeys(AFTER, 0)}


def try_kind(
    name: str, language: str, more: Mapping[tuple[str, ...], int] = MappingProxyType({})
) -> Iterator[str]:
    """Run a copy of the gallery as the kind of *name* says, then commands; yield what is wrong."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        _copy_gallery(folder)
        stack.enter_context(_environment(KINDS[name].servers))
        before = Path.cwd()
        os.chdir(folder)
        stack.callback(os.chdir, before)
        for command, code in {**commands_of(name), **more}.items():
            yield from _try_command(("--lang", language, *command), code)
        for command in SERVERS if more else ():
            yield from _try_server(("--lang", language, *command))


def _copy_gallery(folder: Path) -> None:
    for part in ("scenarios", "cassettes"):
        shutil.copytree(ROOT / part, folder / part)
    shutil.copy(ROOT / "pyproject.toml", folder)


@contextlib.contextmanager
def _environment(servers: str) -> Iterator[None]:
    """Let scenarios ask *servers*: ``nobody`` at a closed port, ``all`` those of the gallery."""
    with ExitStack() as stack:
        values: Mapping[str, str] = {}
        if servers == "nobody":
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            port = listener.getsockname()[1]
            listener.close()
            url = f"http://127.0.0.1:{port}"
            values = {**dict.fromkeys(NOBODY, url), **dict.fromkeys(SECRETS, "k8s-3f9a-w71")}
        elif servers == "all":
            from tests.third_parties.together import together  # noqa: PLC0415 - by night alone

            values = stack.enter_context(together())
        known = {name: os.environ.get(name) for name in values}
        os.environ.update(values)
        try:
            yield
        finally:
            for name, value in known.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value


def _try_command(command: Sequence[str], expected: int) -> Iterator[str]:
    printed = io.StringIO()
    words = " ".join(command)
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            code = run_command_line(command)
    except BaseException as error:  # noqa: BLE001 - nothing at all may come out of a command
        yield f"{words}: {type(error).__name__}: {error}"
        return
    text = printed.getvalue()
    if "Traceback (most recent call last)" in text:
        yield f"{words}: a traceback\n{text[-2000:]}"
    if code != expected:
        yield f"{words}: exit code {code}, expected {expected}\n{text[-1000:]}"


def _try_server(command: Sequence[str]) -> Iterator[str]:
    """Start a server, ask it for a page as anybody's browser would, and end it with Ctrl-C."""
    words = " ".join(command)
    program = [sys.executable, "-m", "bpmax_sim", *command, "--json"]
    with subprocess.Popen(
        program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    ) as server:
        assert server.stdout is not None
        line = server.stdout.readline()
        with contextlib.suppress(HTTPError):  # what nobody recorded is refused with its reason
            urlopen(json.loads(line)["url"] if line else "", timeout=10).close()
        server.send_signal(signal.SIGINT)
        _, told = server.communicate(timeout=30)
    if server.returncode or "Traceback" in told:
        yield f"{words}: exit code {server.returncode}, expected 0\n{told[-2000:]}"


def main() -> int:
    """Try every kind of run with every command, in both languages; return the exit status."""
    wrong = 0
    for name in KINDS:
        for language in ("en", "zh"):
            more = ALWAYS if name == "replay" else {}
            for line in try_kind(name, language, more):
                print(f"{name} {language}: {line}", flush=True)  # noqa: T201
                wrong += 1
            tried = len(commands_of(name)) + len(more)
            print(f"{name} {language}: tried {tried} commands", flush=True)  # noqa: T201
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main())
