"""The workflow of GitHub runs what the README tells, on what the package says it runs on."""

from __future__ import annotations

import tomllib

import yaml

from tests.cli.project import ROOT


def test_github_runs_the_gate_and_the_suite_on_every_declared_python() -> None:
    text = (ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    workflow = yaml.load(text, yaml.BaseLoader)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {name.rpartition(" ")[2] for name in project["classifiers"] if ":: 3." in name}
    jobs = workflow["jobs"]

    assert {"push", "pull_request"} <= set(workflow["on"])
    assert workflow["permissions"] == {"contents": "read"}
    assert any(step.get("run") == "bash .ci/run" for step in jobs["checks"]["steps"])
    assert declared <= set(jobs["suite"]["strategy"]["matrix"]["python"])
    assert "python -m pytest -n auto" in str(jobs["suite"]["steps"])
