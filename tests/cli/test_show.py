from __future__ import annotations

import json
import re
import shutil
from importlib.resources import files
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.cli.project import NAME, Command, Project
from tests.snapshots import snapshot
from tests.systems import needs_rights

KEPT = Path(".bpmax/failed/scenarios/customer") / f"{NAME}.json"
OTHER = """\
scenario: 报价
version: 1
steps:
  - {name: 数量, js: "return 1", expect: {result: 2}}
"""


def test_the_last_failure_is_shown_as_it_was(recorded: Project, bs: Command) -> None:
    ran = bs("run", "--var", "customer=12346")
    shown = bs("show")

    assert ran.code == 3
    assert (shown.code, shown.err) == (0, "")
    assert shown.out.startswith(f"× {NAME}   scenarios/customer.scenario.yaml:13\n")
    failure = ran.out[ran.out.index("step 1/1") : ran.out.index("rerun:")]
    assert failure in shown.out


def test_the_values_of_a_miss_are_whole_where_they_are_asked_for(
    recorded: Project, bs: Command
) -> None:
    long = "客户" * 60

    ran = bs("run", "--var", f"customer={long}")
    told = json.loads(bs("run", "--var", f"customer={long}", "--json").out)

    (differs,) = told["items"][0]["calls"][0]["differs"]
    assert differs == {"path": "path.id", "recorded": '"12345"', "sent": f'"{long}"'}
    assert f'sent "{long}"' not in ran.out
    assert f'× path.id: recorded "12345", sent "{long}"' in bs("show", "--all").out


def test_what_passes_is_forgotten(recorded: Project, bs: Command) -> None:
    bs("run", "--var", "customer=12346")
    assert KEPT.is_file()

    bs("run")
    done = bs("show")

    assert (done.code, done.out, done.err) == (
        5,
        "",
        snapshot("no scenario failed when it last ran\n"),
    )
    assert bs("show", "--plain").out == ""
    assert not KEPT.exists()


def test_the_first_of_the_last_run_comes_first(recorded: Project, bs: Command) -> None:
    (recorded.folder / "scenarios/报价.scenario.yaml").write_text(OTHER, encoding="utf-8")
    bs("run", "--var", "customer=12346")
    first = bs("show")
    bs("run", "scenarios/报价.scenario.yaml")

    one, both, data = bs("show"), bs("show", "--all"), bs("show", "--json")

    assert first.out.startswith(f"× {NAME}   scenarios/customer.scenario.yaml:13\n")
    assert one.out.startswith("× 报价   scenarios/报价.scenario.yaml:4\n")
    assert one.err == snapshot("1 more failure; show them with --all\n")
    assert [line for line in both.out.splitlines() if line.startswith("× ")] == [
        "× 报价   scenarios/报价.scenario.yaml:4",
        f"× {NAME}   scenarios/customer.scenario.yaml:13",
    ]
    assert [failure["name"] for failure in json.loads(data.out)["failures"]] == ["报价", NAME]


def test_a_block_for_a_chat_has_the_failure_and_the_versions(
    recorded: Project, bs: Command
) -> None:
    bs("run", "--var", "customer=12346")

    lines = bs("show", "--plain").out.splitlines()

    assert lines[:2] == ["```text", f"{NAME}   scenarios/customer.scenario.yaml:13"]
    assert lines[-1] == "```"
    assert lines[-2].startswith("bpmax-sim ")
    assert not any("\x1b" in line for line in lines)


def test_a_word_chooses(recorded: Project, bs: Command) -> None:
    bs("run", "--var", "customer=12346")

    assert NAME in bs("show", "CUSTOMER").out
    assert bs("show", "报价").err == snapshot(
        "nothing that failed has '报价' in it; see `bpmax-sim show --all`\n"
    )


def test_a_scenario_that_could_not_start_is_remembered(project: Project, bs: Command) -> None:
    project.edit(project.scenario, "cassette: crm/customer", "instances: nowhere.yaml")
    ran = bs("run")
    shown = bs("show")

    assert ran.code == 2
    assert ran.err.strip() in shown.out


def test_what_cannot_be_read_and_what_is_gone_are_left_out(recorded: Project, bs: Command) -> None:
    bs("run", "--var", "customer=12346")
    told = json.loads(KEPT.read_text(encoding="utf-8"))
    KEPT.with_name("坏.json").write_text("{", encoding="utf-8")
    gone = {**told, "file": "scenarios/gone.scenario.yaml"}
    KEPT.with_name("gone.json").write_text(json.dumps(gone), encoding="utf-8")

    assert [one["file"] for one in json.loads(bs("show", "--json").out)["failures"]] == [
        "scenarios/customer.scenario.yaml"
    ]


@needs_rights
def test_a_folder_that_cannot_be_written_fails_no_run(recorded: Project, bs: Command) -> None:
    (recorded.folder / ".bpmax").write_text("", encoding="utf-8")

    assert bs("run", "--var", "customer=12346").code == 3
    assert bs("show").code == 5


def kept_by(ci: str) -> set[str]:
    """Return the names that the file of a CI system keeps, without what stands around them."""
    text = files("bpmax_sim.starter").joinpath("files", "ci", ci).read_text(encoding="utf-8")
    return {*re.findall(r"report\.xml|\.bpmax/[\w.]+", text[text.index("After a failure") :])}


@pytest.mark.parametrize("ci", ["github.yaml", "gitlab.yaml", "Jenkinsfile"])
def test_what_a_pipeline_keeps_shows_the_failure_elsewhere(
    recorded: Project, bs: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ci: str
) -> None:
    monkeypatch.setenv("GITHUB_SHA", "4f0c2d1")
    ran = bs("run", "--var", "customer=12346", "--junitxml", "report.xml")
    kept = Path(".bpmax/kept/crm.default.json")
    kept.parent.mkdir()
    kept.write_text('["a refresh token"]', encoding="utf-8")
    with ZipFile(tmp_path / "artefact.zip", "w") as archive:
        for name in kept_by(ci):
            below = [Path(name), *Path(name).rglob("*")]
            for path in filter(Path.is_file, below):
                archive.write(path)
        packed = archive.namelist()
    for folder in (".bpmax/failed", ".bpmax/trace"):
        shutil.rmtree(folder)
    recorded.edit(recorded.scenario, "cassette: crm/customer", "cassette: crm/other")

    shown = bs("show", "--from", str(tmp_path / "artefact.zip"))

    assert not any("kept" in name for name in packed)
    failure = ran.out[ran.out.index("step 1/1") : ran.out.index("rerun:")]
    assert failure in shown.out
    file = "scenarios/customer.scenario.yaml"
    assert shown.err.splitlines() == [
        f"not the same here as in the pipeline: {file}; first: git checkout 4f0c2d1",
        f"replay it here: bpmax-sim run {file} --var customer=12346",
    ]
    assert bs("show", "--from", "nowhere.zip").code == 2
