"""Which credentials a session uses, hides and compares with those of its recording."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import bpmax_sim as bs
from bpmax_sim.field_path import format_path
from bpmax_sim.messages import Call, Request
from bpmax_sim.platform.load import Platforms, load_platforms
from bpmax_sim.secret.vault import Vault
from bpmax_sim.session import credentials as credentials_module
from bpmax_sim.session.credentials import (
    SessionCredentials,
    find_volatile_places,
    get_matching_rules,
    list_read_response_headers,
)

PLATFORM = """\
platform_key: crm
was: [oa, office]
base_url: https://crm.example.test
hosts: {files: "https://files.example.test"}
credentials: {user: {secret: false}, key: {secret: true}}
apis: {list: {path: /list}}
"""


def platforms_of(folder: Path, text: str = PLATFORM, instances: str = "") -> Platforms:
    (folder / "crm.yaml").write_text(text, "utf-8")
    (folder / "instances.yaml").write_text(instances or "[]\n", "utf-8")
    return load_platforms(folder / "crm.yaml", instances=folder / "instances.yaml")


class Recorded:
    """A recording with clear values of its owner."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values
        self.asked: list[str] = []

    def get_non_secret_credentials(self, owner: str) -> dict[str, Any]:
        self.asked.append(owner)
        return self.values


def tenants_of(platforms: Platforms, cassette: Any, mode: str, record: str = "once") -> Any:
    recording = SimpleNamespace(cassette=cassette, owner="甲")
    start: Any = SimpleNamespace(mode=mode, owner_session=SimpleNamespace(recording=recording))
    settings: Any = SimpleNamespace(record=record, logins=None)
    return SessionCredentials(platforms, settings, start, Vault())


def test_clear_values_are_those_of_the_recording_under_the_newest_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    platforms = platforms_of(tmp_path)
    platform = platforms.platform("crm")
    own, former, others = {"user": "新"}, {"user": "旧"}, {"user": "别"}
    values = {
        "oa.test": former,
        "crm.test": own,
        "crm.other": others,
        "office.test": {"user": "古"},
    }

    def find(mode: str, record: str = "once", known: dict[str, Any] = values, **more: Any) -> Any:
        tenants = tenants_of(platforms, Recorded(known), mode, record)
        return tenants._find_recorded_non_secrets(more.get("platform", platform), "crm.test")

    assert [
        find("replay"), find("record", "new"), find("record", "rewrite"), find("record"),
        find("live"), find("simulate"), find("replay", known={"oa.test": former, "x.test": own}),
        find("replay", known={"crm.other": others}), find("replay", known={}),
    ] == [own, own, {}, {}, {}, {}, former, {}, {}]  # fmt: skip
    secret = platforms_of(tmp_path, PLATFORM.replace("user: {secret: false}, ", ""))
    assert find("replay", platform=secret.platform("crm")) == {}

    read: list[str] = []

    def read_login(_settings: object, name: str) -> dict[str, Any]:
        read.append(name)
        return {"office.test": former} if name == "office.test" else {}

    monkeypatch.setattr(credentials_module, "read_recorded_login_non_secrets", read_login)
    assert find("replay", known={}) == former
    assert read == ["crm.test", "oa.test", "office.test"]
    assert find("replay") == own
    cassette = Recorded(values)
    tenants = tenants_of(platforms, cassette, "replay")
    for _ in range(2):
        tenants._find_recorded_non_secrets(platform, "crm.test")
    assert cassette.asked == ["甲"]
    assert tenants_of(platforms, None, "replay")._find_recorded_non_secrets(platform, "x.y") == {}


INSTANCES = """\
- platform: crm
  instance_key: test
  base_url: {env: CRM_AT}
  proxy: http://li:p%40ssword-of-li@proxy.example.test:3128
  credentials: {user: lisi, key: k3y-of-li-2026}
"""


def test_all_that_is_secret_of_an_instance_is_hidden_from_its_first_call(tmp_path: Path) -> None:
    platforms_of(tmp_path, instances=INSTANCES)
    secrets = "p@ssword-of-li k3y-of-li-2026 lisi https://test.example.test:8443/list"
    with bs.Session.open(
        tmp_path / "crm.yaml", instances=tmp_path / "instances.yaml", mode="live",
        environ={"CRM_AT": "https://test.example.test:8443"},
        transport=lambda _request: bs.Response(status=204),
    ) as session:  # fmt: skip
        assert session.redact(secrets) == secrets
        assert session.find_instance_addresses("crm", "test") == {}
        session.proxy("crm").list()
        assert session.redact(secrets) == (
            "redacted.crm.test.proxy.1 redacted.crm.test.key.1 lisi https://crm.example.test/list"
        )
        addresses = session.find_instance_addresses("crm", "test")
        assert {name: (one.live, one.declared) for name, one in addresses.items()} == {
            "": ("https://test.example.test:8443", "https://crm.example.test"),
            "files_url": ("https://files.example.test", "https://files.example.test"),
        }
        assert session.find_instance_addresses("crm", "other") == {}
        tenants = session._wiring.tenants

        def ask(instance: str) -> Any:
            call = Call(platform="crm", instance=instance, api="list", method="GET", path="/list")
            request = Request(method="GET", url="https://a.test", call=call)
            return tenants.get_non_secret_credentials(request), tenants.get_real_credentials(
                request
            )

        assert ask("test")[0] == {"crm.test": {"user": "lisi"}}
        assert ask("test")[1]["key"] == "k3y-of-li-2026"
        assert ask("other") == ({}, {})
        nobody = Request(method="GET", url="https://a.test")
        assert tenants.get_non_secret_credentials(nobody) == {}
        assert tenants.get_connection_route(nobody).proxy == ""


