"""The command and the option of pytest: what they print, write and end with."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.cli import main
from bpmax_sim.explore.reproduce import ReproducingScenario, reproduce, save_and_check_reproduction
from bpmax_sim.explore.search import Exploration, Explorer
from bpmax_sim.explore.summary import sum_totals
from bpmax_sim.report.sections import SECTIONS
from bpmax_sim.scenario.load import ScenarioItem, load_items
from tests.explore.project import explore as explore_project
from tests.explore.project import write_project
from tests.explore.test_cases import CASES
from tests.explore.test_failures import SCRIPTS
from tests.explore.test_orders import FIRST_WINS, IN_ORDER, ORDER, STALE, TWO_STEPS
from tests.report.test_html import Checked

pytest_plugins = ("pytester",)
PLAIN = (
    "-p", "no:cacheprovider", "-W", "ignore::bpmax_sim.errors.UnusedRuleWarning",
    "-W", "ignore::bpmax_sim.errors.EmptyExpectationWarning",
)  # fmt: skip
"""Of the platform's classes, which explore alone asks for here; and nothing is expected."""
SILENT = SCRIPTS["an empty catch"]["script"]
CAREFUL = SCRIPTS["a script that tells of every failure"]["script"]


@pytest.fixture(name="hears_ctrl_c")
def let_children_hear_ctrl_c() -> Iterator[None]:
    """Let a child hear SIGINT, which a shell has what it starts in the background ignore."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def explore(*arguments: str) -> int:
    """Run ``bpmax-sim explore`` and return what it ends with."""
    with pytest.raises(SystemExit) as end:
        main(["explore", *arguments])
    return int(end.value.code or 0)


def test_findings_and_the_matrix_are_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_project(tmp_path, SILENT)
    monkeypatch.chdir(tmp_path)

    assert explore(str(path)) == 1

    out, err = capsys.readouterr()
    assert out.startswith("× silent  scenarios/change.customerId.js:2  crm.getCustomer: refused,")
    assert "call: 1, attempts: 10, do: {error: connect}}" in out
    assert "crm.getCustomer  scenarios/change.customerId.js:2 S S S S S S S S S" in out
    assert "tried 11 of 11: handled 2, silent 9" in err


def test_calls_that_only_failures_lead_to_are_named_and_nothing_that_does_not_help(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = """\
        try { await $proxy('crm').getCustomer(form.customerId); } catch {
          await $proxy('crm')['not' + 'ify']();
        }
    """  # no stub is written for what is called by another name
    explore(str(write_project(tmp_path, script)))

    err = capsys.readouterr().err
    assert (
        " variants are not judged: no recording of crm.notify; to see what follows, record "
        "scenarios in which this happens\n"
    ) in err
    assert "bpmax-sim record" not in err


def test_a_cell_with_a_variant_that_was_not_judged_is_no_pass(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    script = """\
        try {
          const found = await $proxy('crm').getCustomer(form.customerId);
          if (!found.data.level) await $proxy('crm')['not' + 'ify']();
          form.phone = found.data.contact?.phone ?? '';
        } catch (error) { form.$message = {type: 'error', text: error.message}; }
    """  # the schema says that contact can be lacking, and not that level can
    path = write_project(tmp_path, script)
    totals = sum_totals([explore_project(path)])
    monkeypatch.chdir(tmp_path)

    explore(str(path))
    english = capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["--lang", "zh", "explore", str(path)])
    chinese = capsys.readouterr().out

    members = [cell.verdict for cell in totals.cells if cell.column == "members"]
    assert sorted(members) == ["handled", "unrecorded"]
    (row,) = (line for line in english.splitlines() if line.startswith("crm.getCustomer  "))
    names = [line for line in english.splitlines() if "┌ " in line]
    marks = row.rpartition(".js:2 ")[2].split(" ")
    column = next(number for number, line in enumerate(names) if line.endswith("┌ members"))
    assert marks[column] == "?"
    assert "√ handled  ? unrecorded" in english
    assert "√ 已处理  ? 未录制" in chinese


def test_the_page_of_the_report_shows_the_matrix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "explore.html"
    monkeypatch.chdir(tmp_path)

    assert explore(str(write_project(tmp_path, SILENT)), "--html", str(page)) == 1

    told = Checked(page.read_text(encoding="utf-8"))
    (section,) = told.data["index"]["sections"]
    table, finding = section["parts"]
    assert [cell["text"] for cell in table["rows"][0]].count("S") == 9
    assert "faults:" in finding["paste"]
    assert (tmp_path / SECTIONS / "explore.json").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--max", "3"], 1, "tried 3 of 11"),
        (["--max", "-1"], 2, "--max -1: expected a number from 1"),
        (["--max", "0"], 2, "--max 0: expected a number from 1"),
        (["--minutes", "0"], 2, "--minutes 0: expected more than 0, and a day at most"),
        (["--minutes", "0.00000001"], 5, "nothing was tried, so nothing is proved"),
        (["--minutes", "-1"], 2, "--minutes -1"),
        (["--mx", "3"], 2, "--max"),
        (["nothing.scenario.yaml"], 2, "nothing.scenario.yaml"),
    ],
)
def test_options_are_read(
    arguments: list[str],
    code: int,
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_project(tmp_path, SILENT)
    monkeypatch.chdir(tmp_path)

    assert explore(*arguments) == code
    assert said in capsys.readouterr().err


def test_a_program_reads_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert explore(str(write_project(tmp_path, SILENT)), "--json") == 1

    told = json.loads(capsys.readouterr().out)
    assert (told["tried"], told["possible"], told["exit_code"]) == (11, 11, 1)
    (finding,) = told["findings"]
    assert (finding["verdict"], finding["red"], finding["line"]) == ("silent", True, 2)


def test_warnings_alone_pass_and_what_is_refused_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_project(tmp_path, STALE, steps=TWO_STEPS)
    broken = '- {set: {customerId: "1"}, expect: {form: {name: 李四}}}'

    assert explore(str(path)) == 0
    assert explore(str(write_project(tmp_path, CAREFUL, steps=broken))) == 5
    assert "not explored: does not pass: " in capsys.readouterr().err


WITH_KEY = """\
const send = () => $proxy('crm').$api('createOrder').$header({'Idempotency-Key': 'DD-1'})
  .$body({no: 1}).$call();
