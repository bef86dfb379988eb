"""Scripts that throw, print, write and return what holds a secret: nothing that is told has it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from bpmax_sim.errors import ScriptError
from bpmax_sim.script.failure import Script
from tests import warm
from tests.apart import PLUGINS
from tests.leaks import leaks
from tests.loopback import loopback
from tests.probe import DATA, ROOT, Probe, ThirdParty

pytestmark = pytest.mark.filterwarnings("ignore::bpmax_sim.errors.WeakSecretWarning")

ASK = "const r = await $proxy('客户系统').$api('plain').$body({'客户': '张三'}).$call();\n"
STEP = "- set: {客户: 张三}"
ASKED = "- id: 问\n    proxy: {call: 客户系统.plain, body: {客户: 张三}}"
TITLE = f"""{ASKED}
    save: {{答: '${{steps.问.result}}'}}
  - name: 客户 ${{vars.答.raw}}
    expect: {{vars: {{答: {{hex: 无}}}}, proxy: [], console: ['${{vars.答.raw}}']}}"""
PRINT = """console.log(r, [r.raw], new Map([[r.raw, r.hex]]));
console.error('%s', r.base64); throw 1"""
HEX = "const hex = s => [...new TextEncoder().encode(s)].map(b => b.toString(16)).join('')"
REFUSED = """try { await $proxy('客户系统').$api('refuse').$call() } catch (error) {
  console.log(error, error.response.body); throw new Error(error.response.body.raw) }"""
CASES: Mapping[str, tuple[str, str]] = {
    "抛出应答": ("throw r", STEP),
    "抛出错误": ("throw new Error(r.raw)", STEP),
    "错误的字段": ("throw Object.assign(new Error('不行'), {name: r.hex, code: r.raw})", STEP),
    "错误的原因": ("throw new Error('外层', {cause: new TypeError(r.basic)})", STEP),
    "无人处理的拒绝": ("Promise.reject(new Error(r.raw))", STEP),
    "多个错误": ("throw new AggregateError([new Error(r.raw), r.hex], r.basic)", STEP),
    "定时器": ("setTimeout(() => { throw new Error(r.raw) }, 0)", STEP),
    "百分号的十六进制": (f"{HEX}\nthrow new Error(hex(encodeURIComponent(r.raw)))", STEP),
    "三层JSON": ("throw new Error(JSON.stringify(JSON.stringify(JSON.stringify(r))))", STEP),
    "函数名": ("({[r.raw]() { throw new Error('不行') }})[r.raw]()", STEP),
    "堆栈": ("throw Object.assign(new Error('不行'), {stack: r.raw})", STEP),
    "平台名": ("await $proxy(r.raw).plain()", STEP),
    "未等待的接口名": ("$proxy('客户系统').$api(r.raw).$call()", STEP),
    "实例名": ("await $proxy('客户系统', {instance_key: r.raw}).plain()", STEP),
    "调用来源": ("await $proxy('客户系统', {caller: r.raw}).$api('plain').$call(); throw 1", STEP),
    "路径名": ("await $proxy('客户系统').$api('plain').$path({[r.raw]: 1}).$call()", STEP),
    "拒绝的应答": (REFUSED, STEP),
    "控制台": (PRINT, STEP),
    "字段": ("form.备注 = r.raw", f"{STEP}\n    expect: {{form: {{备注: 无}}}}"),
    "消息": ("form.$message(r.raw)", f"{STEP}\n    expect: {{messages: [无]}}"),
    "别的错误": ("throw new Error(r.raw)", f"{STEP}\n    expect_error: {{message: 无}}"),
    "结果": ("", f"{ASKED}\n    expect: {{result: 无}}"),
    "标题和变量": ("", TITLE),
    "没有的值": ("", f"{ASKED}\n  - set: {{客户: '${{steps.问.result.没有}}'}}"),
    "Python": ("", "- python: mine:fail"),
}
PYTHON = """
import sys

def fail(session):
    answer = session.proxy("客户系统").api("plain").body({"客户": "张三"}).call()
    if sys.argv[0].endswith("pytest/__main__.py"):  # which captures it
        print(answer)
    raise ValueError(answer["raw"])
"""
TESTS = """
import logging
import pytest

@pytest.fixture(name="answer")
def answer_of(bpmax_proxy):
    return bpmax_proxy("客户系统").api("plain").body({"客户": "张三"}).call()

def test_compares(answer):
    assert answer == {"raw": 1}

def test_prints(answer, record_property):
    print(answer)
    logging.getLogger("客户").warning("%s", answer["base64"])
    record_property("答", answer["raw"])

def test_raises(answer):
    try:
        raise KeyError(answer["raw"])
    except KeyError as error:
        raise ExceptionGroup("多个", [ValueError(answer["hex"])]) from error

def test_fails(answer):
    pytest.fail(answer["raw"], pytrace=False)

def test_skips(answer):
    pytest.skip(answer["raw"])

def test_is_expected_to_fail(answer):
    pytest.xfail(answer["raw"])

@pytest.fixture(name="broken")
def broken_of(answer):
    yield
    raise RuntimeError(answer["raw"])

def test_breaks_afterwards(broken):
    pass
"""
SCENARIO = """
version: 1
scenario: {name}
form:
  scripts: {{change.客户: {name}.js}}
  fields: {{客户: null, 备注: ''}}
proxy: {{platforms: platforms/, cassette: {name}}}
steps:
  {steps}
