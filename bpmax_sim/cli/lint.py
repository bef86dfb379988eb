"""``lint``: report every problem that can be found without running scenarios."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from typer import Option

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.journal import find_abandoned_journals
from bpmax_sim.check.secrets import NotSecretDeclarations, find_literal_secrets, find_secrets
from bpmax_sim.check.unused_places import UnusedPlaces
from bpmax_sim.cli.explain import format_explanation, replay_for_doubtful_places
from bpmax_sim.cli.item_selection import (
    Selection,
    find_broken_scripts,
    find_cassettes_with_journals,
    find_files_by_suffix,
    find_items,
    find_targets,
    read_platform_folders,
)
from bpmax_sim.cli.options import Json, Paths
from bpmax_sim.cli.terminal import notify, say, say_json
from bpmax_sim.errors import CassetteError, ConfigError, DamagedCassette, Place, Problem
from bpmax_sim.file_names import find_case_conflicts
from bpmax_sim.file_system import shell_quote
from bpmax_sim.i18n import join_list, label_message, msg, plural
from bpmax_sim.index.items import ProjectItem, load_each
from bpmax_sim.index.sound_groups import SoundScenarioGroups
from bpmax_sim.index.store import ProjectIndex, load_index
from bpmax_sim.index.unread_files import find_unread_files
from bpmax_sim.platform.load import Platforms, load_usable_platforms
from bpmax_sim.platform.response_shapes import ResponseShapes
from bpmax_sim.platform.suspect_declarations import find_suspect_declarations
from bpmax_sim.project import DEFAULTS, SUFFIX, find_root, read_not_secret_places
from bpmax_sim.report.document import build_run_document, to_problem_data
from bpmax_sim.report.exit_codes import ExitCode
from bpmax_sim.report.terminal import Level, format_workflow_annotation, relative_to_checkout
from bpmax_sim.scenario.header import ItemHeader
from bpmax_sim.scenario.load import ScenarioItem
from bpmax_sim.scenario.runner import find_missing_platform_files
from bpmax_sim.scenario.script_check import ScriptFinding, check_scripts
from bpmax_sim.scenario.script_context import collect_script_contexts
from bpmax_sim.script.failure import Script
from bpmax_sim.script.runtime import find_expression_problem
from bpmax_sim.secret.vault import Vault
from bpmax_sim.session.credentials import get_matching_rules
from bpmax_sim.subject.definition import RouteKey
from bpmax_sim.traffic.import_recording import register_all_credentials
from bpmax_sim.yamlfile import to_display_path
from bpmax_sim.yamlfile.node import format_steps

_FoldersKey = tuple[tuple[Path, ...], Path | None]
"""Folders of platforms, and the file of instances that a scenario names."""


def lint(
    paths: Paths = None,
    *,
    cassettes: Annotated[
        bool, Option(help=msg("Also look for damage and secrets in cassettes."), hidden=True)
    ] = True,
    style: Annotated[
        Literal["text", "github"],
        Option("--format", help=msg("Output format of problems; github annotates a commit.")),
    ] = "text",
    is_explained: Annotated[
        bool,
        Option(
            "--explain",
            help=msg("Replay scenarios; list what is red and was not, and what strict turns red."),
        ),
    ] = False,
    json: Json = False,
) -> int:
    """Report the problems of scenarios, platform files, scripts and cassettes; nothing is run."""
    targets = _choose_lint_targets(paths or ())
    files = targets.files
    hints: list[str] = []
    doubts: list[Problem] = []
    findings: list[ScriptFinding] = []
    every = _find_problems(
        targets,
        cassettes=cassettes,
        report_hint=hints.append,
        report_warning=doubts.append,
        report_finding=findings.append,
    )
    problems = list(dict.fromkeys(every))
    warnings = list(dict.fromkeys(doubts))
    explained = list(replay_for_doubtful_places(files, findings)) if is_explained else []
    for hint in dict.fromkeys(hints):
        notify("hint: {hint}", hint=hint)
    code = ExitCode.USAGE if problems else ExitCode.PASSED
    if json:
        found = build_run_document([], code=code, problems=problems)
        told = [one.as_data() for one in explained]
        say_json({**found, "warnings": list(map(to_problem_data, warnings)), "explained": told})
    else:
        for line in format_explanation(explained) if is_explained else ():
            say(line)
        _print_problems(problems, warnings, len(files), is_github=style == "github")
    return code


def _print_problems(
    problems: Sequence[Problem], warnings: Sequence[Problem], files: int, *, is_github: bool
) -> None:
    for warning in warnings:
        if is_github:
            say(_format_annotation(warning, "warning"))
        else:
            notify("warning: {warning}", warning=warning)
    for problem in problems:
        if is_github:
            say(_format_annotation(problem, "error"))
        else:
            notify(str(problem))
    counted = plural(len(problems), "{number} problem", "{number} problems")
    verdict = [counted if problems else msg("sound")]
    if warnings:
        verdict.append(plural(len(warnings), "{number} warning", "{number} warnings"))
    every = plural(files, "{number} scenario file", "{number} scenario files")
    notify(label_message(every, join_list(verdict)))


def _format_annotation(problem: Problem, level: Level) -> str:
    message = label_message(problem.path, problem.message) if problem.path else problem.message
    title, place = "bpmax-sim lint", problem.place
    if place is None:
        return format_workflow_annotation(message, title=title, level=level)
    file, line, column = relative_to_checkout(Path(place.file)), place.line, place.column
    return format_workflow_annotation(
        message, file=file, line=line, column=column, title=title, level=level
    )


class LintTargets(msgspec.Struct, frozen=True):
    """The files to check.

    Attributes:
        files: scenario files.
        recordings: cassettes named on the command line.
        is_whole: whether a whole project is checked, including cassettes that no scenario names.
    """

    files: Sequence[Selection]
    recordings: Sequence[Path]
    is_whole: bool


def _choose_lint_targets(paths: Sequence[str]) -> LintTargets:
    """Split *paths* of the command line into scenario files and cassettes.

    For a platform file or a script, the whole project is checked, as a mistake there breaks
    scenarios elsewhere. Of a folder without scenarios the cassettes are meant; one that has neither
    counts as a file, such as of platforms.
    """
    places = [path for path in paths if Path(path).is_dir()]
    folders = [path for path in places if _may_contain_scenarios(path)]
    files = [path for path in paths if path not in places]
    recordings = [Path(path) for path in files if _is_recording(Path(path))]
    others = [path for path in files if Path(path) not in recordings]
    for folder in (path for path in places if path not in folders):
        found = _find_recordings_below(Path(folder))
        recordings += found
        others += [] if found else [folder]
    scenarios = [path for path in others if SUFFIX in path or not Path(path).exists()]
    whole = len(others) > len(scenarios) or not paths
    named = [*folders, *scenarios]
    items = find_targets(named) if named else []
    items += find_targets(()) if whole else []
    is_whole = whole or any(map(_contains_scenarios_folder, folders))
    return LintTargets(list(dict.fromkeys(items)), recordings, is_whole)


def _may_contain_scenarios(folder: str) -> bool:
    return _contains_scenarios_folder(folder) or any(Path(folder).rglob(f"*{SUFFIX}"))


def _find_recordings_below(folder: Path) -> list[Path]:
    """Return the cassettes below *folder*: those by their first lines, in ``cassettes`` all."""
    home = (find_root(folder) / "cassettes").resolve()
    is_home = folder.resolve().is_relative_to(home)
    return [path for path in sorted(folder.rglob("*.yaml")) if is_home or _is_recording(path)]


def _contains_scenarios_folder(folder: str) -> bool:
    path = Path(folder).resolve()
    return (find_root(path) / "scenarios").resolve().is_relative_to(path)


def _is_recording(path: Path) -> bool:
    """Return whether *path* is a cassette, by its first two lines."""
    if path.suffix != ".yaml" or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(256).startswith(b"version: 1\nbpmax: {")


def _find_problems(
    targets: LintTargets,
    *,
    cassettes: bool,
    report_hint: Callable[[str], None],
    report_warning: Callable[[Problem], None],
    report_finding: Callable[[ScriptFinding], None],
) -> Iterator[Problem]:
    found, problems = find_items(targets.files)
    loaded: dict[_FoldersKey, Platforms] = {}
    of_platforms = list(_load_platforms([item.header for item in found], loaded))
    indexes = [load_index(root) for root in dict.fromkeys(item.header.root for item in found)]
    groups = _load_sound_groups(found, indexes, loaded)
    unchecked = chain.from_iterable(group.find_unchecked_items() for group in groups)
    items = list(load_each(unchecked, problems))
    broken = find_broken_scripts(items)
    of_items = [*broken.values(), *chain.from_iterable(map(find_missing_platform_files, items))]
    yield from chain(dict.fromkeys(problems), of_items, of_platforms)
    yield from chain.from_iterable(map(find_literal_secrets, loaded.values()))
    of_flows = list(chain.from_iterable(map(_find_condition_syntax_errors, items)))
    yield from of_flows
    for text in _find_platform_hints(list(loaded.values())):
        report_hint(text)
    findings = list(_find_script_problems(items, indexes, loaded, broken))
    for group in groups:
        group.save([*of_items, *of_flows, *(finding.problem for finding in findings)])
    for finding in findings:
        if finding.severity == "error":
            report_finding(finding)
            yield finding.problem
        else:
            report_warning(finding.problem)
    for doubt in chain(
        chain.from_iterable((*item.doubts, *item.suspects) for item in loaded.values()),
        chain.from_iterable(map(_find_suspect_declarations, loaded.values())),
        _find_files_without_effect(indexes) if targets.is_whole else (),
    ):
        report_warning(doubt)
    if cassettes:
        yield from _find_cassette_problems(
            targets,
            {one.header.root / "cassettes" / f"{one.header.cassette}.yaml" for one in found},
            list(loaded.values()),
            report_hint,
            report_warning,
        )


def _find_suspect_declarations(platforms: Platforms) -> Iterator[Problem]:
    """Yield each declaration in the user's platform files that is probably a mistake."""
    for key in platforms.own:
        yield from find_suspect_declarations(platforms, key)


