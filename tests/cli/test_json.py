"""What ``--json`` prints is what `bpmax_sim.cli.output_schema` promises, for every command."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from bpmax_sim.cli.app import COMMANDS
from bpmax_sim.cli.output_schema import PROBLEMS, SHAPES, describe_keys, to_json_schema
from bpmax_sim.git import run_git
from bpmax_sim.report.usage import Evidence, store_evidence
from tests.cli.project import ROOT, Command, Done, Project
from tests.snapshots import snapshot

HERE = "cassettes/crm/customer.yaml"
SAMPLE = str(ROOT / "tests/data/foreign/hoverfly.json")
DOCUMENT = str(ROOT / "tests/data/openapi/crm.json")
OTHER = str(ROOT / "cassettes/seed/chained_call.yaml")

CALLS: Mapping[str, Sequence[str]] = {
    "run": ["run", "--var", "customer=12346"],
    "migrate": ["migrate"],
    "challenge": ["challenge"],
    "explore": ["explore"],
    "record": ["record"],
    "review": ["review"],
    "list": ["list"],
    "types": ["types"],
    "uses": ["uses", "crm_system.get_customer_detail"],
    "cassette inspect": ["cassette", "inspect", HERE],
    "show": ["show"],
    "report": ["report"],
    "lint": ["lint"],
    "cassette fmt": ["cassette", "fmt", "--check"],
    "import": ["import", SAMPLE, "--to", "cassettes/x.yaml"],
    "import openapi": ["import", "openapi", DOCUMENT],
    "cassette export": ["cassette", "export", HERE, "--as", "vcrpy"],
    "cassette diff": ["cassette", "diff", HERE, OTHER],
    "verify": ["verify", HERE, "--platforms", "平台"],
    "cassette recover": ["cassette", "recover"],
    "merge": ["merge"],
    "cassette prune": ["cassette", "prune"],
    "coverage": ["coverage"],
    "fuzz": ["fuzz", "crm_system", "--law", "accepted", "--minutes", "0.02"],
    "serve": ["serve", HERE],
    "simulate": ["simulate", "crm_system"],
    "schema": ["schema", "--write"],
}
"""How each command is called so that its lists are not empty."""


def strict(schema: Any) -> Any:
    """Return *schema* with no key allowed that it does not name."""
    if isinstance(schema, list):
        return [strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    more = {"additionalProperties": False} if schema.get("type") == "object" else {}
    return {**{key: strict(one) for key, one in schema.items()}, **more}


def wrong(printed: str, shape: Mapping[str, Any]) -> list[str]:
    validator = Draft202012Validator(strict(to_json_schema(shape)))
    return [error.message for error in validator.iter_errors(json.loads(printed))]


def broken(project: Project) -> None:
    """Leave something to tell: an edit by hand, and a recording that waits."""
    aside = project.cassette.with_name("customer.yaml.new")
    aside.write_bytes(project.cassette.read_bytes())
    project.edit(project.cassette, "张三", "张四")


def nothing_used(folder: Path) -> Evidence:
    """Return what a run tells that played nothing."""
    return Evidence(
        folders=(str(folder / "cassettes"),),
        digests={},
        owners={},
        left={},
        unplayed_files=(),
        tests=tuple(
            path.relative_to(folder).as_posix()
            for path in (folder / "scenarios").rglob("*.scenario.yaml")
        ),
    )


def announced(_answer: object, *, ready: Callable[[str], None], **_where: object) -> None:
    """Tell an address as a server does, and stop at once."""
    ready("http://127.0.0.1:8700")


def test_every_command_that_programs_read_has_a_shape() -> None:
    told = (
        "write its shape into bpmax_sim/cli/output_schema.py, and how it is called into CALLS above"
    )

    unread = {"calibrate", "capture", "demo", "init", "doctor", "cassette seal"}
    assert set(COMMANDS) - set(SHAPES) == unread, told
    assert set(SHAPES) == set(CALLS), told


@pytest.mark.parametrize("name", CALLS)
def test_a_command_prints_one_object_of_its_shape(
    recorded: Project, bs: Command, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name in {"review", "lint"}:
        broken(recorded)

    if name in {"show", "report"}:
        bs("run", "--var", "customer=12346")
    if name in {"serve", "simulate"}:
        pytest.importorskip("uvicorn", reason="the extra 'server' is not installed")
        monkeypatch.setattr("bpmax_sim.server.serve", announced)
    if name == "verify":
        (recorded.folder / "平台").mkdir()
    if name == "merge":
        run_git(recorded.folder, "init", "-q")
    if name == "cassette prune":
        store_evidence(nothing_used(recorded.folder), recorded.folder, "pytest")

    done = bs(*CALLS[name], "--json")

    assert wrong(done.out, SHAPES[name]) == []
    assert json.loads(done.out)["version"] == 1


@pytest.mark.parametrize("name", CALLS)
def test_its_schema_is_printed(bs: Command, name: str) -> None:
    told = json.loads(bs("schema", *name.split()).out)

    assert told["title"] == f"bpmax-sim {name} --json"
    assert set(told["required"]) == {"version", *SHAPES[name]}


def problems_of(done: Done) -> list[str]:
    assert wrong(done.out, PROBLEMS) == []
    told = json.loads(done.out)
    assert told["exit_code"] == done.code
    return [problem["message"] for problem in told["problems"]]


def test_what_cannot_be_done_is_told_as_json_too(recorded: Project, bs: Command) -> None:
    absent = bs("cassette", "inspect", "cassettes/crm/customr.yaml", "--json")
    wrong_option = bs("cassette", "inspect", HERE, "--jsn", "--json")
    recorded.edit(recorded.cassette, "sealed:", "gesiegelt:")
    damaged = bs("cassette", "inspect", HERE, "--json")

    assert absent.code == 2
    assert problems_of(absent) == snapshot(
        ["file or folder not found; did you mean 'cassettes/crm/customer.yaml'?"]
    )
    assert wrong_option.code == 2
    assert "--jsn" in problems_of(wrong_option)[0]
    assert damaged.code == 3
    assert problems_of(damaged)[0].startswith(f"{HERE}:")


def test_what_a_python_step_prints_is_no_part_of_the_document(
    project: Project, bs: Command
) -> None:
    (project.folder / "scenarios/印.py").write_text("def f(_session):\n    print('客户 张三')\n")
    text = 'version: 1\nscenario: 印\nsteps:\n  - python: "印:f"\n'
    (project.folder / "scenarios/印.scenario.yaml").write_text(text, encoding="utf-8")
    done = bs("run", "scenarios/印.scenario.yaml", "--json")

    assert json.loads(done.out)["version"] == 1
    assert done.code == 0
    assert done.err == "客户 张三\n"


def test_there_is_no_schema_of_a_misspelled_word(bs: Command) -> None:
    done = bs("schema", "scenari")

    assert (done.code, done.err) == (
        2,
        snapshot("unknown schema 'scenari'; did you mean 'scenario'?\n"),
    )


def test_keys_are_told_with_what_they_list() -> None:
    assert ", ".join(describe_keys(SHAPES["list"])) == snapshot(
        "items[] (name, row, file, line, was[], tags[], cassette, steps, skip, xfail, keys[] "
        "(key, value, file, line, column))"
    )
