"""The page: summary and failures without a script, the rest as data, whatever a scenario told."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpmax_sim.report.html import LONGEST_BODY, build_entry, format_body_text, render_page
from bpmax_sim.report.trace_files import Trace
from tests.snapshots import snapshot

VOID = frozenset({"meta", "link", "br"})
FAILURE = {
    "kind": "miss", "essence": "no such call", "step": 2, "total": 3, "title": "选择客户",
    "scenario": "回填", "place": "回填.scenario.yaml:7:5", "script": "../scripts/客户.js:4:9",
    "script_text": "const r = await $proxy('crm').x();",
    "excerpt": [{"number": 7, "text": "    set: {a: 1}", "marked": True}],
    "checks": [
        {"path": ["proxy", 0, "path", "$eq"], "ok": True, "expected": "1", "actual": "1"},
        {"path": ["form", "折扣"], "ok": False, "expected": "0.9", "actual": "1"},
        {"path": ["proxy"], "ok": False, "expected": "[]",
         "actual": {"text": "1 call", "template": "{number} call", "many": "{number} calls",
                    "values": {"number": "1"}}},
    ],
    "detail": [
        "  script    ../scripts/客户.js:4:9",
        '  record    pytest "回填.scenario.yaml::回填" --bpmax-mode=record',
        "  ignore    proxy: {ignore: [header.X-Request-ID]}",
    ],
}  # fmt: skip


def event(kind: str, at: float = 0.0, **fields: Any) -> dict[str, Any]:
    return {"event": kind, "at": at, **fields}


def started(name: str = "回填", **fields: Any) -> dict[str, Any]:
    place = {"place": "回填.scenario.yaml:2:1", "row": "", "steps": 1}
    return event("ScenarioStarted", name=name, **{**place, **fields})


def made(number: int = 1, at: float = 0.0, **fields: Any) -> dict[str, Any]:
    usual = {"call": "crm.查询", "method": "POST", "url": "https://crm.example.test/c?客户=1"}
    sent = {"header": {"content-type": "application/json"}, "body": {"客户": "张三"}, "place": None}
    return event("CallMade", at, number=number, **{**usual, **sent, **fields})


def answered(number: int = 1, at: float = 0.0, **fields: Any) -> dict[str, Any]:
    usual = {"status": 200, "error": "", "message": "", "source": "recorded", "duration": at}
    return event("CallAnswered", at, number=number, **{**usual, "response": {"ok": 1}, **fields})


def finished(at: float = 0.0, outcome: str = "passed", **fields: Any) -> dict[str, Any]:
    usual = {"digest": "d" * 64, "failures": [], "notes": []}
    return event("ScenarioFinished", at, outcome=outcome, **{**usual, **fields})


class Checked(HTMLParser):
    """Every element is closed in order; texts, links and what can be pasted are kept."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []
        self.addresses: list[str] = []
        self.pastes: list[str] = []
        self.scripts = 0
        self.data: dict[str, Any] = {}
        self._block = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        known = dict(attrs)
        self._block = (known.get("id") or "") if known.get("type") == "application/json" else ""
        self.scripts += tag == "script" and not self._block
        self.addresses += [value or "" for name, value in attrs if name in {"href", "src"}]
        assert not any(name.startswith("on") for name, _ in attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] in (["script"], ["style"]):
            if self._block:
                self.data[self._block] = json.loads(data)
            return
        self.texts.append(data)
        if self.open[-2:] == ["p", "code"] or self.open[-2:] == ["pre", "code"]:
            self.pastes.append(data)

    @property
    def text(self) -> str:
        return "".join(self.texts)


def checked(*traces: Sequence[Mapping[str, Any]], **options: Any) -> Checked:
    stories = [build_entry(Trace("scenarios/crm", tuple(one))) for one in traces]
    return Checked(render_page(stories, version="1.0", **{"language": "en", **options}))


def test_a_form_that_is_still_the_same_is_written_once() -> None:
    forms = [{"a": 1}, {"a": 1}, {"a": True}, {"a": True}, None, None, {"a": 1}]
    kinds = ["StepStarted", "StepFinished"] * 4
    steps = [event(kind, form=form) for kind, form in zip(kinds, forms, strict=False)]
    told = checked([started(), *steps, finished()]).data["story-0"]["events"]

    written = [one.get("form", "as before") for one in told[1:-1]]
    assert written == [{"a": 1}, "as before", {"a": True}, "as before", None, "as before", {"a": 1}]
    assert [type(one["a"]) for one in (written[0], written[2])] == [int, bool]


