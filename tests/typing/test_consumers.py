"""A consumer's mistake fails in its type checker, before anything runs.

mypy judges every file. pyright judges them too where it is installed (``pip install basedpyright``,
which brings its own Node.js); the checks of a clone do not wait for a download of 100 MB.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from shutil import which

import pytest

import bpmax_sim

ROOT = Path(bpmax_sim.__file__).parents[1]
GOOD = """\
import bpmax_sim as bs
from bpmax_sim import testing


def answer(request: bs.Request) -> bs.Response:
    return bs.Response(status=200, body=request.url.encode())


def rewritten(mode: testing.RecordMode) -> bs.EverydayOptions:
    return {"record": mode, "redact": ["body.phone"], "limits": bs.Limits(cpu=1.0)}


def test_faults(bpmax_faults: testing.RunFaults, bpmax_clock: testing.RunClock) -> None:
    bpmax_faults.add("crm.create_order", call=2, token="expired")
    bpmax_clock.advance("2h")


def use() -> str:
    reset = bs.Fault(on="crm.*", action=bs.Break(error="reset"))
    options = rewritten("rewrite")
    with bs.Session.open("platforms", **options) as session:
        session.arm([reset])
    with bs.record("platforms", cassette="a.yaml", transport=answer, seed=None) as session:
        session.proxy("crm", instance_key="test").getCustomerDetail("1")
    with bs.replay("platforms", cassette="a.yaml", ignore=("header.X-Request-ID",)) as session:
        outcome: bs.Outcome = session.run_script(bs.Script("return 1"), form={"a": 1})
        call: bs.CallRecord = session.calls[0]
        assert call.request is not None
        return f"{outcome.value} {call.request.url} {call.request.headers['accept']}"


for event in bs.run_scenario("a.scenario.yaml", mode="replay").unwrap().events:
    print(event)
"""

WRONG = {
    "an unknown option": 'bs.Session.open(mod="replay")',
    "an unknown mode": 'bs.Session.open(mode="replai")',
    "an unknown way to record": 'bs.record(cassette="a", record="all")',
    "an unknown option of record": 'bs.record(cassette="a", redacts=[])',
    "an unknown option of replay": 'bs.replay(cassette="a", ignores=[])',
    "no cassette": "bs.replay()",
    "a mode of replay": 'bs.replay(cassette="a", mode="live")',
    "a text for a list": 'bs.Session.open(redact="body.phone")',
    "a text for a list of what does not count": 'bs.replay(cassette="a", ignore="header.X")',
    "a text as a seed": 'bs.Session.open(seed="7")',
    "a text as a switch": 'bs.Session.open(repeat="yes")',
    "a fault alone": 'bs.Session.open(faults=bs.Fault(on="*", action=bs.Slow()))',
    "an unknown failure": 'bs.Break(error="resett")',
    "a transport that answers nothing": "bs.Session.open(transport=lambda request: None)",
    "an unknown engine": 'bs.Session.open(engine="v9")',
    "an unknown option of a proxy": 'bs.Session.open().proxy("crm", instance="test")',
    "an unknown object of a script": 'bs.Session.open().run_script("a.js", from_={})',
    "a list as a form": 'bs.Session.open().run_script("a.js", form=[1])',
    "a request as a dict": 'bs.Session.open().calls[0].request["url"]',
    "an unknown option of a scenario": 'bs.run_scenario("a", variabels={})',
    "an unknown limit": "bs.Limits(cpus=1)",
    "a name that is not there": "bs.Sesion",
}


@pytest.fixture(scope="module")
def consumers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("consumers")
    (folder / "good.py").write_text(GOOD, encoding="utf-8")
    for number, line in enumerate(WRONG.values()):
        text = f"import bpmax_sim as bs\n\n{line}\n"
        (folder / f"wrong_{number}.py").write_text(text, encoding="utf-8")
    return folder


def judge(found: set[str], told: str) -> None:
    """Expect errors in every wrong file and in no other."""
    wrong = {f"wrong_{number}.py": name for number, name in enumerate(WRONG)}
    assert "good.py" not in found, told
    assert {name for file, name in wrong.items() if file not in found} == set(), told
    assert found == set(wrong), told


def test_mypy_finds_each_mistake_and_no_other(consumers: Path) -> None:
    # By what the package itself is judged with, which has left what it knows of it.
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", str(consumers)],
        cwd=ROOT,
        env={"PATH": "", "PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    found = set(re.findall(r"(\w+\.py):\d+: error", done.stdout))

    judge(found, done.stdout + done.stderr)


def test_pyright_finds_each_mistake_and_no_other(consumers: Path) -> None:
    beside = Path(sys.executable).with_name("basedpyright")
    program = str(beside) if beside.exists() else which("basedpyright")
    if program is None:
        pytest.skip("basedpyright is not installed; pip install basedpyright")
    settings = {"typeCheckingMode": "standard", "extraPaths": [str(ROOT)], "pythonVersion": "3.11"}
    (consumers / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    done = subprocess.run(
        [program, "--outputjson", "--pythonpath", sys.executable, "."],
        cwd=consumers,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    report = json.loads(done.stdout)
    errors = [one for one in report["generalDiagnostics"] if one["severity"] == "error"]

    told = "\n".join(f"{Path(one['file']).name}: {one['message']}" for one in errors)
    judge({Path(one["file"]).name for one in errors}, told)
