"""A secret in the clear is told by `lint` where Git would see it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from bpmax_sim.cli.app import run_command_line
from bpmax_sim.starter.demo import make

PLACE = "scenarios/instances.yaml:8:20"


def test_a_secret_in_the_clear_is_told_unless_git_ignores_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make(tmp_path)
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "scenarios/instances.yaml"
    text = place.read_text(encoding="utf-8")
    clear = text.replace("{env: CRM_CLIENT_SECRET}", "明文-hunter2-secret")
    assert clear != text
    place.write_text(clear, encoding="utf-8")
    assert run_command_line(("lint",)) == 0  # nothing can be committed here
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    capsys.readouterr()

    assert run_command_line(("lint",)) == 2
    told = capsys.readouterr().err
    assert f"{PLACE}: credentials.client_secret: 'client_secret' is a secret and stands" in told
    assert "write {env: CRM_SYSTEM_CLIENT_SECRET}" in told
    assert "hunter2" not in told

    place.write_text(text, encoding="utf-8")
    place.with_name("instances.local.yaml").write_text(
        "- {platform: crm_system, instance_key: default,"
        " credentials: {client_secret: 明文-hunter2-secret}}\n",
        encoding="utf-8",
    )
    (tmp_path / ".gitignore").write_text("*.local.yaml\n", encoding="utf-8")
    assert run_command_line(("lint",)) == 0
