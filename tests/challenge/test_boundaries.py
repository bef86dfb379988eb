"""What a challenge leaves out, keeps and takes for the same: none, at the limit, the third."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bpmax_sim.challenge import cache as cache_module
from bpmax_sim.challenge.cache import (
    StoredVerdict,
    VerdictCache,
    digest_baseline,
    digest_parts,
)
from bpmax_sim.challenge.equivalents import (
    can_be,
    can_have_equal_sides,
    can_need_fallback,
    gives_same_result_for_equal_sides,
    is_fallback_without_effect,
)
from bpmax_sim.challenge.ignore_comments import IgnoreCommentIndex, read_ignore_comments
from bpmax_sim.challenge.mutants import read_mutants
from bpmax_sim.challenge.proposals import find_divergences
from bpmax_sim.errors import ConfigError, Place
from bpmax_sim.script_source.kinds import strip_parentheses
from bpmax_sim.script_source.scopes import Scopes
from bpmax_sim.script_source.slips import SlipReader
from bpmax_sim.script_source.syntax import SyntaxTree
from bpmax_sim.script_source.values import Values
from bpmax_sim.variant.run import Variant, measure_baseline, run_variant
from tests.variant.project import load_item

if TYPE_CHECKING:
    from tree_sitter import Node


def find_operations(tree: SyntaxTree, *operators: str) -> Iterator[Node]:
    """Yield the binary expressions of *operators*."""
    for node in tree.walk():
        sign = node.child_by_field_name("operator")
        if (
            node.type == "binary_expression"
            and sign is not None
            and tree.get_source(sign) in operators
        ):
            yield node


@pytest.mark.parametrize(
    ("source", "idle"),
    [
        # ?? is idle behind what is never null
        ("'' ?? 1", True), ("0 ?? 1", True), ("[] ?? 1", True), ("{a: 1}.b ?? 1", False),
        ("`${a}` ?? 1", True), ("(() => 1) ?? 1", True), ("!a ?? 1", True), ("(a - b) ?? 1", True),
        ("null ?? 1", False), ("a ?? 1", False), ("a.b ?? 1", False), ("f() ?? 1", False),
        ("a.trim() ?? 1", True), ("a.length ?? 1", True), ("a.find(b) ?? 1", False),
        ("a.pop() ?? 1", False), ("String(a) ?? 1", True), ("Number(a) ?? 1", True),
        ("a.trimmed() ?? 1", False), ("(a || b) ?? 1", False), ("(a && b) ?? 1", False),
        # what ?. gives may be nothing, and so may a member that is named like a function
        ("a?.length ?? 0", False), ("a?.b.length ?? 0", False), ("a.b?.trim() ?? 1", False),
        ("a?.map(f).join('、') ?? 1", False), ("a?.[0].trim() ?? 1", False),
        ("a.map(b => b?.c).join('、') ?? 1", True), ("a?.length || 0", False),
        ("a.max ?? 1", False), ("a.values ?? 1", False), ("a.values() ?? 1", True),
        ("a.keys || 0", False), ("a.size.length ?? 1", True), ("length ?? 1", False),
        # || is idle only where what it gives is as false as what it replaces
        ("'' || ''", True), ('a.trim() || ""', True), ("(a > b) || false", False),
        ("a.includes(b) || false", True), ("a.length || 0", True), ("a.trim() || ''", True),
        ("a.trim() || '无'", False), ("a.length || 1", False), ("a.length || false", True),
        ("Number(a) || 0", False), ("parseInt(a) || 0", False), ("(a - b) || 0", False),
        ("Math.round(a) || 0", False), ("-a || 0", False), ("String(a) || null", False),
        ("a.reduce(f) || 0", False), ("a || 0", False), ("f() || ''", False),
    ],
)  # fmt: skip
def test_a_fallback_is_idle_behind_what_is_always_there(source: str, *, idle: bool) -> None:
    tree = SyntaxTree(f"x = {source};")
    outermost = next(find_operations(tree, "??", "||"))

    assert is_fallback_without_effect(tree, outermost) == idle


@pytest.mark.parametrize(
    "name",
    [
        "trim", "slice", "map", "filter", "join", "split", "toFixed", "concat", "indexOf",
        "replace", "toUpperCase", "toLowerCase", "padStart", "reduce", "toString", "includes",
        "some", "every", "keys", "values", "entries", "stringify", "round", "floor", "ceil", "abs",
        "max", "min", "flatMap", "sort",
    ],
)  # fmt: skip
def test_a_fallback_is_idle_behind_a_method_not_behind_a_member_of_its_name(name: str) -> None:
    found = [
        is_fallback_without_effect(tree, next(find_operations(tree, "??")))
        for tree in map(SyntaxTree, (f"x = 客户.{name}(f) ?? 1", f"x = 客户.{name} ?? 1"))
    ]

    assert found == [True, False]


def make_reader(source: str) -> SlipReader:
    """Return the reader of a script."""
    tree = SyntaxTree(source)
    scopes = Scopes(tree)
    return SlipReader(tree, scopes, Values(tree, scopes))


@pytest.mark.parametrize(
    ("source", "implied"),
    [
        ("if (a !== 0) return; if (a === 0) b();", True),
        ("if (a === 0) return; if (a !== 0) b();", True),
        ("if (a < 0) throw c; if (a >= 0) b();", False),  # NaN
        ("if (a <= 0) { c(); return; } if ((a) > 0) b();", False),  # NaN
        ("if (a > 0) { c(); return; } if (a < 0) b();", False),
        ("if (a < c) return; if (a >= c) b();", False),  # NaN
        ("if (a < c) return; if (c <= a) b();", False),  # NaN
        ("if (a < c) return; if (a > c) b();", False),
        ("if (a === c) return; if (c !== a) b();", True),
        ("if (a !== 0) return; const c = 1; if (a === 0) b();", True),
        ("if (a.d !== 0) return; a.d = c; if (a.d === 0) b();", False),
        ("if (a.d !== 0) return; if (a.d === 0) a.d = 1;", True),
        ("if (a !== 0) d(); if (a === 0) b();", False),
        ("if (a !== 0) return; else d(); if (a === 0) b();", True),
        ("if (a === 0) d(); else return; if (a === 0) b();", True),
        ("if (a.d === 0) a.d = c; else return; if (a.d === 0) b();", False),
        ("if (a !== 0) return; if (a !== 0) b();", False),
        ("if (a !== 0) return; if (a === 1) b();", False),
        ("if (a !== 0) {} if (a === 0) b();", False),
        ("if (a) return; if (!a) b();", True),
        ("if (a) { if (a) b(); }", True),
        ("if (a.d) { a.d = c; if (a.d) b(); }", False),
        ("if (a.d) { while (c) { if (a.d) b(); a.d = c; } }", False),
        ("if (a.d) b(); else { a.d = c; if (!a.d) b(); }", False),
        ("if (a) b(); else if (!a) c();", True),
        ("if (a || b) return; if (!b) c();", True),
        ("if (a && b) return; if (!b) c();", False),
        ("if (a && b) return; if (b) { if (!a) c(); }", True),
        ("if (a == null) return; if (a !== undefined) c();", True),
        ("if (a == null) return; if (a) c();", False),
        ("if (a === '甲') { if (a) c(); }", True),
        ("if (a !== '甲') { if (a) c(); }", False),
        ("if (a) return; const c = () => { if (!a) b(); };", False),
        ("if (a.d) return; if (!a.d) b();", True),
        ("if (a.d) return; f(); if (!a.d) b();", False),
        ("if (a.d) return; f(a); if (!a.d) b();", False),
        ("if (a.d) return; Number(c); if (!a.d) b();", True),
        ("const f = () => { a.d = 0; }; if (a.d) return; f(); if (!a.d) b();", False),
        ("const f = () => c; if (a.d) return; f(); if (!a.d) b();", True),
        ("d(); if (a === 0) b();", False),
    ],
)
def test_a_condition_is_implied_by_what_was_asked_before(source: str, *, implied: bool) -> None:
    reader = make_reader(source)
    *_, branch = [node for node in reader.tree.walk() if node.type == "if_statement"]
    condition = strip_parentheses(branch.child_by_field_name("condition"))
    assert condition is not None

    assert can_be(reader, condition, is_denied=True) == (not implied)


NEEDED = [
    # a script, and whether the last fallback of it may be needed
    ("if (!a && !b) return; x = a || b || 1;", False),
    ("if (!(a || b)) throw c; x = a || b || 1;", False),
    ("for (c of d) { if (!a && !b) continue; x = a || b || 1; }", False),
    ("if (!a && !b) { x = 0; } else { x = a || b || 1; }", False),
    ("if (a || b) x = a || b || 1;", False),
    ("if (!a) return; x = a || b || 1;", False),
    ("if (!a || !b) return; x = b || 1;", False),
    ("if (!a && !b) return; x = a || 1;", True),
    ("if (!a && !b) f(); x = a || b || 1;", True),
    ("if (a || b) {} else { x = a || b || 1; }", True),
    ("x = a ? a || 1 : 2;", False),
    ("a && f(a || 1);", False),
    ("b || f(b || 1);", True),
    ("if (a == null) return; x = a ?? 1;", False),
    ("if (a === undefined || a === null) return; x = a ?? 1;", False),
    ("if (a == null) return; x = a || 1;", True),
    ("if (a === null) return; x = a ?? 1;", True),
    ("if (!a) return; x = a ?? 1;", False),
    ("if (a === '') return; x = a || 1;", True),
    ("if (a === '甲') x = a || 1;", False),
    ("if (a == '0') x = a || 1;", True),
    ("if (a > 0) x = a || 1;", False),
    ("if (a >= 0) x = a || 1;", True),
    ("if (a <= 0) return; x = a || 1;", True),  # NaN
    ("if (!a.length) return; x = a || 1;", False),
    ("if (a.length > 0) x = a || 1;", False),
    ("if (!form.a.trim()) return; x = form.a || 1;", False),
    ("if (!a?.b) return; x = a.b || 1;", False),
    ("if (!a.b) return; a.b = c; x = a.b || 1;", True),
    ("if (!a.b) return; a.b = a.b || 1;", False),
    ("if (!a.b) { a.b = 0; return; } x = a.b || 1;", False),
    ("if (!a.b) return; while (c) { x = a.b || 1; a.b = c; }", True),
    ("if (!a) return; const f = () => a || 1;", True),
    ("if (!f()) return; x = f() || 1;", True),
    ("x = a || 1;", True),
]


@pytest.mark.parametrize(("source", "needed"), NEEDED)
def test_a_fallback_is_idle_where_a_condition_before_it_decides(
    source: str, *, needed: bool
) -> None:
    reader = make_reader(source)
    last = max(
        find_operations(reader.tree, "??", "||"), key=lambda node: (node.start_byte, node.end_byte)
    )

    assert can_need_fallback(reader, last) == needed
    text = reader.tree.get_source(last)
    kinds = [one.kind for one in read_mutants(reader.tree) if one.old == text]
    assert ("fallback" in kinds) == needed


@pytest.mark.parametrize(
    ("source", "equal"),
    [
        ("if (a === 1) return; x = a > 1;", False),
        ("if (a <= 1) return; if (a >= 1) b();", False),
        ("if (a < 1) return; if (a > 1) b();", True),
        ("if (a !== b) { if (a > b) c(); }", False),
        ("x = a > b;", True),
    ],
)
def test_a_comparison_has_no_boundary_where_equal_sides_have_left(
    source: str, *, equal: bool
) -> None:
    reader = make_reader(source)
    *_, last = find_operations(reader.tree, ">", ">=")

    assert can_have_equal_sides(reader, last) == equal


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        ("if (!a) return; if (a && b) c();", ["b"]),
        ("if (a) return; if (a || b) c();", ["b"]),
        ("if (a === 1 && a) c();", ["a === 1"]),
        ("if (a !== null && a) c();", ["a"]),
        ("if (!a && !b) return; if (a || b) c();", ["b", "a"]),
        ("if (!a) return; if (a || b) c();", ["a"]),
        ("if (a && b) c();", ["b", "a"]),
    ],
)
def test_only_a_part_that_decides_is_left_out(source: str, parts: list[str]) -> None:
    found = [one for one in read_mutants(SyntaxTree(source)) if one.new.startswith("(")]

    assert [one.about for one in found if one.start > source.rindex("if")] == parts


@pytest.mark.parametrize(
    ("source", "same"),
    [
        ("x = a > b ? a : b", True), ("x = a > b ? b : a", True), ("x = (a > b) ? (b) : a", True),
        ("x = a > b ? a : c", False), ("x = a > b ? a : 0", False), ("x = a > 0 ? a : -a", True),
        ("x = a < 0 ? -a : a", True), ("x = a < 1 ? -a : a", False), ("x = a < 0 ? -b : a", False),
        ("if (a > b) a = b", True), ("if (a > b) { a = b; }", True), ("if (a > b) b = a", True),
        ("if (a > b) { a = b; /* 小的 */ }", True),
        ("if (a > b) { a = b; c = 1; }", False), ("if (a > b) a = b; else c = 1", False),
        ("if (a > b) a -= b", False),
        ("if (a > b) {}", False), ("if (a > b) c = b", False), ("if (a > b) f(a)", False),
        ("x = a > b", False), ("f(a > b)", False), ("while (a > b) a = b", False),
        ("l.sort((p, q) => p.n > q.n ? 1 : -1)", True), ("l.toSorted((p, q) => p > q)", True),
        ("l.filter(p => p > q)", False), ("sort((p, q) => p > q)", False),
        ("l.sort(f, (p, q) => p > q)", True), ("if ((a > b)) a = b", True),
    ],
)  # fmt: skip
def test_at_equality_both_ways_come_to_the_same(source: str, *, same: bool) -> None:
    tree = SyntaxTree(source)

    assert gives_same_result_for_equal_sides(tree, next(find_operations(tree, ">", "<"))) == same


@pytest.mark.parametrize(
    ("comment", "kinds", "wrong"),
    [
        ("// bpmax-ignore-next args-swap: 对称", ("args-swap",), ""),
        ("//bpmax-ignore-next args-swap 对称", ("args-swap",), ""),
        ("/* bpmax-ignore-next args-swap : 对称 */", ("args-swap",), ""),
        ("// bpmax-ignore-next args-swap ,argument, field-write: 对称",
         ("args-swap", "argument", "field-write"), ""),
        ("// bpmax-ignore-next args-swap,argument,field-writ: 对称",
         ("args-swap", "argument", "field-writ"), "no kind 'field-writ'"),
        ("// bpmax-ignore-next args-swap:", ("args-swap",), "a reason is missing"),
        ("// bpmax-ignore-next args-swap:   ", ("args-swap",), "a reason is missing"),
        ("// bpmax-ignore-next", (), "a reason is missing"),
        ("// bpmax-ignore-next: 对称", (), "a reason is missing"),
        ("// bpmax-ignore-next 对称", ("对称",), "no kind '对称'"),
        ("// bpmax-ignore-next Args-Swap: 对称", ("Args-Swap",), "no kind 'Args-Swap'"),
        ("// bpmax-ignore-next args-swap：对称", ("args-swap",), ""),
        ("// bpmax-ignore-next args-swap，argument、 field-write ： 对称：甲乙",
         ("args-swap", "argument", "field-write"), ""),
        ("// bpmax-ignore-next args-swap 对称，见合同", ("args-swap",), ""),
        ("// bpmax-ignore-next args-swap：", ("args-swap",), "a reason is missing"),
        ("// bpmax-ignore-next ：对称", (), "a reason is missing"),
        ("// bpmax-ignore-next args-swap，互换：对称", ("args-swap", "互换"), "no kind '互换'"),
    ],
)  # fmt: skip
def test_a_comment_has_kinds_and_a_reason(comment: str, kinds: tuple[str, ...], wrong: str) -> None:
    [found] = read_ignore_comments(SyntaxTree(f"{comment}\n核对(a, b);\n", "x.js"))

    assert (found.kinds, found.line, found.wrong.startswith(wrong)) == (kinds, 2, True)
    assert bool(found.wrong) == bool(wrong)
    assert wrong or found.reason.startswith("对称")


@pytest.mark.parametrize(
    "comment",
    [
        "// bpmax-ignore-nextargs-swap: x",
        "// bpmax-ignore: x",
        "'bpmax-ignore-next'",
        "// 见 bpmax-ignore-next",
    ],
)
def test_what_is_no_such_comment_says_nothing(comment: str) -> None:
    assert list(read_ignore_comments(SyntaxTree(f"{comment}\n核对(a, b);\n"))) == []


def test_a_comment_speaks_of_the_next_line_of_its_file_and_of_its_kinds() -> None:
    first, second = (
        "// bpmax-ignore-next args-swap: 对称",
        "/* bpmax-ignore-next argument:\n 对称 */",
    )
    text = f"\n{first}\nf(a, b);\n{second}\ng(1);\n"
    ignored = IgnoreCommentIndex(read_ignore_comments(SyntaxTree(text, "x.js")))
    covered = [
        (kind, line)
        for kind in ("args-swap", "argument")
        for line in range(1, 8)
        if ignored.is_ignored(kind, Place("x.js", line, 9))
    ]

    assert covered == [("args-swap", 3), ("argument", 6)]
    assert not ignored.is_ignored("args-swap", Place("y.js", 3, 9))
    assert list(ignored.find_unused()) == []


def test_each_comment_that_left_nothing_out_is_said_and_each_wrong_one() -> None:
    line = "// bpmax-ignore-next args-swap: 对称\n1;\n"
    ignored = IgnoreCommentIndex(read_ignore_comments(SyntaxTree(line * 3, "x.js")))
    assert ignored.is_ignored("args-swap", Place("x.js", 4, 1))
    assert [one.place.line for one in ignored.find_unused() if one.place] == [1, 5]

    with pytest.raises(ConfigError) as caught:
        IgnoreCommentIndex(
            read_ignore_comments(SyntaxTree(line + line.replace(": 对称", "") * 2, "x.js"))
        )
    assert [one.place.line for one in caught.value.problems if one.place] == [3, 5]


@pytest.mark.parametrize(("count", "kept"), [(0, 0), (1, 1), (3, 3), (4, 3), (7, 3)])
def test_the_newest_verdicts_are_kept(
    tmp_path: Path, count: int, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache_module, "_MOST_KEPT", 3)
    cache = VerdictCache(tmp_path)
    keys = [bytes([number]) for number in range(count)]
    for key in keys:
        cache.add(key, StoredVerdict(key, "killed", killer="一", cause=""))
        assert cache.find(key) is None
    cache.save()

    again = VerdictCache(tmp_path)
    assert [key for key in keys if again.find(key)] == keys[count - kept :]
    assert (tmp_path / ".bpmax/challenge").exists() == bool(count)


def test_two_processes_keep_what_both_found(tmp_path: Path) -> None:
    one, two = VerdictCache(tmp_path), VerdictCache(tmp_path)
    one.add(b"1", StoredVerdict(b"a", "survived"))
    two.add(b"1", StoredVerdict(b"b", "killed"))
    two.add(b"2", StoredVerdict(b"c", "killed"))
    one.save()
    two.save()

    found = VerdictCache(tmp_path)
    assert [found.find(key) for key in (b"1", b"2", b"3")] == [
        StoredVerdict(b"b", "killed"), StoredVerdict(b"c", "killed"), None,
    ]  # fmt: skip


def test_each_part_of_a_digest_counts_and_so_does_their_border() -> None:
    parts = [(), ("",), (None,), (0,), ("a", "b"), ("ab",), ("b", "a"), (("a", "b"),), ("\udc80",)]

    assert len({digest_parts(*one) for one in parts}) == len(parts)


WRITES = """\
version: 1
scenario: 写入
form: {scripts: {change.编号: submit.js}, fields: {编号: "", 结果: null}}
steps: [{set: {编号: "7"}}]
"""


@pytest.mark.parametrize(
    ("value", "other", "same"),
    [
        ("1", "1.0", True),
        ("[{数: NaN}]", "[{数: 0 / 0}]", True),
        ("0", "-0", True),
        ("1", "true", False),
        ("0", "false", False),
        ("0", "''", False),
        ("0", "null", False),
        ("[{勾: 1}]", "[{勾: true}]", False),
        ("{勾: [0]}", "{勾: [false]}", False),
        ("[1, 2, 3]", "[1, 2, 4]", False),
        ("[1, 2, 3]", "[1, 2]", False),
        ("{甲: null}", "{}", False),
    ],
)
def test_a_value_of_another_kind_is_another_result_however_deep(
    tmp_path: Path, value: str, other: str, *, same: bool
) -> None:
    base = measure_baseline(load_item(tmp_path, WRITES, submit=f"form.结果 = {value};\n"))
    (name,) = {body.name for body in base.item.subjects.script_and_flow_files}
    run = run_variant(base, Variant(scripts={name: f"form.结果 = {other};\n"}))

    found = list(find_divergences(0, base, run))
    assert [one.place for one in found] == ([] if same else ["form.结果"])


@pytest.mark.parametrize(
    ("file", "counts"),
    [
        ("cassettes/订单.yaml", False),
        ("cassettes/写入.yaml", False),
        ("cassettes/订单.scenario.yaml", False),
        ("cassettes/auth/erp.default.yaml", True),
        ("cassettes/auth/深/erp.yaml", True),
        ("scenarios/platforms/crm.yaml", True),
        ("scenarios/别的.js", False),
    ],
)
def test_a_verdict_depends_on_the_files_that_a_run_may_read(
    tmp_path: Path, file: str, *, counts: bool
) -> None:
    base = measure_baseline(load_item(tmp_path, WRITES, submit="form.结果 = 1;\n"))
    before = digest_baseline(base)
    own = f"cassettes/{base.item.cassette}.yaml"
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)

    path.write_text("a: 1\n", encoding="utf-8")
    first = digest_baseline(base)
    path.write_text("a: 2\n", encoding="utf-8")

    assert (before != first, first != digest_baseline(base)) == (counts or file == own,) * 2
