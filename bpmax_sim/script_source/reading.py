"""What a script calls, reads and writes, as its source shows it: `read_script`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Final, Literal, Protocol

import msgspec
from msgspec.structs import replace

from bpmax_sim.errors import Place, Problem
from bpmax_sim.i18n import msg
from bpmax_sim.script_source import (
    async_slips,
    condition_slips,
    literal_slips,
    statement_slips,
    value_slips,
)
from bpmax_sim.script_source.code_words import CodeWords, list_code_words
from bpmax_sim.script_source.comparisons import ComparisonReader, LiteralComparison
from bpmax_sim.script_source.guards import Guards
from bpmax_sim.script_source.kinds import read_operator
from bpmax_sim.script_source.promises import (
    PromiseMisuse,
    PromiseMisuseReader,
    find_assignments_in_conditions,
)
from bpmax_sim.script_source.scopes import FUNCTIONS, Scopes, is_assigned
from bpmax_sim.script_source.slips import Slip, SlipReader
from bpmax_sim.script_source.syntax import SyntaxTree, is_await, list_parts
from bpmax_sim.script_source.unused_results import (
    IgnoredErrorRange,
    ResultReader,
    ResultUse,
    UnreadResult,
)
from bpmax_sim.script_source.values import (
    WRAPPED,
    ProxyCall,
    ScriptValue,
    Values,
    find_parent_beyond_parentheses,
    find_usage,
    is_async,
)

if TYPE_CHECKING:
    from tree_sitter import Node

Access = Literal["read", "write", "truth", "test"]
BUILT_IN: Final = frozenset(
    {
        "map", "filter", "forEach", "find", "some", "every", "flatMap", "findIndex", "findLast",
        "slice", "sort", "reverse", "toSorted", "concat", "length", "reduce", "reduceRight", "push",
        "pop", "shift", "unshift", "splice", "at", "join", "includes", "indexOf", "lastIndexOf",
        "entries", "keys", "values", "flat", "fill", "trim", "split", "replace", "replaceAll",
        "toFixed", "padStart", "padEnd", "substring", "substr", "startsWith", "endsWith", "match",
        "charAt", "charCodeAt", "codePointAt", "toUpperCase", "toLowerCase", "localeCompare",
        "normalize", "repeat", "search", "toString", "toLocaleString", "valueOf", "constructor",
        "hasOwnProperty",
    }
)  # fmt: skip
"""Members that lists, texts and numbers have by themselves, and no response or form declares."""
FULL_WIDTH: Final[Mapping[str, str]] = dict(
    zip(
        "，；：（）｛｝［］＝＋－＊／！？。“”‘’＜＞｜＆", ",;:(){}[]=+-*/!?.\"\"''<>|&", strict=True
    )
)
"""What an input method for Chinese types in place of JavaScript's punctuation."""
_WIDE: Final = re.compile(f"[{''.join(FULL_WIDTH)}]")
_COMPARES: Final = frozenset({"||", "&&", "==", "!=", "===", "!=="})
_TEXTS: Final = frozenset(
    {
        "string", "string_fragment", "template_string", "comment", "regex_pattern",
        "escape_sequence", "hash_bang_line",
    }
)  # fmt: skip
_TESTS: Final = frozenset({"typeof"})
# An input method for Chinese types `：`, `，` and `、` for colon and comma.
_SUPPRESSION: Final = re.compile(r"bpmax-ignore[:：](.*)", re.DOTALL)
_RULE: Final = re.compile(r"[^\s,，、]+")


class MemberUse(msgspec.Struct, frozen=True):
    """A read or write of a member of the form, of ``ctx`` or of a response.

    Attributes:
        root: what has the member: the form, ``ctx``, or the result of a call.
        path: names from *root* down to the member; ``*`` is an element of a list.
        access: ``read``, ``write``, or a milder read: ``test`` if the script tests whether it
            exists (``in``, ``typeof``, a comparison with undefined); ``truth`` if a missing member
            acts like a false one (``||``, ``??``, ``?.``, ``!``, a default, a condition, a
            comparison).
        call: index in `ScriptReading.calls` of the call whose result has the member; None for other
            roots.
        is_guarded: whether the script has tested before that the member exists.
    """

    root: Literal["form", "ctx", "result"]
    path: tuple[str, ...]
    access: Access
    place: Place
    call: int | None = None
    is_guarded: bool = False


