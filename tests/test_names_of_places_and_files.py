"""Spellings of places, paths of APIs and names of files, each at the edge of its rule."""

from __future__ import annotations

import os
import sys
import unicodedata
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from msgspec import UNSET

from bpmax_sim import file_system
from bpmax_sim.errors import ConfigError
from bpmax_sim.field_path import (
    FieldPath,
    Wildcard,
    contains_path,
    find_objects_without,
    find_values_at,
    format_path,
    get_nested,
    parse_plain_steps,
    parse_quoted_steps,
    split_body_path,
    with_member,
    without_paths,
)
from bpmax_sim.file_names import (
    NOWHERE,
    RelativeFileNameRewriter,
    build_cassette_name,
    find_case_conflicts,
    find_case_variant,
    to_file_name,
    to_node_id_part,
    to_relative_name,
)
from bpmax_sim.file_version import read_version
from bpmax_sim.path_template import (
    compile_path_template,
    encode_value,
    fill_placeholders,
    has_trailing_slash,
    list_placeholders,
    quote_invalid_path_characters,
    split_decoded_segments,
)

ALL = Wildcard.ALL


def digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


# ---------------------------------------------------------------------------- places


def test_a_place_of_a_request_is_read_into_names_and_indexes() -> None:
    texts = {
        "header.X-A.Y": ("header", "x-a", "y"),
        'header["X A"][0]': ("header", "x a", 0),
        "query.X-A": ("query", "X-A"),
        "path": ("path",),
        'body.明细[*]."x"': None,
        'body["a.b"].*[12]': ("body", "a.b", ALL, 12),
        r'body["引\"号"]': ("body", '引"号'),
        "cookie.sid": None,
        ".body.a": None,
        '["body"].a': None,
        "[0].body": None,
        "body a": None,
        "body.a[": None,
        "bodya[0]": None,
        "body.[0]": ("body", 0),
    }
    read: dict[str, Any] = {}
    for text in texts:
        try:
            read[text] = tuple(FieldPath.parse(text, "ignore"))
        except ConfigError as error:
            read[text] = None
            assert str(error) == (  # noqa: PT017
                f"ignore: {text!r} is not a path; write path, query.<name>, header.<name> or "
                "body.<name>, such as body.items[*].ts"
            )
    assert read == texts
    with pytest.raises(ConfigError) as refused:
        FieldPath.parse(r'body["\x"]', "redact")
    assert str(refused.value) == r'redact: "\x" is not a name in quotes as JSON has them'
    assert parse_quoted_steps('"订单 号".a', "path") == ()
    assert parse_quoted_steps('["订单 号"][0]', "path") == ("订单 号", 0)
    assert parse_quoted_steps("", "path") == ()


def test_a_place_of_a_response_is_read_as_platform_files_write_it() -> None:
    read = FieldPath.from_declared_response_place
    texts = (
        "header: X-Code ",
        "cookie: SID ",
        "cookies",
        "cookie",
        "$",
        "$.data[0].token",
        "data['a b'].x",
        "$['']",
        "['x']",
        "data.0",
        "$..x",
        "$.a[*]",
        "$.a[?(@.b)]",
        "form:x",
        "data.a-b",
        "header",
        "",
    )

    assert [found if (found := read(text)) is None else tuple(found) for text in texts] == [
        ("header", "x-code"),
        ("cookie", "SID"),
        ("cookie",),
        ("body", "cookie"),
        ("body",),
        ("body", "data", 0, "token"),
        ("body", "data", "a b", "x"),
        ("body", ""),
        ("body", "x"),
        None,
        None,
        None,
        None,
        None,
        ("body", "data", "a-b"),
        ("body", "header"),
        None,
    ]