let order;
try { order = await send(); } catch { order = await send(); }
if (order?.code !== 0) throw new Error('下单失败');
"""
SAVED = {
    "a silent failure": ("change.customerId", SILENT, "", CAREFUL),
    "a duplicate": (
        "click.下单",
        SCRIPTS["an order that is sent again after a time-out"]["script"],
        "",
        f"try {{ {ORDER} }} catch {{ form.$message = '下单失败'; }}",
    ),
    "a duplicate, mended by an idempotency key": (
        "click.下单",
        SCRIPTS["an order that is sent again after a time-out"]["script"],
        "",
        WITH_KEY,
    ),
    "a race": ("change.customerId", FIRST_WINS, "", IN_ORDER),
}


@pytest.mark.parametrize("name", SAVED)
def test_what_is_saved_fails_until_the_script_is_mended(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    event, script, steps, mended = SAVED[name]
    path = write_project(tmp_path, script, event=event, steps=steps)

    assert explore(str(path), "--save") == 1

    saved = [one for one in path.parent.glob("*.scenario.yaml") if one != path]
    saved.sort(key=lambda one: "once_per_key" not in one.read_text("utf-8"))
    assert saved
    assert all(load_items(one) for one in saved)
    with pytest.raises(SystemExit) as red:
        main(["run", str(saved[0])])
    text = f"# 财务已确认\n{saved[0].read_text('utf-8')}"
    saved[0].write_text(text, "utf-8")
    explore(str(path), "--save")
    assert saved[0].read_text("utf-8") == text  # a person has changed it
    (path.parent / f"{event}.js").write_text(mended, encoding="utf-8")
    with pytest.raises(SystemExit) as green:
        main(["run", str(saved[0])])
    assert (red.value.code, green.value.code) == (1, 0), capsys.readouterr().out


def test_what_the_flow_itself_refuses_is_expected_by_what_is_saved(tmp_path: Path) -> None:
    home = shutil.copytree(CASES, tmp_path / "cases") / "careful/20"
    (item,) = load_items(home / "case.scenario.yaml")
    twice = next(one for one in Explorer().explore(item).variants if one.interruption)

    scenario = reproduce(item, twice)

    assert "expect_error: {code: MOVED_ON}" in scenario.text
    assert save_and_check_reproduction(scenario) == ""
    text = scenario.text.replace("expect_error: {code: MOVED_ON}", "name: 批两次")
    assert "MOVED_ON" in save_and_check_reproduction(
        ReproducingScenario(scenario.path, text, fails_expectation=True)
    )


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ("finally:\n- {name: 核对, js: return form.name, expect: {result: 张三}}\n", "finally"),
        ("expect: {form: {name: 张三}}\n", "expect"),
        ("explore: {duplicate: allow}\n", "explore"),
    ],
)
def test_what_judges_the_whole_run_is_not_in_what_is_saved(
    more: str, key: str, tmp_path: Path
) -> None:
    (item,) = load_items(write_project(tmp_path, SILENT, more=more))
    (silent, *_) = (
        one for one in Explorer().explore(item).variants if one.judgement.verdict == "silent"
    )

    scenario = reproduce(item, silent)

    assert key in item.spot.source.root.to_plain()  # type: ignore[operator]
    assert f"\n{key}:" not in scenario.text
    assert "\nclock:" in scenario.text


def test_pytest_explores_each_item(pytester: pytest.Pytester) -> None:
    write_project(pytester.path, SILENT)

    result = pytester.runpytest("scenarios", "--bpmax-explore", "-v", *PLAIN)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*silent: crm.getCustomer: refused, timeout*",
            "crm.getCustomer  scenarios/change.customerId.js:2 S S *",
            "tried 11 of 11: handled 2, silent 9",
        ]
    )


def test_any_number_of_workers_finds_the_same_in_the_same_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("b", "a", "c"):
        write_project(tmp_path / name, SILENT if name == "b" else STALE, steps=TWO_STEPS)
    monkeypatch.chdir(tmp_path)
    told = []
    for workers in ("1", "2"):
        explore(".", "--json", "--max", "9", "--seed", "7", "--workers", workers)
        told.append(capsys.readouterr().out)

    assert told[0] == told[1]
    assert json.loads(told[0])["tried"] == 27


def test_a_seed_chooses_what_is_tried_first(tmp_path: Path) -> None:
    (item,) = load_items(write_project(tmp_path, SILENT))

    def kinds(seed: int | None) -> list[str]:
        return [str(one.kind) for one in Explorer().explore(item, most=4, seed=seed).variants]

    assert kinds(3) == kinds(3)
    # One seed may choose what comes first anyhow; the choice depends on the path of the file, too.
    assert any(kinds(seed) != kinds(None) for seed in range(3, 9))


def test_what_was_explored_before_ctrl_c_is_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        write_project(tmp_path / name, SILENT)
    monkeypatch.chdir(tmp_path)
    whole = Explorer.explore

    def explore_until_interrupted(self: Explorer, item: ScenarioItem, **limits: Any) -> Exploration:
        if "b/" in item.node_id:
            raise KeyboardInterrupt
        return whole(self, item, **limits)

    monkeypatch.setattr(Explorer, "explore", explore_until_interrupted)

    assert explore(".") == 130

    out, err = capsys.readouterr()
    assert "× silent  a/scenarios/change.customerId.js:2" in out
    assert "1 of 2 scenarios were explored" in err


def running_in_group(group: int) -> list[str]:
    """Return what runs in a group of processes; what has ended and nobody waited for does not."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, number = stat.read_text("utf-8").rpartition(")")[2].split()[:3]
            if int(number) == group and state != "Z":
                found.append(str(stat))
    return found


