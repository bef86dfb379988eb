"""``list``: the scenarios of a project, read from the index, which loads only changed files."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from typer import Option

from bpmax_sim.cli import options as option
from bpmax_sim.cli.item_selection import (
    explain_empty_selection,
    find_items,
    find_targets,
    load_cassette,
)
from bpmax_sim.cli.terminal import align_columns, notify, say_result
from bpmax_sim.clock import Instant
from bpmax_sim.errors import ConfigError
from bpmax_sim.i18n import join_list, join_messages, msg
from bpmax_sim.report.exit_codes import ExitCode
from bpmax_sim.scenario.header import ItemHeader
from bpmax_sim.yamlfile import to_display_path


def list_scenarios(
    paths: option.Paths = None,
    *,
    keyword: option.Keyword = "",
    old: Annotated[
        str, Option(metavar="AGE", help=msg("Only those whose recording is older, such as 90d."))
    ] = "",
    resolved: Annotated[
        bool, Option("--resolved", help=msg("Every key that each comes to, and where it stands."))
    ] = False,
    json: option.Json = False,
) -> int:
    """List scenarios with the age of their recordings, or with the keys that they resolve to."""
    age = option.parse_age("--old", old) if old else None
    found, problems = find_items(find_targets(paths), keyword=keyword)
    if problems:
        raise ConfigError(*problems)
    every = [item.header for item in found]
    ages = {item: told for item in every if age is not None and (told := _describe_age(item, age))}
    items = every if age is None else list(ages)
    rows = [
        (
            f"{item.place.file}:{item.place.line}",
            item.name,
            item.cassette,
            join_messages(" ", [*item.tags, *_format_earlier_item_names(item), ages.get(item, "")]),
        )
        for item in items
    ]
    lines = align_columns(rows) if rows else ()
    keys_of: dict[ItemHeader, Any] = {}
    if resolved:
        from bpmax_sim.cli import resolved as keys  # noqa: PLC0415 - which loads every item

        every_key = {one.header: list(keys.resolve_keys(one.load())) for one in found}
        lines = keys.format_resolved((item.file, item.title, every_key[item]) for item in items)
        keys_of = {item: keys.to_keys_data(one) for item, one in every_key.items()}
    data = [
        {
            "name": item.name,
            "row": item.row_id,
            "file": item.place.file,
            "line": item.place.line,
            "was": list(item.was),
            "tags": list(item.tags),
            "cassette": item.cassette,
            "steps": item.steps,
            "skip": item.skip,
            "xfail": item.xfail,
            "keys": keys_of.get(item, []),
        }
        for item in items
    ]
    say_result(lines, json=json, items=data)
    if every and not items:
        notify("no recording is older than {age}", age=old)
    elif not items and not json:
        notify(explain_empty_selection(paths, keyword))
    return ExitCode.PASSED if every else ExitCode.NOTHING


def _describe_age(item: ItemHeader, min_age: float) -> str:
    """Return how long ago the oldest exchange of *item*, a scenario or row, was recorded.

    "" if that is at most *min_age* seconds, or if nothing is recorded.
    """
    from bpmax_sim.check.drift import find_recording_time  # noqa: PLC0415 - a list alone needs no recording

    path = item.root / "cassettes" / f"{item.cassette}.yaml"
    if not path.is_file():
        return ""
    cassette = load_cassette(Path(to_display_path(path)))
    owners = (item.name, *item.was, *(cassette.owners if len(cassette.owners) == 1 else ()))
    owner = next((name for name in owners if name in cassette.owners), "")
    instants = [
        find_recording_time(cassette.exchange(n))
        for n in cassette.index.list_exchange_numbers(owner)
    ]
    passed = time.time() - min(instants, default=time.time())
    if passed <= min_age:
        return ""
    day = str(Instant(min(instants)))[:10]
    return msg("recorded {day}, {days} days ago", day=day, days=int(passed // 86_400))


def _format_earlier_item_names(item: ItemHeader) -> Iterator[str]:
    if item.was:
        yield msg("(was {names})", names=join_list(map(repr, item.was)))