def test_all_that_is_known_of_a_call_is_there_for_the_viewer() -> None:
    events = [
        started(tags=["冒烟"]),
        event("StepStarted", number=1, total=1, title="查询", place="回填.scenario.yaml:5:5"),
        made(place="../scripts/客户.js:4:9"),
        answered(at=0.25, recording={"file": "../../cassettes/crm/回填.yaml", "line": 4}),
        finished(0.25),
    ]
    told = checked(events).data
    _, step, call, answer, _ = told["story-0"]["events"]
    (known,) = told["index"]["stories"]

    assert (known["apis"], known["tags"], known["calls"]) == (["crm.查询"], ["冒烟"], 1)
    assert step["place"] == "scenarios/crm/回填.scenario.yaml:5:5"
    assert call["place"] == "scenarios/scripts/客户.js:4:9"
    assert call["body"] == {"客户": "张三"}
    assert call["curl"] == snapshot(
        "curl --silent --show-error --globoff --path-as-is --request POST "
        "'https://crm.example.test/c?客户=1' \\\n"
        "  --header 'content-type: application/json' \\\n"
        '  --data-binary \'{"客户":"张三"}\''
    )
    assert answer["response"] == {"ok": 1}
    assert answer["recording"]["file"] == "cassettes/crm/回填.yaml"
    assert told["story-0"]["rerun"] == snapshot("bpmax-sim run scenarios/crm/回填.scenario.yaml:2")


def test_the_command_has_the_variables_of_the_run() -> None:
    told = checked([started(variables=["客户=12 346"]), finished()]).data

    assert told["story-0"]["rerun"].endswith(' --var "客户=12 346"')
    assert told["story-0"]["record"].endswith(' --var "客户=12 346"')


def test_a_failure_comes_first_with_what_to_paste_named_from_the_root() -> None:
    passed = [started("先跑的"), finished()]
    failed = [started(), finished(outcome="failed", failures=[FAILURE])]
    told = checked(passed, failed)

    assert told.text.index("回填") < told.text.index("先跑的")
    assert "step 2/3 选择客户: no such call" in told.text
    assert ">   7 |     set: {a: 1}" in told.text
    assert told.text.index("form.折扣") < told.text.index("proxy[0].path")
    assert told.text.index("1 call") < told.text.index("proxy[0].path")
    assert 'pytest "scenarios/crm/回填.scenario.yaml::回填" --bpmax-mode=record' in told.pastes
    assert "proxy: {ignore: [header.X-Request-ID]}" in told.pastes
    assert "scenarios/scripts/客户.js:4:9 const r = await $proxy('crm').x();" in told.text
    assert "../" not in told.text


def test_a_message_is_there_in_both_languages() -> None:
    why = {"text": "token refused; logged in anew", "template": "token refused; logged in anew"}
    line = {"text": "step 1 failed", "template": "step {number} failed", "values": {"number": "1"}}
    told = checked(
        [
            started(),
            event("CallAttempted", number=1, why=why, message=""),
            finished(outcome="failed", failures=[{**FAILURE, "essence": line}], notes=[line]),
        ]
    )
    attempt = told.data["story-0"]["events"][1]

    for said, english in (
        (attempt["why"], "token refused; logged in anew"),
        (told.data["story-0"]["notes"][0], "step 1 failed"),
        (told.data["story-0"]["failures"][0]["headline"], "step 2/3 选择客户: step 1 failed"),
    ):
        assert said == english or (said["en"] == english and said["zh"])
    assert "step 2/3 选择客户: step 1 failed" in told.text


def test_a_run_that_was_cut_off_is_told_as_such() -> None:
    told = checked([started(), made(), event("StepFinished", number=1, outcome="passed")])

    assert "did not end" in told.text
    assert [story["outcome"] for story in told.data["index"]["stories"]] == ["did not end"]


@given(st.text(), st.recursive(st.none() | st.text() | st.integers(), st.lists))
def test_whatever_is_told_stays_text(told: str, value: Any) -> None:
    hostile = f"{told}</script><script>alert(1)</script><img src=https://evil.test/x onerror=a>"
    events = [
        started(hostile),
        event("FieldChanged", field=hostile, old=value, new=hostile, by=hostile, place=hostile),
        made(body=hostile, url=hostile, call=hostile),
        answered(response={"x": value, hostile: hostile}, message=hostile),
        finished(outcome="failed", failures=[{**FAILURE, "essence": hostile}], notes=[hostile]),
    ]
    page_of = checked(events)

    assert page_of.scripts == 3
    assert page_of.addresses == ["data:,"]
    assert page_of.data["index"]["stories"][0]["name"] == _short(hostile)


