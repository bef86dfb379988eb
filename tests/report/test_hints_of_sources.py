# ruff: noqa: E501 - a hint, one a line
"""Hints beside a live failure: for which calls there is one, and each source that it names."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest

from bpmax_sim.i18n import to_plain_english
from bpmax_sim.messages import Response
from bpmax_sim.report.live_hints import make_live_hints
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.session.session import Session
from bpmax_sim.transport.protocol import Handler

PLATFORM = """\
platform_key: erp
base_url: https://erp.example.test/api/
hosts: {files: "https://files.example.test"}
credentials: {user: {}, key: {secret: true}, region: {default: cn-north-1}, 工号: {}}
apis: {get_order: {path: /orders}, get_file: {path: /f, host: files}}
"""
CHINESE = """\
platform_key: 办公
base_url: https://oa.example.test
apis: {notify: {path: /n}}
"""
INSTANCES = """\
- platform: erp
  instance_key: default
  default: true
  base_url: {env: ERP_ADDRESS}
  credentials:
    user: {file: user.txt}
    key: zhangsan-key
- platform: erp
  instance_key: 分公司
  hosts: {files: "https://branch.example.test"}
  credentials: {user: 李四, key: {env: BRANCH_KEY}, 工号: "7"}
- platform: erp
  instance_key: 工厂
  credentials: {key: {keyring: erp/工厂}}
