"""Run scenario items one after the other, all or those of a shard, with command-line options."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from msgspec.structs import replace as struct_replace

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cli.terminal import notify
from bpmax_sim.guard import NetworkGuard
from bpmax_sim.i18n import label_message, msg, plural
from bpmax_sim.index.items import ProjectItem
from bpmax_sim.project import find_root
from bpmax_sim.report.exit_codes import ExitCode
from bpmax_sim.report.perform import Performance, PerformOptions, perform
from bpmax_sim.report.terminal import Verdict
from bpmax_sim.scenario import shards
from bpmax_sim.scenario.events import Event
from bpmax_sim.scenario.file_verdict import FileRuns, make_unused_part_failure
from bpmax_sim.scenario.header import ItemHeader
from bpmax_sim.scenario.load import ScenarioItem
from bpmax_sim.scenario.shards import Shard
from bpmax_sim.session.session import Session
from bpmax_sim.session.shared_logins import SharedLogins
from bpmax_sim.yamlfile import to_display_path

ReportUse = Callable[[Verdict, Sequence[Event], Sequence[Session]], None]
"""Takes verdict, events and closed sessions of an item."""


def run_items(
    items: Iterable[ScenarioItem], options: PerformOptions, report_use: ReportUse | None = None
) -> Iterator[Verdict]:
    """Run *items* (scenarios, or rows of their tables) in order, and yield the verdicts.

    Each runs in a session of its own. *report_use* is called after each item with its verdict,
    events and sessions. A failed verdict for each file that declares a part, such as a stub, that
    no row used comes last.
    """
    return (verdict for verdict, _ in run_items_with_events(items, options, report_use))


def run_items_with_events(
    items: Iterable[ScenarioItem], options: PerformOptions, report_use: ReportUse | None = None
) -> Iterator[Performance]:
    """Run *items*, each in a session of its own; yield each verdict with all events of the item.

    Events are what happened in virtual time: calls, writes to fields, moves of a flow.
    """
    options = replace(options, options={"shared_logins": SharedLogins(), **options.options})
    runs, first = FileRuns(), dict[str, ScenarioItem]()
    for item in items:
        first.setdefault(item.spot.source.file, item)
        guard = NetworkGuard(
            msg("scenario {node_id}", node_id=item.node_id), allow="--allow-hosts={}", closed=False
        )
        sessions: list[Session] = []
        choices = replace(options, cassettes=_find_cassette_folder(item, options))
        verdict, events = perform(item, choices, guard=guard, prepare=sessions.append)
        if report_use is not None:
            report_use(verdict, events, sessions)
        runs.add_if_passed(item, verdict)
        doubtful = tuple(runs.find_tolerated_unused_parts(item.spot.source.file))
        yield struct_replace(verdict, warnings=(*verdict.warnings, *doubtful)), events
    yield from _fail_files_with_unused_parts(runs, first)


def _fail_files_with_unused_parts(
    runs: FileRuns, first_items: Mapping[str, ScenarioItem]
) -> Iterator[Performance]:
    """Yield a failed verdict for each scenario file that declares something that no row used.

    Such parts are stubs, handlers and the like; a single row may leave them unused. *runs* knows
    what all rows of a file used, *first_items* has the first item of each file, for the verdict.
    """
    for file, parts in groupby(runs.find_failing_unused_parts(), key=itemgetter(0)):
        item = struct_replace(first_items[file], row=None)
        failures = tuple(make_unused_part_failure(item, part) for _, part in parts)
        code = ExitCode.FAILED
        verdict = Verdict(
            item=item, outcome="failed", code=code, failures=failures, is_of_file=True
        )
        yield verdict, ()


def find_cassette_path(item: ItemHeader, options: PerformOptions) -> Path:
    """Return the path of the cassette that *item* plays or records."""
    return _find_cassette_folder(item, options) / f"{item.cassette}.yaml"


def _find_cassette_folder(item: ItemHeader | ScenarioItem, options: PerformOptions) -> Path:
    """Return the folder of the cassettes.

    The option's, else ``cassettes`` in the item's project.
    """
    return options.cassettes or Path(to_display_path(item.root / "cassettes"))


def report_written_cassettes(before: Mapping[Path, bytes]) -> None:
    """Print for each cassette the number of its exchanges, or that it is unchanged.

    *before* maps each path to the content before recording.
    """
    for path, old in before.items():
        if not path.is_file():
            continue
        message = msg("unchanged")
        if path.read_bytes() != old:
            message = plural(len(Cassette.load(path)), "{number} exchange", "{number} exchanges")
        notify(label_message(to_display_path(path), message))


def describe_nothing_recorded(verdicts: Sequence[Verdict], record: str) -> str:
    """Return why ``--record`` *record* recorded nothing although all items passed.

    "" if something was recorded, an item failed, or a third party was asked.
    """
    sources = find_response_sources(verdicts)
    is_passed = all(verdict.outcome == "passed" for verdict in verdicts)
    if not (verdicts and is_passed) or record == "rewrite" or sources & _ASKED:
        return ""
    if "recorded" not in sources:
        return msg("nothing was recorded, as no call asked a third party")
    if record == "new":
        return msg(
            "nothing was recorded, as no call is missing, which is all that --record new adds: "
            "record afresh with --record rewrite"
        )
    return msg(
        "nothing was recorded, as everything is recorded already: add missing calls with "
        "--record new, or record afresh with --record rewrite"
    )


def find_response_sources(verdicts: Iterable[Verdict]) -> set[str]:
    """Return the sources of the responses to all calls of *verdicts*, such as ``recorded``."""
    return {call.source for verdict in verdicts for call in verdict.calls}


_ASKED = frozenset({"live", "simulated", "", "unanswered"})
"""Sources of calls of which an exchange is recorded."""


def select_shard_items(items: Sequence[ProjectItem], shard: Shard | None) -> list[ProjectItem]:
    """Return those *items* that *shard*, such as 2 of 3 machines, has to run; all if it is None.

    They are shared out by their durations in the last run; the order stays.

    Raises:
        ConfigError: if the file of durations cannot be read.
    """
    if shard is None:
        return list(items)
    root = find_root(Path.cwd())
    keys = [_make_duration_key(item.header, root) for item in items]
    cassettes = {key: item.header.cassette for key, item in zip(keys, items, strict=True)}
    within = shard.select_keys(keys, shards.read_durations(root), cassettes)
    return [item for item, key in zip(items, keys, strict=True) if key in within]


def measure_and_store_durations(
    verdicts: Iterable[Verdict],
    shard: Shard | None,
    item_seconds: dict[str, float],
    read_seconds: Callable[[], float] = time.perf_counter,
) -> Iterator[Verdict]:
    """Yield *verdicts* unchanged; add the real seconds of each item that ran to *item_seconds*.

    An item takes from the moment at which the caller asks for its verdict until it gets it. At the
    end the seconds are stored, for this *shard* if there is one: by them the next runs share out
    the items among shards. *read_seconds* is the clock.
    """
    root = find_root(Path.cwd())
    begun = read_seconds()
    for verdict in verdicts:
        now = read_seconds()
        if verdict.digest:  # it ran
            item_seconds[_make_duration_key(verdict.item.header, root)] = now - begun
        yield verdict
        begun = read_seconds()
    if item_seconds:
        shards.store_durations(root, item_seconds, shard=shard)


def _make_duration_key(item: ItemHeader, root: Path) -> str:
    return shards.make_duration_key(item.path.absolute(), root, item.one_line_name)