def test_a_place_of_auth_or_of_a_parameter_splits_at_dots_in_a_body_alone() -> None:
    auth, parameter = FieldPath.from_auth_place, FieldPath.from_parameter

    assert [
        tuple(auth(text)) for text in ("header.X-T", "query.A.b", "body.a.B", "body", "body.$")
    ] == [
        ("header", "x-t"),
        ("query", "A.b"),
        ("body", "a", "B"),
        ("body",),
        ("body",),
    ]
    assert tuple(auth('body.["a.b"].c')) == ("body", "a.b", "c")
    assert tuple(auth("query.[0]")) == ("query", "[0]")
    assert tuple(parameter("path", "ID")) == ("path", "ID")
    assert tuple(parameter("header", "A.B")) == ("header", "a.b")
    assert [split_body_path(text) for text in ("$", ".", "a.b", "$.a", "")] == [
        (),
        (),
        ("a", "b"),
        ("$", "a"),
        ("",),
    ]


def test_a_place_tells_its_parts_and_is_written_to_be_read_again() -> None:
    steps = ("body", "明细", 0, ALL, "a.b", "x*", "")
    place = FieldPath(steps)

    assert str(place) == format_path(steps) == 'body.明细[0][*]["a.b"]["x*"][""]'
    assert tuple(FieldPath.parse(str(place), "ignore")) == steps
    assert (place.root, place.top_name, place.steps_below_root) == ("body", "明细", steps[1:])
    assert (FieldPath(("body",)).top_name, FieldPath(("body", 3)).top_name) == ("", "3")
    assert format_path(["a b", "c"]) == '["a b"].c'
    assert parse_plain_steps("明细[0].数 量[x].9") == ("明细", 0, "数 量", "x", "9")


def test_a_place_that_no_request_can_have_says_why() -> None:
    parameters = ("no", "customerId")
    texts = (
        "body.a[0].b",
        "query",
        "header.host",
        "header.Content-Length",
        "header.x-a",
        "path.customerid",
        "path.zzz",
        "path[*]",
        "path.no",
        "query.a[0]",
        "query[0]",
        "query.a.b",
        "query.a[0][1]",
        "header.x-a.y",
        "query.a[*]",
        "query.host",
    )

    assert {
        text: FieldPath.parse(text, "ignore").explain_impossible(parameters) for text in texts
    } == {
        "body.a[0].b": "",
        "query": "",
        "header.host": "the header host is never compared",
        "header.Content-Length": "the header content-length is never compared",
        "header.x-a": "",
        "path.customerid": "the path has no parameter 'customerid'; did you mean 'customerId'?",
        "path.zzz": "the path has no parameter 'zzz'; its parameters are customerId, no",
        "path[*]": "",
        "path.no": "",
        "query.a[0]": "",
        "query[0]": "query has names only; write query.<name>",
        "query.a.b": "query has names only; write query.<name>",
        "query.a[0][1]": "query has names only; write query.<name>",
        "header.x-a.y": "header has names only; write header.<name>",
        "query.a[*]": "",
        "query.host": "",
    }
    assert FieldPath.parse("path.zzz", "ignore").explain_impossible() == (
        "the path has no parameter 'zzz'"
    )


def test_values_are_found_and_covered_by_a_place() -> None:
    body = {
        "明细": [{"电话": "1"}, {"电话": "2"}, 3],
        "客户": {"甲": {"电话": "4"}, "乙": 5},
        "空": [],
    }
    paths: dict[tuple[Any, ...], list[Any]] = {
        (): [body],
        ("明细", ALL, "电话"): ["1", "2"],
        ("客户", ALL, "电话"): ["4"],
        ("明细", 1): [{"电话": "2"}],
        ("明细", 3): [],
        ("明细", "0"): [],
        ("客户", 0): [],
        ("空", ALL): [],
        ("客户", "乙", "x"): [],
    }
    assert {steps: list(find_values_at(body, steps)) for steps in paths} == paths
    assert list(find_objects_without(body, ("明细", ALL, "传真"))) == [
        (2, {"电话": "1"}),
        (2, {"电话": "2"}),
    ]
    assert list(find_objects_without(body, ("无", "x"))) == [(0, body)]
    assert list(find_objects_without(body, ("明细", 9))) == []
    covers = [
        (("body",), ("body", "a")),
        (("body", "a"), ("body",)),
        (("body", ALL), ("body", 0, "x")),
        (("body", 0), ("body", "0")),
        (("body", "a"), ("body", "a")),
    ]
    assert [contains_path(*pair) for pair in covers] == [True, False, True, False, True]
    assert get_nested({"a": {"b": None}}, ["a", "b"]) is None
    assert get_nested({"a": 1}, ["a", "b"]) is UNSET
    assert get_nested({"a": {}}, ["a", "b"]) is UNSET
    assert with_member({"a": 1, "b": {"c": 2}}, ["b", "d"], 3) == {"a": 1, "b": {"c": 2, "d": 3}}
    assert with_member({"a": 1}, ["a", "b"], 3) == {"a": {"b": 3}}
    assert with_member(None, ["a"], 0) == {"a": 0}


