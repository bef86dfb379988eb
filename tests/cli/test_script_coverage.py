# ruff: noqa: E501 - outputs as they are printed
"""``coverage --scripts``: lines and branches of scripts, as text, JSON, lcov and a page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bpmax_sim.report.script_coverage import (
    FOLDER,
    CoveredBranch,
    CoveredScript,
    StoredHits,
    format_lcov,
)
from bpmax_sim.script_source.counters import LineColumn
from tests.cli.project import Command
from tests.snapshots import snapshot

PLATFORM = """\
platform_key: erp
base_url: https://erp.example.test
auth: none
apis:
  get_stock: {method: GET, path: "/stock/{sku}", parameters: [{name: sku, in: path, required: true}]}
"""
SCENARIO = """\
version: 1
scenario: 查库存
form:
  scripts: {change.物料: scripts/stock.js, submit: scripts/submit.js}
  libraries: [scripts/lib.js]
  fields: {物料: "", 数量: 5, 可用: 0}
proxy: {platforms: platforms/, stubs: [{on: erp.get_stock, body: {code: 0, free: 12}}]}
steps:
  - {set: {物料: M-7}, expect: {form: {可用: 12}}}
"""
STOCK = """\
// 查库存
const r = await $proxy('erp').get_stock(form.物料);
if (r.code !== 0) {
  form.$message = { type: 'error', text: r.msg };
  return;
}
form.可用 = 取(r);
"""
LIBRARY = "function 取(r) {\n  return r.free ?? 0;\n}\nconst 没用 = x => x;\n"


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in {
        "scenarios/platforms/erp.yaml": PLATFORM,
        "scenarios/查库存.scenario.yaml": SCENARIO,
        "scenarios/scripts/stock.js": STOCK,
        "scenarios/scripts/submit.js": "if (form.数量 > form.可用) return false;\r\nreturn true;\r\n",
        "scenarios/scripts/lib.js": "\ufeff" + LIBRARY,
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CI", raising=False)
    return tmp_path


def _told(bs: Command, *arguments: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(bs("coverage", "--scripts", "--json", *arguments).out)
    return document


def test_each_script_is_told_and_each_branch_that_was_never_taken(bs: Command) -> None:
    done = bs("coverage", "--scripts")

    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == snapshot(
        [
            "script                       lines   branches  %     lines never run",
            "scenarios/scripts/lib.js     2 of 2  0 of 1    66.7",
            "scenarios/scripts/stock.js   3 of 5  1 of 2    57.1  4-5",
            "scenarios/scripts/submit.js  0 of 2  0 of 2    0     1-2",
            "all                          5 of 9  1 of 5    42.9",
            "",
            "scenarios/scripts/lib.js:2:20: what stands before ?? was always there",
            "scenarios/scripts/stock.js:3:1: this condition was never true; add a response of erp.get_stock with code ≠ 0",
            "scenarios/scripts/submit.js:1:1: no run came here; add a row with 数量 > 可用",
            "scenarios/scripts/submit.js:1:1: no run came here; add a row with 数量 ≤ 可用",
        ]
    )


def test_as_json_for_programs(bs: Command) -> None:
    document = _told(bs)

    assert (document["percent"], document["scenarios"], document["uncounted"]) == (42.9, 1, [])
    [stock] = [one for one in document["scripts"] if one["file"].endswith("stock.js")]
    assert stock["lines"] == {"covered": 3, "total": 5, "missing": [4, 5]}
    assert stock["branches"]["missing"] == [
        {
            "line": 3,
            "column": 1,
            "arm": "then",
            "message": "this condition was never true",
            "reach": "a response of erp.get_stock with code ≠ 0",
        }
    ]


@pytest.mark.parametrize(("least", "code"), [("42.9", 0), ("43", 1)])
def test_less_than_asked_for_ends_with_1(bs: Command, least: str, code: int) -> None:
    assert bs("coverage", "--scripts", "--fail-under", least).code == code


def test_lcov_has_the_same_numbers(bs: Command, project: Path) -> None:
    bs("coverage", "--scripts", "--lcov", "out/lcov.info")

    text = (project / "out/lcov.info").read_text(encoding="utf-8")
    assert text.split("end_of_record\n")[1].splitlines() == snapshot(
        [
            "TN:",
            "SF:scenarios/scripts/stock.js",
            "FNF:0",
            "FNH:0",
            "BRDA:3,0,0,0",
            "BRDA:3,0,1,1",
            "BRF:2",
            "BRH:1",
            "DA:2,1",
            "DA:3,1",
            "DA:4,0",
            "DA:5,0",
            "DA:7,1",
            "LF:5",
            "LH:3",
        ]
    )


@pytest.mark.parametrize("caught", [0, 2])
def test_in_lcov_a_line_that_ran_has_a_branch_that_did(caught: int) -> None:
    """genhtml reads no other file: a catch is a branch of the line that it runs."""
    catch = CoveredBranch(line=3, column=3, arm="catch", hits=caught, decision=LineColumn(1, 1))
    one = CoveredScript("a.js", "", {1: 2, 2: 2, 4: caught}, (), (catch,))

    assert f"BRDA:4,0,0,{caught or '-'}\n" in format_lcov([one])


def test_the_page_shows_the_sources(bs: Command, project: Path) -> None:
    bs("coverage", "--scripts", "--report", "out/page.html")

    page = (project / "out/page.html").read_text(encoding="utf-8")
    assert page.count('id="covered-') == 3
    assert '"lines":{"2":1,"3":1,"4":0,"5":0,"7":1}' in page


def test_no_secret_stands_on_the_page_or_in_what_is_kept(
    bs: Command, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ERP_KEY", "k7Q-2wErT9-zX81")
    scenario = project / "scenarios/查库存.scenario.yaml"
    scenario.write_text(SCENARIO + "secrets: [env.ERP_KEY]\n", encoding="utf-8")
    script = project / "scenarios/scripts/stock.js"
    script.write_text(STOCK + "const key = 'k7Q-2wErT9-zX81';\n", encoding="utf-8")

    bs("coverage", "--scripts", "--report", "page.html", "--lcov", "lcov.info")

    kept = [path for path in project.rglob("*") if path.is_file() and path != script]
    assert not [path for path in kept if b"k7Q-2wErT9-zX81" in path.read_bytes()]


def test_what_other_runs_counted_is_read_together(bs: Command, project: Path) -> None:
    bs("coverage", "--scripts")
    whole = project / FOLDER / "1-of-1.json"
    shards = project / "jobs"
    for number in (1, 2):
        (shards / str(number)).mkdir(parents=True)
        (shards / str(number) / f"{number}-of-2.json").write_bytes(whole.read_bytes())

    document = _told(bs, "--hits", "jobs/1", "--hits", "jobs/2")

    assert (document["percent"], document["scenarios"]) == (42.9, 0)


def test_hits_of_another_text_prove_nothing(bs: Command, project: Path) -> None:
    bs("coverage", "--scripts")
    (project / "scenarios/scripts/stock.js").write_text("1;\n", encoding="utf-8")

    done = bs("coverage", "--scripts", "--hits", ".bpmax/hits")

    assert done.code == 2
    assert done.err == snapshot(
        "scenarios/scripts/stock.js: changed since .bpmax/hits/1-of-1.json was counted; run all tests again\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--lcov", "x"), "--lcov is of --scripts; add it\n"),
        (("--report", "x"), "--report is of --scripts; add it\n"),
        (("--hits", "h"), "--hits is of --scripts; add it\n"),
        (("--scripts", "--hits", "h", "--allow-hosts", "a"), "--allow-hosts has no effect with --hits; leave it out\n"),
        (("--scripts", "--evidence", "x"), "--evidence has no effect with --scripts; leave it out\n"),
        (("--evidence", "x", "--allow-hosts", "h"), "--allow-hosts has no effect with --evidence; leave it out\n"),
        (("--scripts", "--hits", "h", "-k", "x"), "-k has no effect with --hits; leave it out\n"),
        (("scenarios", "--scripts", "--hits", "h"), "PATH has no effect with --hits; leave it out\n"),
        (("--scripts", "--hits", "scenarios"), "scenarios: there are no hits here; keep .bpmax/hits of each run with --bpmax-cov\n"),
        (("--scripts", "--hits", "old.json"), "old.json: cannot be read, or is of another version of bpmax-sim; run all tests again\n"),
        (("--scripts", "--hits", "h", "--report", "x"), "--report shows sources, of which a run knows what is secret; no --hits\n"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_for_is_refused(
    bs: Command, project: Path, arguments: tuple[str, ...], message: str
) -> None:
    (project / "old.json").write_bytes(msgspec.json.encode(StoredHits([], version=9)))
    done = bs("coverage", *arguments)
    assert (done.code, done.err) == (2, message)


def test_a_script_that_cannot_be_counted_is_named(bs: Command, project: Path) -> None:
    long = "// 很长\n" + "1;\n" * 400_000
    (project / "scenarios/scripts/submit.js").write_text(long, encoding="utf-8")

    done = bs("coverage", "--scripts")

    assert done.err == snapshot(
        "scenarios/scripts/submit.js: not counted: no JavaScript that can be read, or too large\n"
    )
    assert "submit.js" not in done.out


def test_what_a_failing_scenario_ran_counts_and_is_told(bs: Command, project: Path) -> None:
    scenario = project / "scenarios/查库存.scenario.yaml"
    scenario.write_text(SCENARIO.replace("可用: 12}}", "可用: 13}}"), encoding="utf-8")

    for name, keys in (("二", ""), ("三", "xfail: 还没修\n"), ("四", "proxy: {mode: live}\n"),
                       ("五", "proxy: {mode: record}\n")):  # fmt: skip
        text = f"version: 1\nscenario: {name}\n{keys}steps: [{{js: throw 1}}]\n"
        (project / f"scenarios/{name}.scenario.yaml").write_text(text, encoding="utf-8")

    done = bs("coverage", "--scripts", "--fail-under", "40")

    assert (done.code, done.err) == (
        0,
        (
            "skipped, as it needs a live system: 2 scenarios\n"
            "2 scenarios failed; what they ran counts; see `bpmax-sim run`\n"
        ),
    )
    assert _told(bs)["scenarios"] == 3