def _short(name: str) -> str:
    return name if len(name) <= 500 else f"{name[:499]}…"


def test_what_no_scenario_that_passed_has_used_is_listed() -> None:
    def attached(*used: bool) -> list[dict[str, Any]]:
        names = ("click.查询", "crm.get_customer", "${case.id} == 甲")
        kinds = ("handler", "stub", "branch")
        return [
            {"kind": kind, "name": name, "place": "a.scenario.yaml:3:1", "used": is_used}
            for kind, name, is_used in zip(kinds, names, used, strict=True)
        ]

    passed = Trace("a", (started("甲"), finished()), parts=attached(True, False, False))
    failure = finished(outcome="failed")
    failed = Trace("a", (started("乙"), failure), parts=attached(True, True, False))
    text = render_page([build_entry(passed), build_entry(failed)], version="1.0")

    parts = Checked(text).data["index"]["parts"]

    assert (parts["all"], parts["used"]) == (3, 1)
    assert [part["kind"] for part in parts["unused"]] == ["stub", "branch"]


def test_a_body_is_cut_at_64_kb_and_never_inside_a_character() -> None:
    long = "合" * LONGEST_BODY
    shown, _, rest = format_body_text(long).rpartition("\n")

    assert format_body_text("合同") == "合同"
    assert format_body_text({"a": 1}) == '{\n  "a": 1\n}'
    assert format_body_text(None) == ""
    assert set(shown) == {"合"}
    assert len(shown.encode()) <= LONGEST_BODY
    assert rest == f"… {3 * LONGEST_BODY - LONGEST_BODY:,} bytes more"


def test_every_text_is_cut_and_a_large_body_is_one() -> None:
    huge = "x" * 10_000_000
    told = checked(
        [
            started(huge),
            made(body={"a": huge}, url=huge),
            event("ConsoleWritten", text=huge, level="log"),
            answered(response=[huge, huge]),
            finished(),
        ]
    ).data["story-0"]["events"]

    assert len(json.dumps(told)) < 10 * LONGEST_BODY
    assert told[1]["body"].endswith("bytes more")
    assert told[2]["text"].endswith("9,934,464 bytes more")


def test_the_page_is_bounded_and_failures_stay_whole() -> None:
    many = [[started(f"第{n}个"), made(body="x" * 1000), answered(), finished()] for n in range(20)]
    failing = [[started("坏了"), made(), answered(), finished(outcome="failed")]]
    told = checked(*many, *failing, largest=5000)

    assert sum(not story["whole"] for story in told.data["index"]["stories"]) >= 10
    assert told.data["story-0"]["events"][1]["body"] == {"客户": "张三"}
    assert "第19个" in told.text


@pytest.mark.parametrize(
    ("content_type", "body", "data"),
    [
        ("application/x-www-form-urlencoded", {"客户": ["a b", "c"]}, "'%E5%AE%A2%E6%88%B7=a+b&"),
        ("text/plain", "客户", "--data-binary '客户'"),
        ("application/json", [1], "--data-binary '[1]'"),
    ],
)
def test_curl_sends_what_was_sent(content_type: str, body: Any, data: str) -> None:
    told = checked([started(), made(body=body, header={"Content-Type": content_type}), finished()])

    assert data in told.data["story-0"]["events"][1]["curl"]


def failed(name: str, essence: str) -> list[dict[str, Any]]:
    failure = {**FAILURE, "essence": essence, "script": "", "script_text": ""}
    return [started(name), made(), answered(), finished(outcome="failed", failures=[failure])]


def test_the_most_frequent_cause_is_first_and_each_of_its_stories_is_whole() -> None:
    essences = {"甲": "one", "乙": "two", "丙": "three", "丁": "three", "戊": "three", "己": "two"}
    index = checked(*[failed(*pair) for pair in essences.items()], largest=0).data["index"]

    assert [len(cause["stories"]) for cause in index["causes"]] == [3, 2, 1]
    assert [story["whole"] for story in index["stories"]] == [True] * 6