def test_places_are_taken_out_of_a_value_with_or_without_what_becomes_empty() -> None:
    value = {"a": {"b": 1}, "c": [{"d": 1}, {"d": 2, "e": 3}, 4], "f": []}
    paths: list[tuple[Any, ...]] = [("a", "b"), ("c", ALL, "d"), ("c", 2)]

    assert without_paths(value, paths) == {"a": {}, "c": [{}, {"e": 3}, None], "f": []}
    assert without_paths(value, paths, prune=True) == {"c": [{"e": 3}, 4], "f": []}
    assert without_paths(value, [("c", 2)], prune=True)["c"] == [{"d": 1}, {"d": 2, "e": 3}]
    assert without_paths(value, [("c", ALL)]) == {"a": {"b": 1}, "c": [], "f": []}
    assert without_paths(value, [("x",), ("a", "b", "c")]) == value
    assert without_paths({"a": 1}, [("a",)]) == {}
    empty: dict[str, Any] = {"f": [], "g": {}}
    assert without_paths(empty, [("f", 0), ("g", "x")], prune=True) == empty
    assert without_paths({"a": 1}, [("a",)], prune=True) is None
    assert without_paths({"a": 1}, [()]) is None
    assert without_paths([1, 2], [(0,)], prune=True) == [2]
    assert value["c"] == [{"d": 1}, {"d": 2, "e": 3}, 4]


# ---------------------------------------------------------------------------- paths of APIs


def test_a_path_matches_segment_by_segment() -> None:
    template = compile_path_template("rooms/{房间}/v{n}.{ext}/{id}/?a={b}")
    paths: dict[str, Any] = {
        "/rooms/%E5%8D%8E%2F%E5%8C%97/v1.json/7": {
            "房间": "华/北",
            "n": "1",
            "ext": "json",
            "id": "7",
        },
        "/rooms/a/v1.2.json/7/": {"房间": "a", "n": "1", "ext": "2.json", "id": "7"},
        "/rooms//v1.json/7": None,
        "/rooms/a/v.json/7": None,
        "/rooms/a/v1json/7": None,
        "/rooms/a/v1.json": None,
        "/rooms/a/v1.json/7/8": None,
        "/Rooms/a/v1.json/7": None,
        "rooms/a/v1.a%0Ab/%ff": {"房间": "a", "n": "1", "ext": "a\nb", "id": "\udcff"},
    }
    assert {path: template.match(path) for path in paths} == paths
    twice = compile_path_template("/{a}/x/{a}")
    assert (twice.match("/1/x/1"), twice.match("/1/x/2")) == ({"a": "1"}, None)
    assert (compile_path_template("").match(""), compile_path_template("/").match("/")) == ({}, {})
    assert template.fill({"房间": "华/北", "n": "~1", "ext": "j-_.", "id": "\udcff"}) == (
        "/rooms/%E5%8D%8E%2F%E5%8C%97/v~1.j-_./%FF/"
    )
    assert template.fill({"n": "1"}) == "/rooms/{房间}/v1.{ext}/{id}/"
    assert compile_path_template("/a b/%41?x").fill({}) == "/a%20b/%41"
    assert list_placeholders("/{a}/{b}/{a}{}/{{c}}") == ("a", "b", "c")
    assert compile_path_template("/{a/b}/c").match("/1/c") == {"a/b": "1"}
    assert compile_path_template("/{a/b}/c").has_slash is False