class GlobalUse(msgspec.Struct, frozen=True):
    """A use of a name that the script does not declare."""

    name: str
    place: Place
    access: Access = "read"


class ScriptReading(msgspec.Struct, frozen=True):
    """The facts in the source of one script.

    Attributes:
        misuses: promises used as if they were their results.
        assignments: places of assignments in conditions.
        comparisons: comparisons of members of the form, ``ctx``, results and errors with literals.
        order_comparisons: those by ``<``, ``>`` and the like, with a text.
        declared: names declared outside of functions; those of a library are visible in scripts.
        asynchronous: those of *declared* that are functions returning a promise.
        signatures: name -> parameters of those of *declared* that are functions; a destructuring
            parameter is named by its position.
        powers: places of ``**`` whose operands are not both known to be non-negative integers; the
            last bit of the result depends on the machine.
        unused_calls: indexes in *calls* of calls whose result is not used.
        unread_results: declared names that get the result of a call and are never read.
        dropped_errors: places where a handler ignores an error silently.
        named_owners: ids of people, as the hook ``owners`` of a flow returns them: texts used as
            ``owner_id``, or in a list that is returned.
        ownerless: objects without ``owner_id`` in a list that the script itself returns, which name
            nobody if the script is such a hook.
        returned_texts: texts that the script itself returns.
        message_words: names of members of ``form.$message``, and values of its ``type``, that the
            script writes: the owner, such as ``form.$message.type``, the word and its place.
        mistakes: places that are not valid JavaScript.
        full_width: Chinese punctuation typed instead of JavaScript's: the character, the one that
            it should be, and the place.
        suppressed: line -> rules that a comment ``// bpmax-ignore: rule`` switches off there.
    """

    name: str
    calls: tuple[ProxyCall, ...] = ()
    members: tuple[MemberUse, ...] = ()
    globals: tuple[GlobalUse, ...] = ()
    misuses: tuple[PromiseMisuse, ...] = ()
    assignments: tuple[Place, ...] = ()
    comparisons: tuple[LiteralComparison, ...] = ()
    order_comparisons: tuple[LiteralComparison, ...] = ()
    declared: tuple[str, ...] = ()
    asynchronous: tuple[str, ...] = ()
    signatures: Mapping[str, tuple[str, ...]] = {}
    powers: tuple[Place, ...] = ()
    unused_calls: tuple[int, ...] = ()
    unread_results: tuple[UnreadResult, ...] = ()
    dropped_errors: tuple[IgnoredErrorRange, ...] = ()
    named_owners: tuple[tuple[str, Place], ...] = ()
    ownerless: tuple[Place, ...] = ()
    returned_texts: tuple[tuple[str, Place], ...] = ()
    message_words: tuple[tuple[str, str, Place], ...] = ()
    mistakes: tuple[Place, ...] = ()
    full_width: tuple[tuple[str, str, Place], ...] = ()
    suppressed: Mapping[int, tuple[str, ...]] = {}


@lru_cache(maxsize=1024)
def read_script(text: str, name: str = "script.js") -> ScriptReading:
    """Return what *text* calls, reads and writes; of an invalid script, what can be read."""
    return _make_reader(text, name).reading


@lru_cache(maxsize=1024)
def find_slips(text: str, name: str = "script.js") -> tuple[Slip, ...]:
    """Return the probable mistakes (slips) in *text*, such as a condition that is always true.

    Only what the text of the script shows by itself; none of an invalid script. They are no part of
    `ScriptReading`, as most of its readers need none, and they take as long as all the rest.
    """
    # Of `if (!'A')` both `if` and `!` tell the same.
    return tuple(dict.fromkeys(_make_reader(text, name).find_slips()))


class ResultReading(msgspec.Struct, frozen=True):
    """What the source of one script shows of the results of its calls.

    Attributes:
        uses: how each call's result is used.
        words: names and words of texts, by which code may read a member of a result.
    """

    uses: tuple[ResultUse, ...] = ()
    words: CodeWords = CodeWords()


