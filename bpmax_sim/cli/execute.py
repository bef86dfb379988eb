"""Run items one after the other with the options of the command line: all, or those of a shard."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cli.terminal import tell
from bpmax_sim.errors import BpmaxError
from bpmax_sim.guard import NetworkGuard
from bpmax_sim.i18n import label_message, msg, plural
from bpmax_sim.project import find_root
from bpmax_sim.report.store import keep_trace
from bpmax_sim.report.terminal import Verdict, error_verdict, judge_events, run_target, skip_verdict
from bpmax_sim.scenario import shards
from bpmax_sim.scenario.events import Event
from bpmax_sim.scenario.load import ScenarioItem
from bpmax_sim.scenario.outcome import not_run
from bpmax_sim.scenario.runner import open_session, replays_with, run_item
from bpmax_sim.scenario.shards import Shard
from bpmax_sim.session.session import describe_possible_secrets
from bpmax_sim.session.settings import SessionOptions
from bpmax_sim.session.shared_logins import SharedLogins
from bpmax_sim.yamlfile import display_path


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """How items are run; what is not given is the scenario's own.

    Attributes:
        cassettes: the folder of all cassettes; by default that of each scenario's project.
        faults: whether faults strike.
        trace: whose events are kept: ``on``, ``off`` or ``on-failure``.
        check: whether what is recorded is replayed.
        options: further options of `Session.open`.
    """

    cassettes: Path | None = None
    faults: bool = True
    trace: str = "off"
    check: bool = False
    options: SessionOptions = field(default_factory=SessionOptions)

    @property
    def mode(self) -> str:
        """Return who answers, or nothing where each scenario says that itself."""
        return self.options.get("mode", "")


def execute(items: Iterable[ScenarioItem], choices: Choices) -> Iterator[Verdict]:
    """Run *items* one after the other, each in a session of its own."""
    return (verdict for verdict, _ in observe(items, choices))


def observe(
    items: Iterable[ScenarioItem], choices: Choices
) -> Iterator[tuple[Verdict, tuple[Event, ...]]]:
    """Run *items* as `execute` does, and yield with each verdict everything that happened."""
    choices = replace(choices, options={"shared_logins": SharedLogins(), **choices.options})
    for item in items:
        if item.skip:
            verdict = skip_verdict(item)
            keep_trace(item, not_run(item, reason=verdict.reason), choices.trace, failed=False)
            yield verdict, ()
        else:
            yield _run(item, choices)


def _run(item: ScenarioItem, choices: Choices) -> tuple[Verdict, tuple[Event, ...]]:
    guard = NetworkGuard(
        msg("scenario {node_id}", node_id=item.node_id), allow="--allow-hosts={}", closed=False
    )
    options: SessionOptions = {
        **choices.options,
        "environ": os.environ,
        "command": msg("bpmax-sim record {target}", target=run_target(item)),
        "guard": guard,
    }
    folder = _folder(item, choices)
    if choices.check and choices.mode == "record":
        options["replays"] = replays_with(item, folder, {**options})
    try:
        session = open_session(item, cassettes=folder, **options)
    except BpmaxError as error:
        keep_trace(item, not_run(item, error=error), choices.trace, failed=True)
        return error_verdict(item, error), ()
    try:
        ran = tuple(run_item(item, session, environ=os.environ, faults=choices.faults))
    finally:
        guard.leave()  # also where somebody pressed Ctrl-C
    events = session.shown(ran)  # a secret may have become known after what told it
    verdict = judge_events(item, events, live=not session.is_closed, mode=session.settings.mode)
    failed = verdict.outcome == "failed"
    keep_trace(item, events, choices.trace, failed=failed, redact=session.redact)
    lenient = session.settings.unused == "warn" or session.mode == "record"
    if lenient and session.unplayed and not verdict.failures:
        verdict = verdict.with_warning("unplayed", session.describe_unplayed())
    if secrets := session.possible_secrets:
        verdict = verdict.with_warning("secret", describe_possible_secrets(secrets))
    for message in session.standin_notes:
        verdict = verdict.with_warning("secret", message)
    return verdict, events


def cassette_of(item: ScenarioItem, choices: Choices) -> Path:
    """Return the file that *item* plays or records."""
    return _folder(item, choices) / f"{item.cassette}.yaml"


def _folder(item: ScenarioItem, choices: Choices) -> Path:
    """Return the folder that it lies in, by default that of the item's project."""
    return choices.cassettes or Path(display_path(item.root / "cassettes"))


def tell_recorded(before: Mapping[Path, bytes]) -> None:
    """Tell of each cassette how many exchanges it has, or that it is as it was *before*."""
    for path, old in before.items():
        if not path.exists():
            continue
        message = msg("unchanged")
        if path.read_bytes() != old:
            message = plural(len(Cassette.load(path)), "{number} exchange", "{number} exchanges")
        tell(label_message(display_path(path), message))


def part_of(items: Sequence[ScenarioItem], shard: Shard | None) -> list[ScenarioItem]:
    """Return those of *items* that are in *shard*, in their order; without one, all.

    Raises:
        ConfigError: the durations cannot be read.
    """
    if shard is None:
        return list(items)
    root = find_root(Path.cwd())
    keys = [_key(item, root) for item in items]
    within = shard.among(keys, shards.read(root))
    return [item for item, key in zip(items, keys, strict=True) if key in within]


def store_durations(verdicts: Iterable[Verdict], shard: Shard | None) -> Iterator[Verdict]:
    """Yield *verdicts* of items that are replayed, and keep what each took in real time."""
    root, took = find_root(Path.cwd()), dict[str, float]()
    begun = time.perf_counter()
    for verdict in verdicts:
        now = time.perf_counter()
        if verdict.digest:  # it ran
            took[_key(verdict.item, root)] = now - begun
        yield verdict
        begun = time.perf_counter()
    if took:
        shards.keep(root, took, shard=shard)


def _key(item: ScenarioItem, root: Path) -> str:
    return shards.key_of(item.path.absolute(), root, item.node_name)
