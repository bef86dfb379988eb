"""``run --watch``: run the scenarios that use a file again when it is saved.

A scenario depends on its file, fragments, scripts, flows, table, cassette and instances, and on the
platform files that it names or calls. A watcher starts before the scenarios run, so that no file
saved during a run is missed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import NoReturn

import msgspec

from bpmax_sim.cli.terminal import notify
from bpmax_sim.errors import BpmaxError, Problem, shorten_list
from bpmax_sim.index.items import ProjectItem
from bpmax_sim.platform.source import find_platform_key
from bpmax_sim.project import (
    DEFAULTS,
    SUFFIXES,
    find_instances_file_above,
    to_absolute_path,
    to_local_override,
)
from bpmax_sim.report.terminal import Verdict
from bpmax_sim.scenario.shared_names import forget_searched_folders
from bpmax_sim.yamlfile import to_display_path

Collected = tuple[Sequence[ProjectItem], Sequence[Problem]]


class WatchPlan(msgspec.Struct, frozen=True, kw_only=True):
    """The operations and folders that `watch` needs.

    Attributes:
        collect_items: function that finds all scenarios again.
        run_items: function that runs items (scenarios or rows) and prints their verdicts, and
            prints the problems of files whose items cannot run.
        finish: function that writes the output files after each run.
        cassette: function that returns the path of a scenario's recording.
        folders: folders searched for scenarios.
        platforms: folders or files that override a scenario's own platforms; empty for none.
        called_platforms: node id of an item -> keys of the platforms that it called in its last
            run.
    """

    collect_items: Callable[[], Collected]
    run_items: Callable[[Sequence[ProjectItem], Sequence[Problem]], Sequence[Verdict]]
    finish: Callable[[Sequence[ProjectItem]], None]
    cassette: Callable[[ProjectItem], Path]
    folders: Sequence[Path]
    platforms: Sequence[Path] = ()
    called_platforms: dict[str, frozenset[str]] = msgspec.field(default_factory=dict)

    def run_and_note_platforms(
        self, items: Sequence[ProjectItem], problems: Sequence[Problem]
    ) -> None:
        """Run *items* (scenarios or rows), and note the platforms that each called.

        *problems* are those of files whose items cannot run; they are printed.
        """
        for verdict in self.run_items(items, problems):
            names = frozenset(call.call.partition(".")[0] for call in verdict.calls)
            self.called_platforms[verdict.item.node_id] = names


def watch(
    plan: WatchPlan, first_items: Sequence[ProjectItem], problems: Sequence[Problem]
) -> NoReturn:
    """Run *first_items*, then after each save the scenarios that use the saved file, until Ctrl-C.

    *problems* are those of files that cannot run.

    Raises:
        KeyboardInterrupt: if the user presses Ctrl-C; this is the only end.
    """
    every = plan.collect_items()[0]
    places = _list_watched_places(plan, every)
    changes = _watch_changes(places)
    plan.run_and_note_platforms(first_items, problems)
    plan.finish(every)
    notify("watching {places}; Ctrl-C ends it", places=_format_paths(places))
    saved = frozenset[str]()
    while True:
        if not (new := next(changes)):
            continue
        saved |= new
        _unload_step_modules(saved)
        forget_searched_folders()
        try:
            every, problems = plan.collect_items()
        except BpmaxError as error:  # such as a scenario that is named and gone for a moment
            notify(str(error))
            continue  # what was saved counts once they can be collected again
        # A scenario may depend now on a folder that is not watched yet. Before they run, so that
        # nothing is missed that is saved meanwhile.
        if (now := _list_watched_places(plan, every)) != places:
            places, changes = now, _watch_changes(now)
        _rerun_affected(plan, saved, every, problems)
        saved = frozenset()


def _rerun_affected(
    plan: WatchPlan,
    saved: frozenset[str],
    every: Sequence[ProjectItem],
    problems: Sequence[Problem],
) -> None:
    """Run those of *every* item that use one of the *saved* files, and write the output files.

    *problems* are those of files whose items cannot run. Nothing is done if neither an item nor a
    problem is of a saved file.
    """
    again = [item for item in every if any(_depends_on(plan, item, path) for path in saved)]
    wrong = {os.path.realpath(problem.place.file) for problem in problems if problem.place}
    if again or wrong & saved:
        notify("\nsaved: {files}", files=_format_paths(saved))
        plan.run_and_note_platforms(again, problems)
        plan.finish(every)


def _watch_changes(places: Sequence[str]) -> Iterator[frozenset[str]]:
    """Yield the files saved at or below *places* in each short interval; an empty set if none was.

    The watcher runs when this returns. Editors save a file in several steps, which count as one.
    """
    import watchfiles  # noqa: PLC0415 - only where it is asked for

    ignored = (*watchfiles.DefaultFilter.ignore_dirs, ".bpmax")
    changes = watchfiles.watch(
        *places,
        watch_filter=watchfiles.DefaultFilter(ignore_dirs=ignored),
        step=50,  # ms; an editor that writes a file in pieces has done so by then
        rust_timeout=100,
        yield_on_timeout=True,
    )
    saved = (frozenset(os.path.realpath(path) for _, path in seen) for seen in changes)
    # The first step starts the watcher; from here on it notes what is saved until it is asked.
    return chain((next(saved),), saved)


def _depends_on(plan: WatchPlan, item: ProjectItem, file: str) -> bool:
    """Return whether a change of *file* may change the result of *item*, a scenario or row.

    That is so for a file that the item reads or may inherit from, for the platform file of a
    platform that it calls or names, and, if it has a ``python`` step, for every Python module.
    *file* has no symbolic links in its path.
    """
    folder, name = os.path.split(file)
    if name == DEFAULTS and os.path.realpath(item.header.path).startswith(f"{folder}{os.sep}"):
        return True  # also where it was removed
    if file in map(os.path.realpath, _list_item_files(plan, item)):
        return True
    if file.endswith(".py"):
        loaded = item.load()
        return any(located.step.action == "python" for located in loaded.walk_steps())
    folders = tuple(map(os.path.realpath, plan.platforms or item.header.platforms))
    is_below = file.startswith(tuple(os.path.join(folder, "") for folder in folders))  # noqa: PTH118
    if not file.endswith(SUFFIXES) or not (file in folders or is_below):
        return False
    key = _read_platform_key(file)
    named = any(key in text for text in item.load().file_texts.values())
    return not key or named or key in plan.called_platforms.get(item.header.node_id, frozenset())


def _read_platform_key(file: str) -> str:
    """Return the key of a platform file; "" if the file cannot be read."""
    try:
        return find_platform_key(Path(file).read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError):
        return ""


def _list_item_files(plan: WatchPlan, item: ProjectItem) -> Iterator[str]:
    yield from item.files
    yield str(plan.cassette(item))
    folders = plan.platforms or item.header.platforms
    beside = find_instances_file_above(to_absolute_path(folders[-1])) if folders else ""
    instances = str(item.header.instances or "") or beside
    if instances:
        yield from (instances, to_local_override(instances))


def _list_watched_places(plan: WatchPlan, items: Iterable[ProjectItem]) -> tuple[str, ...]:
    """Return the folders of all files that the *items* depend on, without folders inside another.

    For a file in the root of a project, the file itself is watched: the root contains too many
    others.
    """
    places = {os.path.realpath(folder) for folder in plan.folders}
    for item in items:
        platforms = map(str, plan.platforms or item.header.platforms)
        folders = (str(item.header.path.parent), *platforms, str(plan.cassette(item).parent))
        places.update(os.path.realpath(folder) for folder in folders if os.path.isdir(folder))  # noqa: PTH112
        for file in map(os.path.realpath, _list_item_files(plan, item)):
            folder = os.path.dirname(file)  # noqa: PTH120
            is_root = folder == os.path.realpath(item.header.root)
            if os.path.isfile(file):  # noqa: PTH113
                places.add(file if is_root else folder)
    whole = tuple(f"{place}{os.sep}" for place in places)
    return tuple(sorted(place for place in places if not place.startswith(whole)))


def _unload_step_modules(saved: Iterable[str]) -> None:
    """Remove cached Python modules in the folders of *saved* files: steps import the new code."""
    folders = tuple(os.path.dirname(path) + os.sep for path in saved if path.endswith(".py"))  # noqa: PTH120
    for name, module in list(sys.modules.items()) if folders else ():
        file = os.path.realpath(getattr(module, "__file__", None) or os.devnull)
        if file.startswith(folders) and name.partition(".")[0] != "bpmax_sim":
            del sys.modules[name]


def _format_paths(paths: Iterable[str]) -> str:
    return shorten_list((to_display_path(Path(path)) for path in sorted(paths)), 3)
