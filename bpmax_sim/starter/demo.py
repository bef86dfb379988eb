"""The demonstration, shown line by line: record, inspect, replay, change, miss.

Its CRM is a real server on a free loopback port, with OAuth 2.0 client credentials. The client
secret is drawn at start and tokens are random, so what a recording hides is really secret.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import sysconfig
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from shutil import which
from typing import Any, Unpack
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

from bpmax_sim.errors import ConfigError, ExpectationError, Place, Problem
from bpmax_sim.file_system import shell_quote
from bpmax_sim.guard import NetworkGuard
from bpmax_sim.i18n import LANGUAGES, get_current_language, join_list, join_messages, msg, plural
from bpmax_sim.scenario import expect, load, runner, table_rows
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.events import ConsoleWritten, ScenarioFinished
from bpmax_sim.scenario.source import Failure
from bpmax_sim.secret.vault import Vault
from bpmax_sim.session.settings import ScenarioOptions
from bpmax_sim.starter.init import NAME_ANOTHER
from bpmax_sim.yamlfile import to_display_path, translate_write_errors

CUSTOMERS: Mapping[str, Mapping[str, str]] = {
    "12345": {
        "name": "张三",
        "phone": "13800138000",
        "email": "zhangsan@crm.example.test",
        "address": "上海市浦东新区世纪大道 1 号",
    },
    "12346": {
        "name": "李四",
        "phone": "13900139000",
        "email": "lisi@crm.example.test",
        "address": "北京市海淀区中关村大街 2 号",
    },
}


class Crm(msgspec.Struct, frozen=True):
    """A running demo CRM.

    Attributes:
        url: address of the server.
        client_id, client_secret: credentials of its client.
        tokens: access tokens that it has issued.
    """

    url: str
    client_id: str
    client_secret: str
    tokens: list[str] = msgspec.field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables that the demonstration's instances file reads."""
        return {
            "CRM_URL": self.url,
            "CRM_CLIENT_ID": self.client_id,
            "CRM_CLIENT_SECRET": self.client_secret,
        }


@contextmanager
def serve_crm() -> Iterator[Crm]:
    """Serve the demo CRM during the block."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    crm = Crm(
        url=f"http://127.0.0.1:{server.server_address[1]}",
        client_id="bpmax-demo",
        client_secret=secrets.token_urlsafe(24),
    )
    server.crm = crm  # type: ignore[attr-defined]
    # It looks for `shutdown` so often; the usual half a second would be waited for in the end.
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield crm
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    @property
    def crm(self) -> Crm:
        crm: Crm = self.server.crm  # type: ignore[attr-defined]
        return crm

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers.get("content-length", 0))).decode())
        if urlsplit(self.path).path != "/oauth/token":
            self._send_json(404, {"error": "not_found"})
        elif form.get("client_secret") != [self.crm.client_secret]:
            self._send_json(401, {"error": "invalid_client"})
        else:
            self.crm.tokens.append(secrets.token_urlsafe(24))
            token = self.crm.tokens[-1]
            self._send_json(
                200, {"access_token": token, "token_type": "Bearer", "expires_in": 7200}
            )

    def do_GET(self) -> None:
        token = self.headers.get("authorization", "").removeprefix("Bearer ")
        path = urlsplit(self.path).path
        number = unquote(path.rpartition("/")[2])
        if token not in self.crm.tokens:
            self._send_json(401, {"code": 401, "message": "令牌无效"})
        elif not path.startswith("/api/customers/"):
            self._send_json(404, {"code": 404, "message": "没有这个接口"})
        elif number not in CUSTOMERS:
            self._send_json(200, {"code": 404, "message": f"客户 {number} 不存在", "data": None})
        else:
            self._send_json(200, {"code": 200, "message": "ok", "data": CUSTOMERS[number]})

    def _send_json(self, status: int, body: Mapping[str, Any]) -> None:
        data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its signature
        """Print nothing: log lines would interrupt the output of the demonstration."""


SIGN = "# bpmax-sim demo"
"""The first line of a folder's README.md that says that the folder is ours."""


def write_demo(folder: Path, *, force: bool = False) -> tuple[Path, ...]:
    """Write the demonstration's files into *folder* and return them; other files are kept.

    Raises:
        ConfigError: if the folder contains files that `write_demo` did not write, unless *force*.
    """
    if folder.exists() and not force:
        wrong = ""
        if not folder.is_dir():
            wrong = msg("this is a file; name a folder")
        elif any(folder.iterdir()) and not _is_written_by_demo(folder / "README.md"):
            wrong = msg(
                "this folder is not empty and not a demonstration; name another, or write ours "
                "beside what is there with --force"
            )
        if wrong:
            raise ConfigError(Problem(wrong, Place(to_display_path(folder))))
    with translate_write_errors(folder, NAME_ANOTHER):
        return tuple(_copy_folder_in_language(files("bpmax_sim.starter") / "demo_files", folder))


