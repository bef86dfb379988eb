"""A secret in the clear is told by `lint` where Git would see it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from bpmax_sim.cli.app import run_command_line
from bpmax_sim.starter.demo import write_demo

PLACE = "scenarios/instances.yaml:8:20"


def test_a_secret_in_the_clear_is_told_unless_git_ignores_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_demo(tmp_path)
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


PLATFORM = """\
platform_key: hr
base_url: https://hr.example.test
headers: {X-Api-Key: abcd-1234-efgh}
credentials: {key: {secret: true}}
auth:
  apply: [{in: header, name: X-Token, value: "{{ key }}"}, {in: query, name: sig, value: lit-77-x},
    {in: header, name: X-Auth-Token, value: "{{ key | default('tok-88-z-literal') }}"}]
apis:
  find: {path: /find, query: {api_key: zzz-111-222, page_token: zweite-seite-2}}
"""


def test_a_literal_that_is_a_secret_by_its_name_is_refused_in_a_platform(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "scenarios/platforms"
    folder.mkdir(parents=True)
    (folder / "hr.yaml").write_text(PLATFORM, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)

    assert run_command_line(("lint",)) == 2
    told = capsys.readouterr().err
    places = (
        "headers.X-Api-Key",
        "auth.apply[1].value",
        "auth.apply[2].value",
        "apis.find.query.api_key",
    )
    assert all(f": {place}: " in told for place in places)
    assert "hr.yaml:3:22: " in told
    assert told.count("is a secret and stands here in the clear") == len(places)
    assert "abcd-1234" not in told


def test_a_template_that_nothing_fills_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "scenarios/platforms"
    folder.mkdir(parents=True)
    text = PLATFORM.replace("abcd-1234-efgh", '"{{ key }}"')
    (folder / "hr.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    assert run_command_line(("lint",)) == 2
    told = capsys.readouterr().err
    assert "hr.yaml:3:22: headers.X-Api-Key: '{{ key }}' would be sent as it stands" in told
    assert "{in: header, name: X-Api-Key, value: '{{ key }}'}" in told