"""


@pytest.fixture(name="probe")
def probe_of(tmp_path: Path) -> Iterator[Probe]:
    third = ThirdParty()
    with loopback(third.answer) as server:
        yield Probe(tmp_path, server, third)


@pytest.fixture(name="project")
def project_of(tmp_path: Path) -> Path:
    root = tmp_path / "项目"
    shutil.copytree(DATA, root / "scenarios")
    (root / "scenarios/mine.py").write_text(PYTHON)
    for name, (script, steps) in CASES.items():
        (root / f"scenarios/{name}.js").write_text(ASK + script)
        text = SCENARIO.format(name=name, steps=steps)
        (root / f"scenarios/{name}.scenario.yaml").write_text(text)
    return root


def told(project: Path, probe: Probe, *command: str) -> dict[str, bytes]:
    done = subprocess.run(
        [warm.python(), "-m", *command],
        cwd=project,
        env={**os.environ, **PLUGINS, **probe.environ, "PYTHONPATH": str(ROOT), "CI": ""},
        capture_output=True,
        check=False,
    )
    files = [path for path in project.rglob("*") if path.is_file()]
    left = {str(path.relative_to(project)): path.read_bytes() for path in files}
    return {"out": done.stdout, "err": done.stderr, **left}


def found(artefacts: Mapping[str, bytes], probe: Probe) -> list[str]:
    """Return what leaked of what is declared or derived; nothing here declares the rest."""
    known = {name: probe.secrets[name] for name in ("credential", "token")}
    return leaks(artefacts, known)


@pytest.mark.parametrize("mode", ["record", "live"])
def test_the_command_line_tells_no_secret_that_a_script_gives_away(
    probe: Probe, project: Path, mode: str
) -> None:
    text = told(project, probe, "bpmax_sim", "run", "--mode", mode)
    data = told(project, probe, "bpmax_sim", "run", "--mode", mode, "--json")

    assert f"{len(CASES)} failed".encode() in text["err"] + text["out"]
    assert found(text, probe) == []
    assert found(data, probe) == []
    assert b"redacted." in data["out"]


@pytest.mark.parametrize("mode", ["record", "live"])
def test_pytest_tells_no_secret_that_a_script_gives_away(
    probe: Probe, project: Path, mode: str
) -> None:
    options = ["-p", "no:cacheprovider", "--junitxml=junit.xml", "-rA", "--bpmax-trace=on"]
    said = told(
        project, probe, "pytest", *options, "--bpmax-tb", "--bpmax-report", f"--bpmax-mode={mode}"
    )

    assert f"{len(CASES)} failed".encode() in said["out"]
    assert any(name.endswith(".ndjson") for name in said)
    assert any(name.endswith("report.html") for name in said)
    assert found(said, probe) == []


@pytest.mark.parametrize("name", [n for n, (script, _) in CASES.items() if script])
def test_an_outcome_in_python_tells_no_secret(probe: Probe, name: str) -> None:
    with probe.open(mode="live", unawaited="allow") as session:
        form = {"客户": "张三", "备注": ""}
        outcome = session.run_script(Script(ASK + CASES[name][0], f"{name}.js"), form=form)
    errors = [error for error in (outcome.error, *outcome.unhandled) if error is not None]
    shown = [(str(one), repr(one), vars(one), repr(one.__cause__)) for one in errors]
    causes = [vars(one.__cause__) for one in errors if isinstance(one.__cause__, ScriptError)]

    assert errors or outcome.console or outcome.unawaited or name in {"字段", "消息"}
    assert (
        found(
            {"outcome": repr((shown, causes, outcome.console, outcome.unawaited)).encode()}, probe
        )
        == []
    )


@pytest.mark.parametrize("mode", ["record", "live"])
@pytest.mark.parametrize("options", [("-vv", "-l", "--tb=long"), ("--tb=native",)], ids=str)
def test_reports_of_python_tests_tell_no_secret_of_an_answer(
    probe: Probe, tmp_path: Path, mode: str, options: tuple[str, ...]
) -> None:
    shutil.copytree(DATA, tmp_path / "scenarios")
    (tmp_path / "test_of_a_user.py").write_text(TESTS, encoding="utf-8")
    more = ["-p", "no:cacheprovider", "--junitxml=junit.xml", "-rA", f"--bpmax-mode={mode}"]
    said = told(tmp_path, probe, "pytest", *more, *options, "test_of_a_user.py")

    assert b"3 failed, 2 passed, 1 skipped, 1 xfailed" in said["out"]
    assert b"redacted.b2e4944e.4557e6ee.token.1" in said["junit.xml"]
    del said["test_of_a_user.py"]
    assert found(said, probe) == []


KEEPS = """
version: 1
scenario: 票据留在表单里
form: {scripts: {change.客户: 票据.js}, fields: {客户: null, 票据: ''}}
proxy: {platforms: platforms/, cassette: 票据}
steps:
  - set: {客户: 张三}
    expect: {form: {票据: redacted.b2e4944e.4557e6ee.data_ticket.1}}
  - js: return form.票据
    expect: {result: '${form.票据}'}
"""


def test_what_is_expected_of_a_secret_holds_in_record_and_in_replay(
    probe: Probe, project: Path
) -> None:
    script = "form.票据 = (await $proxy('客户系统').ticket()).data.ticket"
    (project / "scenarios/票据.js").write_text(script)
    (project / "scenarios/票据.scenario.yaml").write_text(KEEPS)
    run = ("bpmax_sim", "run", "scenarios/票据.scenario.yaml")
    recorded = told(project, probe, *run, "--mode", "record")
    replayed = told(project, probe, *run)

    assert b"1 passed" in recorded["err"] + recorded["out"], recorded["out"].decode()
    assert b"1 passed" in replayed["err"] + replayed["out"], replayed["out"].decode()