def test_the_more_literal_of_two_paths_comes_first() -> None:
    paths = ["/{a}/{b}", "/{a}/x", "/x/{a}", "/v{a}/x", "/v{a}/{b}", "/x/y", "/x/{a}{b}"]
    ordered = sorted(paths, key=lambda path: compile_path_template(path).rank)

    assert ordered == ["/x/y", "/x/{a}", "/v{a}/x", "/{a}/x", "/x/{a}{b}", "/v{a}/{b}", "/{a}/{b}"]


def test_every_reading_of_a_path_is_found() -> None:
    readings = {
        ("/{no}-{id}", "/a-b-c"): [{"no": "a", "id": "b-c"}, {"no": "a-b", "id": "c"}],
        ("/{a}{b}", "/xyz"): [{"a": "x", "b": "yz"}, {"a": "xy", "b": "z"}],
        ("/x{a}y", "/xy"): [],
        ("/x{a}y", "/x1y"): [{"a": "1"}],
        ("/x{a}y", "/z1y"): [],
        ("/x{a}y", "/x1z"): [],
        ("/o/{a}-{b}/{c}.{d}", "/o/1-2/3.4.5"): [
            {"a": "1", "b": "2", "c": "3", "d": "4.5"},
            {"a": "1", "b": "2", "c": "3.4", "d": "5"},
        ],
    }
    assert {
        key: list(compile_path_template(key[0]).find_readings(key[1])) for key in readings
    } == readings


def test_values_in_a_path_are_replaced_where_it_matches() -> None:
    template = compile_path_template("/orders/{id}/items/{no}")

    def replace(name: str, value: str) -> str:
        return f"<{name}>" if value == "7" else value

    paths = ("/orders/7/items/8", "/orders/7/items/8/", "/orders/8/items/%38", "/orders/7")
    assert [template.replace_values(path, replace) for path in paths] == [
        "/orders/%3Cid%3E/items/8",
        "/orders/%3Cid%3E/items/8/",
        "/orders/8/items/%38",
        "/orders/7",
    ]
    slashed = compile_path_template("/orders/{id}/")
    assert [slashed.replace_values(path, replace) for path in ("/orders/7", "/orders/7/")] == [
        "/orders/%3Cid%3E",
        "/orders/%3Cid%3E/",
    ]
    assert [has_trailing_slash(path) for path in ("/", "", "/a/", "/a")] == [
        False,
        False,
        True,
        False,
    ]
    assert [split_decoded_segments(path) for path in ("/", "", "/a//b/", "a%2Fb/c")] == [
        (),
        (),
        ("a", "", "b"),
        ("a/b", "c"),
    ]
    assert [encode_value(text) for text in ("a1", "a.b", "客", "1²", "")] == [
        "a1",
        "a.b",
        "%E5%AE%A2",
        "1%C2%B2",
        "",
    ]
    assert quote_invalid_path_characters("/a b?%41~客{") == "/a%20b%3F%41~%E5%AE%A2%7B"
    assert fill_placeholders("/{a}/{b}/{c}", {"a": "1", "b": ""}.get) == "/1//{c}"


# ---------------------------------------------------------------------------- names of files