@lru_cache(maxsize=1024)
def read_results(text: str, name: str = "script.js") -> ResultReading:
    """Return how *text* uses the results of its calls; few checks need it, so it is read apart."""
    return _make_reader(text, name).read_results()


@lru_cache(maxsize=4)
def _make_reader(text: str, name: str) -> _ScriptReader:
    """Return the reader of *text*; the latest are cached, as slips are asked for after reading."""
    return _ScriptReader(SyntaxTree(text, name))


_POWER: Final = re.compile(r"(?<![/*])\*\*(?![/*])")
POWER_DIFFERS: Final = msg(
    "the last digit of ** depends on the machine here; Math.pow gives the same everywhere"
)


_COMPARED_WITH_UNDEFINED: Final = re.compile(
    r"[\w$.\[\]'\"]+\s*[!=]==?\s*(?:undefined|null|void 0)(?![\w$])"
)


class NamedSource(Protocol):
    """A script with its name."""

    @property
    def name(self) -> str:
        """Return the file name that places in the script have."""

    @property
    def source(self) -> str:
        """Return the JavaScript of the script."""


def is_compared_with_undefined(place: Place | None, scripts: Iterable[NamedSource]) -> bool:
    """Return whether the script only tests the member read at *place*: ``x !== undefined``."""
    if place is None:
        return False
    source = next((one.source for one in scripts if one.name == place.file), "")
    line = "".join(source.split("\n")[place.line - 1 : place.line])
    found = _COMPARED_WITH_UNDEFINED.finditer(line)
    return any(one.start() < place.column <= one.end() for one in found)


def find_inexact_powers(text: str, name: str = "script.js") -> tuple[Place, ...]:
    """Return the places of ``**`` whose result may differ in its last digit on another machine.

    A comment ``// bpmax-ignore: power`` excludes its line.
    """
    if not _POWER.search(text):
        return ()
    reading = read_script(text, name)
    return tuple(
        place for place in reading.powers if "power" not in reading.suppressed.get(place.line, ())
    )


def find_full_width(text: str, name: str = "script.js") -> Iterator[Problem]:
    """Yield the problems of full-width punctuation in *text*, which is invalid JavaScript."""
    for character, meant, place in read_script(text, name).full_width:
        message = msg(
            "{character!r} is full-width punctuation and no JavaScript; write {ascii!r}",
            character=character,
            ascii=meant,
        )
        yield Problem(message, place)


def _is_in_function(node: Node) -> bool:
    above = node.parent
    while above is not None and above.type not in FUNCTIONS:
        above = above.parent
    return above is not None


