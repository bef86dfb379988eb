"""``run`` and ``record``: one function in two modes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from bpmax_sim.cli.collection import gather
from bpmax_sim.cli.execution import Choices, codes, execute, pending
from bpmax_sim.cli.options import (
    Against,
    AgainstOption,
    AllowCi,
    AllowHosts,
    Cassettes,
    Engine,
    EngineOption,
    Extra,
    Faults,
    FaultsOption,
    Instance,
    Json,
    Keep,
    Keyword,
    LimitsOption,
    Mode,
    Paths,
    Platforms,
    Record,
    RecordOption,
    ShardOption,
    Stack,
    TraceOption,
    Unused,
    UnusedOption,
    Variables,
)
from bpmax_sim.cli.output import complain, say, say_json, tell
from bpmax_sim.cli.places import cassettes_at
from bpmax_sim.cli.progress import watched
from bpmax_sim.cli.recorded import contents, tell_recorded
from bpmax_sim.cli.selection import chosen, missing, targets
from bpmax_sim.cli.shards import part_of, shard_of, timed
from bpmax_sim.errors import BpmaxError, ConfigError, Problem
from bpmax_sim.report import terminal
from bpmax_sim.report.document import document
from bpmax_sim.report.exits import ExitCode, foremost
from bpmax_sim.report.remembered import remember
from bpmax_sim.report.verdict import Verdict
from bpmax_sim.scenario.given import given_variables
from bpmax_sim.scenario.item import ScenarioItem
from bpmax_sim.scenario.shards import Shard
from bpmax_sim.script.limits import parse_limits, parse_stack
from bpmax_sim.yamlfile import shown


class _Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line asks for."""

    paths: Sequence[str]
    keyword: str
    variables: Sequence[str]
    as_json: bool
    allow_ci: bool
    choices: Choices
    shard: str = ""


def run(  # noqa: PLR0913 - the options of the command
    paths: Paths = None,
    *,
    keyword: Keyword = "",
    mode: Annotated[Mode | None, typer.Option(help="Where answers come from.")] = None,
    record: RecordOption = Record.once,
    against: AgainstOption = Against.live,
    record_extra: Extra = False,
    allow_ci_record: AllowCi = False,
    allow_hosts: AllowHosts = None,
    instance: Instance = "",
    var: Variables = None,
    cassettes: Cassettes = None,
    platforms: Platforms = None,
    faults: FaultsOption = Faults.on,
    unused: UnusedOption = None,
    shard: ShardOption = "",
    trace: TraceOption = Keep.on_failure,
    engine: EngineOption = None,
    js_stack: Stack = "",
    js_limits: LimitsOption = "",
    json: Json = False,
) -> int:
    """Run scenarios and return the exit code."""
    options = _options(record, instance, platforms, unused) | _engine(engine, js_stack, js_limits)
    folder, remote = cassettes_at(cassettes)
    options |= {"allow_ci": allow_ci_record, "extra": record_extra, "remote": remote}
    options |= {"against": against.value, "allow_hosts": allow_hosts or ()}
    return _perform(
        _Wish(
            paths=paths or (),
            keyword=keyword,
            variables=var or (),
            as_json=json,
            allow_ci=allow_ci_record,
            shard=shard,
            choices=Choices(
                mode=mode.value if mode else "",
                cassettes=folder,
                faults=faults is Faults.on,
                trace=trace.value,
                environ=os.environ,
                options=options,
            ),
        )
    )


def record(  # noqa: PLR0913 - the options of the command
    paths: Paths = None,
    *,
    keyword: Keyword = "",
    record: RecordOption = Record.rewrite,
    against: AgainstOption = Against.live,
    record_extra: Extra = False,
    allow_ci_record: AllowCi = False,
    allow_hosts: AllowHosts = None,
    instance: Instance = "",
    var: Variables = None,
    cassettes: Cassettes = None,
    platforms: Platforms = None,
    faults: FaultsOption = Faults.on,
    trace: TraceOption = Keep.on_failure,
    engine: EngineOption = None,
    js_stack: Stack = "",
    js_limits: LimitsOption = "",
    json: Json = False,
) -> int:
    """Record scenarios and return the exit code."""
    return run(
        paths,
        keyword=keyword,
        mode=Mode.record,
        record=record,
        against=against,
        record_extra=record_extra,
        allow_ci_record=allow_ci_record,
        allow_hosts=allow_hosts,
        instance=instance,
        var=var,
        cassettes=cassettes,
        platforms=platforms,
        faults=faults,
        trace=trace,
        engine=engine,
        js_stack=js_stack,
        js_limits=js_limits,
        json=json,
    )


