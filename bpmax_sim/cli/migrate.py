"""``migrate``: move recordings that only a rename keeps from being found, grouped by cause.

Scenarios are replayed; calls without a match and unplayed exchanges are paired and grouped by the
cause of their difference. A person accepts causes. A file is replaced only if the moved exchanges
replay.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

from typer import Option

from bpmax_sim.check.migration import (
    AppliedPlans,
    MovePlan,
    Renames,
    apply_plans_that_replay,
    merge_many_causes_at_one_place,
    plan_items_by_replay,
    plan_owners_without_scenario,
)
from bpmax_sim.cli.item_selection import collect_items
from bpmax_sim.cli.merge import hint_at_missing_merge_driver
from bpmax_sim.cli.options import Json, Paths, Yes
from bpmax_sim.cli.terminal import can_ask, choose, iterate_with_progress, notify, say, say_document
from bpmax_sim.errors import CassetteError, ConfigError
from bpmax_sim.i18n import label_message, msg, plural
from bpmax_sim.project import find_root
from bpmax_sim.report.exit_codes import ExitCode
from bpmax_sim.scenario.load import ScenarioItem
from bpmax_sim.session.migration import MoveCause
from bpmax_sim.yamlfile import to_display_path


def migrate(  # noqa: PLR0913 - the options of the command
    paths: Paths = None,
    *,
    api: Annotated[
        list[str] | None,
        Option(metavar="A.OLD=A.NEW", help=msg("An API has another name; repeatable.")),
    ] = None,
    platform: Annotated[
        list[str] | None,
        Option(metavar="OLD=NEW", help=msg("A platform has another key; repeatable.")),
    ] = None,
    path: Annotated[
        list[str] | None,
        Option(metavar="OLD=NEW", help=msg("Paths begin otherwise, such as /v1=/v2; repeatable.")),
    ] = None,
    owner: Annotated[
        list[str] | None,
        Option(metavar="OLD=NEW", help=msg("A scenario or a test has another name; repeatable.")),
    ] = None,
    yes: Yes = False,
    json: Json = False,
) -> int:
    """Change recordings to what their scenarios call and name today."""
    renames = _read_renames(api or (), platform or (), path or (), owner or ())
    items = [item for item in collect_items(paths) if _runs_in_replay_mode(item)]
    plans = [
        plan
        for plan in iterate_with_progress(plan_items_by_replay(items, renames), len(items))
        if plan
    ]
    root = find_root(Path.cwd())
    if renames and not paths:
        plans += plan_owners_without_scenario(root, plans, items, renames)
    merge_many_causes_at_one_place(plans)
    _report_exchanges_not_moved(plans)
    groups = Counter(cause for plan in plans for own in plan.causes.values() for cause in own)
    accepted = _ask_which_causes(groups, plans, yes=yes, quiet=json)
    for plan in plans:
        plan.keep_confirmed_changes(accepted)
    applied = _apply_plans_naming_write_errors(root, [plan for plan in plans if not plan.is_empty])
    files = [to_display_path(path) for path in applied.written]
    for name in files:
        notify(label_message(name, msg("moved")))
    for name, why in applied.failures:
        notify("{name}: still red, so its recording stays as it was: {why}", name=name, why=why)
    if not groups and not any(plan.unknown or plan.signed for plan in plans):
        notify(msg("every recording is found under today's names; there is nothing to move"))
    hint_at_missing_merge_driver()
    if json:
        causes = [
            {"cause": str(cause), "exchanges": number, "accepted": cause in accepted}
            for cause, number in sorted(groups.items())
        ]
        say_document(causes=causes, files=files, red=[one.node_id for one in applied.failures])
    if applied.failures:
        return ExitCode.FAILED
    return ExitCode.REVIEW if set(groups) - accepted else ExitCode.PASSED


def _report_exchanges_not_moved(plans: Sequence[MovePlan]) -> None:
    """Print the exchanges that `migrate` cannot adapt, whatever the user accepts.

    Unknown ones: nothing recorded is similar. Signed ones: no scenario makes the call, and nothing
    else can sign it anew. Contested ones: the call is also made as it was recorded.
    """
    for plan in plans:
        for name in dict.fromkeys(plan.unknown):
            notify(
                "{file}: {name}: nothing recorded is like this; if it had another name, say "
                "--platform OLD=NEW or --api PLATFORM.OLD=PLATFORM.NEW, else record it",
                file=to_display_path(plan.file),
                name=name,
            )
        for name in dict.fromkeys(plan.signed):
            notify(
                "{file}: {name} is signed, and no scenario makes this call, so it stays as it is; "
                "record {owner!r} again",
                file=to_display_path(plan.file),
                name=name,
                owner=plan.owner,
            )
        for name in dict.fromkeys(plan.contested):
            notify(
                "{file}: {name} is called as it was recorded and otherwise, too, so that is not "
                "moved; record the new call with `bpmax-sim record --record new`",
                file=to_display_path(plan.file),
                name=name,
            )


def _apply_plans_naming_write_errors(root: Path, plans: Sequence[MovePlan]) -> AppliedPlans:
    try:
        return apply_plans_that_replay(root, plans) if plans else AppliedPlans()
    except OSError as error:
        raise CassetteError(
            "{path}: not moved ({strerror}); what was there is whole",
            path=error.filename or root,
            strerror=error.strerror,
        ) from error


def _read_renames(*options: Sequence[str]) -> Renames:
    """Return the renames given by the command-line options.

    Raises:
        ConfigError: if an option is not ``old=new``, or renames an API to another platform's.
    """
    maps: list[dict[str, str]] = []
    for name, texts in zip(("--api", "--platform", "--path", "--owner"), options, strict=True):
        maps.append({})
        for text in texts:
            old, equals, new = text.partition("=")
            if not (old and equals and new):
                raise ConfigError("{name} {text}: expected OLD=NEW", name=name, text=text)
            if name == "--api" and not (
                "." in old and old.partition(".")[0] == new.partition(".")[0]
            ):
                raise ConfigError(
                    "--api {text}: expected PLATFORM.OLD=PLATFORM.NEW, of one platform as it is "
                    "called today; of a platform that has another key, say --platform OLD=NEW",
                    text=text,
                )
            maps[-1][old] = new
    return Renames(*maps)


def _runs_in_replay_mode(item: ScenarioItem) -> bool:
    return not item.skip and item.scenario.proxy.mode not in {"record", "live", "simulate"}


def _ask_which_causes(
    groups: Mapping[MoveCause, int], plans: Sequence[MovePlan], *, yes: bool, quiet: bool
) -> frozenset[MoveCause]:
    """Show each cause, such as a renamed API, with the number of exchanges that it would change.

    *groups* maps each cause to that number; *plans* show in which files the exchanges are. Return
    the causes that the user accepts; all with *yes*, none where nobody can be asked. With *quiet*,
    the causes are not printed.
    """
    accepted = set()
    files = defaultdict[MoveCause, set[Path]](set)
    for plan in plans:
        for cause in (cause for own in plan.causes.values() for cause in own):
            files[cause].add(plan.file)
    for cause, number in sorted(groups.items()):
        counted = plural(number, "{number} exchange", "{number} exchanges")
        if cause.kind == "owner":
            counted = plural(number, "{number} recording", "{number} recordings")
        where = plural(len(files[cause]), "{number} file", "{number} files")
        line = msg("{cause}, {counted} in {where}", cause=cause, counted=counted, where=where)
        if not quiet:
            say(line)
        if yes or (can_ask() and choose(msg("Move them?"), ("yes", "no")) == "yes"):
            accepted.add(cause)
    if groups and not accepted and not can_ask():
        notify(msg("nothing was moved; move it with --yes"))
    return frozenset(accepted)
