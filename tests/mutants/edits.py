"""Seeded bugs as patterns of syntax, which fit wherever the code moves and whatever it is renamed.

A pattern is Python: an expression, statements, the head of an ``if``, ``for`` or ``while``, one
``key: value`` of a dict, or one ``name=value`` of a call. It is looked for in all modules of its
package. Spacing and line breaks do not count. A name of ours may be another one by now, the same
one throughout the pattern, and a message may have been reworded. What a tree has to share is the
shape, the constants, the built-ins, and a third of the names. Of several places the one with most
names in common counts.

Presets are YAML with templates, so their bugs are texts that occur once.
"""

from __future__ import annotations

import argparse
import ast
import builtins
import copy
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from bpmax_sim.errors import suggest_or_list

_HEADS = (ast.If, ast.While, ast.For)
_NAMES = {ast.Name: "id", ast.Attribute: "attr", ast.arg: "arg", ast.FunctionDef: "name"}
_BUILTINS = frozenset(dir(builtins)) | {"self", "cls"}
_PLACE = frozenset({"lineno", "col_offset", "end_lineno", "end_col_offset", "ctx", "kind"})


def make_name_check(names: Iterable[str]) -> Callable[[str], str]:
    """Return the ``type`` of an argument of the command line that has to be one of *names*."""
    known = {*names}

    def check(name: str) -> str:
        if name not in known:
            hint = suggest_or_list(name, sorted(known))
            raise argparse.ArgumentTypeError(f"there is no {name!r}{hint}")
        return name

    return check


@dataclass(frozen=True, slots=True)
class Edit:
    """One seeded bug.

    Attributes:
        name: what it is called; its first word is its kind.
        path: the file, seen from the tree's root; its package is searched.
        old: the pattern of what stands there.
        new: what takes its place, in the names of *old*.
        corner: the corner of `tests.property.reach` behind which it lies, if it lies behind one.
        tests: what has to find it, seen from the tree's root, where no corner is named.
    """

    name: str
    path: str
    old: str
    new: str
    corner: str = ""
    tests: str = ""

    @property
    def kind(self) -> str:
        return self.name.partition("-")[0]

    def misfit(self, tree: Path) -> str:
        """Return why it does not fit *tree*, or nothing."""
        found = self.find(tree)
        return found if isinstance(found, str) else ""

    def apply(self, tree: Path) -> str:
        """Put it into *tree*; return why it does not fit, or nothing."""
        found = self.find(tree)
        if isinstance(found, str):
            return found
        path, text = found
        path.write_text(text, encoding="utf-8")
        return ""

    def find(self, tree: Path) -> tuple[Path, str] | str:
        """Return the file that it changes and the text with the bug; or why it does not fit."""
        path = tree / self.path
        if path.suffix != ".py":
            text = path.read_text(encoding="utf-8")
            count = text.count(self.old)
            return (
                (path, text.replace(self.old, self.new))
                if count == 1
                else (f"{self.path}: {self.old!r} is there {count} times")
            )
        places = sorted(self._places(tree), key=lambda place: -place.score)
        if not places:
            return f"{path.parent.relative_to(tree)}: nothing looks like {self.old!r}"
        if len(places) > 1 and places[0].score == places[1].score:
            where = ", ".join(f"{p.path.name}:{p.line}" for p in places[:3])
            return f"{self.path}: {self.old!r} fits {where} alike; name more of it"
        return places[0].path, places[0].rewrite(self.new, self.old)

    def _places(self, tree: Path) -> Iterator[_Place]:
        folder = (tree / self.path).parent
        whole = [tree / self.path] if folder.name == "bpmax_sim" else sorted(folder.glob("*.py"))
        pattern = _parse(self.old, self.new)
        for path in whole:
            for nodes in _candidates(_nodes_of(path, path.stat().st_mtime_ns), pattern):
                binding = _Binding()
                wanted: Sequence[ast.AST] = [pattern] if isinstance(pattern, ast.AST) else pattern
                if binding.unify_all(wanted, nodes) and binding.is_near:
                    yield _Place(path, nodes, binding)