def test_a_file_name_is_valid_on_every_system_and_stays_distinct() -> None:
    long = "客" * 26  # 78 bytes
    kept = ("付款", "con1", "console", "a.b", "com", "com10", long, f"{long}ab", ".git")
    cut = {
        'a<b>c:d"e/f\\g|h?i*j\t': "a_b_c_d_e_f_g_h_i_j_",
        " a ": "a",
        "  ": "_",
        "": "_",
        "a..": "a_",
        "con": "con",
        "COM1.yaml": "COM1_yaml",
        "lpt².tar.gz": "lpt²_tar.gz",
        "CONIN$": "CONIN$",
        "conout$.x": "conout$_x",
        "nul": "nul",
        "prn.x": "prn_x",
        "aux": "aux",
        f"{long}abc": "客" * 23,
        "a" * 81: "a" * 71,
        f"a.{'b' * 80}": f"a.{'b' * 69}",
    }
    assert {text: to_file_name(text) for text in kept} == {text: text for text in kept}
    assert {text: to_file_name(text) for text in cut} == {
        text: f"{name}-{digest(text)}" for text, name in cut.items()
    }
    assert len(to_file_name("a" * 80)) == 80


def test_a_part_of_a_test_id_is_one_line_without_double_colons() -> None:
    kept = ("付款[一]", "a:b", "x" * 120)
    cut = {
        "a::b": "a:b",
        "a:::::b::c": "a:b:c",
        "a\n\tb": "a b",
        " a ": "a",
        "\n": "",
        "": "",
        "x\u2028y\x85z\ud800": "x y z",
        "x" * 121: "x" * 111,
    }
    assert [*map(to_node_id_part, kept)] == [*kept]
    assert {text: to_node_id_part(text) for text in cut} == {
        text: f"{part}-{digest(text)}" for text, part in cut.items()
    }


def test_names_that_differ_in_case_or_form_only_are_one_file_elsewhere(tmp_path: Path) -> None:
    folder = tmp_path / "cassettes/Crm"
    folder.mkdir(parents=True)
    (folder / "Straße.yaml").touch()
    (folder / "a.yaml").touch()
    decomposed = unicodedata.normalize("NFD", "é")
    (folder / "É.yaml").touch()
    asked: dict[str, str | None] = {
        "Crm/strasse.yaml": "Crm/Straße.yaml",
        "Crm/A.yaml": "Crm/a.yaml",
        "Crm/a.yaml": None,
        "Crm/b.yaml": None,
        "crm/b.yaml": "Crm",
        "new/b.yaml": None,
        f"Crm/{decomposed}.yaml": "Crm/É.yaml",
    }
    home = tmp_path / "cassettes"
    found = {name: find_case_variant(home / name) for name in asked}
    assert {name: one and one.relative_to(home).as_posix() for name, one in found.items()} == asked
    assert find_case_variant(tmp_path / "CASSETTES") == home
    (tmp_path / "Cassettes").mkdir()
    assert find_case_variant(home / "new.yaml") is None
    paths = [Path(name) for name in ("x/a", "x/B", "x/b", "X/a", "x/a", "x/c")]
    assert [(str(a), str(b)) for a, b in find_case_conflicts(paths)] == [
        ("x/B", "x/b"),
        ("x/a", "X/a"),
    ]


def test_a_cassette_is_named_after_its_scenario_unless_it_has_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    inner = tmp_path / "scenarios/crm/付款.scenario.yaml"
    files = [
        build_cassette_name(tmp_path, inner, "", ""),
        build_cassette_name(tmp_path, Path("scenarios/付款.scenario.yaml"), "", "第1行"),
        build_cassette_name(tmp_path, tmp_path / "other/付款.scenario.yaml", "", ""),
        build_cassette_name(tmp_path, tmp_path / "scenarios2/付款.scenario.yaml", "", ""),
        build_cassette_name(tmp_path, inner, "共享/all.yaml", "a/b"),
        build_cassette_name(tmp_path, inner, "/共享//all.yaml.yaml", ""),
    ]
    assert files == [
        "crm/付款",
        "付款/第1行",
        "付款",
        "付款",
        f"共享/all/a_b-{digest('a/b')}",
        "共享/all.yaml",
    ]