def _find_platform_hints(loaded: Sequence[Platforms]) -> Iterator[str]:
    """Yield remarks on platform files, none of which is an error.

    They are about earlier names (``was``), and platforms that are replaced by one with the same key
    in a later folder.
    """
    yield from dict.fromkeys(chain.from_iterable(map(_describe_former_names, loaded)))
    for key, was, now in chain.from_iterable(item.overridden for item in loaded):
        yield msg("platform {key!r} of {was} is replaced by {now}", key=key, was=was, now=now)


def _find_files_without_effect(indexes: Sequence[ProjectIndex]) -> Iterator[Problem]:
    """Yield a problem for each file of the projects that by its folder or its name nothing reads.

    Without any scenario, the project is that of the working directory.
    """
    yield from chain.from_iterable(map(_find_uninherited_defaults, indexes))
    roots = [index.root for index in indexes] or [find_root(Path.cwd())]
    yield from chain.from_iterable(map(find_unread_files, roots))


def _find_uninherited_defaults(index: ProjectIndex) -> Iterator[Problem]:
    """Yield a problem for each defaults file that, due to its folder, nothing inherits."""
    facts = (fact for file in index.files.values() for fact in file.facts)
    read = {fact.name for fact in facts if fact.kind == "file" and fact.role == "loads"}
    for path in index.files:
        folder, _, name = path.rpartition("/")
        if name == DEFAULTS and path not in read:
            message = msg(
                "no scenario lies in {folder} or below, so nothing inherits this", folder=folder
            )
            yield Problem(message, Place(to_display_path(index.root / path), 1, 1))