"""
ENVIRON = {
    "ERP_ADDRESS": "https://live.example.test:8443", "BRANCH_KEY": "branch-key-9",
    "ERP_USER": "张三", "ERP_KEY": "conventional-key-8",
}  # fmt: skip


def hints(
    folder: Path,
    *calls: CallMade,
    instances: str = INSTANCES,
    mode: Literal["live", "replay"] = "live",
) -> list[tuple[str, str]]:
    """Return text and shown text of each hint on *calls* of a session that has called."""
    platforms = folder / "platforms"
    platforms.mkdir()
    (platforms / "erp.yaml").write_text(PLATFORM, encoding="utf-8")
    (platforms / "oa.yaml").write_text(CHINESE, encoding="utf-8")
    (folder / "user.txt").write_text("张三", encoding="utf-8")
    if instances:
        (folder / "instances.yaml").write_text(instances, encoding="utf-8")
    transport = Handler(lambda _: Response(status=200))
    options: Any = {"instances": folder / "instances.yaml"} if instances else {}
    with Session.open(
        platforms, mode=mode, environ=ENVIRON, transport=transport, **options
    ) as session:
        for tenant in ("default", "分公司") if instances else ("",):
            named = {"instance_key": tenant} if tenant else {}
            if mode == "live":
                session.proxy("erp", **named).get_order()
        if mode == "live":
            session.proxy("办公").notify()
        found = make_live_hints(session, calls)
    return [(to_plain_english(one.text), to_plain_english(one.shown)) for one in found]


def call(**fields: Any) -> CallMade:
    usual: dict[str, Any] = {
        "number": 1, "call": "erp.get_order", "url": "https://erp.example.test/api/orders",
        "error": "CONNECT", "attempts": 1, "source": "live",
    }  # fmt: skip
    return CallMade(**{**usual, **fields})


ADDRESS = (
    (
        "erp.get_order: its address comes from the variable ERP_ADDRESS ({}:4); check that the server "
        "is running, and that the address is right"
    ),
    (
        "erp.get_order: https://live.example.test:8443 was tried, from the variable ERP_ADDRESS ({}:4); "
        "check that the server is running there, and that the address is right"
    ),
)
SENT: dict[str, tuple[dict[str, Any], bool]] = {
    **{code: ({"error": code}, True) for code in ("CONNECT", "TLS", "TIMEOUT", "RESET")},
    "a refusal": ({"error": "BUSINESS"}, False),
    "a success": ({"error": ""}, False),
    "a fault": ({"message": "refused (fault)"}, False),
    "nothing sent": ({"attempts": 0}, False),
    "sent three times": ({"attempts": 3}, True),
    "from a recording": ({"source": ""}, True),
    "the base itself": ({"url": "https://erp.example.test/api"}, True),
    "another address": ({"url": "https://erp.example.test/apis"}, False),
    "another platform": ({"call": "crm.get_order"}, False),
    "another instance": ({"instance": "上海"}, False),
    "an instance that was named": ({"instance": "default"}, True),
}


@pytest.mark.parametrize("name", SENT)
def test_who_could_not_be_reached_is_hinted_at(tmp_path: Path, name: str) -> None:
    fields, is_hinted = SENT[name]

    found = hints(tmp_path, call(**fields), call(number=2, **fields))

    place = str(tmp_path / "instances.yaml")
    assert found == [tuple(text.format(place) for text in ADDRESS)] * is_hinted


def test_a_platform_that_no_variable_can_be_named_after_has_its_file_alone(tmp_path: Path) -> None:
    [(text, _)] = hints(tmp_path, call(call="办公.notify", url="https://oa.example.test/n"))

    assert text.startswith("办公.notify: its address comes from the platform file; check")


@pytest.mark.parametrize(
    ("fields", "instances", "source"),
    [
        ({"instance": "分公司"}, INSTANCES, "the platform file"),
        ({"instance": "分公司", "url": "https://branch.example.test/f"}, INSTANCES, "{}:10"),
        ({"url": "https://files.example.test/f"}, INSTANCES, "the platform file"),
        ({}, "", "the variable ERP_URL, or else the platform file"),
        (
            {"url": "https://files.example.test/f"}, "",
            "the variable ERP_FILES_URL, or else the platform file",
        ),
    ],
    ids=["none", "an instance", "a host", "no instances", "a host without"],
)  # fmt: skip
def test_an_address_has_its_source(
    tmp_path: Path, fields: dict[str, Any], instances: str, source: str
) -> None:
    [(text, _)] = hints(tmp_path, call(**fields), instances=instances)

    told = source.format(tmp_path / "instances.yaml")
    assert text.startswith(f"erp.get_order: its address comes from {told}; check")


REFUSED: dict[str, tuple[dict[str, Any], bool]] = {
    "401": ({"status": 401, "error": ""}, True),
    "a login that failed": ({"error": "AUTH_FAILED", "status": 400}, True),
    "403": ({"status": 403, "error": ""}, False),
    "200": ({"status": 200, "error": ""}, False),
    "401 of a recording": ({"status": 401, "error": "", "source": "recorded"}, False),
    "a login of a recording": ({"error": "AUTH_FAILED", "source": "recorded"}, False),
}


@pytest.mark.parametrize("name", REFUSED)
def test_who_refused_the_credentials_is_hinted_at(tmp_path: Path, name: str) -> None:
    fields, is_hinted = REFUSED[name]

    found = hints(tmp_path, call(**fields), call(**fields))

    place = tmp_path / "instances.yaml"
    text = (
        "erp: the credentials were refused; correct them there: user from the file user.txt "
        f"({place}:6), key from {place}:7, region from the platform file"
    )
    assert found == [(text, text)] * is_hinted


@pytest.mark.parametrize(
    ("fields", "instances", "sources"),
    [
        (
            {"instance": "分公司"}, INSTANCES,
            "user from {0}:11, key from the variable BRANCH_KEY ({0}:11), region from the platform file, 工号 from {0}:11",
        ),
        (
            {"instance": "工厂"}, INSTANCES,
            "key from the keyring entry erp/工厂 ({0}:14), region from the platform file",
        ),
        (
            {}, "",
            "user from the variable ERP_USER, key from the variable ERP_KEY, region from the platform file",
        ),
    ],
    ids=["values", "a keyring", "variables"],
)  # fmt: skip
def test_credentials_have_their_sources(
    tmp_path: Path, fields: dict[str, Any], instances: str, sources: str
) -> None:
    [(text, _)] = hints(tmp_path, call(error="AUTH_FAILED", **fields), instances=instances)

    assert text.partition("correct them there: ")[2] == sources.format(tmp_path / "instances.yaml")


def test_a_session_without_a_network_hints_at_nothing(tmp_path: Path) -> None:
    assert hints(tmp_path, call(), call(error="AUTH_FAILED"), mode="replay") == []