def _options(
    record: Record, instance: str, platforms: Path | None, unused: Unused | None
) -> dict[str, Any]:
    if platforms is not None and not platforms.exists():
        raise ConfigError(missing(str(platforms), Path.cwd(), ""))
    given = {
        "record": record.value,
        "default_instance": instance or None,
        "platforms": platforms,
        "unused": unused.value if unused else None,
    }
    return {name: value for name, value in given.items() if value is not None}


def _engine(engine: Engine | None, stack: str, limits: str) -> dict[str, Any]:
    found: dict[str, Any] = {"engine": engine.value} if engine else {}
    if stack:
        found["stack"] = _read("--js-stack", stack, parse_stack)
    if limits:
        found["limits"] = _read("--js-limits", limits, parse_limits)
    return found


def _read(flag: str, text: str, parse: Callable[[str], Any]) -> Any:
    try:
        return parse(text)
    except ValueError as error:
        raise ConfigError(f"{flag}: {error}") from None


def _perform(wish: _Wish) -> int:
    try:
        _check_ci(wish)
        shard = shard_of(wish.shard)
        found, problems = _collected(wish)
        items = part_of(found, shard)
    except BpmaxError as error:
        return _refused(error, wish)
    for problem in problems:
        complain(str(problem))
    if not found and not problems:
        complain(_nothing(wish))
    before = contents(items, wish.choices)
    started = time.perf_counter()
    told: set[str] = set()
    ran = watched(_executed(items, wish, shard), len(items))
    verdicts = [_told(verdict, wish, told) for verdict in ran]
    waiting = pending(items, wish.choices) if wish.choices.mode == "record" else []
    code = _code(found, problems, codes(verdicts, waiting))
    tell_recorded(before)
    for path in waiting:
        tell(f"{shown(path)}: waits for review; run `bpmax-sim review`")
    if wish.as_json:
        say_json(document(verdicts, code=code, problems=problems))
    elif found:
        say(terminal.summary(verdicts, time.perf_counter() - started))
    return code


def _refused(error: BpmaxError, wish: _Wish) -> int:
    complain(str(error))
    if wish.as_json:
        problems = error.problems if isinstance(error, ConfigError) else ()
        say_json(document([], code=ExitCode.USAGE, problems=problems))
    return ExitCode.USAGE


def _code(
    found: Sequence[ScenarioItem], problems: Sequence[Problem], asked: Iterable[ExitCode]
) -> ExitCode:
    """Return the exit code; a file that could not be read counts before whatever the others did."""
    wrong = [ExitCode.USAGE] if problems else []
    return foremost([*wrong, *asked]) if found or problems else ExitCode.NOTHING


def _executed(items: Sequence[ScenarioItem], wish: _Wish, shard: Shard | None) -> Iterable[Verdict]:
    found = execute(items, wish.choices)
    return timed(found, shard) if wish.choices.mode in {"", "replay"} else found


def _check_ci(wish: _Wish) -> None:
    asked = wish.choices.mode == "record" and wish.choices.environ.get("CI")
    if asked and not wish.allow_ci:
        raise ConfigError(
            "CI is set, so nothing is recorded; replay with `bpmax-sim run`, or add "
            "--allow-ci-record"
        )


def _collected(wish: _Wish) -> tuple[list[ScenarioItem], list[Problem]]:
    found, problems = gather(
        targets(wish.paths, folder=Path.cwd()),
        variables=_variables(wish.variables),
        environ=wish.choices.environ,
    )
    return (chosen(found, wish.keyword) if wish.keyword else found), problems


def _variables(given: Sequence[str]) -> Mapping[str, str]:
    try:
        return given_variables(given)
    except ValueError as error:
        told = f"--var {error}: expected NAME=VALUE, such as --var customer=12345"
        raise ConfigError(told) from None


def _nothing(wish: _Wish) -> str:
    where = ", ".join(wish.paths) or "scenarios/"
    if wish.keyword:
        return f"{where}: no scenario has {wish.keyword!r} in it; see `bpmax-sim list`"
    return f"{where}: no *.scenario.yaml here; write one, or see one with `bpmax-sim demo`"


def _told(verdict: Verdict, wish: _Wish, told: set[str]) -> Verdict:
    """Print what became of an item as soon as it is known, and remember it for `show`.

    What many items suffer from, such as a variable that is not set, is *told* once.
    """
    failed = verdict.outcome == "failed"
    remember(verdict.item, verdict.failures if failed else (), verdict.problems if failed else ())
    for problem in verdict.problems:
        if problem not in told:
            complain(problem)
    told.update(verdict.problems)
    for note in verdict.notes:
        tell(note)
    if not wish.as_json:
        say(terminal.line(verdict))
        for text in terminal.explained(verdict):
            say(f"\n{text}\n")
    return verdict
