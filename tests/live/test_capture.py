# ruff: noqa: E501 - scripts and names
"""A script does the same below the lines of ``capture``, and a console tells what passed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from bpmax_sim.errors import ConfigError, TransportError
from bpmax_sim.js_values import to_scenario_value
from bpmax_sim.live.capture import remove_capture_lines, render_capture_lines
from bpmax_sim.live.console import contains_captured_records, decode_console, read_console
from bpmax_sim.live.javascript_text import LONGEST
from bpmax_sim.messages import Request, Response
from bpmax_sim.script.failure import Script
from bpmax_sim.script.runtime import Page
from bpmax_sim.script.turn_result import Outcome
from bpmax_sim.secret.secret_names import is_secret_name
from bpmax_sim.starter.capture_draft import hide_secret_literals
from tests.live.scripts import STYLES
from tests.script.bench import ENGINE, NAME, Bench, Form, ok, texts

FIELDS: Mapping[str, Any] = {"a": 7, "b": None, "rows": [{"n": 1}, {"n": 2}]}


def answer(request: Request) -> Response:
    if request.url.endswith("fail"):
        raise TransportError("refused", code="CONNECT")
    return ok({"code": 200, "data": {"name": "张三"}})


def perform(script: str) -> tuple[Bench, Form, Outcome]:
    bench, form = Bench(answer), Form(json.loads(json.dumps(FIELDS)))
    return bench, form, bench.run(script, form=form)


def effects(script: str) -> Any:
    """Return all that a script came to, but for the lines of capture and its own places."""
    bench, form, outcome = perform(script)
    programs = [
        (one.platform, one.api, repr(one.options), repr(one.steps), repr(one.args))
        for one in bench.programs
    ]
    ended = outcome.value if outcome.error is None else (type(outcome.error), str(outcome.error))
    own = [line for line in texts(outcome) if not line.startswith("~bpmax:")]
    return to_scenario_value(ended), own, programs, form.written, bench.elapsed()


@pytest.fixture(params=["quickjs", "v8"])
def engine(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "v8":
        pytest.importorskip("py_mini_racer", reason="the extra engine-v8 is not installed")
    before = ENGINE.set(request.param)
    yield str(request.param)
    ENGINE.reset(before)


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("style", STYLES)
def test_a_script_does_below_the_lines_what_it_does_without(style: str) -> None:
    assert effects(render_capture_lines() + STYLES[style]) == effects(
        f"//\n//\n//\n{STYLES[style]}"
    )


def console_of(script: str, before: str = "") -> str:
    _, _, outcome = perform(before + render_capture_lines() + script)
    return "\n".join(texts(outcome))


def records(script: str) -> list[Mapping[str, Any]]:
    (run,) = read_console(console_of(script))
    assert run.notes == ()
    return list(run.records)


def test_a_call_is_told_with_what_was_asked_and_answered_and_thrown() -> None:
    begin, *rest = records(STYLES["chained"])
    assert begin["bound"] == {"$proxy": "assigned", "form": "assigned", "ctx": "absent"}
    assert begin["form"] == FIELDS
    assert remove_capture_lines(begin["script"]).strip() == STYLES["chained"]
    ask, told = rest
    assert (ask["platform"], ask["api"], ask["steps"]) == (
        "crm",
        "get",
        [
            ["path", {"id": 1}],
            ["query", {"a": 1}],
            ["header", {"X-A": "b"}],
            ["body", {"n": {"m": None}}],
        ],
    )
    assert told == {
        "e": "ok",
        "id": ask["id"],
        "ms": 100,
        "value": {"code": 200, "data": {"name": "张三"}},
    }
    (thrown,) = [one for one in records(STYLES["caught"]) if one["e"] == "throw"]
    assert thrown["error"]["name"] == "Error"


def test_what_is_read_and_written_is_told_also_inside_a_value() -> None:
    told = [
        (one["e"], one["name"], one["value"])
        for one in records(STYLES["table"])
        if one.get("of") == "form"
    ]
    assert told[:2] == [("get", "rows", FIELDS["rows"]), ("set", "rows", [{"n": 5}, {"n": 2}])]


NAMES = (
    "password", "newPassword", "password_required", "token_type", "access_token", "nextPageToken", "sign",
    "call_sign", "X-API-Key", "app_key", "客户密码", "name", "csrfToken2", "sessionId", "authorization", "HTTPToken",
    "password_confirmation", "id", "签名", "clientSecret", "secretary", "passport", "key", "md5Sign", "bypass",
)  # fmt: skip


def test_names_of_secrets_are_those_that_python_knows_and_their_values_stay_there() -> None:
    value = "Zx9!kLm" * 3
    given = json.dumps({name: f"{value}{at}" for at, name in enumerate(NAMES)}, ensure_ascii=False)
    console = console_of(f"await $proxy('crm').send({given}); form.a = {json.dumps(value + '0')};")
    (ask,) = [one for one in read_console(console)[0].records if one["e"] == "ask"]
    hidden = {name for name, one in ask["args"][0].items() if isinstance(one, dict)}
    assert hidden == {name for name in NAMES if is_secret_name(name)}
    assert f"{value}0" not in console.partition('"script"')[0]
    assert ask["args"][0]["password"] == {"$secret": "crm.send[0].password"}


@pytest.mark.parametrize(
    "text",
    [
        "Bearer abcdef123456",
        "https://x.test/a?access_token=abcdef123456&b=1",
        "a=1&sign=abcdef123456",
    ],
)
def test_a_secret_inside_a_text_stays_there(text: str) -> None:
    told = [
        one
        for one in records(f"form.a = ['{text}'.slice(0)]; form.b = 'abcdef' + '123456'")
        if one["e"] == "set"
    ]
    assert "abcdef123456" not in json.dumps(told)


def test_of_a_secret_where_a_long_text_is_cut_no_half_is_left() -> None:
    text = f"{'注' * 990}abcdef123456{'注' * LONGEST}"
    script = f"form.a = [{{password: 'abcdef123456', 备注: '{text}'}}]"
    (told,) = [one for one in records(script) if one["e"] == "set"]
    assert '"cut"' in json.dumps(told)
    assert "abcdef" not in json.dumps(told)


TOKEN = "".join(f"Zx{number}" for number in range(100, 200))


@pytest.mark.parametrize("value", [TOKEN, f"Zx?9=Zx{TOKEN}"])  # "?" and "=" end no value
@pytest.mark.parametrize("before", ["客户=张三&", "POST https://x.test/a?"])
@pytest.mark.parametrize("cut", [6, 250])
def test_of_a_secret_in_which_a_long_text_is_cut_nothing_is_left_in_later_texts(
    value: str, before: str, cut: int
) -> None:
    name = f"{before}access_token="
    pad = f"'注'.repeat({LONGEST - len(name) - cut}) + '{name}'"
    script = (
        f"const one = '{value}'; form.a = [{pad} + one, 'b?access_token=' + one + '&b=1', one];"
    )
    (told,) = [one for one in records(script) if one["e"] == "set"]
    assert '"cut"' in json.dumps(told)
    assert "Zx" not in json.dumps(told)


@pytest.mark.parametrize("start", ["access_token=", "客户=张三&access_token=", "Bearer ", "Basic "])
def test_of_a_secret_that_is_longer_than_what_is_looked_at_nothing_is_left(start: str) -> None:
    script = f"form.a = ['{start}' + 'Zx9 '.slice(0, 3).repeat({LONGEST})];"
    (told,) = [one for one in records(script) if one["e"] == "set"]
    assert "Zx9" not in json.dumps(told)
    assert told["value"][0]["value"] == start.partition("access")[0]


def test_a_secret_that_begins_like_a_shorter_one_is_hidden_whole() -> None:
    tokens = ("Zx9kLm", "Zx9kLmZx9kLm-2")
    texts_of_both = ", ".join(f"'a?token={token}&b=1'" for token in tokens)
    script = f"form.a = [{texts_of_both}, 'so {tokens[1]} it was'];"
    (told,) = [one for one in records(script) if one["e"] == "set"]
    assert "kLm" not in json.dumps(told)
    assert "-2" not in json.dumps(told)


@pytest.mark.parametrize("text", ["注", "data:image/png;base64,kkk", "客户 张三\\n"])
def test_of_a_long_text_without_a_secret_the_beginning_is_left(text: str) -> None:
    whole = f"'{text}' + '{text[-3:]}'.repeat({LONGEST})"
    (told,) = [one for one in records(f"form.a = [{whole}];") if one["e"] == "set"]
    cut = told["value"][0]["value"]
    assert cut.startswith(text.replace("\\n", "\n"))
    assert len(cut) == 1000


@pytest.mark.parametrize(
    "line",
    [
        "const appSecret = 'Zx9!kLmZx9!kLm';",
        "const config = {user: 'zhangsan', 'client_secret': \"Zx9!kLmZx9!kLm\"};",
        "const headers = {Authorization: 'Bearer Zx9kLmZx9kLm'};",
        "const 密码 = `Zx9!kLmZx9!kLm`;",
        "const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJ1IjoxfQ.Zx9kLm';",
    ],
)
def test_a_secret_that_a_script_has_written_in_it_stays_there(line: str) -> None:
    script = f"{line} form.a = 'it is \\'5';"
    (begin, *_) = records(script)
    assert "Zx9" not in begin["script"]
    assert "<secret script" in begin["script"]
    assert "zhangsan" in begin["script"] or "user" not in line
    assert "Zx9" not in hide_secret_literals(script)


def test_scripts_of_one_page_tell_of_themselves_though_the_first_has_wrapped_the_names() -> None:
    bench, form = Bench(answer), Form(json.loads(json.dumps(FIELDS)))
    sources = ["form.a = 8;", "form.b = (await $proxy('crm').getCustomer(form.a)).data.name;"]
    scripts = [Script(render_capture_lines() + source, NAME) for source in sources]
    page = Page(scripts)
    told = [
        line
        for script in scripts
        for line in texts(bench.runtime.run(script, bindings={"form": form}, page=page))
    ]
    first, second = read_console("\n".join(told))
    assert [one["e"] for one in first.records] == ["begin", "set"]
    assert [one["e"] for one in second.records] == ["begin", "ask", "ok", "set"]
    assert (second.begin_record["form"]["a"], second.records[1]["args"]) == (8, [8])


def test_a_copied_console_survives_wrapping_and_other_lines() -> None:
    console = console_of("form.b = '长'.repeat(900) + ' ~ 😀'; await $proxy('crm').getCustomer(1);")
    expected = read_console(console)
    lines = console.splitlines()
    pieces = [[line[at : at + 76] for at in range(0, len(line), 76)] for line in lines]
    wrapped = "\n".join(
        f"VM12:{at} {(chr(10) + '    ').join(parts)}\n[Vue warn]: ~ {at}"
        for at, parts in enumerate(pieces)
    )
    assert read_console(wrapped) == expected
    assert read_console(decode_console(console.encode("gb18030"))) == expected
    assert read_console(decode_console(console.encode("utf-16"))) == expected
    assert contains_captured_records(wrapped)


def test_a_lost_piece_is_noted_and_the_rest_is_read() -> None:
    lines = console_of(STYLES["direct"]).splitlines()
    (run,) = read_console("\n".join(line for line in lines if ".3.1.1." not in line))
    assert [str(note) for note in run.notes] == [f"run {run.name}: line 3 is lacking or damaged"]
    with pytest.raises(ConfigError, match="no line of `bpmax-sim capture`"):
        read_console("nothing")


def test_a_number_that_no_run_has_is_taken_for_damage_and_not_counted_to() -> None:
    lines = console_of(STYLES["direct"])
    (run,) = read_console(f"{lines}\n~bpmax:{read_console(lines)[0].name}.99999999999.1.1.0:{{}}~")
    assert run == read_console(lines)[0]
