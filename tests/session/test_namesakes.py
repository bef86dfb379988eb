"""Names that are one on Windows and macOS are told before two recordings share a file."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from bpmax_sim.cli.app import run_command_line
from bpmax_sim.errors import ConfigError
from bpmax_sim.messages import Request, Response
from bpmax_sim.session.session import Session
from bpmax_sim.transport.protocol import Handler

PLATFORM = """\
platform_key: erp
base_url: https://erp.example.test
apis: {getCustomer: {path: "/customers/{id}"}}
"""
SCENARIO = """\
version: 1
scenario: 客户
form: {scripts: {change.id: read.js}, fields: {id: null}}
proxy: {platforms: platforms/}
cases: [{id: A}, {id: OTHER}]
steps: [{set: {id: "1"}}]
"""


def answer(_: Request) -> Response:
    return Response(status=200, headers=(("content-type", "application/json"),), body=b"{}")


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "scenarios/platforms").mkdir(parents=True)
    (tmp_path / "scenarios/platforms/erp.yaml").write_text(PLATFORM, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CI", raising=False)


def record(name: str) -> None:
    with Session.open(
        "scenarios/platforms", mode="record", cassette=name, transport=Handler(answer)
    ) as session:
        session.proxy("erp").getCustomer("张三")


COMPOSED = unicodedata.normalize("NFC", "é")
DECOMPOSED = unicodedata.normalize("NFD", "é")


@pytest.mark.parametrize(
    ("first", "second", "other"),
    [
        ("cassettes/crm/A.yaml", "cassettes/crm/a.yaml", "cassettes/crm/A.yaml"),
        ("cassettes/CRM/a.yaml", "cassettes/crm/b.yaml", "cassettes/CRM"),
        (
            f"cassettes/{COMPOSED}.yaml",
            f"cassettes/{DECOMPOSED}.yaml",
            f"cassettes/{COMPOSED}.yaml",
        ),
        ("cassettes/STRASSE.yaml", "cassettes/straße.yaml", "cassettes/STRASSE.yaml"),
    ],
)
def test_a_second_recording_of_a_name_is_refused(first: str, second: str, other: str) -> None:
    record(first)

    with pytest.raises(ConfigError) as caught:
        record(second)

    assert f"{other} are one file on Windows and macOS, so nothing is recorded" in str(caught.value)
    assert not Path(second).exists()
    record(first)


@pytest.mark.parametrize("row", ["a", "B"])
def test_rows_of_a_table_that_are_one_file_are_told(
    capsys: pytest.CaptureFixture[str], row: str
) -> None:
    script = "const [k] = await Promise.all([$proxy('erp').getCustomer('1')])\n"
    Path("scenarios/read.js").write_text(script, encoding="utf-8")
    path = Path("scenarios/客户.scenario.yaml")
    path.write_text(SCENARIO.replace("OTHER", row), encoding="utf-8")
    Path("scenarios/instances.yaml").write_text(
        "- {platform: erp, instance_key: default}\n", encoding="utf-8"
    )

    run_command_line(["record", "--against", "simulator"])

    told = "are one file on Windows and macOS" in capsys.readouterr().err
    assert told is (row == "a")
    assert Path(f"cassettes/客户/{row}.yaml").exists() is (row == "B")


def test_lint_names_those_that_are_there(capsys: pytest.CaptureFixture[str]) -> None:
    record("cassettes/A.yaml")
    text = Path("cassettes/A.yaml").read_text(encoding="utf-8")
    try:
        Path("cassettes/a.yaml").touch(exist_ok=False)
    except FileExistsError:
        pytest.skip("there cannot be two such files here")
    Path("cassettes/a.yaml").write_text(text, encoding="utf-8")

    assert run_command_line(["lint"]) != 0
    told = "cassettes/A.yaml has the same name where case does not count (Windows, macOS)"
    assert told in capsys.readouterr().err