def test_names_of_files_are_told_relative_to_the_folder_of_a_scenario(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    home = tmp_path / "scenarios"
    names = ["scenarios/a.js", "scenarios/a.js.map", "lib.js", "scenarios/a.js"]
    several = RelativeFileNameRewriter(str(home), names)
    one = RelativeFileNameRewriter(str(home), ["scenarios/a.js"])
    text = "at scenarios/a.js.map:1, scenarios/a.js:2, lib.js:3, x/lib.js"

    assert several.rewrite_names(text) == "at a.js.map:1, a.js:2, ../lib.js:3, x/../lib.js"
    assert several.rewrite_names("lib.js") == "../lib.js"
    assert several.rewrite_names("lib.j") == "lib.j"
    assert one.rewrite_names("scenarios/a.js") == "a.js"
    assert one.rewrite_names(text) == text.replace("scenarios/", "")
    assert RelativeFileNameRewriter(str(home)).rewrite_names(text) == text
    assert NOWHERE.rewrite_names(text) == text
    assert [NOWHERE.to_relative_name("./lib.js"), one.to_relative_name("")] == ["./lib.js", ""]
    assert [
        to_relative_name("a/b"),
        to_relative_name("a", "b"),
        to_relative_name(home / "x", home),
    ] == [
        "a/b",
        "../a",
        "x",
    ]
    assert one.to_relative_name("lib.js") == "../lib.js"
    monkeypatch.chdir(home.parent.parent)
    assert one.to_relative_name(f"{tmp_path.name}/lib.js") == "../lib.js"


def test_a_word_of_a_command_is_quoted_where_a_shell_needs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = {
        "付款.yaml": "付款.yaml",
        "a/b:c@d%e+f,g=h-i": "a/b:c@d%e+f,g=h-i",
        "a b": '"a b"',
        "": '""',
        "a'b": '"a\'b"',
        "a$b": "'a$b'",
        'a"b': "'a\"b'",
        "a!b": "'a!b'",
        "a`b": "'a`b'",
        r"a\b": r"'a\b'",
        "a&b": '"a&b"',
    }
    assert {word: file_system.shell_quote(word) for word in words} == words
    monkeypatch.setattr(sys, "platform", "win32")
    on_windows = {
        "a b": '"a b"',
        'a "b"': r'"a \"b\""',
        "a\\ b\\": '"a\\ b\\\\"',
        'a\\"': r'"a\\\""',
    }
    assert {word: file_system.shell_quote(word) for word in on_windows} == on_windows
    assert file_system.to_slashes("a/b") == "a/b"


def test_a_file_that_somebody_wrote_meanwhile_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    absent = read_version(path)
    absent.require_unchanged()
    path.write_bytes(b"1")
    written = read_version(path)
    written.require_unchanged()
    path.write_bytes(b"1")
    written.require_unchanged()
    folder, pipe = tmp_path / "d", tmp_path / "p"
    folder.mkdir()
    os.mkfifo(pipe)

    assert (absent.digest, written.digest) == (b"", sha256(b"1").digest())
    assert [read_version(one).digest for one in (folder, pipe)] == [b"", b""]
    for before, content in ((absent, b"1"), (written, b"2")):
        path.write_bytes(content)
        with pytest.raises(ConfigError) as refused:
            before.require_unchanged()
        assert str(refused.value) == (
            f"{path}: somebody wrote it since this command read it, so it stays as it is; run "
            "the command again"
        )
    path.unlink()
    with pytest.raises(ConfigError):
        written.require_unchanged()


def test_a_lock_is_held_by_one_only(tmp_path: Path) -> None:
    before = {*file_system._held}  # of what else this process runs
    with file_system.lock_folder(tmp_path):
        held = file_system._held - before
        other = os.open(tmp_path, os.O_RDONLY)
        assert not file_system.try_lock(other)
        os.close(other)
    other = os.open(tmp_path, os.O_RDONLY)
    assert file_system.try_lock(other)
    os.close(other)
    assert held
    assert not held & file_system._held
