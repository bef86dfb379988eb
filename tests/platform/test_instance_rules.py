"""Instances of a platform: what is refused of them, and which value each of theirs has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.errors import ConfigError, Problem
from bpmax_sim.platform.instances import (
    InstanceOrigin,
    read_instances,
    resolve_credentials,
    resolve_route,
)
from bpmax_sim.platform.load import read_platform_root
from bpmax_sim.platform.model import Instance, Platform, Source, Tls
from bpmax_sim.secret.vault import AddressPair, Credentials
from bpmax_sim.yamlfile import parse_yaml

CRM = """\
platform_key: crm
base_url: https://crm.example.test/接口
hosts: {files: "https://files.example.test/", sso: "https://sso.example.test"}
credentials:
  tenant: {}
  corp: {secret: false}
  agent: {kind: integer}
  region: {default: 华东}
  shown: {as: 演示账号}
  password: {secret: true}
auth:
  apply: [{in: header, name: A, value: "{{ tenant }}{{ password }}{{ files_url }}"}]
apis: {find: {path: /find, auth: {apply: [{in: query, name: a, value: "{{ corp }}"}]}}}
"""


def read_crm(text: str = CRM) -> Platform:
    found = read_platform_root(parse_yaml(text, "crm.yaml"))
    assert not found.problems
    assert found.platform is not None
    return found.platform


@pytest.fixture(name="read")
def read_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    monkeypatch.chdir(tmp_path)
    known = {"crm": read_crm(), "erp": read_crm(CRM.replace("key: crm", "key: erp"))}

    def read(text: str, local: str = "") -> tuple[list[Instance], list[str]]:
        for name, content in (("instances.yaml", text), ("instances.local.yaml", local)):
            if content:
                Path(name).write_text(content, encoding="utf-8")
        problems: list[Problem] = []
        found = read_instances(
            Path("instances.yaml"), known.get, ["crm", "erp", "broken"], problems, []
        )
        return [one.instance for one in found], [str(one) for one in problems]

    return read


ADDRESS = "an address such as https://crm.example.com, without ? # and user"
ONE_OF = "expected exactly one of env, file, keyring and source, got"


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ("hosts: {files: 'https://a.test'}", ""),
        ("hosts: {files: {env: FILES}}", ""),
        ("hosts: {file: 'https://a.test'}",
            "hosts.file: 'crm' declares no host 'file'; did you mean 'files'?"),
        ("hosts: {支付: 'https://a.test'}",
            "hosts.支付: 'crm' declares no host '支付'; there are files, sso"),
        ("hosts: {sso: sso.test}", f"hosts.sso: expected {ADDRESS}"),
        ("hosts: {sso: ''}", f"hosts.sso: expected {ADDRESS}"),
        ("hosts: {sso: {}}", f"hosts.sso: {ONE_OF} none"),
        ("hosts: {sso: {env: A, keyring: b/c}}", f"hosts.sso: {ONE_OF} env, keyring"),
        ("hosts: {sso: {env: ' '}}", "hosts.sso.env: expected a name after env, got nothing"),
        ("hosts: {sso: {keyring: crm}}",
            "hosts.sso.keyring: expected service/name, such as crm/password"),
        ("hosts: {files: {file: f}, sso: {keyring: crm/sso}}", ""),
        ("hosts: {sso: 'https://a.test:70000'}", f"hosts.sso: expected {ADDRESS}"),
        ("base_url: 'https://a.test:端口'", f"base_url: expected {ADDRESS}"),
        ("proxy: 'http://u:p@proxy.test:3128'", ""),
        ("proxy: proxy.test",
            "proxy: expected the address of a proxy, such as http://proxy.example:3128"),
        ("proxy: {env: P, file: f}", f"proxy: {ONE_OF} env, file"),
        ("base_url: ''", ""),
        ("base_url: 'https://{{ tenant | lower }}.test'", ""),
        ("base_url: 'https://{{ tenant | lowr }}.test'",
            ("base_url: template 'https://{{ tenant | lowr }}.test': unknown filter 'lowr'; did "
            "you mean 'lower'?")),
        ("base_url: 'https://{{ tenent }}.test'",
            ("base_url: the template names 'tenent', which is not defined; did you mean "
            "'tenant'?")),
        ("hosts: {sso: 'https://{{ tenant }}.test'}", f"hosts.sso: expected {ADDRESS}"),
        ("query: {a: ['{{ tenant }}']}",
            ("query.a[0]: '{{ tenant }}' would be sent as it stands, as only auth fills "
            "templates; write {$credential: name} for a credential, or make it the default of a "
            "parameter if it is meant so")),
        ("headers: {X-A: '{{ tenant }}'}",
            ("headers.X-A: '{{ tenant }}' would be sent as it stands, as only auth fills "
            "templates; write auth: {apply: [{in: header, name: X-A, value: '{{ tenant }}'}]}")),
        ("query: {a: [{$credential: tenant}, {$credential: tenent}]}",
            "query.a[1].$credential: unknown credential 'tenent'; did you mean 'tenant'?"),
        ("tls: {key: a.pem}", "tls.key: expected cert beside key: the certificate of that key"),
        ("tls: {key: a.pem, cert: b.pem}", ""),
        ("tls: {cert: b.pem, ca: c.pem}", ""),
        ("credentials: {tenant: {}}", f"credentials.tenant: {ONE_OF} none"),
        ("credentials: {tenant: {env: A, file: b, keyring: c/d}}",
            f"credentials.tenant: {ONE_OF} env, file, keyring"),
        ("credentials: {tenant: {file: ''}}",
            "credentials.tenant.file: expected a name after file, got nothing"),
        ("credentials: {tenant: {keyring: crm/}}",
            "credentials.tenant.keyring: expected service/name, such as crm/password"),
        ("credentials: {tenant: {keyring: /a}}",
            "credentials.tenant.keyring: expected service/name, such as crm/password"),
        ("credentials: {tenant: {keyring: crm/a/b}}", ""),
        ("credentials: {tenant: {source: {}}}",
            "credentials.tenant.source: expected one source, such as {vault: crm}, got none"),
        ("credentials: {tenant: {source: {vault: crm}}}",
            ("credentials.tenant.source: unknown source 'vault'; no distribution that is "
            "installed has one")),
        ("credentials: {agent: 0, region: '', tenant: x}", ""),
        ("credentials: {agent: '0'}", "credentials.agent: expected a whole number, got text"),
        ("credentials: {region: 0}", "credentials.region: expected text, got a number; quote it"),
    ],
)  # fmt: skip
def test_an_instance_has_what_its_platform_declares(
    read: Callable[..., Any], fields: str, problem: str
) -> None:
    found, problems = read(f"- {{platform: crm, instance_key: a, {fields}}}")

    assert [one.partition(": [0].")[2] for one in problems] == ([problem] if problem else [])
    assert [one.instance_key for one in found] == ["a"]


@pytest.mark.parametrize(
    ("key", "is_refused"),
    [("a", False), ("测试.1-b_c", False), ("1", False), ("-a", True), (".a", True), ("a b", True),
     ("''", True)],
)  # fmt: skip
def test_a_key_is_a_word(read: Callable[..., Any], key: str, *, is_refused: bool) -> None:
    _, problems = read(f"- platform: crm\n  instance_key: '{key}'\n".replace("'''", "'"))

    assert len(problems) == is_refused


def test_a_problem_of_each_instance_is_told(read: Callable[..., Any]) -> None:
    lines = (
        "{platform: crm, instance_key: a, default: true}",
        "{platform: erp, instance_key: a, default: true}",
        "{platform: crm, instance_key: a}",
        "{platform: crm, instance_key: b, default: true, enabled: false}",
        "{platform: broken, instance_key: a, credentials: {what: 1}}",
        "{platform: crn, instance_key: c}",
        "{platform: crm, instance_key: a}",
        "{platform: crm, instance_key: d, default: true}",
        "{platform: erp, instance_key: b, default: false}",
    )

    found, problems = read("".join(f"- {line}\n" for line in lines))

    assert problems == [
        "instances.yaml:3:3: [2]: a second instance 'a' of 'crm', first in line 1; remove one",
        "instances.yaml:7:3: [6]: a second instance 'a' of 'crm', first in line 1; remove one",
        "instances.yaml:6:14: [5].platform: there is no platform 'crn'; did you mean 'crm'?",
        "instances.yaml:8:36: default: 'crm' has a second default, beside 'a'; keep one",
    ]
    assert len(found) == 9


def test_two_instances_of_one_name_are_told_in_one_line_too(read: Callable[..., Any]) -> None:
    one = "{platform: crm, instance_key: a}"

    _, problems = read(f"[{one}, {one}, {one.replace('a}', 'b}')}]")

    assert problems == [
        "instances.yaml:1:36: [1]: a second instance 'a' of 'crm', first in line 1; remove one"
    ]


LOCAL_BASE = """\
- {platform: crm, instance_key: a, default: true, title: 甲, hosts: {files: "https://f.test"},
   credentials: {tenant: {env: A}, corp: x, agent: 1}}
