from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.cli.app import COMMANDS
from bpmax_sim.fuzz.laws import LAWS
from bpmax_sim.fuzz.search import (
    SCRIPT,
    LawFinding,
    SearchPlan,
    make_pytest_file,
    make_scenario_file,
    search,
)
from bpmax_sim.starter.demo import Crm
from tests import warm
from tests.apart import PLUGINS
from tests.cli.project import ROOT, Command, Project
from tests.fuzz.broken import PLATFORMS, written
from tests.fuzz.redis import running_redis
from tests.fuzz.test_search import LIVE, live
from tests.snapshots import snapshot

SEARCH = ("--minutes", "1", "--json")


@pytest.fixture(name="empty")
def changed_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CI", raising=False)
    return tmp_path


def run_pytest(folder: Path) -> str:
    done = subprocess.run(
        [warm.python(), "-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:cacheprovider"],
        cwd=folder,
        env={**os.environ, **PLUGINS, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 1
    return done.stdout.decode()


@pytest.fixture(name="findings", scope="module")
def found_and_written(
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, tuple[LawFinding, Path]]:
    """Search every broken platform, each in a project of its own, and write what is found."""
    home = tmp_path_factory.mktemp("found")
    (home / "pytest.ini").write_text("[pytest]\naddopts = --import-mode=importlib\n")
    return {name: reproduced(name, home / str(number)) for number, name in enumerate(PLATFORMS)}


def reproduced(name: str, root: Path) -> tuple[LawFinding, Path]:
    broken = PLATFORMS[name]
    plan = SearchPlan(
        path=written(name, root),
        api="send_text_message" if "qywx" in broken.text else "",
        laws=(broken.law,),
        examples=str(root / "kept"),
    )
    (found,) = [one.finding for one in search(plan) if one.finding]
    for file in (
        scenario := make_scenario_file(found, plan, root),
        make_pytest_file(found, plan, root),
    ):
        file.path.parent.mkdir(parents=True, exist_ok=True)
        file.path.write_text(file.text, encoding="utf-8")
    return found, scenario.path


@pytest.mark.parametrize("name", PLATFORMS)
def test_what_is_found_fails_in_the_same_words_as_a_scenario(
    name: str, findings: dict[str, tuple[LawFinding, Path]], bs: Command
) -> None:
    found, path = findings[name]

    done = bs("run", str(path), "--json")

    assert done.code == 1
    (failure,) = json.loads(done.out)["items"][0]["failures"]
    assert found.message in failure["headline"]


def test_what_is_found_fails_in_the_same_words_as_a_test(
    findings: dict[str, tuple[LawFinding, Path]],
) -> None:
    _, first = findings[next(iter(findings))]

    told = run_pytest(first.parents[3])

    assert [f.message for f, _ in findings.values() if f"LawBroken: {f.message}" not in told] == []
    assert f"{2 * len(findings)} failed" in told  # each as a test, and as a scenario


def test_a_script_that_is_found_fails_in_the_same_words(
    project: Project, bs: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.edit(project.script, "try {", "shared();\n  result_of.x;\n  try {")
    project.edit(
        project.script, "async function", "return getCustomerInfo(form.customerId);\nasync function"
    )

    library = project.folder / "scenarios/scripts/共用.js"
    library.write_text("function shared() { return form.备注; }", encoding="utf-8")
    given = ["--script", str(project.script), "--library", str(library)]

    done = bs("fuzz", "crm_system", *SEARCH, "--save", "--law", SCRIPT, *given)

    (found,) = json.loads(done.out)["findings"]
    assert found["message"].startswith("customer.js breaks the law 'script': ")
    assert "ReferenceError: result_of is not defined" in found["message"]
    assert bs("run", found["scenario"]["file"]).out.count(found["message"]) == 1
    assert found["message"] in run_pytest(project.folder)


def test_a_sound_platform_breaks_no_law(project: Project, bs: Command) -> None:
    done = bs("fuzz", "crm_system", "--minutes", "0.01", "-n", "2")

    assert done.code == 0
    assert done.out.count("√ crm_system.get_customer_detail") + done.out.count("- crm_system") == 10
    assert done.err.endswith("no law was broken\n")
    assert "×" not in done.out


def test_a_finding_is_printed_with_its_scenario_and_its_test(empty: Path, bs: Command) -> None:
    path = written("one parameter lies within another", empty)

    done = bs("fuzz", str(path), "--law", "arrives")

    lines = done.out.splitlines()
    assert lines[0].startswith("× orders.createOrder arrives  ")
    assert lines[2].startswith("× orders.createOrder breaks the law 'arrives': ")
    assert lines[3].startswith('    $proxy("orders"')
    assert "--- scenarios/fuzz/orders.createOrder.arrives.scenario.yaml" in lines
    assert "--- tests/test_fuzz_orders_createOrder_arrives.py" in lines
    assert not (empty / "tests").exists()
    assert (empty / ".bpmax/.gitignore").is_file()
    assert list((empty / ".bpmax/fuzz").iterdir())
    assert done.err.endswith("1 law was broken\n")


def test_a_live_system_is_searched(project: Project, bs: Command, crm: Crm) -> None:
    done = bs("fuzz", "crm_system", "--against", crm.url, "--minutes", "0.015", "--json")

    told = json.loads(done.out)
    assert done.code == 0, done.out
    assert [one["law"] for one in told["laws"]] == ["accepted"]
    assert told["laws"][0]["examples"] > 0
    assert len(crm.tokens) > 0
    assert crm.client_secret not in done.out + done.err


def test_a_live_system_that_is_not_there_is_told(project: Project, bs: Command) -> None:
    done = bs("fuzz", "crm_system", "--against", "http://127.0.0.1:9")

    assert done.code == 4
    assert done.err.startswith("cannot connect: ")


def test_machines_share_examples_in_a_redis(empty: Path, bs: Command) -> None:
    pytest.importorskip("redis", reason="the extra fuzz is not installed")
    path = written("a form cannot hold an object", empty)
    with running_redis() as (url, kept):
        first = bs("fuzz", str(path), *SEARCH, "--law", "accepted", "--database", url)
        assert kept
        again = bs("fuzz", str(path), *SEARCH, "--law", "accepted", "--database", url)

    assert first.code == again.code == 1
    assert json.loads(again.out)["laws"][0]["examples"] == 1
    assert not (empty / ".bpmax/fuzz").exists()


def test_a_redis_that_is_not_there_is_told(project: Project, bs: Command) -> None:
    pytest.importorskip("redis", reason="the extra fuzz is not installed")

    done = bs("fuzz", "crm_system", "--database", "redis://:geheim@127.0.0.1:9/0")

    assert done.code == 2
    assert done.err == snapshot(
        "--database: the Redis cannot be reached; check its address, or name a folder\n"
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["crm_sistem"],
            "did you mean 'crm_system'?",
        ),
        (["scenarios/platforms"], "expected one platform file; name one of those in it"),
        (["crm_system", "--law", "arives"], "there is no such law; did you mean 'arrives'?"),
        (
            ["crm_system", "--api", "getCustomer"],
            "named 'getCustomer'; did you mean 'get_customer_detail'?",
        ),
        (["crm_system", "--minutes", "0"], "--minutes 0: expected more than 0, and a day at most"),
        (["crm_system", "-n", "0"], "-n 0: expected 1 to 64 processes"),
        (["crm_system", "--against", "crm"], "--against crm: expected simulate, or an address"),
        (["crm_system", "--against", "ftp://crm.test"], "ftp://crm.test: expected simulate"),
        (["crm_system", "--against", "https://zs@crm.test?a=1"], "--against https://crm.test: "),
        (
            ["crm_system", "--database", "scenarios/instances.yaml/x"],
            "--database scenarios/instances.yaml/x: cannot be made (Not a directory); name another",
        ),
        (["crm_system", "--script", "x.js"], "x.js: file or folder not found"),
        (["scenarios/scripts/customer.js"], "customer.js:"),
    ],
)
def test_what_makes_no_sense_is_told(
    arguments: list[str], told: str, project: Project, bs: Command
) -> None:
    done = bs("fuzz", *arguments)

    assert done.code == 2
    assert told in done.err


def test_a_platform_without_apis_leaves_nothing_to_do(project: Project, bs: Command) -> None:
    path = project.folder / "scenarios/platforms/leer.yaml"
    path.write_text("platform_key: leer\nbase_url: https://leer.example.test\n", encoding="utf-8")

    done = bs("fuzz", "leer", "--json")

    assert (done.code, json.loads(done.out)["laws"]) == (5, [])
    assert "leer.yaml: no law says anything of what it declares" in done.err
    assert "nothing was tried" in done.err


@pytest.mark.parametrize("law", ["renewal", "answer"])
def test_a_law_that_is_named_and_cannot_be_tried_has_a_row(
    law: str, empty: Path, bs: Command
) -> None:
    file = platform_file(empty, FORM)
    done = bs("fuzz", file, "--law", law, "--json")
    (row,) = json.loads(done.out)["laws"]

    assert (done.code, row["law"], row["broken"]) == (5, law, None)
    assert row["why"].startswith("it says nothing of what is declared")


def test_a_call_that_changes_something_is_left_out_and_named(
    empty: Path, bs: Command, crm: Crm
) -> None:
    file = platform_file(empty, FORM)
    done = bs("fuzz", file, "--against", crm.url, "--minutes", "0.001")
    told = json.loads(bs("fuzz", file, "--against", crm.url, "--json").out)

    assert done.code == told["summary"]["exit_code"] == 5
    assert "orders.createOrder accepted  not tried: it may change something there" in done.out
    assert {law["broken"] for law in told["laws"]} == {None}


def test_the_help_names_every_law() -> None:
    more = COMMANDS["fuzz"].more

    assert [name for name in (*LAWS, SCRIPT) if name not in more] == []


def test_printing_json_tells_everything(empty: Path, bs: Command) -> None:
    path = written("a form cannot hold an object", empty)

    told: dict[str, Any] = json.loads(bs("fuzz", str(path), *SEARCH, "--law", "accepted").out)

    assert told["platform"] == "scenarios/platforms/broken.yaml"
    assert told["against"] == "simulate"
    assert told["summary"]["broken"] == 1
    assert told["summary"]["exit_code"] == 1
    assert told["findings"][0]["javascript"][0].startswith('$proxy("orders"')


@pytest.mark.long("a search goes on until it finds the one value, wherever it begins")
def test_what_a_live_system_fails_on_fails_in_the_same_words(empty: Path, bs: Command) -> None:
    path = written("one parameter lies within another", empty)
    path.write_text(LIVE, encoding="utf-8")
    with live('{"orderNo": "DD-1"}', crash=b"%22") as url:
        done = bs("fuzz", str(path), *SEARCH, "--save", "--law", "accepted", "--against", url)
        (found,) = json.loads(done.out)["findings"]
        ran = bs("run", found["scenario"]["file"])
        told = run_pytest(empty / "tests")

    assert "ends in HTTP_STATUS: orders.createOrder: HTTP 500" in found["message"]
    assert ran.out.count(found["message"]) == 1
    assert f"LawBroken: {found['message']}" in told


FORM = """\
platform_key: orders
base_url: https://orders.example.test
apis:
  createOrder:
    method: POST
    path: /orders
    encoding: form
    parameters:
      - {name: 附件, in: body, to: files, required: true, type: array}
      - {name: 备注, in: body, to: note}
"""
UNSENT = FORM.replace("type: array", "type: object")


def platform_file(empty: Path, text: str) -> str:
    path = empty / "scenarios/platforms/orders.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_an_array_in_a_form_repeats_and_is_no_finding(empty: Path, bs: Command) -> None:
    done = bs("fuzz", platform_file(empty, FORM), "--minutes", "0.05", "--law", "arrives")

    assert (done.code, "no law was broken" in done.err) == (0, True), done.out + done.err


def test_each_law_has_its_examples_before_time_counts(empty: Path, bs: Command) -> None:
    done = bs("fuzz", platform_file(empty, FORM), "--minutes", "0.0001", "--json")

    told = json.loads(done.out)
    assert done.code == 0
    assert min(law["examples"] for law in told["laws"]) >= 1
    assert [law["broken"] for law in told["laws"]] == [False] * len(told["laws"])


def test_a_law_that_nothing_could_be_judged_by_is_not_held(empty: Path, bs: Command) -> None:
    done = bs(
        "fuzz", platform_file(empty, UNSENT), "--minutes", "0.001", "--law", "arrives", "--json"
    )

    told = json.loads(done.out)
    assert done.code == 5
    assert told["laws"] == [
        {
            "call": "orders.createOrder",
            "law": "arrives",
            "examples": 0,
            "broken": None,
            "why": "no call got so far that it could be judged",
        }
    ]


INSTANCES = """\
- platform: crm_system
  instance_key: test
  credentials:
    client_id: {env: CRM_CLIENT_ID}
    client_secret: {env: CRM_CLIENT_SECRET}
"""


@pytest.mark.parametrize("text", [INSTANCES, INSTANCES[: INSTANCES.index("  credentials")]])
def test_credentials_that_are_not_set_are_one_sentence(
    project: Project, bs: Command, crm: Crm, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    for name in ("CRM_CLIENT_ID", "CRM_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    path = project.folder / "scenarios/instances.yaml"
    path.write_text(text, encoding="utf-8")

    done = bs("fuzz", "crm_system", "--against", crm.url, "--minutes", "0.01")

    assert done.code == 2
    assert "client_secret" in done.err.lower()
    assert "scenarios/instances.yaml:" in done.err
    assert "breaks the law" not in done.out
