"""Pieces of a console in any order, doubled, lost or damaged; a file of marks at its edges."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.errors import ConfigError
from bpmax_sim.i18n import translate
from bpmax_sim.live.calibration_file import MARKS, read_rule_marks, render_rule_marks
from bpmax_sim.live.capture import BEGIN, END, remove_capture_lines, render_capture_lines
from bpmax_sim.live.console import contains_captured_records, decode_console, read_console
from bpmax_sim.live.echo import make_echo_response
from bpmax_sim.live.javascript_text import to_javascript
from bpmax_sim.live.judge import (
    CalibrationDifference,
    CalibrationResult,
    RuleMark,
    describe_workaround,
)
from bpmax_sim.messages import Request

BEGINNING = {"e": "begin", "version": 1}
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def write_base_36(number: int) -> str:
    text = ""
    while number or not text:
        number, digit = divmod(number, 36)
        text = DIGITS[digit] + text
    return text


def write_pieces(run: str, record: int, value: Any, size: int = 400) -> list[str]:
    """Return the lines of *value* as the script in a browser writes them."""
    body = json.dumps(value, separators=(",", ":")).replace(" ", "\\u0020")
    total = 0
    for sign in body:
        total = (total * 31 + ord(sign)) % 2**32
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    check = write_base_36(total)
    return [
        f"~bpmax:{run}.{record}.{number}.{len(parts)}.{check}:{part}~"
        for number, part in enumerate(parts, 1)
    ]


def write_run(run: str, *records: Any, size: int = 400) -> list[str]:
    return [
        line
        for number, value in enumerate((BEGINNING, *records), 1)
        for line in write_pieces(run, number, value, size)
    ]


CALL = {"e": "call", "客户": "张三" * 40}


@pytest.mark.parametrize("size", [9, 11, 100, 3900])
def test_pieces_are_put_together_in_any_order_and_once(size: int) -> None:
    lines = write_run("abc-1", CALL, {"e": "end"}, size=size)

    for order in (lines, lines[::-1], [*lines, *lines], [*lines[1:], lines[0], lines[2]]):
        (run,) = read_console("\n".join(order))
        assert (run.name, run.records, run.notes) == (
            "abc-1",
            (BEGINNING, CALL, {"e": "end"}),
            (),
        )
    assert run.begin_record == BEGINNING


def describe(text: str) -> list[tuple[str, list[Any], list[str]]]:
    return [
        (run.name, [record["e"] for record in run.records], [translate(note) for note in run.notes])
        for run in read_console(text)
    ]


def lacking(run: str, number: int) -> str:
    return f"run {run}: line {number} is lacking or damaged"


def test_runs_come_in_the_order_of_their_beginning_and_without_it_not_at_all() -> None:
    first, second, third = (write_run(name, {"e": "call"}) for name in ("b-2", "a-1", "c-10"))
    headless = write_run("d-4", {"e": "call"})[1:]
    text = "\n".join([first[0], second[0], *headless, *third, second[1], first[1]])

    assert describe(text) == [(name, ["begin", "call"], []) for name in ("b-2", "a-1", "c-10")]


@pytest.mark.parametrize(
    ("damage", "records", "notes"),
    [
        (lambda text: text, ["begin", "a", "b", "c"], []),
        (lambda text: text.replace('"a"', '"x"'), ["begin", "b", "c"], [2]),
        (lambda text: text.replace('"c"', '"x"'), ["begin", "a", "b"], [4]),
        (lambda text: text.replace(".3.1.1.", ".3.1.2."), ["begin", "a", "c"], [3]),
        (lambda text: text.replace(".3.1.1.", ".5.1.1."), ["begin", "a", "c", "b"], [3]),
        (lambda text: text.replace("-1.2.", "-1.2222222."), ["begin", "b", "c"], [2]),
        (lambda text: text.replace(".2.1.1.", ".7.1.1."), ["begin", "b", "c", "a"], [2, 5, 6]),
    ],
)
def test_a_record_that_is_damaged_is_told_and_the_others_stay(
    damage: Any, records: list[str], notes: list[int]
) -> None:
    text = "\n".join(write_run("r-1", *({"e": name} for name in "abc")))

    assert describe(damage(text)) == [("r-1", records, [lacking("r-1", n) for n in notes])]


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["客户 ~bpmax: ~"],
        write_run("r-1", CALL)[1:],
        write_pieces("r-1", 1, {"e": "call", "version": 1}),
        write_pieces("r-1", 1, ["begin", 1, 2]),
        write_pieces("r-1", 1, "begin and more"),
        [line.replace("begin", "begun") for line in write_run("r-1")],
        [line.replace("r-1", "R-1") for line in write_run("r-1")],
        [line.replace("r-1", "r") for line in write_run("r-1")],
    ],
)
def test_a_console_without_a_beginning_is_refused(lines: list[str]) -> None:
    with pytest.raises(ConfigError, match="no line of `bpmax-sim capture`"):
        read_console("\n".join(lines))


@pytest.mark.parametrize("version", [0, 2, None, "1"])
def test_the_lines_of_another_version_are_refused(version: Any) -> None:
    with pytest.raises(ConfigError, match=f"written by version {version} of"):
        read_console("\n".join(write_pieces("r-1", 1, {"e": "begin", "version": version})))


@pytest.mark.parametrize(
    ("text", "is_captured"),
    [
        ("~bpmax:123456789~", True),
        ("~ b p\nm a\t x :123456789~", True),
        ("~bpmax:12345678~", False),
        ("~bpmax:123456789", False),
        (f"~bpmax:{'x' * 4000}~", True),
        (f"~bpmax:{'x' * 4001}~", False),
        ("~BPMAX:123456789~", False),
        ("", False),
    ],
)
def test_a_piece_is_known_by_its_mark_and_length(text: str, is_captured: bool) -> None:
    assert contains_captured_records(text) == is_captured


@pytest.mark.parametrize("text", ["客户 张三 ~bpmax:", "㐀𠮷", "", "plain"])
@pytest.mark.parametrize(
    ("codec", "bom"),
    [
        ("utf-8", b""),
        ("utf-8", b"\xef\xbb\xbf"),
        ("utf-16-le", b"\xff\xfe"),
        ("utf-16-be", b"\xfe\xff"),
        ("gb18030", b""),
    ],
)
def test_a_saved_console_is_read_in_the_encodings_of_windows(
    text: str, codec: str, bom: bytes
) -> None:
    assert decode_console(bom + text.encode(codec)) == text


def test_bytes_of_no_encoding_are_replaced() -> None:
    assert decode_console(b"a\xff\xffb").count("\ufffd") >= 1
    assert decode_console(b"\xff\xfea") == "\ufffd"
    assert decode_console(b"\xef\xbb\xbf\xff").endswith("\ufffd")


SCRIPT = "const a = 1;\nform.b = a;\n"


@pytest.mark.parametrize(
    ("script", "left"),
    [
        (SCRIPT, SCRIPT),
        (render_capture_lines() + SCRIPT, SCRIPT),
        (f"// 我的脚本\n{render_capture_lines()}{SCRIPT}", f"// 我的脚本\n{SCRIPT}"),
        (f"{BEGIN}\n{SCRIPT}", f"{BEGIN}\n{SCRIPT}"),
        (f"{SCRIPT}{END}\n", f"{SCRIPT}{END}\n"),
        (f"{BEGIN}\nx\n{END}", f"{BEGIN}\nx\n{END}"),
        ((render_capture_lines() + SCRIPT).replace("\n", "\r\n"), SCRIPT.replace("\n", "\r\n")),
        ("", ""),
    ],
)
def test_capture_lines_are_taken_off_where_both_ends_are_there(script: str, left: str) -> None:
    assert remove_capture_lines(script) == left


def test_capture_lines_are_three_and_code_stands_on_one() -> None:
    lines = render_capture_lines().splitlines()

    assert (lines[0], len(lines), lines[2]) == (BEGIN, 3, END)
    assert to_javascript({"客户": [None, True, "a"]}) == '{"客户":[null,true,"a"]}'


def calibration(rules: dict[str, RuleMark], **more: Any) -> CalibrationResult:
    given: dict[str, Any] = {"asked": 1772413200.0, "engine": "", "zone": "", "offsets": ()}
    return CalibrationResult(rules=rules, **{**given, **more})


REFUTED = RuleMark(
    mark="refuted", seen={"query_array": CalibrationDifference(ours="/7?a=1&a=2", there="/7?a=1,2")}
)
CONFIRMED, UNKNOWN = RuleMark(mark="confirmed"), RuleMark(mark="unknown", why="没有问")


@pytest.mark.parametrize(
    ("now", "known", "kept"),
    [
        (CONFIRMED, REFUTED, CONFIRMED),
        (REFUTED, CONFIRMED, REFUTED),
        (UNKNOWN, REFUTED, REFUTED),
        (UNKNOWN, CONFIRMED, CONFIRMED),
        (UNKNOWN, None, UNKNOWN),
        (UNKNOWN, RuleMark(mark="unknown", why="从前"), RuleMark(mark="unknown", why="从前")),
    ],
)
def test_a_mark_is_the_latest_that_says_something(
    now: RuleMark, known: RuleMark | None, kept: RuleMark, tmp_path: Path
) -> None:
    asked = calibration({"query_array": now, "caller": CONFIRMED})
    before = {} if known is None else {"query_array": known, "status": REFUTED}
    path = tmp_path / MARKS
    path.parent.mkdir()
    path.write_text(render_rule_marks(asked, before), encoding="utf-8")

    assert read_rule_marks(tmp_path) == {"query_array": kept, "caller": CONFIRMED}


def test_facts_that_are_not_known_are_left_out_of_the_file_and_zero_is_known() -> None:
    bare = render_rule_marks(calibration({}), {}).splitlines()[1:]
    whole = render_rule_marks(
        calibration(
            {"caller": UNKNOWN, "null_body": CONFIRMED},
            asked=1772409599.0,
            engine="v8 12",
            zone="Asia/Shanghai",
            result="body",
            timeout=0.0,
        ),
        {},
    ).splitlines()[1:]

    assert bare == ['asked: "2026-03-02"', "rules: {}"]
    assert whole == [
        'asked: "2026-03-01"',
        "engine: v8 12",
        "zone: Asia/Shanghai",
        "result: body",
        "timeout: 0.0",
        "rules:",
        "  caller: {mark: unknown, why: 没有问}",
        "  null_body: {mark: confirmed}",
    ]


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        (None, {}),
        ("", {}),
        ("asked: 2026-03-02\n", {}),
        ("rules: {caller: {mark: confirmed}, gone: {mark: refuted}}", {"caller": CONFIRMED}),
        ("rules: {caller: {mark: maybe}}", None),
        ("rules: [caller]", None),
        ("[caller]", None),
        ("rules: {caller: confirmed}", None),
    ],
)
def test_a_file_of_marks_is_read_as_it_was_written_or_refused(
    text: str | None, marks: Any, tmp_path: Path
) -> None:
    path = tmp_path / MARKS
    if text is not None:
        path.parent.mkdir()
        path.write_text(text, encoding="utf-8")

    if marks is not None:
        assert read_rule_marks(tmp_path) == marks
        return
    with pytest.raises(ConfigError, match="it is not as `bpmax-sim calibrate` writes it"):
        read_rule_marks(tmp_path)


@pytest.mark.parametrize(
    ("key", "keys", "told"),
    [
        ("timeout", {"timeout": "10s"}, "`timeout: 10s` of the platform does the same"),
        ("timeout", {}, "measure it: bpmax-sim calibrate --delay 120"),
        ("caller", {"timeout": "10s"}, "have scripts run alike in both: leave it out"),
        ("business", {"timeout": "10s"}, "no setting emulates it yet"),
    ],
)
def test_what_to_do_is_said_of_each_rule_by_itself(key: str, keys: Any, told: str) -> None:
    assert told in translate(describe_workaround(key, calibration({}, keys=keys)))


@pytest.mark.parametrize(
    ("path", "timeout", "elapsed"),
    [
        ("/delay/30", 30.0, 30.0), ("/delay/29.5/", 30.0, 29.5), ("/delay/301", 400.0, 300.0),
        ("/status/600", 700.0, 0.0), ("/status/199", 10.0, 0.0), ("/delay/9/x", 1.0, 0.0),
    ],
)  # fmt: skip
def test_an_echo_waits_as_long_as_it_may(path: str, timeout: float, elapsed: float) -> None:
    request = Request(method="GET", url=f"https://e.test{path}", body=b"\xff", timeout=timeout)
    response = make_echo_response(request)

    assert (response.status, response.elapsed) == (200, elapsed)
    assert json.loads(response.body) == {
        "method": "GET",
        "url": path,
        "headers": {},
        "body": "\\xff",
    }


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/status/200", 200), ("/status/599", 599), ("/status/600", 200), ("/status/199", 200),
        ("/api/status/404/", 404), ("/status/404.9", 404), ("/status/404/x", 200),
        ("/status/-1", 200), ("/delay/404", 200), ("/?a=/status/404", 200), ("/status/204", 204),
        ("/status/205", 205), ("/status/304", 304),
    ],
)  # fmt: skip
def test_an_echo_has_the_status_that_is_asked_for(path: str, status: int) -> None:
    url = f"https://e.test{path}"
    response = make_echo_response(Request(method="PUT", url=url, timeout=600.0))

    is_empty = status in {204, 205, 304}
    media = () if is_empty else (("Content-Type", "application/json; charset=utf-8"),)
    assert (response.status, response.headers) == (status, media)
    told = {"method": "PUT", "url": path, "headers": {}, "body": ""}
    assert response.body == (b"" if is_empty else json.dumps(told).encode())
