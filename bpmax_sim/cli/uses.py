"""``uses``: list the files that call, read, write, run or play a given place of the project."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

from typer import Argument

from bpmax_sim.cli.affected import rebase_argument_to_root
from bpmax_sim.cli.options import Json
from bpmax_sim.cli.terminal import notify, say, say_document
from bpmax_sim.i18n import join_messages, msg, plural, template
from bpmax_sim.index.facts import FactKind, Role
from bpmax_sim.index.store import load_index
from bpmax_sim.index.traces import add_traced_names
from bpmax_sim.index.uses import ProjectPlace, ProjectUses, UsingFile
from bpmax_sim.project import find_root
from bpmax_sim.report.exit_codes import ExitCode
from bpmax_sim.yamlfile import to_display_path

KINDS: Final[Mapping[FactKind, str]] = {
    "platform": msg("platform"),
    "instance": msg("instance"),
    "api": msg("API"),
    "parameter": msg("parameter"),
    "member": msg("member"),
    "field": msg("field"),
    "node": msg("node"),
    "person": msg("person"),
    "file": msg("file"),
}
ROLES: Final[Mapping[Role, str]] = {
    "declares": msg("declared at"),
    "calls": msg("called by"),
    "sends": msg("sent by"),
    "reads": msg("read by"),
    "writes": msg("written by"),
    "sets": msg("filled in by"),
    "expects": msg("expected by"),
    "stubs": msg("stubbed by"),
    "faults": msg("given a fault by"),
    "acts": msg("acts in"),
    "names": msg("named by"),
    "runs": msg("run by"),
    "loads": msg("loaded by"),
    "plays": msg("played by"),
    "records": msg("recorded in"),
}
_TITLE = template("{name} ({kind}): {counted}")


def uses(
    place: Annotated[
        str,
        Argument(
            metavar="PLACE",
            help=msg(
                "A file, file:line, platform, platform.api, platform.api.parameter, field, node or "
                "person."
            ),
        ),
    ],
    *,
    json: Json = False,
) -> int:
    """Print what uses a file, a platform, an API, a parameter or a field."""
    root = find_root(Path.cwd() / place if Path(place).exists() else Path.cwd())
    known = ProjectUses(add_traced_names(load_index(root)))
    places = known.find_places(rebase_argument_to_root(place, root))
    answers = [(found, known.find_uses(found)) for found in places]
    if json:
        say_document(
            places=[
                {"kind": found.kind, "name": found.name, "uses": list(map(_to_use_data, each))}
                for found, each in answers
            ]
        )
        return ExitCode.PASSED
    for found, each in answers:
        for line in _format_tree(found, each, root):
            say(line)
    if not any(each for _, each in answers):
        notify("nothing in this project uses {place}", place=place)
    return ExitCode.PASSED


def _to_use_data(use: UsingFile) -> dict[str, Any]:
    fact = use.fact
    return {
        "role": fact.role,
        "file": use.path,
        "line": fact.line,
        "column": fact.column,
        "detail": fact.detail,
        "learned": fact.is_learned,
        "through": list(use.through),
    }


def _format_tree(place: ProjectPlace, uses: Sequence[UsingFile], root: Path) -> Iterator[str]:
    """Yield the lines of a tree of what uses *place*, such as an API or a file.

    Below each kind of use are the places in files that use it so, and below each of these the files
    that use that file in turn. So a branch ends with the scenarios that run the code. *uses* are
    those of `ProjectUses.find_uses`.
    """
    direct = [use for use in uses if not use.through]
    counted = plural(len(direct), "{number} use", "{number} uses")
    name = f"{place.name}:{place.line}" if place.line else place.name
    yield msg(_TITLE, name=name, kind=KINDS[place.kind], counted=counted)
    shown: set[str] = set()
    for role in dict.fromkeys(use.fact.role for use in direct):
        yield join_messages("", ("  ", ROLES[role]))
        for use in (use for use in direct if use.fact.role == role):
            yield f"    {_format_place(use, root)}"
            if use.path not in shown:
                shown.add(use.path)
                yield from _format_indirect_users((use.path,), uses, root, "      ")


def _format_indirect_users(
    paths_back_to_place: tuple[str, ...], uses: Iterable[UsingFile], root: Path, indent: str
) -> Iterator[str]:
    """Yield a line for each file that uses the first of *paths_back_to_place*.

    Each line is followed by those of the files that use that file in turn, indented. *uses* are all
    uses of the place. The further files of *paths_back_to_place* lead from the first one back to
    the place that the tree is about.
    """
    for use in uses:
        if use.through == paths_back_to_place:
            yield join_messages("", (indent, ROLES[use.fact.role], " ", _format_place(use, root)))
            yield from _format_indirect_users(
                (use.path, *paths_back_to_place), uses, root, f"{indent}  "
            )


def _format_place(use: UsingFile, root: Path) -> str:
    where = f"{to_display_path(root / use.path)}:{use.fact.line}:{use.fact.column}"
    learned = msg("learned from a run") if use.fact.is_learned else ""
    return join_messages("  ", filter(None, (where, use.fact.detail, learned)))