- {platform: crm, instance_key: b}
- {platform: erp, instance_key: a, default: true}
"""


@pytest.mark.parametrize(
    ("local", "fields"),
    [
        ("- {platform: crm, instance_key: a, credentials: {tenant: {file: b}}}",
            {"credentials": {"tenant": Source(file="b"), "corp": "x", "agent": 1}}),
        ("- {platform: crm, instance_key: a, credentials: {tenant: y, agent: 2}}",
            {"credentials": {"tenant": "y", "corp": "x", "agent": 2}}),
        ("- {platform: crm, instance_key: a, credentials: {}}", {"credentials": {}}),
        ("- {platform: crm, instance_key: a, hosts: {sso: 'https://s.test'}}",
            {"hosts": {"files": "https://f.test", "sso": "https://s.test"}}),
        ("- {platform: crm, instance_key: a, hosts: {files: {env: F}}}",
            {"hosts": {"files": Source(env="F")}}),
        ("- {platform: crm, instance_key: a, enabled: false, title: ''}",
            {"enabled": False, "title": "", "default": True}),
        ("- {platform: crm, instance_key: b, default: true}", {"default": False, "title": "甲"}),
        ("- {platform: erp, instance_key: b, default: true}", {"default": True}),
    ],
)  # fmt: skip
def test_a_local_key_wins_over_the_same_key(
    read: Callable[..., Any], local: str, fields: dict[str, Any]
) -> None:
    found, problems = read(LOCAL_BASE, local)

    assert problems == []
    assert {name: getattr(found[0], name) for name in fields} == fields


def test_what_only_the_local_file_has_comes_last(read: Callable[..., Any]) -> None:
    local = (
        "- {platform: crm, instance_key: new, default: true}\n"
        "- {platform: crm, instance_key: b, title: 乙}\n"
        "- {platform: erp, instance_key: new}\n"
    )
    found, problems = read(LOCAL_BASE, local)

    assert problems == []
    assert [(one.platform, one.instance_key, one.default) for one in found] == [
        ("crm", "a", False),
        ("crm", "b", False),
        ("erp", "a", True),
        ("crm", "new", True),
        ("erp", "new", False),
    ]
    assert found[1].title == "乙"
    _, refused = read(LOCAL_BASE, "- {instance_key: a}\n- {platform: crm}\n")
    assert [one.split(": ", 1)[1] for one in refused] == [
        "[0]: the key 'platform' is missing; add it",
        "[1]: the key 'instance_key' is missing; add it",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", ""), ("# 以后再写\n", ""), ("[]", ""),
        ("{}", "expected a list of instances, got a mapping; start each with '- platform:'"),
        ("5", "expected a list of instances, got a number; start each with '- platform:'"),
    ],
)  # fmt: skip
def test_a_file_is_a_list_or_empty(read: Callable[..., Any], text: str, problem: str) -> None:
    Path("instances.yaml").write_text(text, encoding="utf-8")

    found, problems = read("")

    assert found == []
    assert problems == ([f"instances.yaml:1:1: {problem}"] if problem else [])


VALUES: dict[str, Any] = {"tenant": "甲公司", "password": Source(env="PW")}
STANDINS = {name: f"redacted.crm.test.{name}.1" for name in ("tenant", "corp", "password")}


def resolve(
    credentials: dict[str, Any], environ: dict[str, str] | None = None, **more: Any
) -> Credentials:
    fields = more.pop("fields", {})
    instance = Instance(platform="crm", instance_key="test", credentials=credentials, **fields)
    arguments = {"environ": environ or {"PW": "s3cret"}, "closed": False, **more}
    return resolve_credentials(read_crm(), instance, **arguments)


@pytest.mark.parametrize(
    ("credentials", "environ", "more", "real", "standins"),
    [
        ({}, {}, {}, {"region": "华东"}, {"region": "华东"}),
        ({"corp": Source(env="C")}, {"C": "ww1"}, {}, {"corp": "ww1"}, {"corp": "ww1"}),
        ({"agent": Source(env="N")}, {"N": " 7 "}, {}, {"agent": 7}, {}),
        ({"agent": -1}, {}, {}, {"agent": -1}, {"agent": -1}),
        ({"region": Source(env="R")}, {"R": "华南"}, {}, {"region": "华南"},
            {"region": "redacted.crm.test.region.1"}),
        ({"region": ""}, {}, {}, {"region": ""}, {"region": ""}),
        ({"shown": "张三"}, {}, {}, {"shown": "张三"}, {"shown": "张三"}),
        ({"shown": Source(env="S")}, {"S": "张三"}, {}, {"shown": "张三"}, {"shown": "演示账号"}),
        ({"password": ""}, {}, {}, {"password": ""}, {"password": ""}),
        ({"corp": Source(env="C")}, {"C": "ww1"}, {"recorded": {"corp": "ww0", "tenant": "x"}},
            {"corp": "ww0", "tenant": "甲公司"}, {"corp": "ww0"}),
        ({"corp": Source(env="C")}, {}, {"closed": True},
            {"corp": STANDINS["corp"], "password": STANDINS["password"], "tenant": "甲公司"},
            {"corp": STANDINS["corp"]}),
        ({"corp": Source(env="C")}, {}, {"closed": True, "recorded": {"corp": "ww0"}},
            {"corp": "ww0"}, {"corp": "ww0"}),
        ({"corp": "ww2"}, {}, {"closed": True}, {"corp": "ww2"}, {"corp": "ww2"}),
        ({}, {}, {"closed": True}, {"shown": "演示账号", "region": "华东"},
            {"shown": "演示账号", "corp": STANDINS["corp"]}),
    ],
)  # fmt: skip
def test_a_credential_has_a_value_and_what_recordings_hold(
    credentials: dict[str, Any],
    environ: dict[str, str],
    more: dict[str, Any],
    real: dict[str, Any],
    standins: dict[str, Any],
) -> None:
    found = resolve({**VALUES, **credentials}, {"PW": "s3cret", **environ}, **more)

    assert {name: found.real[name] for name in real} == real
    assert {name: found.standins[name] for name in standins} == standins
    assert type(found.real.get("agent")) is type(found.standins.get("agent"))


def test_only_what_is_declared_clear_is_kept_in_recordings() -> None:
    found = resolve(
        {**VALUES, "corp": Source(env="C"), "region": "华北"}, {"PW": "s3cret", "C": "ww1"}
    )

    assert {one.name: (one.kind, one.secret, one.is_in_recordings) for one in found} == {
        "tenant": ("text", False, False),
        "corp": ("text", False, True),
        "region": ("text", False, False),
        "password": ("text", True, False),
    }


@pytest.mark.parametrize(
    ("fields", "more", "addresses"),
    [
        ({}, {}, [("https://crm.example.test/%E6%8E%A5%E5%8F%A3",) * 2,
                  ("https://files.example.test/",) * 2, ("https://sso.example.test",) * 2]),
        (
            {"base_url": "https://own.test/客户?a=%20",
             "hosts": {"files": Source(env="F"), "sso": "https://own.test"}},
            {},
            [("https://own.test/%E5%AE%A2%E6%88%B7?a=%20",) * 2,
             ("https://live.test/%E7%94%B2", "https://files.example.test/"),
             ("https://own.test",) * 2],
        ),
        (
            {"base_url": Source(env="B"), "hosts": {"files": Source(env="F")}},
            {"closed": True},
            [("https://crm.example.test/%E6%8E%A5%E5%8F%A3",) * 2,
             ("https://files.example.test/",) * 2, ("https://sso.example.test",) * 2],
        ),
    ],
)  # fmt: skip
def test_an_address_from_outside_is_used_and_not_recorded(
    fields: dict[str, Any], more: dict[str, Any], addresses: list[tuple[str, str]]
) -> None:
    environ = {"PW": "s3cret", "F": "https://live.test/甲"}
    found = resolve(VALUES, environ, fields=fields, **more)

    assert [
        (found.live, found.declared),
        *(
            (found.hosts[name].live, found.hosts[name].declared)
            for name in ("files_url", "sso_url")
        ),
    ] == addresses
    assert isinstance(found.hosts["sso_url"], AddressPair)


def test_all_that_cannot_be_read_is_told_in_one_go() -> None:
    instance = Instance(
        platform="crm",
        instance_key="test",
        credentials={name: Source(env=name[0].upper()) for name in ("agent", "corp", "tenant")},
        base_url=Source(env="B"),
        hosts={"files": Source(env="F"), "sso": Source(env="S")},
        proxy=Source(env="P"),
    )
    environ = {"B": "crm.test", "S": "https://s.test", "P": "proxy.test", "A": "七", "C": "x"}

    with pytest.raises(ConfigError) as caught:
        resolve_credentials(read_crm(), instance, environ=environ, closed=False)

    who = "instance 'test' of 'crm'"
    assert sorted(one.message for one in caught.value.problems) == sorted([
        "expected a whole number, got text",
        f"expected {ADDRESS}, got other text ({who})",
        f"environment variable F is not set; set it, or run in replay mode ({who})",
        (f"expected the address of a proxy, such as http://proxy.example:3128, got other text "
        f"({who})"),
        f"{who} lacks 'password'; add it",
        f"environment variable T is not set; set it, or run in replay mode ({who})",
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("environ", "real", "lacking"),
    [
        ({"CRM_TENANT": "甲", "CRM_PASSWORD": "pw"}, {"tenant": "甲", "password": "pw"}, []),
        ({"CRM_TENANT": "甲"}, {}, ["password"]),
        ({"CRM_CORP": "ww"}, {}, ["password", "tenant"]),
        (
            {"CRM_TENANT": "甲", "CRM_PASSWORD": "s3cret", "CRM_AGENT": "7", "CRM_REGION": "华南"},
            {"agent": 7, "region": "华东"}, [],
        ),
    ],
)  # fmt: skip
def test_values_of_an_instance_by_convention_are_in_the_environment(
    environ: dict[str, str], real: dict[str, Any], lacking: list[str]
) -> None:
    origin = InstanceOrigin(by_convention=True)
    urls = {"CRM_URL": "https://live.test", "CRM_SSO_URL": "https://live-sso.test"}
    if not lacking:
        found = resolve({}, {**environ, **urls}, origin=origin)
        assert {name: found.real[name] for name in real} == real
        assert found.live == "https://live.test"
        assert found.hosts["sso_url"].live == "https://live-sso.test"
        assert found.hosts["files_url"].live == "https://files.example.test/"
        closed = resolve({}, {**environ, **urls}, origin=origin, closed=True)
        assert closed.live.startswith("https://crm.example.test/")
        assert closed.real["tenant"] == STANDINS["tenant"]
        return
    with pytest.raises(ConfigError) as caught:
        resolve({}, environ, origin=origin)
    assert [one.message for one in caught.value.problems] == [
        f"instance 'test' of 'crm' lacks {name!r}; set CRM_{name.upper()}, or declare it in "
        "instances.yaml"
        for name in lacking
    ]


def test_files_of_a_connection_are_beside_the_file_that_names_them(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("CA")
    (tmp_path / "pw.txt").write_text("http://proxy.test:1\n")
    origin = InstanceOrigin(folder=tmp_path)
    instance = Instance(
        platform="crm",
        instance_key="a",
        proxy=Source(file="pw.txt"),
        tls=Tls(ca="ca.pem"),
    )

    route = resolve_route(read_crm(), instance, origin, environ={})
    closed = resolve(VALUES, closed=True, fields={"proxy": "http://proxy.test"}).route

    assert (route.proxy, route.ca, route.cert) == (
        *("http://proxy.test:1", str(tmp_path / "ca.pem"), ""),
    )
    assert (closed.proxy, closed.ca) == ("", "")
    with pytest.raises(ConfigError) as caught:
        resolve_route(
            read_crm(),
            Instance(platform="crm", instance_key="a", tls=Tls(ca="ca.pem", cert="c.pem")),
            origin,
            environ={},
        )
    assert [(one.path, one.message) for one in caught.value.problems] == [
        ("tls.cert", f"there is no file {tmp_path / 'c.pem'} (instance 'a' of 'crm')")
    ]


def test_an_instance_of_a_file_has_nothing_from_variables_that_it_does_not_name() -> None:
    environ = {"CRM_CORP": "ww9", "CRM_URL": "https://live.test", "CRM_SSO_URL": "https://l.test"}
    found = resolve(VALUES, {"PW": "s3cret", **environ})

    assert [one.name for one in found] == ["tenant", "region", "password"]
    assert (found.live, found.hosts["sso_url"].live) == (
        "https://crm.example.test/%E6%8E%A5%E5%8F%A3", "https://sso.example.test"
    )  # fmt: skip
    with pytest.raises(ConfigError) as caught:
        resolve({"tenant": "甲公司"}, {"CRM_PASSWORD": "s3cret"})
    assert str(caught.value).endswith("instance 'test' of 'crm' lacks 'password'; add it")


def test_a_platform_without_credentials_says_that_it_has_none(tmp_path: Path) -> None:
    bare = read_crm("platform_key: oa\nbase_url: https://oa.example.test\n")
    file = tmp_path / "instances.yaml"
    file.write_text("- {platform: oa, instance_key: a, credentials: {口令: x}}", encoding="utf-8")
    problems: list[Problem] = []
    read_instances(file, {"oa": bare}.get, ["oa"], problems, [])

    assert [one.message for one in problems] == ["'oa' declares no credential '口令'; it has none"]