def test_an_instance_without_clear_values_adds_none_to_a_recording(tmp_path: Path) -> None:
    text = PLATFORM.replace("user: {secret: false}, ", "")
    platforms_of(
        tmp_path, text, "- {platform: crm, instance_key: test, credentials: {key: k3y-2026}}"
    )
    with bs.Session.open(
        tmp_path / "crm.yaml", instances=tmp_path / "instances.yaml", mode="live", environ={},
        transport=lambda _request: bs.Response(status=204),
    ) as session:  # fmt: skip
        session.proxy("crm").list()
        call = Call(platform="crm", instance="test", api="list", method="GET", path="/list")
        request = Request(method="GET", url="https://a.test", call=call)
        assert session._wiring.tenants.get_non_secret_credentials(request) == {}


@pytest.mark.parametrize(
    ("more", "api", "told"),
    [
        ("ignore: [path.nr]", "", "crm: ignore: 'path.nr' matches nothing: "),
        ("", ", ignore: [path.nr]", "crm.get: ignore: 'path.nr' matches nothing: "),
        ("", ", ignore: [path.id]", ""), ("ignore: [path.id, path.sn]", "", ""),
        ("", ", ignore: [path.sn]", "crm.get: ignore: 'path.sn' matches nothing: "),
        ("not_secret: [path.nr]", "", "crm: not_secret: 'path.nr' matches nothing: "),
        ("", ", not_secret: [path.id, path.nr]", "crm.get: not_secret: 'path.nr' matches "),
        ("redact: [path.nr]", "", "crm: redact: 'path.nr' matches nothing: "),
        ("", ", redact: [header]", "crm.get: redact: 'header' names every header; "),
        ("", ", redact: ['header.[*]']", "crm.get: redact: 'header.[*]' names every header; "),
        ("volatile: ['body.[']", "", "crm: volatile: "),
        ("secret: ['body.[']", "", "crm: secret: "),
        ("secret: ['$.token', 'header:x-t', 'cookie:sid', cookies]", "", ""),
        ("", ", verify: {values: ['body.[']}", "crm.get: verify: "),
    ],
)  # fmt: skip
def test_each_place_of_each_list_can_exist(tmp_path: Path, more: str, api: str, told: str) -> None:
    text = PLATFORM.replace(
        "apis: {list: {path: /list}}",
        f'{more}\napis: {{list: {{path: "/list/{{sn}}"}}, get: {{path: "/get/{{id}}"{api}}}}}',
    )
    try:
        get_matching_rules(platforms_of(tmp_path, text), ())
        found = ""
    except bs.ConfigError as error:
        found = str(error)

    assert (told in found) if told else found == ""


SIGNED = (
    "{message: '{{ response_body }}', key: '{{ key }}', algorithm: hmac-sha256, "
    "signature: '{{ response_headers[\"%s\"] }}'}"
)


def test_an_api_with_a_signature_of_its_own_has_not_that_of_its_platform(tmp_path: Path) -> None:
    own, other = SIGNED % "x-own", SIGNED % "x-all"
    text = PLATFORM.replace(
        "apis: {list: {path: /list}}",
        f"auth: {{verify_response: {other}}}\nvolatile: [header.X-Time]\n"
        "secret: ['header:X-New', header.X-TIME, body.a]\n"
        f"apis: {{list: {{path: /list}}, get: {{path: /get, auth: {{verify_response: {own}}}}}}}",
    )
    platforms = platforms_of(tmp_path, text)

    assert find_volatile_places(platforms, "crm.list") == ("header.X-Time", "header.x-all")
    assert find_volatile_places(platforms, "crm.get") == ("header.X-Time", "header.x-own")
    read = list_read_response_headers(platforms, "crm.get")
    assert "header.x-new" in read
    assert "header.x-time" not in read
    assert all(place == place.lower() and place.startswith("header.") for place in read)


LOGIN = """\
auth:
  acquire:
    steps:
      - request: {method: POST, path: /login}
        extract: {sid: {path: "cookie:sid", secret: true}}
      - request: {method: POST, path: /token}
        extract: {token: {path: "header:X-Sess", secret: true}, at: {path: $.at, secret: false}}
  apply: [{in: header, name: X-Token, value: "{{ token }}"}]
secret: ["header:X-Lower"]
apis:
  one: {path: /one, ignore: [query.a]}
  two: {path: /two}
  three: {path: /three, ignore: [query.b, body.c], secret: ["header:x-three"]}
"""


def test_what_a_login_reads_and_what_the_third_api_ignores_counts_too(tmp_path: Path) -> None:
    platforms = platforms_of(
        tmp_path, PLATFORM.replace("apis: {list: {path: /list}}\n", f"ignore: [query.t]\n{LOGIN}")
    )
    rules = get_matching_rules(platforms, ["query.z"])

    assert {
        name: sorted(set(list_read_response_headers(platforms, f"crm.{name}")))
        for name in ("one", "three")
    } == {
        "one": ["header.x-lower", "header.x-sess"],
        "three": ["header.x-lower", "header.x-sess", "header.x-three"],
    }
    assert {
        name: sorted(map(format_path, rules.get_ignored_paths("crm", name)))
        for name in ("one", "two", "three", "none")
    } == {
        "one": ["query.a", "query.t", "query.z"], "two": ["query.t", "query.z"],
        "three": ["body.c", "query.b", "query.t", "query.z"], "none": ["query.t", "query.z"],
    }  # fmt: skip
    assert get_matching_rules(platforms, ("query.z",)) is rules
