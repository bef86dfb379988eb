"""Variants of an item: what they come to, how they end, and that they leave nothing behind."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from bpmax_sim.errors import ConfigError
from bpmax_sim.file_version import read_version
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.expect_writer import FileRewrite
from bpmax_sim.scenario.load import ScenarioItem
from bpmax_sim.scenario.observation import compare_runs
from bpmax_sim.transport.faults import Break, Fault, Slow
from bpmax_sim.variant.rewrite import write_if_scenarios_pass
from bpmax_sim.variant.run import (
    BaselineError,
    Variant,
    measure_baseline,
    run_variant,
    run_variant_without_expectations,
)
from bpmax_sim.variant.workers import map_in_order
from tests.variant.project import load_item

SCENARIO = """\
version: 1
scenario: 订单
form:
  scripts: {change.编号: submit.js}
  libraries: [names.js]
  fields: {编号: "", 客户: "", 备注: ""}
proxy: {stubs: [{on: erp.get_order, body: {customer: 张三}, delay: 20ms}]}
steps:
  - set: {编号: "7"}
    expect: {form: {客户: 张三}}
"""
SCRIPT = (
    "form.客户 = trim((await $proxy('erp').getOrder(form.编号)).customer);\nform.备注 = '已查';\n"
)
LIBRARY = "function trim(text) { return text.trim(); }\n"


@pytest.fixture
def item(tmp_path: Path) -> ScenarioItem:
    return load_item(tmp_path, SCENARIO, submit=SCRIPT, names=LIBRARY)


def _named(item: ScenarioItem, name: str) -> str:
    return next(
        body.name for body in item.subjects.script_and_flow_files if body.name.endswith(name)
    )


def test_a_changed_script_runs_instead_and_what_is_other_is_found(item: ScenarioItem) -> None:
    base = measure_baseline(item)
    text = SCRIPT.replace("'已查'", "'未查'")
    run = run_variant(base, Variant(scripts={_named(item, "submit.js"): text}))
    assert run.is_passed
    (difference,) = compare_runs(base.run.observations, run.observations)
    assert (difference.step, difference.place) == ("1", "form.备注")
    assert (difference.first, difference.second) == ("已查", "未查")


def test_a_changed_library_counts_through_the_script_that_uses_it(item: ScenarioItem) -> None:
    base = measure_baseline(item)
    text = LIBRARY.replace("text.trim()", "'x'")
    run = run_variant(base, Variant(scripts={_named(item, "names.js"): text}))
    assert [failure.kind for failure in run.failures] == ["expect"]


def test_further_faults_strike_and_need_not(item: ScenarioItem) -> None:
    base = measure_baseline(item)
    late = run_variant(base, Variant(faults=(Fault(on="erp.*", action=Slow(delay=5)),)))
    assert late.is_passed
    assert late.end.duration == pytest.approx(base.run.end.duration + 5)
    broken = run_variant(base, Variant(faults=(Fault(on="*", action=Break(error="reset")),)))
    assert broken.calls[0].error == "RESET"
    assert run_variant(base, Variant(faults=(Fault(on="crm.*", action=Slow()),))).is_passed


@pytest.mark.parametrize(
    ("text", "exceeded"),
    [
        ("for (;;);", "interrupts"),
        ("for (;;) await null;", "jobs"),
        ("const s = new Set(); s.add(1); for (const x of s) { s.delete(x); s.add(x); }",
         "interrupts"),
        ("for (;;) try { await $proxy('erp').getOrder('7'); } catch {}", "calls"),
        ("for (;;) await new Promise(r => setTimeout(r, 1));", "timers"),
        ("await new Promise(r => { const f = () => setTimeout(f, 9e6); f(); });", "seconds"),
        ("const f = () => f() + 1; f();", "limit"),
    ],
)  # fmt: skip
def test_what_never_ends_is_ended_by_a_count(item: ScenarioItem, text: str, exceeded: str) -> None:
    base = measure_baseline(item)
    run = run_variant(base, Variant(scripts={_named(item, "submit.js"): text}))
    assert (run.exceeded, run.is_passed) == (exceeded, False)


PYTHON = "[{python: tests.variant.project:load_item}]"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("scenario: 订单", "scenario: 订单\nskip: 以后再说"), "is skipped"),
        (("scenario: 订单", "scenario: 订单\nxfail: true"), "xfail"),
        (("proxy: {", "proxy: {mode: live, "), "mode: live"),
        (("steps:", "steps:\n  - {python: tests.variant.project:load_item}"), "has a python: step"),
        (
            ("steps:", "finally: [{python: tests.variant.project:load_item}]\nsteps:"),
            "has a python: step",
        ),
        (
            ("- set:", f"- during: {{call: erp.get_order, steps: {PYTHON}}}\n    set:"),
            "has a python: step",
        ),
        (("steps:", "use: [共享.yaml]\nsteps:\n  - {run: 查}"), "has a python: step"),
        (("客户: 张三}}", "客户: 李四}}"), "does not pass"),
    ],
)
def test_what_cannot_be_a_baseline_says_why_and_where(
    tmp_path: Path, change: tuple[str, str], says: str
) -> None:
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios/共享.yaml").write_text(f"version: 1\nsteps: {{查: {PYTHON}}}\n", "utf-8")
    item = load_item(tmp_path, SCENARIO.replace(*change), submit=SCRIPT, names=LIBRARY)
    with pytest.raises(BaselineError, match=says) as raised:
        measure_baseline(item)
    assert raised.value.problems[0].place == item.place


TWICE = """\
version: 1
scenario: 两次
form: {scripts: {change.编号: submit.js}, fields: {编号: "", 客户: ""}}
proxy: {stubs: [{on: erp.get_order, body: {customer: 张三}}]}
faults: [{on: erp.get_order, call: NTH, do: {status: 503}}]
steps: [{set: {编号: "7"}}, {set: {编号: "8"}}, {set: {编号: "9"}}]
"""


@pytest.mark.parametrize(
    ("nth", "calls", "usual", "statuses"),
    [
        ("1", 1, (1, 1, 1), [503, 200, 200]),
        ("2", 1, (1, 1, 1), [200, 503, 200]),
        ("3", 1, (1, 1, 1), [200, 200, 503]),
        ("3", 2, (2, 2, 2), [200, 200, 503, 200, 200, 200]),
        ("3", 2, (1, 1, 1), [200, 200, 200, 200, 503, 200]),  # the second of each is a retry
        ("2", 2, (1, 2, 1), [200, 200, 503, 200, 200, 200]),
        ("1-2", 2, (1, 1, 1), [503, 200, 503, 200, 200, 200]),
        ("1-2", 2, (2, 2, 2), [503, 503, 200, 200, 200, 200]),
        ("2", 1, (1,), [200, 503, 200]),
        ("2", 1, None, [200, 503, 200]),
    ],
)
def test_a_request_counts_as_often_as_its_step_usually_makes_it(
    tmp_path: Path, nth: str, calls: int, usual: tuple[int, ...] | None, statuses: list[int]
) -> None:
    script = "try { await $proxy('erp').getOrder('HT-1') } catch (e) { form.客户 = e.code }\n"
    item = load_item(tmp_path, TWICE.replace("NTH", nth), submit=script * calls)
    base = measure_baseline(item)
    (key,) = run_variant_without_expectations(base).requests[0]
    counts = None if usual is None else tuple(Counter({key: number}) for number in usual)
    trial = run_variant_without_expectations(base, Variant(usual=counts))

    made = [event for event in trial.events if isinstance(event, CallMade)]
    assert [one.status for one in made] == statuses
    assert [set(one.values()) for one in trial.requests[:3]] == [{calls}] * 3


def test_a_variant_writes_nothing(item: ScenarioItem) -> None:
    root = item.root
    before = sorted(root.rglob("*"))
    run_variant(measure_baseline(item))
    assert sorted(root.rglob("*")) == before


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_results_come_in_their_order_from_any_number_of_workers(
    item: ScenarioItem, workers: int
) -> None:
    base, name = measure_baseline(item), _named(item, "submit.js")

    def run(number: int) -> object:
        text = SCRIPT.replace("'已查'", f"'{number}'")
        run = run_variant(base, Variant(scripts={name: text}))
        return compare_runs(base.run.observations, run.observations)[0].second

    assert list(map_in_order(run, 7, workers)) == [str(number) for number in range(7)]


def test_a_process_that_dies_loses_its_own_work_alone() -> None:
    import os  # noqa: PLC0415

    def work(number: int) -> int:
        if number == 2:
            os._exit(1)
        return number

    assert list(map_in_order(work, 6, 2)) == [0, 1, None, 3, 4, 5]


def test_who_ended_takes_the_next_piece_while_another_is_slow(tmp_path: Path) -> None:
    third = tmp_path / "third"

    def work(number: int) -> bool:
        if number == 2:
            third.touch()
        until = time.monotonic() + 20 if number == 0 else 0
        while time.monotonic() < until and not third.exists():
            time.sleep(0.001)
        return number == 1 or third.exists()

    assert list(map_in_order(work, 3, 2)) == [True, True, True]


def test_who_waits_for_processes_is_called_now_and_then(tmp_path: Path) -> None:
    seen = tmp_path / "seen"

    def work(_number: int) -> bool:
        until = time.monotonic() + 5
        while time.monotonic() < until and not seen.exists():
            time.sleep(0.001)
        return seen.exists()

    assert list(map_in_order(work, 2, 2, seen.touch)) == [True, True]


AT_FORK: list[Callable[[], None]] = []
os.register_at_fork(before=lambda: [act() for act in AT_FORK] and None)


def test_an_interrupt_while_processes_are_started_comes_when_all_are() -> None:
    started = list[int]()

    def interrupt() -> None:
        started.append(len(started))
        if len(started) == 1:
            signal.raise_signal(signal.SIGINT)

    AT_FORK.append(interrupt)
    # A process in the background of a shell ignores it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            list(map_in_order(lambda number: number, 6, 3))
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        AT_FORK.clear()
        signal.signal(signal.SIGINT, before)

    assert started == [0, 1, 2]


def test_an_error_is_raised_at_its_place_in_the_order() -> None:
    results = map_in_order(lambda number: 1 // (1 - number), 3, 2)
    assert next(results) == 1
    with pytest.raises(ZeroDivisionError):
        list(results)


def test_a_file_that_was_edited_since_it_was_read_is_not_written(item: ScenarioItem) -> None:
    first, second = (item.path.with_name(f"{name}.scenario.yaml") for name in "一二")
    for path in (first, second):
        path.write_text(SCENARIO, encoding="utf-8")
    files = [FileRewrite(read_version(p), SCENARIO, f"{SCENARIO}# a\n") for p in (first, second)]
    second.write_text(f"{SCENARIO}# 张\n", encoding="utf-8")

    with pytest.raises(ConfigError, match=r"二.*somebody wrote it since this command read it"):
        write_if_scenarios_pass(files)

    assert first.read_text(encoding="utf-8") == SCENARIO
    assert second.read_text(encoding="utf-8") == f"{SCENARIO}# 张\n"


@pytest.mark.parametrize(
    ("written", "kept", "said"),
    [
        (f"{SCENARIO}# a\n", SCENARIO, ""),  # all of it
        (f"{SCENARIO}#", SCENARIO, ""),  # a part, as an interrupted write leaves it
        ("", SCENARIO, ""),
        (SCENARIO, SCENARIO, ""),
        (f"{SCENARIO}# a\n# 张\n", f"{SCENARIO}# a\n# 张\n", "somebody wrote it while"),
        (f"{SCENARIO}# 张\n", f"{SCENARIO}# 张\n", "somebody wrote it while"),
        (None, None, "somebody wrote it while"),  # deleted
    ],
)
def test_what_somebody_wrote_during_the_trial_stays(
    item: ScenarioItem, written: str | None, kept: str | None, said: str
) -> None:
    path = item.path.with_name("一.scenario.yaml")
    path.write_text(SCENARIO, encoding="utf-8")
    file = FileRewrite(read_version(path), SCENARIO, f"{SCENARIO}# a\n")
    path.unlink()
    if written is not None:
        path.write_text(written, encoding="utf-8")

    if said:
        with pytest.raises(ConfigError, match=said):
            file.restore()
    else:
        file.restore()

    assert (path.read_text(encoding="utf-8") if path.exists() else None) == kept


def test_why_a_scenario_fails_is_said_beside_what_could_not_be_restored(
    item: ScenarioItem, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = item.path.with_name("一.scenario.yaml")
    path.write_text(SCENARIO, encoding="utf-8")
    file = FileRewrite(
        read_version(path), SCENARIO, SCENARIO.replace("{客户: 张三}", "{客户: 李四}")
    )

    def write_and_edit() -> None:
        path.write_text(f"{file.after}# 张\n", encoding="utf-8")

    monkeypatch.setattr(FileRewrite, "write", lambda _file: write_and_edit())

    with pytest.raises(ConfigError) as caught:
        write_if_scenarios_pass([file])

    assert "李四" in str(caught.value)
    assert "somebody wrote it while its scenarios were run" in str(caught.value)


@pytest.mark.parametrize("failing", ["", "一", "二", "三"])
def test_of_files_that_are_rewritten_all_pass_or_all_are_as_before(
    item: ScenarioItem, failing: str
) -> None:
    files = []
    for name in "一二三":
        path = item.path.with_name(f"{name}.scenario.yaml")
        path.write_text(SCENARIO, encoding="utf-8")
        wanted = "李四" if name == failing else "张三"
        after = SCENARIO.replace("{客户: 张三}", f"{{客户: {wanted}, 备注: 已查}}")
        files.append(FileRewrite(read_version(path), SCENARIO, after))

    if failing:
        with pytest.raises(ConfigError, match="李四"):
            write_if_scenarios_pass(files)
    else:
        write_if_scenarios_pass(files)

    texts = [file.path.read_text(encoding="utf-8") for file in files]
    assert texts == [file.before if failing else file.after for file in files]


ROWS = "id,编号:number,客户\n一,7,张三\n"


@pytest.mark.parametrize("wanted", ["张三", "李四"])
def test_a_table_is_rewritten_with_its_scenario(item: ScenarioItem, wanted: str) -> None:
    text = SCENARIO.replace('{编号: "7"}', "{编号: '${case.编号}'}").replace(
        "steps:", "cases: {from: 订单.csv}\nsteps:"
    )
    path, table = (item.path.with_name(name) for name in ("表.scenario.yaml", "订单.csv"))
    path.write_text(text, encoding="utf-8")
    table.write_text(ROWS, encoding="utf-8")
    files = [
        FileRewrite(read_version(path), text, text.replace("{客户: 张三}", f"{{客户: {wanted}}}")),
        FileRewrite(read_version(table), ROWS, ROWS.replace("7", "8"), is_table=True),
    ]

    if wanted == "张三":
        write_if_scenarios_pass(files)
    else:
        with pytest.raises(ConfigError, match="李四"):
            write_if_scenarios_pass(files)
    texts = [one.read_text(encoding="utf-8") for one in (path, table)]
    assert texts == [file.after if wanted == "张三" else file.before for file in files]


@pytest.mark.parametrize(
    ("name", "text", "error"),
    [
        ("no folder/二.scenario.yaml", SCENARIO, ConfigError),
        ("二.scenario.yaml", SCENARIO + "# half of a pair: \ud83d", UnicodeEncodeError),
    ],
)
def test_of_files_that_are_rewritten_all_are_as_before_whatever_ends_the_writing(
    item: ScenarioItem, name: str, text: str, error: type[Exception]
) -> None:
    item.path.with_name("no folder").write_text("a file\n", encoding="utf-8")
    first, second = (item.path.parent / one for one in ("一.scenario.yaml", name))
    paths = [path for path in (first, second) if path.parent.is_dir()]
    for path in paths:
        path.write_text(SCENARIO, encoding="utf-8")
    files = [FileRewrite(read_version(first), SCENARIO, f"{SCENARIO}# written\n")]
    files.append(FileRewrite(read_version(second), SCENARIO, text))

    with pytest.raises(error):
        write_if_scenarios_pass(files)

    assert [path.read_text(encoding="utf-8") for path in paths] == [SCENARIO] * len(paths)


def test_who_interrupts_the_trial_finds_the_files_as_before(item: ScenarioItem) -> None:
    class InterruptedRewrite(FileRewrite):
        def write(self) -> None:
            super().write()
            raise KeyboardInterrupt

    first, second = (item.path.with_name(f"{name}.scenario.yaml") for name in "一二")
    for path in (first, second):
        path.write_text(SCENARIO, encoding="utf-8")
    kinds = ((first, FileRewrite), (second, InterruptedRewrite))
    files = [kind(read_version(path), SCENARIO, f"{SCENARIO}# 改\n") for path, kind in kinds]

    with pytest.raises(KeyboardInterrupt):
        write_if_scenarios_pass(files)

    assert [path.read_text(encoding="utf-8") for path in (first, second)] == [SCENARIO] * 2