def _is_written_by_demo(readme: Path) -> bool:
    """Return whether `write_demo` wrote *readme*, so that its folder may be overwritten."""
    try:
        return readme.read_text(encoding="utf-8").startswith(f"{SIGN}\n")
    except (OSError, UnicodeDecodeError):
        return False


def _copy_folder_in_language(source: Traversable, target: Path) -> list[Path]:
    target.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for entry in sorted(source.iterdir(), key=lambda item: item.name):
        name, _, language = entry.name.removesuffix(".md").partition(".")
        place = target / (f"{name}.md" if language in LANGUAGES else entry.name)
        if entry.is_dir():
            written += _copy_folder_in_language(entry, place)
        elif language not in LANGUAGES or language == get_current_language():
            place.write_bytes(entry.read_bytes())
            written.append(place)
    return written


_STANDIN = re.compile(r"redacted(?:\.[A-Za-z0-9_-]+)+")


def find_standins(files: Iterable[Path]) -> tuple[str, ...]:
    """Return all stand-ins (placeholders that replace secrets in recordings) in *files*, sorted."""
    texts = (path.read_text(encoding="utf-8") for path in files)
    return tuple(sorted({standin for text in texts for standin in _STANDIN.findall(text)}))


def describe_leaks_in_files(files: Iterable[Path], values: Sequence[str]) -> tuple[str, ...]:
    """Return a text ``name: finding`` for each place in *files* with one of *values*.

    They are found plain and encoded; the text has the number of the value, not the value.
    """
    vault = Vault()
    for number, value in enumerate(values, 1):
        vault.add(value, f"redacted.demo.value.{number}", name=msg("value {number}", number=number))
    return tuple(
        f"{path.name}: {finding}" for path in files for finding in vault.scan(path.read_bytes())
    )


OTHER = "12346"
_WIDTH = 100


class DemoRun(msgspec.Struct, frozen=True):
    """One run of the demonstration's scenario.

    Attributes:
        end_event: last event, with the verdict.
        calls: calls to the CRM, logins included.
        console: lines that the script wrote.
        duration_text: real duration in milliseconds, with its unit.
    """

    end_event: ScenarioFinished
    calls: Sequence[CallMade]
    console: Sequence[str]
    duration_text: str


def play_demo(folder: Path, *, force: bool = False) -> Iterator[str]:
    """Run the demonstration in *folder*, and yield its output lines as they are produced.

    Args:
        folder: folder, created if it does not exist.
        force: whether to write into a folder that contains files of somebody else.

    Raises:
        ConfigError: if the folder contains other files, or cannot be written.
        ExpectationError: if a step of the demonstration has an unexpected result.
    """
    written = write_demo(folder, force=force)
    yield msg("1  A project in {folder}", folder=to_display_path(folder))
    for path in written:
        if path.suffix != ".md":
            yield f"     {path.relative_to(folder).as_posix()}"
    with serve_crm() as crm:
        recorded = _run_demo_scenario(
            folder, crm.environment, mode="record", record="rewrite", allow_ci=True
        )
        yield from _show_recording(recorded, crm)
    cassette = folder / "cassettes" / "crm" / "customer.yaml"
    yield ""
    yield msg(
        "3  What a person can read and review: {cassette}", cassette=to_display_path(cassette)
    )
    text = cassette.read_text(encoding="utf-8")
    exchange = text[text.index("\n- bpmax: ") + 1 : text.index("\nfailures:")]
    yield from (f"     {expect.shorten_line(line, _WIDTH - 5)}" for line in exchange.splitlines())
    yield from _check_and_show_standins(sorted((folder / "cassettes").rglob("*.yaml")), crm)
    yield from _replay_and_describe(folder, recorded)
    yield from _run_and_describe_miss(folder)
    yield from _show_next_commands(folder)


def _show_recording(played: DemoRun, crm: Crm) -> Iterator[str]:
    _require(
        played.end_event.outcome == "passed", msg("the recording failed"), played.end_event.failures
    )
    yield ""
    yield msg(
        "2  Recorded against a CRM that ran at {url} meanwhile, in {milliseconds}",
        url=crm.url,
        milliseconds=played.duration_text,
    )
    for call in sorted(played.calls, key=lambda item: not item.is_login):
        yield f"     {call.status}  {call.call}  {call.method} {call.url}"
    yield from (msg("     console: {text}", text=text) for text in played.console)


