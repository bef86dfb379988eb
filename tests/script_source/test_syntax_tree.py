"""Places, literals and errors of a parsed script, at its first and last characters."""

from __future__ import annotations

from bpmax_sim.errors import Place
from bpmax_sim.script_source.syntax import LONGEST, SyntaxTree, find_end_of_code


def test_a_place_counts_lines_of_every_kind_and_columns_in_characters() -> None:
    tree = SyntaxTree("甲();\r\n乙();\r丙();\n  𝒳()\n", "单.js")
    calls = [node for node in tree.walk() if node.type == "call_expression"]

    assert [str(tree.find_place(node)) for node in calls] == [
        "单.js:1:1", "单.js:2:1", "单.js:3:1", "单.js:4:3",
    ]  # fmt: skip
    at = [(1, 1), (1, 2), (2, 1), (4, 3), (4, 4), (5, 1), (6, 1), (9, 9)]
    found = [tree.find_node_at(Place("单.js", *place)) for place in at]
    kinds = [node.type if node is not None else None for node in found]
    assert kinds[:5] == ["identifier", "(", "identifier", "identifier", "("]
    assert kinds[5:] == ["program", "program", "program"]
    assert tree.find_line_and_byte_column(len("甲();\r\n乙".encode())) == (2, 4)
    assert tree.get_bytes_between(3, 5) == b"()"
    assert tree.get_bytes_between(len("甲();\r\n乙();\r丙();\n  𝒳".encode()), None) == b"()\n"


def test_a_literal_has_the_value_that_the_engine_gives_it() -> None:
    values = {
        r"'\u{4e2d}\u4e2d\x41'": "中中A",
        r"'\n\t\r\b\f\v\0\q\'\\'": "\n\t\r\b\f\v\0q'\\",
        "'一\\\n二\\\r\n三'": "一二三",
        r"'\u{10ffff}\u{0}'": "\U0010ffff\0",
        "`甲`": "甲",
        "`甲${1}`": None,
        "''": "",
        "5": None,
        "名": None,
    }
    found = {}
    for source in values:
        tree = SyntaxTree(f"({source})")
        found[source] = tree.read_literal_text(
            tree.root.named_children[0].named_children[0].named_children[0]
        )

    assert found == values


def test_what_is_inserted_into_a_script_may_break_it() -> None:
    tree = SyntaxTree("const 甲 = 1;\nif (甲) { go(甲); }\nreturn 甲;")
    start = len("const 甲 = ".encode())
    broken = {
        new: tree.has_error_with(start, start + 1, new.encode()) for new in ("2", "(2", "", "")
    }
    call = len("const 甲 = 1;\nif (甲) { ".encode())

    assert broken == {"2": False, "(2": True, "": True}
    assert not tree.has_error_with(call, call, b"await ")
    assert tree.has_error_with(call, call, b"} ")
    assert not tree.has_error_with(0, 0, b"let x; ")
    assert SyntaxTree("const = 1; go();").has_error_with(11, 11, b"x")


def test_the_end_of_code_is_before_the_comments_at_its_end() -> None:
    ends = {}
    for text in (
        "go() // 注",
        "go() /* 注 */",
        "go(1); // 注",
        "if (a) b() // 注",
        "a\n// 注\n.b /* 注 */",
    ):
        tree = SyntaxTree(text)
        end = find_end_of_code(tree.root.named_children[0])
        ends[text] = tree.get_bytes_between(0, end).decode()

    assert ends == {
        "go() // 注": "go()",
        "go() /* 注 */": "go()",
        "go(1); // 注": "go(1);",
        "if (a) b() // 注": "if (a) b()",
        "a\n// 注\n.b /* 注 */": "a\n// 注\n.b",
    }


def test_a_script_is_read_up_to_a_length_and_past_half_a_character() -> None:
    half = SyntaxTree("form.a = '\ud800'; go('中')")

    assert not half.root.has_error
    assert [half.get_source(node) for node in half.walk() if node.type == "string"] == [
        "'???'",
        "'中'",
    ]
    assert SyntaxTree(" " * (LONGEST - 1) + "a").text != ""
    assert SyntaxTree(" " * LONGEST + "a").text == ""
    assert [*SyntaxTree("go(;").find_syntax_errors()] == [Place("script.js", 1, 4)]
    assert [*SyntaxTree("go(").find_syntax_errors()] == [Place("script.js", 1, 1)]
    assert [*SyntaxTree("go()").find_syntax_errors()] == []
