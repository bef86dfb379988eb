"""Resolve command-line arguments to scenario items, cassettes and owners.

All problems of all files are found before anything runs.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from bpmax_sim.cli.keyword_expression import parse_keyword
from bpmax_sim.cli.terminal import notify
from bpmax_sim.errors import ConfigError, Place, Problem, find_nearest, suggest_or_list
from bpmax_sim.i18n import join_list, msg
from bpmax_sim.index.items import ItemFinder, ProjectItem, load_each
from bpmax_sim.project import SUFFIX, find_platform_folders, find_root
from bpmax_sim.scenario.header import ItemHeader
from bpmax_sim.yamlfile import to_display_path

# What runs, records and declares is imported where it is needed: a list needs none of it.
# ruff: noqa: PLC0415

if TYPE_CHECKING:
    from bpmax_sim.cassette.file import Cassette
    from bpmax_sim.cassette.remote import RemoteStorage
    from bpmax_sim.platform.load import Platforms
    from bpmax_sim.scenario.load import ScenarioItem
    from bpmax_sim.script.failure import Script

_LINE = re.compile(r"(.+):(\d+)", re.DOTALL)


class Selection(msgspec.Struct, frozen=True):
    """A scenario file of the command line, and which of its items (rows) are meant.

    All of them by default, those at *line* (``file:7``), or the one called *name* (``file::name``).
    """

    path: Path
    line: int = 0
    name: str = ""

    def select_from(self, items: Sequence[ProjectItem]) -> list[ProjectItem]:
        """Return those of *items* that are selected; *items* are all rows of this file.

        Raises:
            ConfigError: if the file has no such line or item.
        """
        if not self.name:
            return _select_row_at_line_or_all(items, self.line) if self.line else list(items)
        by_name = {
            name: item for item in items for name in (item.header.name, item.header.one_line_name)
        }
        if self.name not in by_name:
            hint = suggest_or_list(self.name, by_name)
            message = msg("there is no scenario {name!r}{hint}", name=self.name, hint=hint)
            raise ConfigError(Problem(message, Place(to_display_path(self.path))))
        return [by_name[self.name]]


def find_targets(
    arguments: Sequence[str] | None, *, reports_others: bool = True
) -> list[Selection]:
    """Return the scenario files that *arguments* mean, each once, in the order of the arguments.

    Args:
        arguments: ``PATH``, ``PATH:LINE`` or ``PATH::NAME``; none for all of the project.
        reports_others: whether a message lists named files that are no scenarios and are left out,
            such as a script that a pattern of the shell matched, too.

    Raises:
        ConfigError: if something does not exist; all such arguments, each with the most similar
            name.
    """
    texts = arguments or [str(find_root(Path.cwd()) / "scenarios")]
    problems: list[Problem] = []
    others: list[Problem] = []
    is_named = bool(arguments)
    result = [
        target
        for text in texts
        for target in _expand_argument(text, problems, others, is_named=is_named)
    ]
    if result and others:  # a pattern of the shell matches what lies beside scenarios, too
        if reports_others:
            notify(
                "left out, as names of scenarios end with {suffix}: {paths}",
                suffix=SUFFIX,
                paths=join_list(str(one.place) for one in others),
            )
    else:
        problems += others
    if problems:
        raise ConfigError(*problems)
    return list(dict.fromkeys(result)) if len(texts) > 1 else result


def _expand_argument(
    text: str, problems: list[Problem], non_scenario_problems: list[Problem], *, is_named: bool
) -> Iterator[Selection]:
    path, colons, name = text.partition("::")
    line = 0
    # A file may have `::` or `:12` in its name.
    if Path(text).exists():
        path, name = text, ""
    elif not colons:
        path, line = split_path_and_line(text)
    place = Path.cwd() / path
    if place.is_dir() and path != text:  # a folder has neither lines nor one scenario of a name
        problems.append(make_missing_file_problem(path, SUFFIX))
    elif place.is_dir():
        yield from (Selection(Path(path)) for path in _find_scenario_files(os.fspath(place)))
    elif place.is_file() and place.name.endswith(SUFFIX):
        yield Selection(place, line, name)
    elif place.is_file():
        message = msg(
            "this is no scenario, the names of scenarios end with {suffix}; name one of these",
            suffix=SUFFIX,
        )
        non_scenario_problems.append(Problem(message, Place(path)))
    elif is_named:
        problems.append(make_missing_file_problem(path, SUFFIX))


def _find_scenario_files(folder: str) -> list[str]:
    """Return the scenario files below *folder*, ordered by folder and name."""
    found = [
        f"{place}{os.sep}{name}"
        for place, _, names in os.walk(folder)
        for name in names
        if name.endswith(SUFFIX)
    ]
    return sorted(found, key=lambda path: path.split(os.sep))  # noqa: PTH206 - of thousands


def split_path_and_line(text: str) -> tuple[str, int]:
    """Split ``file:line`` from a command line into path and line; the line is 0 if absent."""
    match = None if Path(text).exists() else _LINE.fullmatch(text)
    return (match[1], int(match[2])) if match else (text, 0)


def require_possible_name(path: str) -> None:
    """Raise the OSError of a *path* with a name that is too long for a file.

    For Python 3.14 it is an absent file, as for `Path.is_file`.
    """
    try:
        os.stat(path)  # noqa: PTH116 - a text
    except ValueError:  # a null character
        return
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise


def make_missing_file_problem(place: str | Path, suffix: str) -> Problem:
    """Return the problem for a *place* that does not exist, with the most similar existing file.

    Only files with the ending *suffix* are compared.
    """
    path = str(place)
    require_possible_name(path)
    if Path(path).is_dir():
        return Problem(msg("this is a folder; name a file in it"), Place(path))
    root = find_root(Path.cwd() / path)
    known = [to_display_path(path) for path in sorted(root.rglob(f"*{suffix}"))]
    # A suffix that all have in common makes none of them near.
    bare = {one.removesuffix(suffix): one for one in known}
    by_name = {one.rpartition("/")[2]: whole for one, whole in bare.items()} | bare
    near = find_nearest(path.removesuffix(suffix), by_name)
    hint = (
        msg("; did you mean {matches!r}?", matches=by_name[near])
        if near
        else msg("; see what `ls` shows")
    )
    return Problem(msg("file or folder not found{hint}", hint=hint), Place(path))


def _select_row_at_line_or_all(items: Sequence[ProjectItem], line: int) -> list[ProjectItem]:
    """Return the row that contains *line*, else all items of the file."""
    source = items[0].load().spot.source
    if line > len(source.lines):
        message = msg("the file has {lines_count} lines", lines_count=len(source.lines))
        raise ConfigError(Problem(message, Place(source.file, line)))
    places = [source.root.find_key_place(key) for key in source.root.items]
    starts = [place.line for place in places if place.file == source.file]
    begin = max((start for start in starts if start <= line), default=0)
    if begin != source.root.find_key_place("cases").line:
        return list(items)
    found = [(item, item.header.place) for item in items]
    rows = [item for item, place in found if place.file == source.file and place.line <= line]
    return rows[-1:] or list(items)


def filter_by_keyword(items: Iterable[ProjectItem], keyword: str) -> list[ProjectItem]:
    """Return the *items* that pytest's ``-k`` *keyword* would select, such as ``crm and not slow``.

    Raises:
        ConfigError: if *keyword* is not a valid expression.
    """
    if not keyword.strip():
        return list(items)
    matches = parse_keyword(keyword)
    return [item for item in items if matches(_list_searched_words(item.header))]


def _list_searched_words(item: ItemHeader) -> list[str]:
    """Return the words that ``-k`` searches, as in pytest: folders, file, name and markers."""
    folders = item.file.replace("\\", "/").split("/")
    markers = ("bpmax_scenario", *(["skip"] if item.skip else []), *item.tags)
    return [word.lower() for word in (*folders, item.one_line_name, *markers)]


def collect_items(paths: Sequence[str] | None = None, keyword: str = "") -> list[ScenarioItem]:
    """Load the items (scenarios, or rows of their tables) that *paths* and *keyword* select.

    Each is returned once.

    Raises:
        ConfigError: with all problems of all files and their scripts.
    """
    items, problems = load_parsable_items(find_targets(paths), keyword)
    if problems:
        raise ConfigError(*problems)
    return items


def explain_empty_selection(
    paths: Sequence[str] | None, keyword: str = "", *, used: str = "", since: str | None = None
) -> str:
    """Return why a command found no scenario in *paths*: which of its filters left none.

    *used* is the place of ``--uses``, and *since* the revision of ``--changed``.
    """
    where = join_list(paths or ()) or "scenarios/"
    if used and keyword:
        return msg(
            "{where}: no scenario that uses {place!r} has {keyword!r} in it",
            where=where, place=used, keyword=keyword,
        )  # fmt: skip
    if since and keyword:
        return msg(
            "{where}: no scenario that is reached by what changed has {keyword!r} in it",
            where=where, keyword=keyword,
        )  # fmt: skip
    if used:
        return msg("{where}: no scenario uses {place!r}", where=where, place=used)
    if since:
        return msg("{where}: no scenario is reached by what changed", where=where)
    if keyword:
        return msg(
            "{where}: no scenario has {keyword!r} in it; see `bpmax-sim list`",
            where=where, keyword=keyword,
        )  # fmt: skip
    return msg(
        "{where}: no *.scenario.yaml here; write one, or see one with `bpmax-sim demo`", where=where
    )


def find_items(
    targets: Sequence[Selection], variables: Mapping[str, Any] | None = None, keyword: str = ""
) -> tuple[list[ProjectItem], list[Problem]]:
    """Return the items of *targets* that match *keyword*, and all problems.

    An item is a scenario or one row of its table. It comes from the project's index, and its file
    is loaded only when it runs. *variables* are those of ``--var``. A file with problems has no
    items.
    """
    problems: list[Problem] = []
    by_id: dict[str, ProjectItem] = {}
    finder = ItemFinder()
    for target in targets:
        try:
            found = finder.list_items(target.path, variables)
            by_id |= {item.header.node_id: item for item in target.select_from(found)}
        except ConfigError as error:
            problems += error.problems
    finder.save()
    return filter_by_keyword(by_id.values(), keyword), list(dict.fromkeys(problems))


def load_parsable_items(
    targets: Sequence[Selection], keyword: str = ""
) -> tuple[list[ScenarioItem], list[Problem]]:
    """Load the items of *targets* that match *keyword*, and check the syntax of their scripts.

    Return the items without syntax error, and the problems of all others.
    """
    from bpmax_sim.report.perform import list_scripts

    found, problems = find_items(targets, keyword=keyword)
    items = list(load_each(found, problems))
    broken = find_broken_scripts(items)
    sound = [item for item in items if broken.keys().isdisjoint(list_scripts(item))]
    return sound, list(dict.fromkeys((*problems, *broken.values())))


def find_broken_scripts(items: Iterable[ScenarioItem]) -> dict[Script, Problem]:
    """Return the scripts of *items* that the engine cannot parse, each with its problem."""
    from bpmax_sim.report.perform import check_syntax, list_scripts

    scripts = dict.fromkeys(chain.from_iterable(map(list_scripts, items)))
    return {script: problem for script in scripts if (problem := check_syntax(script))}


_JOURNAL = re.compile(r"\.\d+-\d+\.journal$")


def load_cassette(path: Path) -> Cassette:
    """Return the cassette at *path*.

    Raises:
        ConfigError: if the file does not exist.
        CassetteError: if the file is damaged.
    """
    from bpmax_sim.cassette.file import Cassette

    if not path.exists() or path.is_dir():
        raise ConfigError(make_missing_file_problem(path, ".yaml"))
    return Cassette.load(path)


def find_files_by_suffix(paths: Sequence[Path], suffix: str) -> list[Path]:
    """Return the files with ending *suffix* at or below *paths*, by default in ``cassettes/``.

    Raises:
        ConfigError: if one of *paths* does not exist.
    """
    places = paths or [find_root(Path.cwd()) / "cassettes"]
    lacking = [make_missing_file_problem(path, suffix) for path in paths if not path.exists()]
    if lacking:
        raise ConfigError(*lacking)
    files = [sorted(path.rglob(f"*{suffix}")) if path.is_dir() else [path] for path in places]
    every = dict.fromkeys(chain.from_iterable(files))
    return [file for file in every if file.name.endswith(suffix)]


def find_cassettes(paths: Sequence[Path]) -> list[Path]:
    """Return the cassettes at or below *paths*, by default in ``cassettes/``, each once.

    A file that is named is meant, whatever its ending is, such as one that waits for review.

    Raises:
        ConfigError: if one of *paths* does not exist.
    """
    named = [path for path in paths if path.is_file()]
    return list(dict.fromkeys([*find_files_by_suffix(paths, ".yaml"), *named]))


def resolve_cassette_folder(text: str | None) -> tuple[Path | None, RemoteStorage | None]:
    """Return the cassette folder that *text* names, and the remote storage if *text* is a URL.

    For a URL the folder is the local copy of the storage. Both are None if *text* is empty or None.

    Raises:
        ConfigError: if *text* names a file.
    """
    if not text:
        return None, None
    from bpmax_sim.cassette.remote import is_url, open_mirror

    if not is_url(text):
        require_possible_name(text)
        if Path(text).is_file():
            raise ConfigError(Problem(msg("this is a file; name a folder"), Place(text)))
        return Path(text), None
    remote = open_mirror(text, find_root(Path.cwd()))
    return remote.folder, remote


def find_cassettes_with_journals(paths: Sequence[Path]) -> list[Path]:
    """Return the cassettes that have journals of an interrupted recording.

    Raises:
        ConfigError: if *paths* contain neither a cassette nor a journal.
    """
    folders = [path for path in paths if path.is_dir()]
    named = [path for path in paths if not path.is_dir()]
    journals = find_files_by_suffix(folders, ".journal") if folders or not named else []
    for path in named:
        if not path.exists() and not list(path.parent.glob(f"{path.name}.*.journal")):
            raise ConfigError(make_missing_file_problem(path, ".yaml"))
    cassettes = [path.with_name(_JOURNAL.sub("", path.name)) for path in journals]
    return list(dict.fromkeys([*named, *cassettes]))


def load_project_platforms(folders: Sequence[Path] | None) -> Platforms:
    """Return the built-in platforms, overridden by those of *folders* (default: the project's).

    Raises:
        ConfigError: if a folder does not exist, or a file in it is wrong.
    """
    from bpmax_sim.platform.load import load_platforms

    return load_platforms(choose_platform_folders(folders))


def choose_platform_folders(folders: Sequence[Path] | None) -> tuple[Path, ...]:
    """Return *folders*, or else the platform folders of the project; empty if it has none.

    The project's folders are those in pyproject.toml, else those that its scenarios name, if all of
    them name the same.

    Raises:
        ConfigError: if a folder does not exist.
    """
    if lacking := [folder for folder in folders or () if not folder.exists()]:
        raise ConfigError(*(make_missing_file_problem(folder, "") for folder in lacking))
    root = find_root(Path.cwd())
    if folders or (own := read_platform_folders(root)):
        return tuple(folders or own)
    named = {tuple(p.resolve() for p in item.platforms): item for item in _read_headers(root)}
    alone = next(iter(named.values())).platforms if len(named) == 1 else ()
    return alone if all(map(Path.is_dir, alone)) else ()


def read_platform_folders(root: Path) -> tuple[Path, ...]:
    """Return the platform folders that pyproject.toml names (`find_platform_folders`).

    Raises:
        ConfigError: if a folder named in ``[tool.bpmax_sim]`` does not exist.
    """
    try:
        return find_platform_folders(root)
    except ValueError as error:
        raise ConfigError(
            Problem(str(error), Place(to_display_path(root / "pyproject.toml")))
        ) from None


def find_scenarios_playing(cassette: Path) -> list[str]:
    """Return the names of scenarios and rows that play *cassette*; invalid files are ignored."""
    absolute = cassette.absolute()
    headers = _read_headers(find_root(absolute))
    owners = (
        header.name for header in headers if make_cassette_path(header).absolute() == absolute
    )
    return list(dict.fromkeys(owners))


def make_cassette_path(item: ScenarioItem | ItemHeader) -> Path:
    """Return the path of the cassette of *item*, in the project of the item."""
    return item.root / "cassettes" / f"{item.cassette}.yaml"


def load_item_platforms(item: ScenarioItem) -> Platforms:
    """Return the platforms of *item*.

    Raises:
        ConfigError: if a platform file is wrong.
    """
    from bpmax_sim.platform.load import load_platforms

    return load_platforms(item.platforms, instances=item.instances)


def _read_headers(root: Path) -> Iterator[ItemHeader]:
    finder = ItemFinder()
    for path in sorted((root / "scenarios").rglob(f"*{SUFFIX}")):
        with suppress(ConfigError):
            yield from (item.header for item in finder.list_items(path, root=root))
    finder.save()
