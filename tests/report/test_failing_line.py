"""What names held where a replay failed: seen in a second run, of which nothing else is left."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
from pathlib import Path
from urllib.parse import quote

import pytest

from bpmax_sim.errors import ConfigError
from bpmax_sim.i18n import (
    choose_language,
    cut_message,
    generalise_messages,
    get_current_language,
    msg,
    to_plain_english,
    translate,
)
from bpmax_sim.report.editor_links import make_editor_url_template
from bpmax_sim.report.perform import PerformOptions, perform
from bpmax_sim.report.run_comparison import compare_runs
from bpmax_sim.report.sections import SectionTable
from bpmax_sim.report.terminal import Verdict
from bpmax_sim.report.trace_files import TRACE_FOLDER, read_traces
from bpmax_sim.scenario.load import load_items
from tests.leaks import leaks, parts

SCRIPT = """\
const 折扣 = form.级别 === "金牌" ? 0.9 : 1;
function 小计(行) {
  return 行.单价 * 折扣;
}
form.合计 = [{单价: 3}, null].map(行 => 小计(行)).length;
"""
TEXT = """\
version: 1
scenario: 报价
form: {scripts: {click.计算: 报价.js}, fields: {级别: 金牌, 合计: 0}}
steps:
  - {name: 算, click: 计算, expect: {form: {合计: 2}}}
