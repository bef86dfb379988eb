"""The viewer as people use it, in a real Chromium: search, keys, tabs, links, copying."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.report.html import render_page as page_of
from bpmax_sim.report.script_coverage import CoveredBranch, CoveredScript
from bpmax_sim.report.trace_files import Trace, read_traces, store_trace
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.runner import open_session, run_item
from bpmax_sim.script_source.counters import LineColumn
from tests.report.test_html import FAILURE, answered, event, finished, made, started
from tests.report.viewer import Viewer, browser, needs_chromium, stories, written

pytestmark = [needs_chromium, pytest.mark.xdist_group("chromium")]
GALLERY = Path(__file__).parents[2] / "scenarios"
FLOW = {
    "start": "部门",
    "nodes": {
        "部门": {
            "title": "",
            "end": False,
            "routes": [{"action": "approve", "to": "完", "when": ""}],
        },
        "完": {"title": "", "end": True, "routes": []},
    },
}
HOSTILE = (
    "</script><script>window.bad=1</script><img src=https://evil.test/x onerror=bad=2>\u202e\u2028"
)
INJECTED = """() => {
  const script = document.createElement('script');
  script.textContent = 'bad = 3';
  document.body.append(script);
}"""


@pytest.fixture(scope="module", name="running")
def running_browser() -> Iterator[Any]:
    with browser() as running:
        yield running


@pytest.fixture(scope="module", name="file")
def a_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page of two scenarios of the gallery and of others that did not pass."""
    folder = tmp_path_factory.mktemp("报告")
    traces: list[Trace] = []
    for number, name in enumerate(("oauth/令牌续期", "contract/合同审批")):
        item = load_items(GALLERY / f"{name}.scenario.yaml")[-1]
        session = open_session(item)
        events = list(run_item(item, session))
        kept = Path(store_trace(item, events, "on", failed=True, redact=session.redact))
        copy = folder / f"{number}.ndjson"
        copy.write_bytes(kept.read_bytes())
        kept.unlink()
        traces += read_traces([copy])
    miss = {
        "file": "../../cassettes/crm/客户.yaml",
        "line": 4,
        "exchange": 1,
        "played": False,
        "ignore": ["body.批次"],
        "differs": [{"path": "body.客户", "recorded": "李四", "sent": "张三"}],
        "request": {"method": "POST", "path": "/c", "query": {}, "body": {"客户": "李四"}},
        "status": 200,
        "response": {"好": 1},
    }
    place = "回填.scenario.yaml:5:5"
    failed = [
        started("没有录过"),
        event("StepStarted", number=1, total=1, title="查", place=place, form={"a": 1}),
        made(),
        answered(status=None, error="NoMatchError", source="", recording=miss, sent_at=0),
        event(
            "StepFinished",
            number=1,
            outcome="failed",
            form={"a": 2},
            checks=[],
            reason="",
            fields={"a": {"visible": False, "required": True}},
            flow=None,
            result="12345",
        ),
        event("StepStarted", number=2, total=2, title="再查", place=place, form={"a": 2}),
        event("StepFinished", number=2, outcome="passed", form={"a": 3}),
        finished(outcome="failed", failures=[FAILURE]),
    ]
    cut = [started(HOSTILE), made(url=HOSTILE, body=HOSTILE, call=HOSTILE)]
    return written(folder, [*traces, *stories(failed, cut)], language="zh")


@pytest.fixture(name="view")
def a_viewer(running: Any, file: Path) -> Iterator[Viewer]:
    view = Viewer(running, file)
    yield view
    assert view.wrong == []
    assert view.page.evaluate("window.bad") is None
    view.close()


def test_two_keys_and_a_word_reach_a_scenario_and_its_link_comes_back(view: Viewer) -> None:
    page = view.page
    page.keyboard.press("/")
    page.keyboard.type("oauth")
    page.keyboard.press("Enter")
    link = page.evaluate("location.hash")
    view.go("")
    view.go(link)

    assert "OAuth 2.0" in view.text("main h1")
    page.keyboard.press("n")
    page.keyboard.press("n")
    assert view.count(".bar.selected") == 1
    assert "e=" in page.evaluate("location.hash")
    page.go_back()
    assert page.evaluate("location.hash") != link or view.count(".bar.selected") <= 1


