"""Names of members of ``ctx`` and ``form.$message`` in scripts that these do not have.

A run finds only those on the lines that it executes; here every line of the source counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bpmax_sim.errors import Place, find_misspelt, suggest_nearest, suggest_or_list
from bpmax_sim.i18n import msg
from bpmax_sim.scenario.names import ScenarioNames
from bpmax_sim.scenario.script_context import ScriptContext
from bpmax_sim.script_source.reading import MemberUse, ScriptReading
from bpmax_sim.subject.form import EXTENSIONS
from bpmax_sim.subject.project import CONTEXT_MEMBERS

_CLOSED: Final = frozenset({"ctx", "ctx.step"})
"""What has the members of `CONTEXT_MEMBERS` and no others."""
_NAMES: Final = ScenarioNames()


def find_wrong_members(
    reading: ScriptReading, context: ScriptContext
) -> Iterator[tuple[str, Place, str]]:
    """Yield rule, place and message of each wrong name of a member in the script *reading*."""
    for owner, word, place in reading.message_words:
        if wrong := _NAMES.find_script_write_problem(owner, word):
            message = msg("the script wrote {owner}: {wrong}", owner=owner, wrong=wrong[0])
            yield "closed-member" if wrong[1] else "unknown-value", place, message
    yield from _find_misspelt_extensions(reading, context)
    uses = [use for use in reading.members if use.root == "ctx"]
    written = {use.path for use in uses if use.access == "write"}
    for use in uses:
        if use.access == "write" and use.path[0] == "project":
            yield from _check_project_write(use, reading, context)
        elif use.access != "write" and use.path not in written:
            yield from _check_read(use, context)


def _find_misspelt_extensions(
    reading: ScriptReading, context: ScriptContext
) -> Iterator[tuple[str, Place, str]]:
    """Yield each use of what is nearly ``form.$message``, ``form.$visible`` or their like."""
    uses = [use for use in reading.members if use.root == "form"]
    written = {use.path[0] for use in uses if use.access == "write" or len(use.path) > 1}
    for use in uses:
        name = use.path[0]
        if len(use.path) == 1 and (hint := find_extension_hint(name, context)):
            rule = "closed-member" if name in written else "unknown-member"
            message = msg("{owner} has no {name!r}{hint}", owner="form", name=name, hint=hint)
            yield rule, use.place, message


def find_extension_hint(name: str, context: ScriptContext) -> str:
    """Return the hint "did you mean …" if *name* is nearly ``$message``, ``$visible``, …, or ""."""
    is_known = not name.startswith("$") or name in EXTENSIONS or name in (context.fields or ())
    return "" if is_known else suggest_nearest(name, EXTENSIONS)


def _check_read(use: MemberUse, context: ScriptContext) -> Iterator[tuple[str, Place, str]]:
    """Yield what is wrong if *use* reads a member that ``ctx`` or a part of it does not have.

    People and projects may have further members in the product, so that of these only a misspelt
    name is wrong.
    """
    owner = ".".join(("ctx", *use.path[:-1]))
    name, known = use.path[-1], CONTEXT_MEMBERS.get(owner)
    is_known = known is None or name in known or (owner, name) in context.declared_members
    if known is None or is_known or name == "*" or use.access == "test" or use.is_guarded:
        return
    near = find_misspelt(name, known)
    hint = suggest_nearest(name, [near]) if near else ""
    if owner in _CLOSED:
        hint = (suggest_nearest if use.access == "truth" else suggest_or_list)(name, known)
    if hint:
        message = msg("{owner} has no {name!r}{hint}", owner=owner, name=name, hint=hint)
        yield "unknown-member", use.place, message


def _check_project_write(
    use: MemberUse, reading: ScriptReading, context: ScriptContext
) -> Iterator[tuple[str, Place, str]]:
    """Yield what is wrong if *use* writes a misspelt member of the project.

    Not if the script names it once more, which then is meant.
    """
    name, known = use.path[-1], CONTEXT_MEMBERS["ctx.project"]
    is_meant = name in known or ("ctx.project", name) in context.declared_members
    uses = [one for one in reading.members if one.path == use.path]
    near = find_misspelt(name, known) if len(use.path) > 1 and not is_meant else ""
    if near and len(uses) == 1:
        hint = suggest_nearest(name, [near])
        message = msg("there is no {name!r}{hint}", name=name, hint=hint)
        yield (
            "unknown-member",
            use.place,
            msg("the script wrote {owner}: {wrong}", owner="ctx.project", wrong=message),
        )