def _check_and_show_standins(files: Sequence[Path], crm: Crm) -> Iterator[str]:
    findings = describe_leaks_in_files(files, (crm.client_secret, *crm.tokens))
    _require(not findings, msg("a secret was written: {findings}", findings=join_list(findings)))
    yield ""
    yield msg("4  What stands there instead of the real values")
    yield from (f"     {standin}" for standin in find_standins(files))
    tokens = plural(len(crm.tokens), "{number} token", "{number} tokens")
    yield msg(
        "   {files_count} files searched for {hunted}, plain and encoded: 0 found",
        files_count=len(files),
        hunted=msg("the client secret and {tokens}", tokens=tokens),
    )


def _replay_and_describe(folder: Path, recorded: DemoRun) -> Iterator[str]:
    with NetworkGuard(msg("the demonstration")) as guard:
        played = _run_demo_scenario(folder, {})
    _require(
        played.end_event.outcome == "passed", msg("the replay failed"), played.end_event.failures
    )
    attempts = guard.attempts
    _require(not attempts, msg("the replay used the network: {attempts}", attempts=attempts))
    _require(
        played.console == recorded.console, msg("the replay wrote something else to its console")
    )
    yield ""
    yield msg(
        "5  Replayed in {milliseconds}: no CRM, no credentials, the network closed",
        milliseconds=played.duration_text,
    )
    calls = plural(len(played.calls), "{number} call", "{number} calls")
    summary = msg(
        "{attempts_count} connections, {calls}", attempts_count=len(attempts), calls=calls
    )
    yield msg("     {summary}, the same console:", summary=summary)
    yield from (msg("     console: {text}", text=text) for text in played.console)


def _run_and_describe_miss(folder: Path) -> Iterator[str]:
    with NetworkGuard(msg("the demonstration")) as guard:
        played = _run_demo_scenario(
            folder, {}, variables=table_rows.parse_cli_variables([f"customer={OTHER}"])
        )
    misses = [failure for failure in played.end_event.failures if failure.kind == "miss"]
    _require(
        bool(misses) and not guard.attempts, msg("a changed request was answered all the same")
    )
    yield ""
    yield msg(
        "6  Changed one field, customerId to {other}: nothing is guessed, the miss is explained",
        other=OTHER,
    )
    yield msg("     × {essence}", essence=misses[0].essence)
    yield from (msg("     {line}", line=line) for line in misses[0].detail)


def _show_next_commands(folder: Path) -> Iterator[str]:
    where = to_display_path(folder)
    yield ""
    yield msg("Now you")
    if not which("bpmax-sim"):
        scripts = Path(to_display_path(Path(sysconfig.get_path("scripts"))))
        activate, line = scripts / "activate", f"PATH={shell_quote(str(scripts))}:$PATH"
        if os.name == "nt":
            line = shell_quote(str(activate))
        elif activate.exists():
            line = f". {shell_quote(str(activate))}"
        yield msg("     {line}", line=line)
    yield msg("     bpmax-sim run {where}/scenarios", where=where)
    yield msg(
        "     bpmax-sim run {where}/scenarios --var customer={other}", where=where, other=OTHER
    )
    yield msg(
        "   Your own system: declare it in {where}/scenarios/platforms/crm_system.yaml,",
        where=where,
    )
    yield msg("   set CRM_URL, CRM_CLIENT_ID and CRM_CLIENT_SECRET, and record:")
    yield msg("     bpmax-sim record {where}/scenarios", where=where)


def _run_demo_scenario(
    folder: Path,
    environ: Mapping[str, str],
    /,
    *,
    variables: Mapping[str, Any] | None = None,
    **options: Unpack[ScenarioOptions],
) -> DemoRun:
    """Run the demonstration's scenario in *folder*; return its events and duration.

    *environ* are the environment variables that its files read, *variables* the values of the
    scenario's variables that replace its own, *options* those of the session.
    """
    path = folder / "scenarios" / "customer.scenario.yaml"
    started = time.perf_counter()
    (item,) = load.load_items(path, variables=variables, environ=environ)
    run_options: ScenarioOptions = {
        **options,
        "seed": 0,
        "command": join_messages(
            " ", ["bpmax-sim record", to_display_path(path), *item.make_option_arguments("cli")]
        ),
    }
    cassettes = Path(to_display_path(folder / "cassettes"))
    session = runner.open_session(item, cassettes=cassettes, environ=environ, **run_options)
    *events, end = runner.run_item(item, session, environ=environ)
    assert isinstance(end, ScenarioFinished)
    took = msg("{seconds:.0f} ms", seconds=(time.perf_counter() - started) * 1000)
    calls = [event for event in events if isinstance(event, CallMade)]
    return DemoRun(end, calls, [e.text for e in events if isinstance(e, ConsoleWritten)], took)


def _require(holds: bool, text: str, failures: Sequence[Failure] = ()) -> None:
    """Raise `ExpectationError` with *text* and the headlines of *failures* unless *holds*."""
    if not holds:
        raise ExpectationError(
            join_messages("\n", [text, *(failure.headline for failure in failures)])
        )