def test_a_refused_sending_is_shown_with_the_one_that_followed(view: Viewer) -> None:
    page = view.page
    page.locator("[role=treeitem]:not(.folder)", has_text="OAuth").click()
    page.locator(".bar.call.again").first.click()
    told = view.text("#panel")

    assert "第 1 次发送 401 故障" in told
    assert "令牌被拒，换新后重发" in told
    assert "第 2 次发送 200 录制" in told
    assert view.count(".bar i.failed") >= 2


def test_every_tab_shows_what_it_is_for(view: Viewer) -> None:
    page = view.page
    page.locator("[role=treeitem]:not(.folder)", has_text="没有录过").click()

    assert "no such call" in view.text("#panel")
    page.get_by_role("tab", name="请求与响应").click()
    assert "body.客户" in view.text(".difference")
    assert '  "客户": "李四"' in page.locator("mark.old").all_inner_texts()
    assert '  "客户": "张三"' in page.locator("mark.new").all_inner_texts()
    page.get_by_role("tab", name="表单前后").click()
    assert view.text("tr.changed").split("\t") == ["a", "1", "2", "隐藏, 必填"]
    assert "12345" in view.text("#panel pre")
    page.locator(".bar.person").nth(1).click()  # it started with the form of the other
    page.get_by_role("tab", name="表单前后").click()
    assert view.text("tr.changed").split("\t")[:3] == ["a", "2", "3"]
    page.locator("[role=treeitem]:not(.folder)", has_text="大额合同").click()
    assert view.count(".node.seen") == 4
    assert view.count(".edge.taken") >= 2
    page.get_by_role("tab", name="脚本").click()
    assert "contract_approved.js" in view.text("#panel h2")
    assert view.count(".code .here") == 1
    page.get_by_role("tab", name="期望").click()
    assert "符合" in view.text("#panel caption")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.activeElement.id === 'tab-console'")


def test_filters_keys_language_and_copying(view: Viewer) -> None:
    page = view.page
    view.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator(".filters summary").click()
    page.get_by_label("平台").select_option("external_system")
    assert view.count(".stories [role=treeitem]:not(.heading)") == 1
    page.get_by_label("平台").select_option("")
    first = view.text("main h1")
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("j")
    assert view.text("main h1") != first
    page.keyboard.press("k")
    page.get_by_role("button", name="复制重跑命令").click()
    page.get_by_role("button", name="已复制").wait_for()
    assert page.evaluate("navigator.clipboard.readText()").startswith("bpmax-sim run ")
    page.get_by_role("button", name="English").click()
    assert view.text(".events h2") == "Events"
    assert page.evaluate("document.documentElement.lang") == "en"


def test_hostile_text_stays_text_and_the_policy_lets_nothing_else_run(view: Viewer) -> None:
    page = view.page
    page.locator(".stories [role=treeitem]", has_text="window.bad").click()

    assert "</script>" in view.text("main h1")
    page.evaluate(INJECTED)
    assert any("Content Security Policy" in told for told in view.wrong)
    view.wrong.clear()


@pytest.mark.parametrize(("width", "scheme"), [(400, "dark"), (1280, "light")])
def test_nothing_serious_stands_in_the_way_of_anybody(
    running: Any, file: Path, width: int, scheme: str
) -> None:
    view = Viewer(running, file, size=(width, 800), color_scheme=scheme)
    found = []
    for word in ("OAuth", "大额合同", "没有录过"):
        view.page.locator("#search").fill(word)
        view.page.keyboard.press("Enter")
        view.page.wait_for_timeout(50)
        found += view.list_violations()
    wide = view.page.evaluate("document.documentElement.scrollWidth")
    tabs = view.page.evaluate(
        "Math.max(...[...document.querySelectorAll('.tabs button')]"
        ".map(one => one.getBoundingClientRect().right))"
    )
    view.close()

    assert found == []
    assert max(wide, tabs) <= width
    assert view.wrong == []


def test_a_thousand_scenarios_are_a_screen_of_them(running: Any, tmp_path: Path) -> None:
    many = stories(*([started(f"第{n}个"), made(), answered(), finished()] for n in range(1000)))
    view = Viewer(running, written(tmp_path, many))
    shown = view.count(".stories .row")
    view.page.keyboard.press("/")
    view.page.keyboard.type("第777个")
    view.page.keyboard.press("Enter")

    assert shown < 100
    assert view.text("main h1").endswith("第777个")
    view.close()