"""


def run(
    root: Path, text: str = TEXT, script: str = SCRIPT, secrets: tuple[str, ...] = ()
) -> Verdict:
    (root / "scenarios").mkdir(exist_ok=True)
    (root / "pyproject.toml").write_text("[tool.bpmax_sim]\n")
    (root / "scenarios/报价.js").write_text(script, encoding="utf-8")
    (root / "scenarios/报价.scenario.yaml").write_text(text, encoding="utf-8")
    (item,) = load_items(root / "scenarios/报价.scenario.yaml")
    return perform(item, PerformOptions(trace="on", options={"secrets": secrets}))[0]


def names_of(root: Path) -> dict[str, str]:
    (trace,) = read_traces([root / TRACE_FOLDER])
    return dict(trace.names["names"]) if trace.names else {}


def test_the_values_are_those_of_the_call_that_failed(tmp_path: Path) -> None:
    verdict = run(tmp_path)
    (trace,) = read_traces([tmp_path / TRACE_FOLDER])

    assert names_of(tmp_path) == {"行": "null", "折扣": "0.9"}
    assert trace.names is not None
    assert trace.names["stack"][0].startswith("小计 ")
    assert verdict.failures[0].script is not None
    assert trace.events[-1]["digest"] == verdict.digest


@pytest.mark.parametrize(
    ("script", "known"),
    [
        ("let n = 1n; const s = new Set([2]); n.a.b;", {"n": "1n", "s": "[object Set] [2]"}),
        ("const a = {}; a.a = a; let b; b.c;", {"a": "[object Object]", "b": "undefined"}),
        ("const p = $proxy('crm'); const f = () => 1; null.x;", {}),
        ("const t = '客户: ' + form.级别; null.x;", {"t": '"客户: 金牌"'}),
    ],
)
def test_whatever_a_name_holds(tmp_path: Path, script: str, known: dict[str, str]) -> None:
    run(tmp_path, script=script)

    assert {name: text for name, text in names_of(tmp_path).items() if name in known} == known


SECRET = "sk-秘密'\"7f3a9c/E+12&b0d4=Zq"
HOLDERS = {
    "whole": "key",
    "part": "'密钥是 ' + key + '。'",
    "base64": json.dumps(base64.b64encode(f"u:{SECRET}".encode()).decode()),
    "percent": "encodeURIComponent(key)",
    "member": "({[key]: 1, list: [{[key + 'x']: key}]})",
    "map": "new Map([[key, key]])",
    "set": "new Set([key])",
    "error": "new Error(key)",
    "nested": "JSON.stringify(JSON.stringify({key}))",
    "cut": "'一'.repeat(1985) + key",
    "long": "'一'.repeat(19980) + key",
    "many": "key.repeat(900)",
}
"""How a name at the failing line may hold a secret."""


def test_no_name_tells_a_secret(tmp_path: Path) -> None:
    lines = [f"const {name} = {value};" for name, value in HOLDERS.items()]
    script = "\n".join([f"const key = {json.dumps(SECRET)};", *lines, "null.x;"])
    run(tmp_path, script=script, secrets=(SECRET,))
    names = names_of(tmp_path)
    told = {"names": json.dumps(names, ensure_ascii=False).encode()}

    assert names.keys() >= HOLDERS.keys()
    assert leaks(told, {"key": SECRET}) + parts(told, {"key": SECRET}) == []
    assert "redacted" in names["part"]


LONG_SECRET = "".join(hashlib.sha256(bytes([n])).hexdigest() for n in range(47))
"""A key of 3008 characters, as of a certificate: in its stead stand a few."""


@pytest.mark.parametrize(
    ("filler", "shown"),
    [
        ("'一'.repeat(1760) + key.repeat(7)", "…"),
        ("'😀'.repeat(900) + key.repeat(7)", "…"),
        ("'一'.repeat(19000) + key", f'"{"一" * 1999}…'),
        ("'😀'.repeat(9600) + key", f'"{"😀" * 1999}…'),
        ("'😀'.repeat(2)", '"😀😀"'),
    ],
)
def test_of_a_secret_that_the_engine_cut_in_half_nothing_is_shown(
    tmp_path: Path, filler: str, shown: str
) -> None:
    script = f"const key = '{LONG_SECRET}'; const 证书 = {filler}; null.x;"
    run(tmp_path, script=script, secrets=(LONG_SECRET,))

    assert names_of(tmp_path)["证书"] == shown


def test_the_last_value_before_an_expectation_failed_counts(tmp_path: Path) -> None:
    text = TEXT.replace("合计: 2}", "合计: 5}") + "  - {name: 再算, click: 计算}\n"
    run(tmp_path, text, "const n = form.合计 + 1;\nform.合计 = n;\n")

    assert names_of(tmp_path)["n"] == "1"


def test_python_of_the_project_does_not_run_twice(tmp_path: Path) -> None:
    (tmp_path / "count.py").write_text(
        "from pathlib import Path\n"
        "def note(session):\n    path = Path(__file__).with_name('n')\n"
        "    path.write_text(path.read_text() + 'x' if path.exists() else 'x')\n"
    )
    text = TEXT.replace("steps:\n", "steps:\n  - {name: 记, python: 'count:note'}\n")

    assert run(tmp_path, text).outcome == "failed"

    assert (tmp_path / "n").read_text() == "x"
    assert names_of(tmp_path) == {}


def test_what_ended_otherwise_on_another_machine_is_flaky(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for root, script in ((one, SCRIPT), (other, "form.合计 = 2;")):
        root.mkdir()
        run(root, script=script)

    places = [root / TRACE_FOLDER for root in (one, other)]
    (section,) = compare_runs(places, {"scenarios/报价.scenario.yaml::报价": 0.25})
    same = list(compare_runs([places[0], places[0]], {}))

    flaky, slowest = section.parts
    assert isinstance(flaky, SectionTable)
    assert isinstance(slowest, SectionTable)
    ((name, failed, passed),) = flaky.rows
    assert (name.text, failed.tone, passed.tone) == ("报价", "failed", "passed")
    assert [str(cell.text) for cell in slowest.rows[0]][1] == "0.250 s"
    assert same == []


def test_results_are_numbered_in_the_order_of_the_runs(tmp_path: Path) -> None:
    scripts = ("form.合计 = 2;", SCRIPT, "form.合计 = 2; form.级别 = '银牌';", "form.合计 = 2;")
    places = []
    for number, script in enumerate(scripts):
        root = tmp_path / str(number)
        root.mkdir()
        run(root, script=script)
        places.append(root / TRACE_FOLDER)
    damaged, other_verdict = tmp_path / "damaged", tmp_path / "other"
    for place in (damaged, other_verdict):
        shutil.copytree(places[0], place)
    (trace,) = other_verdict.rglob("*.ndjson")
    trace.write_bytes(trace.read_bytes().replace(b'"outcome":"passed"', b'"outcome":"skipped"'))
    (trace,) = damaged.rglob("*.ndjson")
    trace.write_bytes(b"{}\n" + trace.read_bytes())

    (section,) = compare_runs([damaged, *places, other_verdict], {})

    (flaky,) = section.parts
    assert isinstance(flaky, SectionTable)
    ((name, *cells),) = flaky.rows
    assert name.text == "报价"
    assert [str(cell.text) for cell in cells] == [
        "–",
        "passed, result 1",
        "failed, result 2",
        "passed, result 3",
        "passed, result 1",
        "skipped, result 4",
    ]


def test_the_slowest_come_first_and_are_twenty(tmp_path: Path) -> None:
    (section,) = compare_runs([tmp_path], {f"行{number}": number for number in range(25)})

    (slowest,) = section.parts
    assert isinstance(slowest, SectionTable)
    assert [row[0].text for row in slowest.rows] == [f"行{number}" for number in range(24, 4, -1)]
    assert list(compare_runs([tmp_path], {})) == []
    assert list(compare_runs([], {})) == []


def test_runs_count_from_1_and_one_that_did_not_end_says_so(tmp_path: Path) -> None:
    run(tmp_path, script="form.合计 = 2;")
    whole, cut = tmp_path / TRACE_FOLDER, tmp_path / "cut"
    shutil.copytree(whole, cut)
    (trace,) = cut.rglob("*.ndjson")
    lines = trace.read_bytes().splitlines(keepends=True)
    end = next(n for n, line in enumerate(lines) if b'"event":"ScenarioFinished"' in line)
    trace.write_bytes(b"".join(lines[:end]))

    (section,) = compare_runs([whole, cut], {})

    (flaky,) = section.parts
    assert isinstance(flaky, SectionTable)
    assert [to_plain_english(str(one)) for one in flaky.columns] == ["scenario", "run 1", "run 2"]
    ((_, first, second),) = flaky.rows
    assert to_plain_english(str(second.text)) == "did not end, result 2"
    assert (first.tone, second.tone) == ("passed", "failed")


@pytest.mark.parametrize(
    ("setting", "address"),
    [
        ("idea", "idea://open?file={root}/{{path}}&line={{line}}&column={{column}}"),
        ("x://a?f={path}", "x://a?f={root}/{{path}}"),
        ("x://file/{path}", "x://file/{bare}/{{path}}"),
        *((f"{scheme}://{{path}}", None) for scheme in ("javascript", "data", "vbscript")),
        ("{path}", None),
        ("", ""),
    ],
)
def test_an_address_of_an_editor_has_the_path_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str, address: str | None
) -> None:
    root = tmp_path / "报价 单"
    root.mkdir()
    (root / "pyproject.toml").write_text(f'[tool.bpmax_sim]\neditor = "{setting}"\n')
    monkeypatch.delenv("CI", raising=False)

    if address is None:
        with pytest.raises(ConfigError, match="editor: expected an address"):
            make_editor_url_template(root)
    else:
        bare = quote(str(root)).lstrip("/")
        expected = address and address.format(root=f"/{bare}", bare=bare)
        assert make_editor_url_template(root) == expected


def test_an_editor_is_a_setting_and_none_of_a_pipeline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def set_editor(value: str) -> None:
        (tmp_path / "pyproject.toml").write_text(f'[tool.bpmax_sim]\neditor = "{value}"\n')

    monkeypatch.delenv("CI", raising=False)
    set_editor("vscode")
    assert (
        make_editor_url_template(tmp_path)
        == f"vscode://file{tmp_path}/{{path}}:{{line}}:{{column}}"
    )
    monkeypatch.setenv("CI", "true")
    assert make_editor_url_template(tmp_path) == ""
    monkeypatch.delenv("CI")
    for wrong in ("vscod", "javascript://{path}", "vscode://file/x"):
        set_editor(wrong)
        with pytest.raises(ConfigError, match="editor: expected an address"):
            make_editor_url_template(tmp_path)


def test_what_messages_say_alike_and_what_is_cut_stay_messages() -> None:
    one = msg("{label} expected {expected}, got {actual}", label="a", expected="1", actual="22222")
    other = msg(
        "{label} expected {expected}, got {actual}", label="a", expected="3", actual="22222"
    )
    before = get_current_language()
    choose_language("zh")
    try:
        said = [translate(generalise_messages(one, other)), translate(cut_message(one, 21))]
    finally:
        choose_language(before)

    assert said == ["a：期望 …，实际 22222", "a：期望 1，实际 22…"]
    assert generalise_messages(one, "b") == "…"
    assert cut_message(one, 21) == "a expected 1, got 22…"
    assert cut_message("abcdef", 4) == "abc…"
