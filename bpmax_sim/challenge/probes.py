"""Probes: replacements that behave like the script, and report where a mistake would matter.

If a mutant has no effect, either it is equivalent to the script, or no scenario gives it input for
which it is not. A probe replaces the same text as the mutant, has the value of the original text,
and writes `MATTERS` to the console when the mutant's value would differ. If no run writes that, the
scenarios lack such input.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from bpmax_sim.i18n import msg, template
from bpmax_sim.script_source.syntax import SyntaxTree, find_end_of_code

if TYPE_CHECKING:
    from tree_sitter import Node

MATTERS: Final = "\x01matters"
_TELL: Final = "console.debug('\\x01matters');"
LOOP: Final = f"{{{{ let $turn = 0; {{head}}{{{{ if ($turn++) {_TELL} {{body}} }}}}{{tail}} }}}}"
"""Of a loop, told where it runs a second time."""
_TELL_EQUAL: Final = f"if (l <= r && l >= r) {_TELL}"
SIDES: Final = f"(((l, r) => {{{{ {_TELL_EQUAL} return l {{sign}} r; }}}})({{left}}, {{right}}))"
"""Of a comparison, told where both sides are equal."""
TRUTH: Final = f"((v => {{{{ if ({{met}}) {_TELL} return v; }}}})({{text}}))"
"""Of a check, told where *met*, of its value ``v``."""
_VALUE: Final = f"((v, o) => {{{{ if ({{met}}) {_TELL} return v; }}}})({{text}}, {{of}})"
_SWAP: Final = f"...((...v) => {{{{ if (v[0] !== v[1]) {_TELL} return v; }}}})({{texts}})"


class Probe(NamedTuple):
    """Script source that, in place of a mutated expression, reports inputs for which it matters.

    Attributes:
        text: source of the replacement.
        unmet: message if no run reports that.
    """

    text: str
    unmet: str


def make_argument_swap_probe(one: str, other: str, arguments_source: str) -> Probe:
    """Return the probe for swapped arguments: it reports runs in which they differ.

    *one* and *other* are the arguments; *arguments_source* is the source of both, as in the call.
    """
    unmet = msg(
        "{one} and {other} were the same in every run; add a row where they differ",
        one=one,
        other=other,
    )
    return Probe(_SWAP.format(texts=arguments_source), unmet)


def make_missing_write_probe(field: str, value: str) -> Probe:
    """Return the probe for a missing assignment of *value* to *field*.

    It reports runs in which the field did not have this value before.
    """
    text = f"{field} = {_VALUE.format(met='v !== o', text=value, of=field)}"
    unmet = msg(
        "{field} had this value already in every run; add a row where it has another", field=field
    )
    return Probe(text, unmet)


def make_missing_member_probe(key: str, value: str) -> Probe:
    """Return the probe for a missing object member *key* with *value*, read from a response.

    It reports runs in which the response has the value.
    """
    text = f"{key}: {_VALUE.format(met='v !== o', text=value, of='undefined')}"
    return Probe(
        text, msg("{member} was missing in every answer; add one that has it", member=value)
    )


def make_method_argument_probe(name: str, owner: str, first: str, argument: str) -> Probe | None:
    """Return the probe for a changed *argument* of a method call; None if there is none for it.

    It reports an input for which the argument matters, such as a text longer than ``slice`` keeps.

    Args:
        name: name of the method.
        owner: source of the object whose method is called.
        first: source of the first argument.
        argument: source of the argument that the mutant changes.
    """
    if name not in _METHODS or "(" in owner:  # the probe would call that once more
        return None
    met, unmet = _METHODS[name]
    text = _VALUE.format(met=met.format(first=first), text=argument, of=owner)
    return Probe(text, msg(unmet, owner=owner, first=first))


_METHODS: Final[Mapping[str, tuple[str, str]]] = {
    "join": (
        "o.length > 1",
        template("{owner} had one element at most in every run; add a row or an answer with more"),
    ),
    **dict.fromkeys(("replace", "replaceAll", "split"), (
        "typeof o === 'string' && o.split({first}).length > 1",
        template("{first} was in {owner} in no run; add a row where it is"),
    )),
}  # fmt: skip
"""Method -> when its arguments matter, ``o`` being its owner; what to say where they never do."""


def separate_from_statement_before(tree: SyntaxTree, node: Node, new: str) -> str:
    """Return *new*, which begins with ``(``, so that it can stand in place of *node*.

    At the begin of a statement it would be a call of what the statement before ends with, if that
    has no ``;``.
    """
    statement = node.parent
    while statement is not None and statement.type != "expression_statement":
        statement = statement.parent
    if statement is None or statement.start_byte != node.start_byte:
        return new
    before = statement.prev_named_sibling
    while before is not None and before.type == "comment":
        before = before.prev_named_sibling
    end = find_end_of_code(before) if before is not None else 0
    is_open = tree.get_bytes_between(max(end - 1, 0), end) not in {b"", b";"}
    return f"void 0, {new}" if is_open else new