class _ScriptReader:
    """Reads the facts and the probable mistakes (slips) of one script from its syntax tree."""

    def __init__(self, tree: SyntaxTree) -> None:
        self._tree = tree
        self._scopes = Scopes(tree)
        self._values = Values(tree, self._scopes)
        self._guards = Guards(tree, self._values)
        self._nodes = list(tree.walk())
        self._members: dict[MemberUse, None] = {}

    @cached_property
    def reading(self) -> ScriptReading:
        """What the script calls, reads and writes."""
        # Calls first, in the order of the text: all other facts name a call by its index.
        for node in self._nodes:
            if node.type == "call_expression":
                self._values.resolve(node)
        left = list(self._find_chains_without_call())
        for node in self._nodes:
            if node.type in {"member_expression", "subscript_expression"}:
                name = node.child_by_field_name("property") or node.child_by_field_name("index")
                access = self._find_access_kind(node)
                self._add_member_use(self._values.resolve(node), access, name or node)
            elif node.type == "binary_expression":
                self._add_in_test(node)
        for binding in self._scopes.bindings:
            if binding.path:
                access = "truth" if _has_default(binding.declared) else "read"
                self._add_member_use(
                    self._values.resolve_binding(binding), access, binding.declared
                )
        parts = self._tree, self._scopes, self._values
        promises, comparisons = PromiseMisuseReader(*parts), ComparisonReader(*parts)
        results = ResultReader(*parts)
        return ScriptReading(
            name=self._tree.name,
            calls=(*self._values.calls, *left),
            members=tuple(self._members),
            globals=tuple(self._find_global_uses()),
            misuses=tuple(promises.find_misuses(self._nodes)),
            assignments=tuple(
                map(self._tree.find_place, find_assignments_in_conditions(self._nodes))
            ),
            comparisons=tuple(comparisons.find_comparisons(self._nodes)),
            order_comparisons=tuple(comparisons.find_order_comparisons(self._nodes)),
            declared=tuple(self._scopes.top.names),
            asynchronous=tuple(self._find_top_async_function_names()),
            signatures=dict(self._find_top_function_signatures()),
            powers=tuple(self._find_inexact_powers()),
            unused_calls=tuple(results.find_unused_call_numbers(self._nodes)),
            unread_results=tuple(results.find_unread_results(self._nodes)),
            dropped_errors=tuple(results.find_silent_handlers(self._nodes)),
            named_owners=tuple(self._find_owner_id_texts()),
            ownerless=tuple(self._find_returned_owners_without_id()),
            returned_texts=tuple(self._find_script_return_texts()),
            message_words=tuple(self._find_message_words()),
            mistakes=tuple(self._tree.find_syntax_errors()),
            full_width=tuple(self._find_full_width_punctuation()),
            suppressed=dict(self._find_suppressions()),
        )

    def _find_owner_id_texts(self) -> Iterator[tuple[str, Place]]:
        """Yield each text that an ``owners`` hook may return as an owner, and its place.

        The hook is the script that returns who has to act at a node of a flow.
        Such texts are in ``{owner_id: 'a'}``, and in a returned list ``['a']``.
        """
        for node in self._nodes:
            named: list[Node] = []
            key = node.child_by_field_name("key") if node.type == "pair" else None
            if key is not None and self._scopes.read_key_name(key) == "owner_id":
                named = node.named_children[1:]
            elif node.type == "array" and find_parent_beyond_parentheses(node).type in {
                "return_statement",
                "arrow_function",
            }:
                named = node.named_children
            for one in named:
                text = self._tree.read_literal_text(one)
                if text:
                    yield text, self._tree.find_place(one)

    def _find_message_words(self) -> Iterator[tuple[str, str, Place]]:
        """Yield owner, word and place of what the script writes into ``form.$message``."""
        for node in self._nodes:
            left = node.child_by_field_name("left")
            if node.type != "assignment_expression" or left is None:
                continue
            target, right = self._values.resolve(left), node.child_by_field_name("right")
            path = target.path if target is not None and target.kind == "form" else ()
            if path[:1] != ("$message",) or right is None:
                continue
            pairs = [(path[1], left, right)] if len(path) > 1 else self._list_known_pairs(right)
            for name, key, value in pairs:
                yield "form.$message", name, self._tree.find_place(key)
                for one in self._list_results(value) if name == "type" else ():
                    if text := self._tree.read_literal_text(one):
                        yield "form.$message.type", text, self._tree.find_place(one)

    def _list_known_pairs(self, node: Node) -> list[tuple[str, Node, Node]]:
        """Return name, key and value of each plain pair of the object *node*."""
        pairs = []
        for child in node.named_children if node.type == "object" else ():
            key, value = child.child_by_field_name("key"), child.child_by_field_name("value")
            name = self._scopes.read_key_name(key) if key is not None else None
            if key is not None and value is not None and name is not None:
                pairs.append((name, key, value))
        return pairs

    def _list_results(self, node: Node) -> list[Node]:
        """Return the values that *node* may have: of ``?:`` both results."""
        if node.type not in {"ternary_expression", "parenthesized_expression"}:
            return [node]
        return [one for part in list_parts(node)[-2:] for one in self._list_results(part)]

    def _find_script_return_values(self) -> Iterator[Node]:
        """Yield what the script itself returns, not its functions: of ``?:`` both results."""
        for node in self._nodes:
            if node.type == "return_statement" and not _is_in_function(node):
                for value in list_parts(node)[:1]:
                    yield from reversed(self._list_results(value))

    def _find_script_return_texts(self) -> Iterator[tuple[str, Place]]:
        for value in self._find_script_return_values():
            if text := self._tree.read_literal_text(value):
                yield text, self._tree.find_place(value)

    def _find_returned_owners_without_id(self) -> Iterator[Place]:
        """Yield the objects without ``owner_id`` in a list that the script returns.

        They name nobody if the script is an ``owners`` hook, which returns who has to act at a
        node.
        """
        for value in self._find_script_return_values():
            for item in value.named_children if value.type == "array" else ():
                members = list_parts(item)
                keys = [one.child_by_field_name("key") for one in members]
                known = [self._scopes.read_key_name(key) for key in keys if key is not None]
                is_plain = item.type == "object" and len(known) == len(members)
                if is_plain and known and None not in known and "owner_id" not in known:
                    yield self._tree.find_place(item)

    def read_results(self) -> ResultReading:
        """Return how the script uses the results of its calls."""
        _ = self.reading  # numbers the calls
        parts = self._tree, self._scopes, self._values
        uses = ResultReader(*parts).find_result_uses(self._nodes)
        return ResultReading(tuple(uses), list_code_words(*parts, self._nodes))

    def find_slips(self) -> Iterator[Slip]:
        """Yield probable mistakes in the script, none if it is invalid."""
        if self.reading.mistakes or self._tree.root.has_error:
            return
        reader = SlipReader(self._tree, self._scopes, self._values)
        yield from reader.find_slips(self._nodes, _SLIP_FINDERS)
        yield from reader.find_declared_name_slips()

    def _find_chains_without_call(self) -> Iterator[ProxyCall]:
        """Yield chains such as ``$proxy('crm').$api('find')`` that send nothing: no ``$call()``.

        Only those that are awaited, or are a statement: another may get its ``$call()`` later.
        """
        for node in self._nodes:
            if node.type != "call_expression" or is_await(node):
                continue
            value, usage = self._values.resolve(node), find_usage(node)
            if value is None or value.kind != "chain" or value.draft is None:
                continue
            if usage in {"awaited", "nothing"}:
                yield replace(value.draft, usage=usage, place=self._tree.find_place(node))

    def _add_member_use(self, value: ScriptValue | None, access: Access, where: Node) -> None:
        if value is None or not value.path or value.kind not in {"form", "ctx", "result"}:
            return
        root: Literal["form", "ctx", "result"] = value.kind  # type: ignore[assignment]
        path = value.path
        while path and path[-1] in BUILT_IN:
            path, access = path[:-1], "read"
        if not path:
            return
        is_guarded = self._guards.is_guarded(where, replace(value, path=path))
        call = value.call if root == "result" else None
        use = MemberUse(root, path, access, self._tree.find_place(where), call, is_guarded)
        self._members[use] = None

    def _add_in_test(self, node: Node) -> None:
        """Note that the script tests whether a member exists if *node* is ``'name' in form``.

        The right side may also be another object whose members are known, such as a result.
        """
        operator = node.child_by_field_name("operator")
        if operator is None or operator.type != "in":
            return
        name = self._values.resolve(node.child_by_field_name("left"))
        owner = self._values.resolve(node.child_by_field_name("right"))
        if name is not None and name.kind == "text":
            self._add_member_use(self._values.resolve_member(owner, (name.text,)), "test", node)

    def _find_access_kind(self, node: Node) -> Access:
        """Return how the member *node* is used: ``read``, ``write``, ``truth`` or ``test``.

        ``truth`` is a read that only asks whether it is true, ``test`` one that allows for its
        absence.
        """
        child, parent = node, node.parent
        while parent is not None and parent.type in WRAPPED:
            child, parent = parent, parent.parent
        if parent is None:
            return "read"
        operator = read_operator(parent)
        if is_assigned(node) or operator == "delete":
            return "write"
        is_optional = parent.child_by_field_name("optional_chain") is not None
        if operator in _TESTS or self._guards.is_presence_test(parent):
            return "test"
        is_asked = (
            operator in {"!", "??"}
            or is_optional
            or (operator in _COMPARES and parent.type == "binary_expression")
            or parent.child_by_field_name("condition") == child
        )
        return "truth" if is_asked else "read"

    def _find_global_uses(self) -> Iterator[GlobalUse]:
        for use in self._scopes.find_global_uses():
            place, access = self._tree.find_place(use.node), self._find_access_kind(use.node)
            yield GlobalUse(use.name, place, access)

    def _find_top_async_function_names(self) -> Iterator[str]:
        """Yield the async functions at the top level, except generators."""
        for name, binding in self._scopes.top.names.items():
            value = binding.value
            is_function = value is not None and value.type in FUNCTIONS and not binding.path
            if value is not None and is_function and is_async(value) and not binding.is_reassigned:
                is_generator = "generator" in value.type
                yield from () if is_generator else (name,)

    def _find_top_function_signatures(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        for name, binding in self._scopes.top.names.items():
            value = binding.value
            if value is not None and value.type in FUNCTIONS and not binding.path:
                several = value.child_by_field_name("parameters")
                single = value.child_by_field_name("parameter")
                nodes = list_parts(several) if several is not None else [single] if single else []
                yield (
                    name,
                    tuple(self._make_parameter_name(node, n) for n, node in enumerate(nodes, 1)),
                )

    def _make_parameter_name(self, node: Node, number: int) -> str:
        if node.type == "rest_pattern":
            return f"rest{number}"
        name = node.child_by_field_name("left") or node
        return self._tree.get_source(name) if name.type == "identifier" else f"options{number}"

    def _find_inexact_powers(self) -> Iterator[Place]:
        """Yield each ``**`` whose operands are not both known to be non-negative integers.

        Of fractions, the last digit of the result depends on the machine.
        """
        for node in self._nodes:
            operator = node.child_by_field_name("operator")
            if operator is None or operator.type not in {"**", "**="}:
                continue
            base, exponent = (node.child_by_field_name(side) for side in ("left", "right"))
            # A negative exponent gives a fraction: 10 ** -5 has two last digits.
            is_negative = exponent is not None and exponent.type == "unary_expression"
            if is_negative or not (self._is_integer(base) and self._is_integer(exponent)):
                yield self._tree.find_place(operator)

    def _find_full_width_punctuation(self) -> Iterator[tuple[str, str, Place]]:
        """Yield (character, the one that it should be, place) of full-width punctuation.

        Texts and comments are left out.
        """
        text, end, at = self._tree.text, 0, 0
        for match in _WIDE.finditer(text):
            character = match[0]
            at += len(text[end : match.start()].encode("utf-8", "surrogatepass"))
            end, size = match.end(), len(character.encode())
            # The parser takes “x” for a name, which the engine does not.
            node = self._tree.root.descendant_for_byte_range(at, at + size)
            if node is None or node.type not in _TEXTS:
                yield character, FULL_WIDTH[character], self._tree.find_place_of_byte(at)
            at += size

    def _is_integer(self, node: Node | None) -> bool:
        while node is not None and node.type in {*WRAPPED, "unary_expression"}:
            node = next(reversed(list_parts(node)), None)
        return (
            node is not None
            and node.type == "number"
            and self._tree.get_source(node).rstrip("n").isdigit()
        )

    def _find_suppressions(self) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Yield the line and the rules of each comment ``// bpmax-ignore: rule, rule``.

        The line is that to which it applies: its own, or the next one if nothing is in front of it.
        """
        for node in self._nodes:
            text = self._tree.get_source(node).strip("/* \t\r\n") if node.type == "comment" else ""
            if (match := _SUPPRESSION.fullmatch(text)) is not None:
                line, column = self._tree.find_line_and_byte_column(node.start_byte)
                begin = node.start_byte - column + 1
                is_alone = not self._tree.get_bytes_between(begin, node.start_byte).strip()
                yield line + is_alone, tuple(_RULE.findall(match[1]))


_SLIPS: Final = (
    condition_slips.FINDERS, statement_slips.FINDERS, async_slips.FINDERS, literal_slips.FINDERS,
    value_slips.FINDERS,
)  # fmt: skip
_SLIP_FINDERS: Final = {
    kind: tuple(chain.from_iterable(table.get(kind, ()) for table in _SLIPS))
    for kind in set(chain.from_iterable(_SLIPS))
}


def _has_default(identifier: Node) -> bool:
    parent = identifier.parent
    return parent is not None and parent.type in {"assignment_pattern", "object_assignment_pattern"}
