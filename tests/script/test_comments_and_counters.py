"""Wherever a comment stands, the same parts of a script are counted, and it stays valid."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from bpmax_sim.script_source.counters import insert_counters
from bpmax_sim.script_source.syntax import SyntaxTree
from tests.script.test_hits import COUNTED, WRITTEN

if TYPE_CHECKING:
    from tree_sitter import Node

SOURCES = {**WRITTEN, **{name: source for name, (source, _) in COUNTED.items()}}
WHOLE = frozenset({"string", "template_string", "comment", "regex", "hash_bang_line"})


def find_tokens(node: Node) -> Iterator[Node]:
    """Yield the tokens below *node*; a text and a comment is one."""
    if node.child_count == 0 or node.type in WHOLE:
        yield node
    else:
        for child in node.children:
            yield from find_tokens(child)


def find_counted(source: str) -> list[tuple[str, str, str]] | None:
    """Return what is counted of *source*: kind, arm and name; None if nothing can be."""
    counted = insert_counters(source)
    if counted is None:
        return None
    assert not SyntaxTree(counted.code).root.has_error, counted.code
    return [(one.kind, one.arm, one.name) for one in counted.counters]


def insert(source: str, offset: int, text: str) -> str:
    data = source.encode()
    return (data[:offset] + text.encode() + data[offset:]).decode()


@pytest.mark.parametrize(("comment", "blank"), [("/* 注 */", ""), (" // 注\n", " \n")])
@pytest.mark.parametrize("name", SOURCES)
def test_a_comment_changes_nothing_of_what_is_counted(name: str, comment: str, blank: str) -> None:
    source = SOURCES[name]
    tree = SyntaxTree(source)
    if tree.root.has_error:
        assert insert_counters(source) is None
        return
    offsets = sorted(
        {end for one in find_tokens(tree.root) for end in (one.start_byte, one.end_byte)}
    )

    for offset in offsets[len(name) % 5 :: 5]:
        plain, changed = insert(source, offset, blank), insert(source, offset, comment)
        # A line end may end a statement, and what follows `return` is then another one.
        if not any(SyntaxTree(one).root.has_error for one in (plain, changed)):
            assert find_counted(changed) == find_counted(plain), changed