def _load_sound_groups(
    found: Sequence[ProjectItem],
    indexes: Sequence[ProjectIndex],
    loaded: Mapping[_FoldersKey, Platforms],
) -> list[SoundScenarioGroups]:
    """Return for each project which scenarios of *found* need no new check.

    *loaded* are the platforms of the scenarios, by platform folders and instances file. A group of
    scenarios in which an earlier lint found nothing is skipped as long as no file that it uses has
    changed (`SoundScenarioGroups`).
    """
    return [
        SoundScenarioGroups(
            [item for item in found if item.header.root == index.root], index, loaded
        )
        for index in indexes
    ]


def _describe_former_names(platforms: Platforms) -> Iterator[str]:
    """Yield a message for each renamed platform or API that still plays its old recordings."""
    for platform in platforms.own.values():
        names = {platform.platform_key: platform.was}
        names |= {f"{platform.platform_key}.{api.key}": api.was for api in platform.apis.values()}
        for name, was in names.items():
            if was:
                yield msg(
                    "{name} also plays what was recorded as {was}; "
                    "`bpmax-sim migrate` moves that for good",
                    name=name,
                    was=join_list(was),
                )


def _load_platforms(
    headers: Sequence[ItemHeader], loaded: dict[_FoldersKey, Platforms]
) -> Iterator[Problem]:
    """Load the platforms of the project and of *headers* into *loaded*; yield the problems.

    *loaded* maps pairs of platform folders and instances file to what they declare. What cannot be
    loaded is left out of it. A missing file is no problem here: the check of each scenario reports
    it (`find_missing_platform_files`).
    """
    of_project = [(folders, None) for folders in [_find_platform_folders()] if folders]
    keys = dict.fromkeys(header.platforms_key for header in headers)
    of_scenarios = [key for key in keys if all(path.exists() for path in (*key[0], key[1]) if path)]
    for folders, instances in dict.fromkeys([*of_project, *of_scenarios]):
        try:
            declared = load_usable_platforms(folders, instances=instances)
            yield from declared.problems
            get_matching_rules(declared, ())  # which tells of places that no request can have
            loaded[folders, instances] = declared
        except ConfigError as error:
            yield from error.problems