OF_PYTEST = ("-m", "pytest", "-v", *PLAIN)
SEARCHES = {
    "explore": ("-m", "bpmax_sim", "explore", ".", "--workers", "2"),
    "challenge": ("-m", "bpmax_sim", "challenge", ".", "--workers", "2"),
    "pytest explores": (*OF_PYTEST, "--bpmax-explore"),
    "pytest challenges": (*OF_PYTEST, "--bpmax-challenge"),
}


def wait_until_begun(process: subprocess.Popen[str], *, is_pytest: bool) -> None:
    """Return once a search has workers, or pytest has collected."""
    if is_pytest:
        assert process.stdout is not None
        next(line for line in process.stdout if "collected" in line)
        return
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    while not children.read_text("ascii"):
        time.sleep(0.01)


@pytest.mark.night
@pytest.mark.usefixtures("hears_ctrl_c")
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="sees by /proc that it has begun")
@pytest.mark.parametrize("seconds", [0, 0.3, 1])
@pytest.mark.parametrize("search", SEARCHES)
def test_ctrl_c_ends_it_at_any_moment_and_nothing_is_left(
    search: str, seconds: float, tmp_path: Path
) -> None:
    for number in range(12):
        write_project(tmp_path / str(number), STALE, steps=TWO_STEPS)
    is_pytest = search.startswith("pytest")
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, *SEARCHES[search]], cwd=tmp_path, stderr=subprocess.PIPE,
            stdout=subprocess.PIPE, encoding="utf-8", start_new_session=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        wait_until_begun(process, is_pytest=is_pytest)
        time.sleep(seconds)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=120)
        # pytest cannot show what is interrupted where Python 3.11 has no line (pytest-xdist#1196)
        if "tb_lineno" not in err:
            break

    assert process.returncode in ({0, 2} if is_pytest else {0, 130}), err
    assert "Traceback" not in err
    assert running_in_group(process.pid) == []  # its workers have ended, too