def test_without_a_script_summary_and_failures_are_there(running: Any, file: Path) -> None:
    context = running.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(file.as_uri())
    told = page.locator("#plain").inner_text()
    context.close()

    assert "没有录过" in told
    assert "步骤 2/3 选择客户：no such call" in told
    assert "form.折扣" in told


@pytest.mark.parametrize(("width", "scheme"), [(400, "dark"), (1280, "light")])
def test_sources_show_what_ran_and_what_never_did(
    running: Any, tmp_path: Path, width: int, scheme: str
) -> None:
    taken = CoveredBranch(2, 1, "else", 3, LineColumn(2, 1))
    never = CoveredBranch(3, 3, "then", 0, LineColumn(2, 1), "a row with 金额 > 1000")
    source = "// 超过一千元要附件\nif (form.金额 > 1000) {\n  form.附件必填 = true;\n}\n" + HOSTILE
    one = CoveredScript("scripts/报销.js", source, {2: 3, 3: 0}, (), (never, taken))
    file = tmp_path / "页.html"
    file.write_text(page_of([], version="1", covered=[one, one]), encoding="utf-8")

    view = Viewer(running, file, size=(width, 800), color_scheme=scheme)

    assert "50 %" in view.text("h1")
    view.page.locator(".missing button").first.click()
    assert view.count(".annotated .line.target") == 1
    assert "a row with 金额 > 1000" in view.text(".missing")
    lines = view.page.locator(".annotated .line")
    kinds = [str(lines.nth(n).get_attribute("class")) for n in range(3)]
    assert [kind.split()[1:2] for kind in kinds] == [[], ["partly"], ["never"]]
    assert view.page.evaluate("document.documentElement.scrollWidth") <= width
    assert view.wrong == []


def failures_of_two_causes() -> list[Trace]:
    """Return traces that failed at one line, with other values, and at one key, and a pass."""
    essence = "{label} expected {expected}, got {actual}"
    traces = []
    for number in range(5):
        values = {"label": "form.数量", "expected": "1", "actual": str(number)}
        failure: dict[str, Any] = {
            **FAILURE,
            "essence": {"text": f"数量 {number}", "template": essence, "values": values},
            "checks": [{"path": ["form", "数量"], "ok": False, "expected": "1", "actual": "2"}],
            "script": "../scripts/客户.js:4:9" if number > 1 else None,
        }
        ended = finished(outcome="failed", failures=[failure])
        names = {"place": "../scripts/客户.js:4:9", "names": {"行": "null"}, "stack": ["a", "b"]}
        traces += stories([started(f"坏{number}"), ended], names=names)
    return [*traces, *stories([started("好"), finished()])]


@pytest.mark.parametrize(("width", "scheme"), [(400, "dark"), (1280, "light")])
def test_failures_are_grouped_by_cause_and_can_be_printed_and_opened(
    running: Any, tmp_path: Path, width: int, scheme: str
) -> None:
    file = written(
        tmp_path,
        failures_of_two_causes(),
        language="zh",
        editor="vscode://file/srv/项目/{path}:{line}:{column}",
    )
    view = Viewer(running, file, size=(width, 900), color_scheme=scheme)

    causes = view.page.locator(".stories .cause").all_inner_texts()
    assert causes == [
        "scenarios/scripts/客户.js:4：form.数量：期望 1，实际 …",
        "form.数量：期望 1，实际 …",
    ]
    before = view.count(".stories .name")
    view.page.locator(".stories .folder").first.click()
    assert view.count(".stories .name") == before - 3
    assert view.text(".names tr").split() == ["行", "null"]
    link = view.page.locator(".panel .edit").first.get_attribute("href")
    place = "scenarios/crm/%E5%9B%9E%E5%A1%AB.scenario.yaml"
    assert link == f"vscode://file/srv/项目/{place}:7:5"
    assert view.list_violations() == []
    assert view.page.evaluate("document.documentElement.scrollWidth") <= width

    view.page.emulate_media(media="print")
    view.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    paper = view.text("#paper")
    assert all(f"坏{number}" in paper for number in range(5))
    assert "（3）" in paper.replace("(", "（").replace(")", "）")
    assert "好" not in paper.split("失败原因", 1)[1].replace("友好", "")
    assert not view.page.locator("#viewer").is_visible()
    assert view.wrong == []
    view.close()