def _find_platform_folders() -> tuple[Path, ...]:
    with suppress(ConfigError):  # which each scenario tells of
        return read_platform_folders(find_root(Path.cwd()))
    return ()


def _find_script_problems(
    items: Sequence[ScenarioItem],
    indexes: Iterable[ProjectIndex],
    loaded: Mapping[_FoldersKey, Platforms],
    broken: Collection[Script],
) -> Iterator[ScriptFinding]:
    contexts = collect_script_contexts(
        items, lambda item: loaded.get((item.platforms, item.instances))
    )
    shapes = ResponseShapes(shapes for index in indexes for shapes in index.recorded_shapes)
    return check_scripts(contexts, shapes, broken)


def _find_cassette_problems(
    targets: LintTargets,
    played_cassettes: Collection[Path],
    loaded: Sequence[Platforms],
    report_hint: Callable[[str], None],
    report_warning: Callable[[Problem], None],
) -> Iterator[Problem]:
    """Yield damage, secrets, interrupted recordings and equal names of the cassettes to check.

    Names are equal here if they differ only in case or Unicode form. The cassettes are those named
    in *targets* and, unless only cassettes are named, those in the projects of its scenarios: all
    if whole projects are checked, else only those in *played_cassettes*. *loaded* are the
    platforms, whose credentials are searched for. *report_hint* is called with each remark that is
    no error, such as a declaration "not secret" for a place that no recording has, and
    *report_warning* with each place of a platform file that is probably misspelt.
    """
    named = targets.recordings
    own = [] if named else [find_root(Path.cwd())]
    roots = dict.fromkeys([find_root(target.path) for target in targets.files] or own)
    folders = [root / "cassettes" for root in roots if (root / "cassettes").is_dir()]
    journals = find_cassettes_with_journals(folders) if folders else ()
    paths = [*named, *(find_files_by_suffix(folders, ".yaml") if folders else ())]
    if not targets.is_whole:
        paths = [path for path in paths if path in played_cassettes or path in named]
        journals = [path for path in journals if path in played_cassettes]
    not_secret, vault = (
        NotSecretDeclarations(loaded, read_not_secret_places(find_root(Path()))),
        Vault(),
    )
    for platforms in loaded:
        register_all_credentials(platforms, os.environ, vault)
    places = UnusedPlaces(loaded if targets.is_whole and not named else ())
    yield from _find_secrets_and_damage(paths, vault, not_secret, places, report_hint)
    if targets.is_whole and not named:
        for message in (*not_secret.find_stale_declarations(), *places.explain_absent_places()):
            report_hint(message)
        for problem in places.find_misspelt_places():
            report_warning(problem)
    for path, other in find_case_conflicts(sorted(paths)):
        message = msg(
            "{path} has the same name where case does not count (Windows, macOS)",
            path=to_display_path(path),
        )
        wrong = msg("{message}; rename one of them and record again", message=message)
        yield Problem(wrong, Place(to_display_path(other)))
    yield from _find_interrupted([*paths, *journals])


def _find_condition_syntax_errors(item: ScenarioItem) -> Iterator[Problem]:
    """Yield the syntax errors in the conditions (``when``) of the flows of a scenario or row.

    The script engine parses them; none is run.
    """
    for flow in (item.subjects.flow, *item.subjects.subflows.values()):
        for name, node in (flow.definition.nodes if flow.definition else {}).items():
            for action, number, path, route in node.list_routes_with_paths():
                if route.when and (wrong := find_expression_problem(route.when)):
                    place = flow.route_places[RouteKey(name, action, number)]
                    yield Problem(wrong, place, format_steps(("nodes", name, *path, "when")))


def _find_interrupted(paths: Iterable[Path]) -> Iterator[Problem]:
    for path in dict.fromkeys(Path(to_display_path(journal)) for journal in paths):
        for journal in find_abandoned_journals(path):
            message = msg(
                "a recording was interrupted here; seal it with "
                "`bpmax-sim cassette recover {path}`",
                path=shell_quote(str(path)),
            )
            yield Problem(message, Place(str(journal)))


def _find_secrets_and_damage(
    paths: Iterable[Path],
    vault: Vault,
    not_secret: NotSecretDeclarations,
    places: UnusedPlaces,
    report_hint: Callable[[str], None],
) -> Iterator[Problem]:
    for path in dict.fromkeys(paths):
        try:
            cassette = Cassette.load(Path(to_display_path(path)))
            yield from find_secrets(cassette, vault, not_secret, report_hint)
            places.search_cassette(cassette)
        except CassetteError as error:
            placed = error.problem if isinstance(error, DamagedCassette) else None
            yield placed or Problem(str(error))