@pytest.mark.night
def test_exploring_again_and_again_takes_no_more_memory(tmp_path: Path) -> None:
    (item,) = load_items(write_project(tmp_path, STALE, steps=TWO_STEPS))
    resource = pytest.importorskip("resource", reason="Windows counts memory otherwise")
    explorer = Explorer()
    tried = [explorer.explore(item).tried for _ in range(3)]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    tried += [explorer.explore(item).tried for _ in range(12)]

    assert sum(tried) > 300
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 4 * 1024  # kilobytes


@pytest.mark.night
def test_workers_of_pytest_come_to_the_same(pytester: pytest.Pytester) -> None:
    for name in ("a", "b", "c"):
        write_project(pytester.path / name, SILENT if name == "b" else STALE, steps=TWO_STEPS)
    told = []
    for workers in ("0", "2"):
        result = pytester.runpytest_subprocess(".", "--bpmax-explore", "-v", "-n", workers, *PLAIN)
        result.assert_outcomes(failed=1, passed=2, warnings=2)
        lines = result.stdout.str().partition("┌")[2].splitlines()
        told.append(lines[: next(n for n, line in enumerate(lines) if "tried " in line) + 1])

    assert told[0] == told[1]


IN_PYTEST = {
    "a limit": ("explore explore-max=3", "tried 3 of 11: *"),
    "another order": ("explore explore-max=3 explore-seed=3", "tried 3 of 11: *"),
    "no time": ("explore explore-minutes=0.0000001", "*not explored: the time was over"),
    "no number": ("explore explore-max=0", "*-max: 0: expected a number from 1"),
    "alone": ("explore-max=3", "*--bpmax-explore-max needs --bpmax-explore"),
    "a live system": (
        "explore mode=live",
        "*simulated scenarios only; leave --bpmax-mode=live out",
    ),
}


@pytest.mark.parametrize("name", IN_PYTEST)
def test_options_of_pytest_bound_it(name: str, pytester: pytest.Pytester) -> None:
    options, says = IN_PYTEST[name]
    write_project(pytester.path, SILENT)

    result = pytester.runpytest_inprocess(
        "scenarios", *(f"--bpmax-{one}" for one in options.split()), *PLAIN
    )

    output = result.stderr if result.ret == pytest.ExitCode.USAGE_ERROR else result.stdout
    output.fnmatch_lines([says])


def test_progress_counts_variants_of_all_scenarios(tmp_path: Path) -> None:
    items = [
        item for name in ("a", "b") for item in load_items(write_project(tmp_path / name, SILENT))
    ]
    seen: list[tuple[int, int]] = []

    found = [*Explorer().explore_all(items, on_tried=lambda *at: seen.append(at))]

    assert len(seen) == sum(one.tried for one in found) == 22
    assert seen[0] == (1, 22)
    assert seen[-1] == (22, 22)