class _Pair(list[ast.AST]):
    """Key and value of a dict."""


_Pattern = ast.expr | ast.stmt | ast.keyword | list[ast.stmt] | _Pair


def _parse(old: str, new: str) -> _Pattern:
    text = textwrap.dedent(old).strip()
    if (node := _expression(text)) is not None:
        is_value = _expression(textwrap.dedent(new).strip()) is not None
        return node if is_value else [ast.Expr(node)]
    if (pair := _expression(f"{{{text.rstrip(',')}}}")) is not None and isinstance(pair, ast.Dict):
        return _Pair([key for key in pair.keys if key] + pair.values)
    if text.endswith(":"):
        return ast.parse(f"{text.removeprefix('el')}\n    pass").body[0]
    if re.match(r"\w+=[^=]", text):  # unlike an assignment, which has spaces
        call = _expression(f"f({text.rstrip(',')})")
        assert isinstance(call, ast.Call)
        return call.keywords[0]
    return ast.parse(text).body


def _expression(text: str) -> ast.expr | None:
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError:
        return None


@cache
def _nodes_of(path: Path, _changed: int) -> Mapping[type, list[Any]]:
    """Return the nodes of a file by their type, its blocks of statements as those of `list`."""
    nodes: dict[type, list[Any]] = {list: []}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        nodes.setdefault(type(node), []).append(node)
        blocks = (getattr(node, name, None) for name in ("body", "orelse", "finalbody"))
        nodes[list] += [block for block in blocks if isinstance(block, list) and block]
    return nodes


def _candidates(nodes: Mapping[type, list[Any]], pattern: _Pattern) -> Iterator[Sequence[ast.AST]]:
    """Yield the nodes, one or several in a row, that may be what *pattern* means."""
    if isinstance(pattern, _Pair):
        for node in nodes.get(ast.Dict, ()):
            yield from ([k, v] for k, v in zip(node.keys, node.values, strict=True) if k)
    elif isinstance(pattern, list):
        size = len(pattern)
        for block in nodes[list]:
            starts = range(len(block) - size + 1)
            yield from (
                block[at : at + size] for at in starts if type(block[at]) is type(pattern[0])
            )
    else:
        yield from ([node] for node in nodes.get(type(pattern), ()))


