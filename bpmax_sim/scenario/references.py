"""References ``${…}`` in the values of a scenario, their look-up, and the conditions of ``if:``.

A text that is a single ``${…}`` becomes the value itself, with its type; within a longer text a
value is inserted as text. ``$${`` stands for ``${``. References are parsed once and looked up when
a step runs.

A condition has comparisons, ``and``, ``or``, ``not`` and brackets; more belongs into scripts.
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from bpmax_sim.errors import shorten_list, suggest_nearest, suggest_or_list
from bpmax_sim.field_path import parse_plain_steps
from bpmax_sim.i18n import MessageError, msg
from bpmax_sim.js_values import loads_as_javascript
from bpmax_sim.subject.hooks import is_same_value
from bpmax_sim.yamlfile import Node

ROOTS = ("vars", "case", "env", "steps", "form", "flow", "now", "uuid")
_BARE = frozenset({"now", "uuid"})
_PIECE = re.compile(r"\$\$\{|\$\{([^{}]*)\}|\$\{")

Path = tuple[str | int, ...]
Lookup = Callable[["Reference"], Any]


class InterpolationError(MessageError, ValueError):
    """Raised if a ``${…}`` cannot be replaced by a value, or not by one that fits."""


class UndefinedValueError(InterpolationError):
    """Raised if a ``${…}`` names something that does not exist, or that is not allowed there."""


class UnfitValueError(InterpolationError):
    """Raised if what a ``${…}`` stands for exists, and is not of the type that is needed there."""


def make_undefined_error(text: str, hint: str) -> UndefinedValueError:
    """Return the error of ``${text}``, which is not defined; *hint* is added to its message."""
    return UndefinedValueError("${{{text}}} is not defined{hint}", text=text, hint=hint)


def describe_unset_variable(name: str) -> str:
    """Return the part of a message which says that the environment variable *name* is not set."""
    return msg("; set the environment variable {name}", name=name)


class Reference(msgspec.Struct, frozen=True):
    """One ``${root.path}``, such as ``${steps.pick.result}``.

    Attributes:
        text: what is between the braces.
        root: its first word: one of `ROOTS`, such as ``vars`` or ``case``.
        path: the keys and indices after it.
    """

    text: str
    root: str
    path: Path = ()


@lru_cache(maxsize=4096)
def split_references(text: str) -> tuple[str | Reference, ...]:
    """Split *text* into literal texts and references, in order.

    Raises:
        UndefinedValueError: if a ``${`` is not closed or does not start with a known root.
    """
    parts: list[str | Reference] = []
    end = 0
    for match in _PIECE.finditer(text):
        parts.append(text[end : match.start()])
        end = match.end()
        if match[0] == "$${":
            parts.append("${")
        elif match[1] is not None:
            parts.append(parse_reference(match[1].strip()))
        else:
            raise UndefinedValueError(
                "'${' is not closed; write '$${' for the characters themselves"
            )
    parts.append(text[end:])
    return tuple(part for part in parts if part != "")


def has_reference(text: str) -> bool:
    """Return whether a ``${…}`` stands in *text*; ``$${`` is none."""
    return any(match[0] != "$${" for match in _PIECE.finditer(text))


def parse_reference(text: str) -> Reference:
    """Return the reference in *text*, the part between the braces: ``steps.pick.result.items[0]``.

    Raises:
        UndefinedValueError: if it does not start with a known root, or needs a path and has none.
    """
    root, *path = parse_plain_steps(text) or ("",)
    if root not in ROOTS:
        hint = suggest_nearest(str(root), ROOTS) or msg(
            "; a value starts with one of {listed}", listed=shorten_list(ROOTS)
        )
        raise make_undefined_error(text, hint)
    if (str(root) in _BARE) == bool(path):
        shape = (
            msg("takes no path") if path else msg("needs a name, such as ${{{root}.x}}", root=root)
        )
        raise make_undefined_error(text, msg("; {root} {shape}", root=root, shape=shape))
    return Reference(text, str(root), tuple(path))


def parse_whole_reference(value: Any) -> Reference | None:
    """Return the reference if *value* is a single one such as ``${case.路径}``, else None."""
    if not isinstance(value, str) or not value.startswith("${"):
        return None
    try:
        parts = split_references(value)
    except InterpolationError:
        return None  # told where all references are checked
    return parts[0] if len(parts) == 1 and isinstance(parts[0], Reference) else None


def find_referenced_column(value: Any) -> str:
    """Return ``路径`` if *value* is the single reference ``${case.路径}`` to a column, else ""."""
    ref = parse_whole_reference(value)
    return ref.text.partition(".")[2] if ref is not None and ref.root == "case" else ""


def resolve(value: Any, lookup: Lookup) -> Any:
    """Return *value* with every ``${…}`` in it replaced, at any depth of maps and lists.

    *lookup* is given a reference and returns its value. A text that is a single ``${…}`` becomes
    that value, of whatever type; in a longer text, values are inserted as text.

    Raises:
        UndefinedValueError: if *lookup* finds no value.
    """
    kind = type(value)
    if kind in _CONSTANT_TYPES or (kind is str and "${" not in value):
        return value
    if kind is dict or isinstance(value, Mapping):
        return {key: resolve(item, lookup) for key, item in value.items()}
    if isinstance(value, str):
        parts = split_references(value) if "${" in value else (value,)
        if len(parts) == 1:
            return parts[0] if isinstance(parts[0], str) else lookup(parts[0])
        return "".join(p if isinstance(p, str) else to_inserted_text(lookup(p)) for p in parts)
    if isinstance(value, list | tuple):
        return [resolve(item, lookup) for item in value]
    return value


_CONSTANT_TYPES = frozenset({type(None), bool, int, float, msgspec.UnsetType})


def find_keys_with_references(node: Node | None) -> frozenset[str]:
    """Return the keys of the YAML map *node* in whose values, at any depth, a ``${…}`` occurs.

    Empty for None, a map that does not exist.
    """
    if node is None:
        return frozenset()
    return frozenset([key for key, child in node.items.items() if _contains_reference(child)])


def _contains_reference(yaml_node: Node) -> bool:
    """Return whether a text at or below *yaml_node* contains a ``${…}``."""
    value = yaml_node.value
    if type(value) is str:
        return "${" in value
    if type(value) is dict:
        value = tuple(value.values())
    return type(value) is tuple and any(map(_contains_reference, value))


def to_inserted_text(value: Any) -> str:
    """Return *value* for insertion into a longer text: texts unchanged, everything else as JSON."""
    return value if isinstance(value, str) else show(value)


def to_text_or_empty(value: Any) -> str:
    """Return the text of *value*, which replaces a ``${…}`` where a key takes a text.

    A null becomes "", as if the key was missing; a text is unchanged, all else becomes JSON.
    """
    return "" if value is None else to_inserted_text(value)


show = json.JSONEncoder(ensure_ascii=False, default=str).encode
"""Return a value as JSON with readable Chinese; what JSON lacks is as Python prints it."""


def follow_path(value: Any, ref: Reference, path: Path | None = None) -> Any:
    """Return the value at *path* (by default that of *ref*) in *value*.

    A key that itself contains dots is found too, as ``${vars.a.b}`` may mean the variable ``a.b``.
    *ref* is named in errors.

    Raises:
        UndefinedValueError: if a key or index on the path does not exist.
    """
    rest = list(ref.path if path is None else path)
    while rest:
        part = rest.pop(0)
        if isinstance(value, Mapping):
            value = _find_member(value, part, rest, ref)
        elif isinstance(value, list | tuple) and str(part).isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            raise make_undefined_error(
                ref.text, msg(": no {part!r} in {value}", part=part, value=show(value))
            )
    return value


def _find_member(
    value: Mapping[str, Any], part: str | int, rest: list[str | int], ref: Reference
) -> Any:
    """Return the member *part* of *value*, or the member that *part* and all of *rest* name.

    A key such as ``a.b`` is split at its dot, so *part* and *rest* are joined again if there is no
    member *part*. In that case *rest* is emptied, as the whole path is used up. *ref* is the whole
    reference, for the error.

    Raises:
        UndefinedValueError: if there is no such member.
    """
    if str(part) in value:
        return value[str(part)]
    whole = ".".join(map(str, [part, *rest]))
    if whole in value:
        rest.clear()
        return value[whole]
    raise make_undefined_error(ref.text, suggest_or_list(str(part), map(str, value)))


class Scope(msgspec.Struct, kw_only=True):
    """The values that references can name: variables, the row, step results, the subject's state.

    Attributes:
        steps: step id -> ``{result, error}``.
        form, flow: functions that return the present values.
        now: function that returns the virtual time as ISO 8601 text.
        uuid: function that returns a new UUID for each use; the same ones in every run.
    """

    vars: dict[str, Any] = msgspec.field(default_factory=dict)
    case: Mapping[str, Any] = msgspec.field(default_factory=dict)
    environ: Mapping[str, str] = msgspec.field(default_factory=dict)
    steps: dict[str, Mapping[str, Any]] = msgspec.field(default_factory=dict)
    form: Callable[[], Mapping[str, Any]] = dict
    flow: Callable[[], Mapping[str, Any]] = dict
    now: Callable[[], str] = str
    uuid: Callable[[], str] = str
    _open: list[str] = msgspec.field(default_factory=list)

    def look_up(self, ref: Reference) -> Any:
        """Return the value that *ref* names.

        Raises:
            UndefinedValueError: if it does not exist; the message lists similar names.
        """
        if ref.root == "steps" and str(ref.path[0]) not in self.steps:
            never = msg("; no step with this id has run")
            raise make_undefined_error(
                ref.text, suggest_nearest(str(ref.path[0]), self.steps) or never
            )
        if ref.root == "env":
            name = ref.text.partition(".")[2]
            if name not in self.environ:
                raise make_undefined_error(ref.text, describe_unset_variable(name))
            return self.environ[name]
        value = getattr(self, ref.root)
        value = follow_path(value() if callable(value) else value, ref)
        return self._fill_cell(value, ref) if ref.root == "case" else value

    def resolve(self, value: Any) -> Any:
        """Return *value* with every ``${…}`` replaced.

        Raises:
            UndefinedValueError: if a ``${…}`` is not defined.
        """
        return resolve(value, self.look_up)

    def _fill_cell(self, value: Any, ref: Reference) -> Any:
        """Return *value*, the cell that *ref* names, with the ``${…}`` in it replaced.

        They may name other cells of the row; a cell that refers to itself is an error.
        """
        if ref.text in self._open:
            raise UndefinedValueError("${{{ref_text}}} refers to itself", ref_text=ref.text)
        self._open.append(ref.text)
        try:
            return self.resolve(value)
        finally:
            self._open.pop()


_TOKEN = re.compile(
    r"""(?P<value>\$\{[^{}]*\}|'[^']*'|"[^"]*")|(?P<word>\s(?:and|or)(?=[\s(]|$)|&&|\|\|)"""
    r"|(?P<order>==|!=|<=|>=|<|>)|(?P<open>\()|(?P<close>\))|(?P<text>.)",
    re.DOTALL,
)
_NOT = re.compile(r"\s*(?:not\s|not(?=\()|!(?!=))\s*")
_OPENED, _CLOSED = re.compile(r"\s*\("), re.compile(r"\s*\)")
_LONE = re.compile(r"\$\{[^{}]*\}|true|false")
# Cells of a table and environment variables are texts, in which `false` and `0` mean what they say.
_FALSE_TEXTS = frozenset({"", "false", "0", "null"})
_ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def check_condition(condition: Any) -> str | None:
    """Return what is wrong with *condition*, the value of an ``if``, or None.

    It may be true, false, or a text such as ``${case.状态} == 成功``. Only its form is checked, not
    whether what it names exists.
    """
    if isinstance(condition, bool):
        return None
    if not isinstance(condition, str) or not condition.strip():
        return msg("expected a condition such as ${case.状态} == 成功")
    try:
        _ConditionParser(condition).parse()
    except ValueError as error:
        return msg(
            "{error}; a condition is such as ${{case.状态}} == 成功 and not ${{vars.跳过}}",
            error=error,
        )
    return None


def condition_holds(condition: Any, lookup: Lookup) -> bool:
    """Return whether *condition* is true with the values of *lookup*.

    Raises:
        UndefinedValueError: if it names a value that does not exist.
    """
    if not isinstance(condition, str):
        return bool(condition)
    return _ConditionParser(condition).parse()(lookup)


class ComparedText(NamedTuple):
    """A text with which a condition compares a reference; *is_denied* if it does so by ``!=``."""

    reference: Reference
    text: str
    is_denied: bool


def find_compared_texts(condition: Any) -> list[ComparedText]:
    """Return the texts with which *condition*, the value of an ``if``, compares whole references.

    Numbers, empty texts and other comparisons than ``==`` and ``!=`` are left out. Empty for a
    condition that is invalid, or no text.
    """
    if not isinstance(condition, str):
        return []
    parser = _ConditionParser(condition)
    try:
        parser.parse()
    except ValueError:
        return []
    found = []
    both = [(one, order, other) for one, order, other in parser.comparisons]
    both += [(other, order, one) for one, order, other in parser.comparisons]
    for written, order, literal in both:
        ref = parse_whole_reference(written)
        value = _evaluate_side(literal).value if ref and "${" not in literal else ""
        if ref and isinstance(value, str) and value and order in {"==", "!="}:
            found.append(ComparedText(ref, value, order == "!="))
    return found


Truth = Callable[[Lookup], bool]


class _ConditionParser:
    """A recursive-descent parser: ``or`` of ``and`` of ``not``, comparisons and brackets.

    A bracket groups only where an operand may begin, so texts may contain brackets. `comparisons`
    are those that were parsed so far: left side, sign, right side.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0
        self.comparisons: list[tuple[str, str, str]] = []

    def parse(self) -> Truth:
        """Return a function that evaluates the condition with a look-up of references.

        Raises:
            ValueError: if the condition is incomplete.
        """
        truth = self._parse_or()
        if self.text[self.at :].strip():
            raise ValueError(
                msg("nothing is open that {text!r} could close", text=self.text[self.at :].strip())
            )
        return truth

    def _parse_or(self) -> Truth:
        return self._parse_sequence(self._parse_and, ("or", "||"), any)

    def _parse_and(self) -> Truth:
        return self._parse_sequence(self._parse_term, ("and", "&&"), all)

    def _parse_sequence(
        self, part: Callable[[], Truth], words: tuple[str, str], join: Callable[[Any], bool]
    ) -> Truth:
        """Parse operands with one of *words*, the spellings of an operator, between them.

        *part* parses one operand, *words* are such as ``and`` and ``&&``, and *join*, `all` or
        `any`, combines the truths of the operands.
        """
        parts = [part()]
        while (word := _TOKEN.match(self.text, self.at)) and (word["word"] or "").strip() in words:
            self.at = word.end()
            parts.append(part())
        return parts[0] if len(parts) == 1 else lambda lookup: join(part(lookup) for part in parts)

    def _parse_term(self) -> Truth:
        negated = _NOT.match(self.text, self.at)
        if negated:
            self.at = negated.end()
            inner = self._parse_term()
            return lambda lookup: not inner(lookup)
        if start := _OPENED.match(self.text, self.at):
            self.at, self.depth = start.end(), self.depth + 1
            inside = self._parse_or()
            end = _CLOSED.match(self.text, self.at)
            if end is None:
                raise ValueError(msg("a bracket is not closed"))
            self.at, self.depth = end.end(), self.depth - 1
            return inside
        left = self._parse_operand()
        if (match := _TOKEN.match(self.text, self.at)) and match["order"]:
            order, self.at = match["order"], match.end()
            right = self._parse_operand()
            _check_comparison_can_vary(left, order, right)
            self.comparisons.append((left, order, right))
            return lambda lookup: _compare_sides(left, order, right, lookup)
        if not _LONE.fullmatch(left):
            raise ValueError(msg("{text!r} is compared with nothing", text=left))
        return lambda lookup: _is_truthy(resolve(left, lookup))

    def _parse_operand(self) -> str:
        # A closing bracket belongs to the operand only if the operand opened it: ``f(a)``.
        begin, opened = self.at, 0
        while match := _TOKEN.match(self.text, self.at):
            if match["word"] or match["order"] or (match["close"] and self.depth and not opened):
                break
            opened += bool(match["open"]) - bool(match["close"] and opened)
            self.at = match.end()
        text = self.text[begin : self.at].strip()
        if not text:
            raise ValueError(msg("a value is missing"))
        return text


def _check_comparison_can_vary(left: str, order: str, right: str) -> None:
    """Check that the result of a comparison can vary.

    Raises:
        ValueError: if neither side contains a reference, or the operator is invalid.
    """
    if left.endswith("=") or right.startswith("="):
        raise ValueError(msg("the signs are == != < <= > >=, and there is no other"))
    if "${" not in left + right:
        raise ValueError(
            msg(
                "{left} {order} {right} compares two texts that never change; write ${{vars.x}} "
                "for the value of a variable",
                left=left,
                order=order,
                right=right,
            )
        )


def _is_truthy(value: Any) -> bool:
    return value.lower() not in _FALSE_TEXTS if isinstance(value, str) else bool(value)


class ConditionSide(NamedTuple):
    """One side of a comparison in a condition.

    Attributes:
        value: its value.
        is_unquoted: whether it is an unquoted word, which has no type: ``5`` also equals ``"5"``.
    """

    value: Any
    is_unquoted: bool


def _compare_sides(left: str, order: str, right: str, lookup: Lookup) -> bool:
    one, other = _evaluate_side(left, lookup), _evaluate_side(right, lookup)
    if order in {"==", "!="}:
        return _are_sides_equal(one, other) is (order == "==")
    values = one.value, other.value
    both_numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
    if both_numbers or all(isinstance(value, str) for value in values):
        return _ORDERS[order](*values)
    raise UnfitValueError(
        "{values} {order} {values_2} compares neither two numbers nor two texts",
        values=show(values[0]),
        order=order,
        values_2=show(values[1]),
    )


def _evaluate_side(text: str, lookup: Lookup | None = None) -> ConditionSide:
    """Return the side of a comparison that is written as *text*.

    Without *lookup*, no ``${…}`` may be in it.
    """
    stripped = text.strip()
    if lookup is not None and "${" in stripped:
        return ConditionSide(resolve(stripped, lookup), False)
    if stripped[1:] and stripped[0] in {"'", '"'} and stripped[-1] == stripped[0]:
        return ConditionSide(stripped[1:-1], False)
    try:
        return ConditionSide(loads_as_javascript(stripped), True)
    except ValueError:
        return ConditionSide(stripped, True)


def _are_sides_equal(left: ConditionSide, right: ConditionSide) -> bool:
    """Return whether two sides of a condition are equal.

    They are compared as values of fields are, so that 5.0 equals 5, and "5" does not; an unquoted
    word is compared as text, too.
    """
    if is_same_value(left.value, right.value):
        return True
    is_text = left.is_unquoted or right.is_unquoted
    return is_text and to_inserted_text(left.value) == to_inserted_text(right.value)
