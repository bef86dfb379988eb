"""Beside a failure on the way to a live system: the address that was tried, and what to correct."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpmax_sim.messages import Response
from bpmax_sim.report.live_hints import make_live_hints
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.session.session import Session
from bpmax_sim.starter.demo import Crm
from bpmax_sim.transport.protocol import Handler
from tests.cli.project import Command, Project
from tests.loopback import answer_json, loopback

DOWN = "http://127.0.0.1:9"
ENTRY = "scenarios/instances.yaml:5"
HOSTS = """\
platform_key: erp
base_url: https://erp.example.test
hosts: {files: https://erp.example.test/files, old: https://erp.example.test/files/old/}
apis: {get_order: {path: /orders}}
"""


@pytest.fixture(autouse=True)
def credentials(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CRM_CLIENT_ID", "CRM_CLIENT_SECRET"):
        monkeypatch.setenv(name, f"{name.lower()}-s3cret-s3cret")


def texts_below(folder: Path) -> str:
    """Return the texts of all files that a run may have written below *folder*."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".py"]
    return "\n".join(path.read_text("utf-8", errors="replace") for path in files)


@pytest.mark.parametrize("command", [("record", "--record=rewrite"), ("run", "--mode", "live")])
def test_the_address_that_was_tried_and_its_variable_are_named(
    project: Project, bs: Command, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv("CRM_URL", f"{DOWN}/basis")

    english, chinese = bs(*command), bs("--lang", "zh", *command)

    assert english.code == chinese.code == 4
    assert (
        f"\ncrm_system.$token: {DOWN}/basis was tried, from the variable CRM_URL ({ENTRY}); check "
        "that the server is running there, and that the address is right\n"
    ) in english.out
    assert (
        f"\ncrm_system.$token：实际连接的是 {DOWN}/basis，来源是变量 CRM_URL（{ENTRY}）；"
        "请确认服务已在该地址启动，且地址无误\n"
    ) in chinese.out
    assert english.out.count(DOWN) == 1
    assert DOWN not in texts_below(project.folder)


@pytest.mark.parametrize(
    ("entry", "address", "source"),
    [
        ("base_url: {file: ../url.txt}", DOWN, f"the file ../url.txt ({ENTRY})"),
        (f"base_url: {DOWN}/fest", f"{DOWN}/fest", ENTRY),
    ],
    ids=["file", "text"],
)
def test_an_address_of_a_file_is_named_with_its_place(
    project: Project, bs: Command, entry: str, address: str, source: str
) -> None:
    (project.folder / "url.txt").write_text(DOWN, encoding="utf-8")
    instances = project.folder / "scenarios/instances.yaml"
    project.edit(instances, "base_url: {env: CRM_URL}", entry)

    done = bs("record", "--record=rewrite")

    assert f"\ncrm_system.$token: {address} was tried, from {source}; check" in done.out


def test_without_instances_the_variable_of_the_platform_is_named(
    project: Project, bs: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project.folder / "scenarios/instances.yaml").unlink()
    monkeypatch.setenv("CRM_SYSTEM_URL", DOWN)
    for name in ("CRM_SYSTEM_CLIENT_ID", "CRM_SYSTEM_CLIENT_SECRET"):
        monkeypatch.setenv(name, "s3cret-s3cret-s3cret")

    done = bs("record", "--record=rewrite")

    assert f"{DOWN} was tried, from the variable CRM_SYSTEM_URL" in done.out


def test_the_variables_of_refused_credentials_are_named_and_not_their_values(
    project: Project, bs: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusal = answer_json('{"error": "invalid_client"}', status="401 Unauthorized")
    with loopback(lambda _: refusal) as server:
        monkeypatch.setenv("CRM_URL", server.url)
        english = bs("record", "--record=rewrite")
        chinese = bs("--lang", "zh", "record", "--record=rewrite")

    assert (
        "\ncrm_system: the credentials were refused; correct them there: client_id from the "
        "variable CRM_CLIENT_ID (scenarios/instances.yaml:7), client_secret from the variable "
        "CRM_CLIENT_SECRET (scenarios/instances.yaml:8)\n"
    ) in english.out
    assert (
        "\ncrm_system：凭证被拒绝，请到来源处修正：client_id 来自变量 CRM_CLIENT_ID（"
        "scenarios/instances.yaml:7）、client_secret 来自变量 CRM_CLIENT_SECRET（"
        "scenarios/instances.yaml:8）\n"
    ) in chinese.out
    assert "s3cret" not in english.out + english.err + chinese.out + chinese.err


def test_a_fault_and_a_replay_get_no_hint(project: Project, crm: Crm, bs: Command) -> None:
    fault = "faults:\n  - {on: crm_system.get_customer_detail, do: {error: connect}}\nsteps:"
    project.edit(project.scenario, "steps:", fault)

    done = bs("record", "--record=rewrite")

    assert done.code == 1
    assert "was tried" not in done.out
    assert crm.url not in done.out


@pytest.mark.parametrize(
    ("path", "variable"),
    [
        ("/orders/CG-1", "ERP_URL"),
        ("/files", "ERP_FILES_URL"),
        ("/files/CG-1.pdf", "ERP_FILES_URL"),
        ("/files?no=CG-1", "ERP_FILES_URL"),
        ("/files2/CG-1.pdf", "ERP_URL"),
        ("/files/old/CG-1.pdf", "ERP_OLD_URL"),
        ("/files/older/CG-1.pdf", "ERP_FILES_URL"),
        ("/old/CG-1.pdf", "ERP_URL"),
        (".cn/orders", ""),
    ],
)
def test_the_address_is_that_of_the_nearest_host(path: str, variable: str, tmp_path: Path) -> None:
    (tmp_path / "erp.yaml").write_text(HOSTS, encoding="utf-8")
    url = f"https://erp.example.test{path}"
    call = CallMade(number=1, call="erp.get_order", url=url, error="CONNECT", attempts=1)
    transport = Handler(lambda _: Response(status=200))
    with Session.open(tmp_path, mode="live", environ={}, transport=transport) as session:
        session.proxy("erp").get_order()

        hints = make_live_hints(session, [call])

    told = [hint.text.partition(";")[0] for hint in hints]
    start = "erp.get_order: its address comes from the variable"
    assert told == ([f"{start} {variable}, or else the platform file"] if variable else [])
