"""`error.platform_key`, `.instance_key` and `.api` before anything is sent, in both languages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.errors import CallError
from bpmax_sim.script.failure import Script
from bpmax_sim.session.session import Session

PLATFORM = """\
platform_key: crm_system
base_url: https://crm.example.test
apis:
  get_order:
    method: GET
    path: "/api/orders/{id}"
    parameters: [{name: id, in: path, required: true}]
"""
INSTANCES = """\
- {platform: crm_system, instance_key: test, default: true}
- {platform: crm_system, instance_key: prod}
"""
KNOWN = ("crm_system", "test", "get_order")
CASES: dict[str, tuple[str, dict[str, Any], str, tuple[Any, ...], tuple[str, str, str]]] = {
    "a missing parameter": ("crm_system", {}, "getOrder", (), KNOWN),
    "a value that cannot be sent": ("crm_system", {}, "getOrder", ([],), KNOWN),
    "an instance that is named": (
        "crm_system", {"instance_key": "prod"}, "getOrder", (), ("crm_system", "prod", "get_order"),
    ),
    "an unknown API": ("crm_system", {}, "getOrdre", (), ("crm_system", "test", "getOrdre")),
    "an unknown instance": (
        "crm_system", {"instance_key": "tset"}, "getOrder", (), ("crm_system", "tset", "get_order"),
    ),
    "an unknown platform": ("crm", {}, "getOrder", (), ("crm", "", "getOrder")),
}  # fmt: skip


@pytest.fixture
def session(tmp_path: Path) -> Session:
    (tmp_path / "platforms").mkdir()
    (tmp_path / "platforms/crm_system.yaml").write_text(PLATFORM, encoding="utf-8")
    (tmp_path / "instances.yaml").write_text(INSTANCES, encoding="utf-8")
    return Session.open(tmp_path / "platforms", environ={})


@pytest.mark.parametrize("case", CASES)
def test_an_error_before_sending_names_what_was_called(case: str, session: Session) -> None:
    platform, options, api, args, target = CASES[case]

    with pytest.raises(CallError) as caught:
        session.proxy(platform, **options).direct(api, *args)

    error = caught.value
    record = session.calls[-1]
    assert (error.platform, error.instance, error.api) == target
    assert (record.platform, record.instance, record.api) == target


@pytest.mark.parametrize("case", CASES)
def test_a_script_sees_the_same(case: str, session: Session) -> None:
    platform, options, api, args, target = CASES[case]
    source = f"""
        try {{ await $proxy({platform!r}, {options!r}).{api}(...{list(args)!r}) }}
        catch (error) {{ return [error.platform_key, error.instance_key, error.api] }}
    """

    assert tuple(session.run_script(Script(source)).value) == target