@dataclass
class _Binding:
    """What the names and messages of a pattern are called in the tree."""

    names: dict[tuple[type, str], str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    equal: int = 0

    @property
    def is_near(self) -> bool:
        return 3 * self.equal >= len(self.names)

    def unify_all(self, wanted: Sequence[ast.AST], found: Sequence[ast.AST]) -> bool:
        return all(map(self.unify, wanted, found))

    def unify(self, wanted: object, found: object) -> bool:
        if isinstance(wanted, list):
            return (
                isinstance(found, list)
                and len(wanted) == len(found)
                and all(map(self.unify, wanted, found))
            )
        if not isinstance(wanted, ast.AST):
            self.equal += isinstance(wanted, str)  # the keyword of an argument
            return type(wanted) is type(found) and bool(wanted == found)
        if type(wanted) is not type(found):
            return False
        if isinstance(wanted, _HEADS):
            parts = [name for name in ("test", "target", "iter") if hasattr(wanted, name)]
            if _is_head(wanted):
                return all(self.unify(getattr(wanted, p), getattr(found, p)) for p in parts)
        if isinstance(wanted, ast.Constant):
            return self._unify_constant(wanted.value, getattr(found, "value", None))
        own = _NAMES.get(type(wanted), "")
        fields = (name for name in wanted._fields if name not in _PLACE and name != own)
        return (not own or self._unify_name(wanted, found, own)) and all(
            self.unify(getattr(wanted, name), getattr(found, name)) for name in fields
        )

    def _unify_name(self, wanted: ast.AST, found: object, own: str) -> bool:
        old, name = getattr(wanted, own), getattr(found, own)
        if old in _BUILTINS or name in _BUILTINS:
            return bool(old == name)
        known = self.names.setdefault((_space(wanted), old), name)
        self.equal += old == name and known == name
        return bool(known == name)

    def _unify_constant(self, wanted: object, found: object) -> bool:
        if isinstance(wanted, str) and isinstance(found, str) and " " in wanted:
            self.texts[wanted] = found
            self.equal += wanted.split()[0] == found.split()[0]
            return True
        self.equal += isinstance(wanted, str)
        return type(wanted) is type(found) and bool(wanted == found)

    def of(self, node: ast.AST) -> ast.AST:
        """Return *node* in the names of the tree."""
        node = copy.deepcopy(node)
        for part in ast.walk(node):
            if own := _NAMES.get(type(part)):
                name = getattr(part, own)
                setattr(part, own, self.names.get((_space(part), name), name))
            elif isinstance(part, ast.Constant) and isinstance(part.value, str):
                part.value = self.texts.get(part.value, part.value)
        return node


def _space(node: ast.AST) -> type:
    """Return which names are one: those of attributes, and all others."""
    return ast.Attribute if isinstance(node, ast.Attribute) else ast.Name


def _is_head(node: ast.AST) -> bool:
    body = getattr(node, "body", [])
    return len(body) == 1 and isinstance(body[0], ast.Pass)


@dataclass(frozen=True)
class _Place:
    """Nodes of a file that a pattern means."""

    path: Path
    nodes: Sequence[ast.AST]
    binding: _Binding

    @property
    def score(self) -> int:
        return self.binding.equal

    @property
    def line(self) -> int:
        return int(getattr(self.nodes[0], "lineno", 0))

    def rewrite(self, new: str, old: str) -> str:
        """Return the file's text with *new* for the nodes."""
        lines = self.path.read_bytes().splitlines(keepends=True)
        starts = [0]
        for line in lines:
            starts.append(starts[-1] + len(line))
        first, last = self._range(old)
        begin = starts[first.lineno - 1] + first.col_offset
        end = starts[(last.end_lineno or 0) - 1] + (last.end_col_offset or 0)
        data = b"".join(lines)
        return (data[:begin] + self._text(new, first).encode() + data[end:]).decode()

    def _range(self, old: str) -> tuple[ast.expr, ast.expr]:
        first, last = self.nodes[0], self.nodes[-1]
        if old.strip().endswith(":") and isinstance(first, _HEADS):
            first = last = getattr(first, "test", None) or first.iter  # type: ignore[union-attr]
        return first, last  # type: ignore[return-value]

    def _text(self, new: str, first: ast.AST) -> str:
        text = textwrap.dedent(new).strip()
        if isinstance(first, ast.keyword):
            name, _, value = text.rstrip(",").partition("=")
            return f"{name}={self._text_of(ast.parse(value.strip(), mode='eval').body)}"
        if isinstance(first, ast.expr) and text.endswith(":"):
            head = ast.parse(f"{text.removeprefix('el')}\n    pass").body[0]
            return self._text_of(getattr(head, "test", None) or head.iter)  # type: ignore[attr-defined]
        if isinstance(first, ast.stmt):
            body = ast.parse(text).body
            indent = " " * first.col_offset
            whole = "\n".join(ast.unparse(self.binding.of(node)) for node in body)
            return textwrap.indent(whole, indent).strip()
        node = _expression(text)
        if node is not None:
            return self._text_of(node)
        pair = _expression(f"{{{text.rstrip(',')}}}")
        assert isinstance(pair, ast.Dict)
        parts = zip(pair.keys, pair.values, strict=True)
        return ", ".join(f"{self._text_of(k)}: {self._text_of(v)}" for k, v in parts if k)

    def _text_of(self, node: ast.AST) -> str:
        return f"({ast.unparse(self.binding.of(node))})"
