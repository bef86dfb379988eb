"""The demonstration, told line by line while it happens: record, look, replay, change, miss."""

from __future__ import annotations

import os
import sysconfig
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from shutil import which
from typing import Any

import msgspec

from bpmax_sim.demo.crm import Crm, running_crm
from bpmax_sim.demo.folder import make
from bpmax_sim.demo.hidden import leaks, standins
from bpmax_sim.errors import ExpectationError
from bpmax_sim.guard import NetworkGuard
from bpmax_sim.scenario.events import ConsoleWritten, Event, ScenarioFinished
from bpmax_sim.scenario.failure import Failure
from bpmax_sim.scenario.given import given_variables
from bpmax_sim.scenario.load import items
from bpmax_sim.scenario.made import CallMade
from bpmax_sim.scenario.opening import open_session
from bpmax_sim.scenario.runner import run
from bpmax_sim.yamlfile import shown

OTHER = "12346"
_WIDTH = 100


class Played(msgspec.Struct, frozen=True):
    """One run of the scenario, and the real seconds it took."""

    events: tuple[Event, ...]
    seconds: float

    @property
    def end(self) -> ScenarioFinished:
        """Return the verdict."""
        last = self.events[-1]
        assert isinstance(last, ScenarioFinished)
        return last

    @property
    def console(self) -> list[str]:
        """Return what the script wrote."""
        return [event.text for event in self.events if isinstance(event, ConsoleWritten)]

    @property
    def calls(self) -> list[CallMade]:
        """Return the calls, in their order."""
        return [event for event in self.events if isinstance(event, CallMade)]

    @property
    def milliseconds(self) -> str:
        """Return the real time."""
        return f"{self.seconds * 1000:.0f} ms"


def tell(folder: Path, *, force: bool = False) -> Iterator[str]:
    """Do the demonstration in *folder* and yield its lines as they happen.

    Args:
        folder: made if it is not there.
        force: whether files may be written into a folder of somebody else.

    Raises:
        ConfigError: the folder is not ours, or cannot be written.
        ExpectationError: something did not come out as it has to.
    """
    yield from _folder(folder, make(folder, force=force))
    with running_crm() as crm:
        recorded = _play(folder, crm.environment, mode="record", record="rewrite", allow_ci=True)
        yield from _recorded(recorded, crm)
    files = sorted((folder / "cassettes").rglob("*.yaml"))
    yield from _exchange(folder / "cassettes" / "crm" / "customer.yaml")
    yield from _hidden(files, crm)
    yield from _replayed(folder, recorded)
    yield from _missed(folder)
    yield from _next(folder)


def _folder(folder: Path, written: Sequence[Path]) -> Iterator[str]:
    yield f"1  A project in {shown(folder)}"
    for path in written:
        if path.suffix != ".md":
            yield f"     {path.relative_to(folder).as_posix()}"


def _recorded(played: Played, crm: Crm) -> Iterator[str]:
    _must(played.end.outcome == "passed", "the recording failed", played.end.failures)
    yield ""
    yield f"2  Recorded against a CRM that ran at {crm.url} meanwhile, in {played.milliseconds}"
    for call in sorted(played.calls, key=lambda one: not one.is_login):
        yield f"     {call.status}  {call.call}  {call.method} {call.url}"
    yield from (f"     console: {text}" for text in played.console)


def _exchange(cassette: Path) -> Iterator[str]:
    yield ""
    yield f"3  What a person can read and review: {shown(cassette)}"
    text = cassette.read_text(encoding="utf-8")
    exchange = text[text.index("\n- bpmax: ") + 1 : text.index("\nfailures:")]
    for line in exchange.splitlines():
        yield f"     {line if len(line) <= _WIDTH - 5 else line[: _WIDTH - 6] + '…'}"


def _hidden(files: Sequence[Path], crm: Crm) -> Iterator[str]:
    values = (crm.client_secret, *crm.tokens)
    found = leaks(files, values)
    _must(not found, f"a secret was written: {', '.join(found)}")
    yield ""
    yield "4  What stands there instead of the real values"
    yield from (f"     {standin}" for standin in standins(files))
    hunted = f"the client secret and {_count(len(crm.tokens), 'token')}"
    yield f"   {len(files)} files searched for {hunted}, plain and encoded: 0 found"


def _replayed(folder: Path, recorded: Played) -> Iterator[str]:
    guard = NetworkGuard("the demonstration")
    with guard:
        played = _play(folder, {})
    _must(played.end.outcome == "passed", "the replay failed", played.end.failures)
    _must(not guard.attempts, f"the replay used the network: {guard.attempts}")
    _must(played.console == recorded.console, "the replay wrote something else to its console")
    yield ""
    yield f"5  Replayed in {played.milliseconds}: no CRM, no credentials, the network closed"
    made = f"{len(guard.attempts)} connections, {_count(len(played.calls), 'call')}"
    yield f"     {made}, the same console:"
    yield from (f"     console: {text}" for text in played.console)


def _missed(folder: Path) -> Iterator[str]:
    guard = NetworkGuard("the demonstration")
    with guard:
        played = _play(folder, {}, variables=given_variables([f"customer={OTHER}"]))
    misses = [failure for failure in played.end.failures if failure.kind == "miss"]
    _must(bool(misses) and not guard.attempts, "a changed request was answered all the same")
    yield ""
    yield f"6  Changed one field, customerId to {OTHER}: nothing is guessed, the miss is explained"
    yield f"     × {misses[0].essence}"
    yield from (f"     {line}" for line in misses[0].detail)


def _next(folder: Path) -> Iterator[str]:
    where = shown(folder)
    yield ""
    yield "Now you"
    if not which("bpmax-sim"):
        yield f"     {_activation()}"
    yield f"     bpmax-sim run {where}/scenarios"
    yield f"     bpmax-sim run {where}/scenarios --var customer={OTHER}"
    yield f"   Your own system: declare it in {where}/scenarios/platforms/crm_system.yaml,"
    yield "   set CRM_URL, CRM_CLIENT_ID and CRM_CLIENT_SECRET, and record:"
    yield f"     bpmax-sim record {where}/scenarios"


def _activation() -> str:
    """Return what puts the commands of this Python's virtual environment on the path."""
    scripts = Path(shown(Path(sysconfig.get_path("scripts"))))
    if os.name == "nt":
        return str(scripts / "activate")
    return (
        f". {scripts / 'activate'}" if (scripts / "activate").exists() else f"PATH={scripts}:$PATH"
    )


def _play(
    folder: Path,
    environ: Mapping[str, str],
    *,
    variables: Mapping[str, Any] | None = None,
    **options: Any,
) -> Played:
    path = folder / "scenarios" / "customer.scenario.yaml"
    started = time.perf_counter()
    (item,) = items(path, variables=variables, environ=environ)
    session = open_session(
        item,
        cassettes=Path(shown(folder / "cassettes")),
        environ=environ,
        command=" ".join(["bpmax-sim record", shown(path), *item.repeated("--var")]),
        **options,
    )
    events = tuple(run(item, session, environ=environ))
    return Played(events, time.perf_counter() - started)


def _must(holds: bool, told: str, failures: Sequence[Failure] = ()) -> None:
    if not holds:
        raise ExpectationError("\n".join([told, *(failure.headline for failure in failures)]))


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
