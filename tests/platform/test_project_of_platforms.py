"""A folder of platforms and its instances: what is refused, which value holds, what is found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.errors import CallError, ConfigError, Problem
from bpmax_sim.i18n import translate
from bpmax_sim.platform.instances import (
    InstanceOrigin,
    InstanceWithOrigin,
    derive_conventional_variable,
    read_instances,
    resolve_credentials,
    resolve_route,
)
from bpmax_sim.platform.load import (
    Platforms,
    find_built_in_platform,
    find_declared_place,
    find_last_declaring_file,
    list_built_in_keys,
    load_platforms,
    load_usable_platforms,
    read_platform_root,
    read_standalone_file,
)
from bpmax_sim.platform.model import Instance, Platform, Source, Tls
from bpmax_sim.yamlfile import Node, parse_yaml

CRM = """\
platform_key: crm
base_url: https://crm.example.test/接口/{{ area }}
hosts: {files: "https://文件.example.test/a b", sso: "https://sso.example.test"}
credentials:
  area: {default: 华东}
  corp: {secret: false}
  agent: {kind: integer}
  shown: {as: 演示账号}
  password: {secret: true}
  key: {kind: hex}
  loose: {}
auth: {apply: [{in: header, name: A, value: "{{ corp }}{{ password }}{{ sso_url }}"}]}
apis: {find: {path: /find, auth: {apply: [{in: query, name: a, value: "{{ loose }}"}]}}}
"""


def read_crm(text: str = CRM) -> Platform:
    found = read_platform_root(parse_yaml(text, "crm.yaml"))
    assert not found.problems
    assert found.platform is not None
    return found.platform


def test_a_variable_is_named_after_its_platform() -> None:
    names = [
        ("crm_system", "clientSecret"), ("crm", "", "url"), ("a.b--c", "x"), ("客户", "x"), ("crm",
        "密码"),
        ("crm", "sso", "url"), ("aB2", "HTTPUser"), ("crm",),
    ]  # fmt: skip

    assert [derive_conventional_variable(*one) for one in names] == [
        "CRM_SYSTEM_CLIENT_SECRET", "CRM_URL", "A_B_C_X", "", "", "CRM_SSO_URL", "A_B2_HTTP_USER",
        "CRM",
    ]  # fmt: skip


def resolve(
    instance: Instance | None = None, *, closed: bool = False, environ: Mapping[str,
    str] | None = None,
    recorded: Mapping[str, str] | None = None, **origin: Any,
) -> dict[str, Any]:  # fmt: skip
    """Return what is sent and recorded by name, the addresses, or what is told."""
    one = instance or Instance(platform="crm", instance_key="总部")
    try:
        found = resolve_credentials(
            read_crm(), one, environ=environ or {}, closed=closed, recorded=recorded or {},
            origin=InstanceOrigin(**origin),
        )  # fmt: skip
    except ConfigError as error:
        return {"problems": [f"{one.path}: {translate(one.message)}" for one in error.problems]}
    values = {
        one.name: f"{one.real!r} {'=' if one.real == one.standin else '≠'}"
        f"{' secret' if one.secret else ''}{' recorded' if one.is_in_recordings else ''}"
        for one in found
    }
    hosts = {name: f"{pair.declared} {pair.live}" for name, pair in found.hosts.items()}
    return {**values, "": f"{found.declared} {found.live}", **hosts}


BASE = "https://crm.example.test/%E6%8E%A5%E5%8F%A3/{{ area }}"
FILES = "https://文件.example.test/a b"


def test_each_value_of_an_instance_is_sent_and_recorded_by_its_rule(tmp_path: Path) -> None:
    (tmp_path / "key.txt").write_text("0a0b\n", "utf-8")
    instance = Instance(
        platform="crm", instance_key="总部",
        credentials={
            "corp": Source(env="CORP"), "agent": Source(env="AGENT"), "shown": "真名",
            "password": Source(env="PW"),
            "key": Source(file="key.txt"), "loose": "",
        },
        base_url=Source(env="URL"), hosts={"files": "https://own.example.test/路?",
        "sso": Source(env="SSO")},
    )  # fmt: skip
    environ = {
        "CORP": "wx1",
        "AGENT": "7",
        "PW": "s3cret-口令",
        "URL": "https://test.example.test/测",
        "SSO": "https://s2",
    }

    assert resolve(instance, environ=environ, folder=tmp_path) == {
        "area": "'华东' =", "corp": "'wx1' = recorded", "agent": "7 ≠", "shown": "'真名' =",
        "password": "'s3cret-口令' ≠ secret", "key": "'0a0b' ≠", "loose": "'' =",
        "": f"{BASE} https://test.example.test/%E6%B5%8B",
        "files_url": "https://own.example.test/%E8%B7%AF? https://own.example.test/%E8%B7%AF?",
        "sso_url": "https://sso.example.test https://s2",
    }  # fmt: skip
    replayed = resolve(
        instance, environ=environ, closed=True, recorded={"corp": "wx9", "shown": "no", "area": "x"}
    )
    assert replayed == {
        "area": "'华东' =", "corp": "'wx9' = recorded", "agent": replayed["agent"],
        "shown": "'真名' =",
        "password": replayed["password"], "key": replayed["key"], "loose": "'' =",
        "": f"{BASE} {BASE}",
        "files_url": "https://own.example.test/%E8%B7%AF? https://own.example.test/%E8%B7%AF?",
        "sso_url": "https://sso.example.test https://sso.example.test",
    }  # fmt: skip
    assert all(replayed[name].endswith(("=", "= secret")) for name in ("agent", "password", "key"))
    assert replayed["agent"][0].isdigit()
    empty = resolve(closed=True)
    assert (empty["corp"][-1], empty["shown"]) == ("=", "'演示账号' =")


def test_an_instance_without_a_file_is_read_from_variables_by_convention() -> None:
    environ = {
        "CRM_AREA": "北", "CRM_CORP": "wx1", "CRM_AGENT": "7", "CRM_PASSWORD": "s3cret-口令",
        "CRM_URL": "",
        "CRM_SSO_URL": "https://s3", "CRM_LOOSE": "秘密的值",
    }  # fmt: skip

    assert resolve(environ=environ | {"CRM_URL": "https://u"}, by_convention=True) == {
        "area": "'华东' =", "corp": "'wx1' = recorded", "agent": "7 ≠",
        "password": "'s3cret-口令' ≠ secret",
        "loose": "'秘密的值' ≠", "": f"{BASE} https://u", "files_url": f"{FILES} {FILES}",
        "sso_url": "https://sso.example.test https://s3",
    }  # fmt: skip
    own = Instance(
        platform="crm",
        instance_key="x",
        base_url="https://own",
        credentials={"corp": "c", "password": "p"},
    )
    assert resolve(own, environ=environ, by_convention=True)[""] == "https://own https://own"
    assert resolve(environ={}, by_convention=True)["problems"] == [
        (
            "credentials: instance '总部' of 'crm' lacks 'corp'; set CRM_CORP, or declare it in "
            "instances.yaml"
        ),
        (
            "credentials: instance '总部' of 'crm' lacks 'password'; set CRM_PASSWORD, or "
            "declare it "
            "in instances.yaml"
        ),
    ]
    closed = resolve(environ=environ, by_convention=True, closed=True)
    assert closed[""] == f"{BASE} {BASE}"


def test_what_cannot_be_resolved_is_told_once_each() -> None:
    instance = Instance(
        platform="crm", instance_key="总部",
        credentials={
            "area": "s3cret", "corp": "12345", "agent": Source(env="AGENT"), "password": "s3cret",
            "key": Source(env="KEY"), "loose": Source(env="NONE"), "shown": Source(file="none.txt"),
        },
        base_url=Source(env="URL"), hosts={"sso": Source(env="SSO")},
    )  # fmt: skip
    environ = {"AGENT": "x", "KEY": "xyz", "URL": "crm.example.test", "SSO": ""}
    found = resolve(instance, environ=environ, folder=Path("/none"))["problems"]
    who = "(instance '总部' of 'crm')"
    address = (
        "expected an address such as https://crm.example.com, without ? # and user, got other text"
    )

    assert [line for line in found if not line.startswith(("credentials.loose",
    "credentials.shown"))] == [
        "credentials.agent: expected a whole number, got text",
        "credentials.key: expected hex, got other text",
        (
            f"credentials.area: 'area' is no secret, but its value is that of the secret "
            f"'password'; take another one {who}"
        ),
        f"base_url: {address} {who}", found[-1],
    ]  # fmt: skip
    assert len(found) == 7
    assert found[-1].startswith("hosts.sso: ")
    plain = Instance(
        platform="crm",
        instance_key="总部",
        credentials={"area": "12345", "password": "12345", "corp": ""},
    )
    assert "problems" not in resolve(plain)
    assert resolve(Instance(platform="crm", instance_key="总部"))["problems"] == [
        "credentials: instance '总部' of 'crm' lacks 'corp'; add it",
        "credentials: instance '总部' of 'crm' lacks 'password'; add it",
    ]


def test_one_fact_alone_decides_what_an_instance_sends() -> None:
    def of(**credentials: Any) -> Instance:
        return Instance(
            platform="crm", instance_key="总部", credentials=credentials, proxy="http://p"
        )

    assert resolve(of(corp="c", password=""))["password"] == "'' = secret"
    keyring = resolve(of(corp=Source(keyring="a/b")), closed=True, recorded={"corp": "wx"})["corp"]
    assert keyring[:4] != "'wx'"
    hidden = of(corp="c", password="p", loose=Source(env="LOOSE"), area="秘密的值啊啊")
    assert len(resolve(hidden, environ={"LOOSE": "秘密的值啊啊"})["problems"] or []) == 1
    assert len(resolve(of(corp=Source(env="X1"), password=Source(env="X2")))["problems"]) == 2
    empty = resolve(environ={"CRM_CORP": "", "CRM_PASSWORD": "p"}, by_convention=True)["problems"]
    assert [line[:17] for line in empty] == ["credentials.corp:"]
    crm = read_crm(CRM.replace("{default: 华东}", "{}"))
    with pytest.raises(ConfigError) as caught:
        resolve_credentials(crm, of(corp="c", password="p"), environ={}, closed=False)
    assert [(one.place, one.path, translate(one.message)) for one in caught.value.problems] == [
        (None, "credentials", "instance '总部' of 'crm' lacks 'area'; add it")
    ]
    routes = [resolve_credentials(crm, of(), environ={}, closed=True).route.proxy]
    routes.append(resolve_route(crm, of(), InstanceOrigin(), environ={}).proxy)
    assert routes == ["", "http://p"]


def test_a_route_has_a_proxy_and_files_beside_the_instances(tmp_path: Path) -> None:
    for name in ("ca.pem", "cert.pem"):
        (tmp_path / name).write_text("", "utf-8")
    tls = Tls(ca="ca.pem", cert="cert.pem", key="key.pem")
    one = Instance(platform="crm", instance_key="总部", proxy=Source(env="PROXY"), tls=tls)
    origin = InstanceOrigin(folder=tmp_path)

    def route(instance: Instance, **environ: str) -> Any:
        try:
            found = resolve_route(read_crm(), instance, origin, environ=environ)
        except ConfigError as error:
            return [f"{problem.path}: {translate(problem.message)}" for problem in error.problems]
        return (found.proxy, found.ca, found.cert, found.key)

    who = "(instance '总部' of 'crm')"
    assert route(one, PROXY="proxy:80") == [
        (
            f"proxy: expected the address of a proxy, such as http://proxy.example:3128, got "
            f"other text {who}"
        ),
        f"tls.key: there is no file {tmp_path / 'key.pem'} {who}",
    ]
    (tmp_path / "key.pem").write_text("", "utf-8")
    files = tuple(str(tmp_path / name) for name in ("ca.pem", "cert.pem", "key.pem"))
    assert route(one, PROXY="socks5h://p") == ("socks5h://p", *files)
    assert route(Instance(platform="crm", instance_key="a", proxy="http://p")) == (
        "http://p",
        "",
        "",
        "",
    )


INSTANCES = """\
- {platform: crm, instance_key: 总部, default: true, credentials: {corp: a, agent: 1, area: {env: \
A}}, headers: {X: '1'}}
- {platform: crm, instance_key: east, headers: {X: '1', Y: '2'}, hosts: {sso: {env: SSO}}}
- {platform: crm, instance_key: shanghai-1, enabled: false, default: true}
- {platform: erp, instance_key: east, default: true}
"""
LOCAL = """\
- {platform: crm, instance_key: east, default: true, headers: {Y: '3'}, hosts: {sso: {file: s}}}
- {platform: crm, instance_key: West}
- {platform: crm, instance_key: esat}
- {platform: erp, instance_key: West}
"""


@pytest.fixture(name="read")
def read_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    monkeypatch.chdir(tmp_path)
    known = {"crm": read_crm(), "erp": read_crm(CRM.replace("key: crm", "key: erp"))}

    def read(text: str | None, local: str = "") -> tuple[list[Instance], list[str], list[str]]:
        for name, content in (("instances.yaml", text), ("instances.local.yaml", local)):
            Path(name).unlink(missing_ok=True)
            if content:
                Path(name).write_text(content, encoding="utf-8")
        problems: list[Problem] = []
        doubts: list[Problem] = []
        found = read_instances(
            Path("instances.yaml"), known.get, ["erp", "crm", "broken"], problems, doubts
        )
        told, doubted = (
            [f"{one.place} {one.path}: {translate(one.message)}" for one in listed]
            for listed in (problems, doubts)
        )
        return [one.instance for one in found], told, doubted

    return read


def test_the_local_file_is_laid_over_the_other_key_by_key(read: Callable[..., Any]) -> None:
    found, problems, doubts = read(INSTANCES, LOCAL)

    assert problems == []
    assert [(one.platform, one.instance_key, one.default, dict(one.headers)) for one in found] == [
        ("crm", "总部", False, {"X": "1"}), ("crm", "east", True, {"X": "1", "Y": "3"}),
        ("crm", "shanghai-1", False, {}), ("erp", "east", True, {}), ("crm", "West", False, {}),
        ("crm", "esat", False, {}), ("erp", "West", False, {}),
    ]  # fmt: skip
    assert found[1].hosts == {"sso": Source(file="s")}
    assert doubts == [
        (
            "instances.local.yaml:3:33 [2].instance_key: crm has no instance 'esat' in "
            "instances.yaml, so this is one more; did you mean 'east'?"
        )
    ]
    assert [one.instance_key for one in read(None, LOCAL)[0]] == ["east", "West", "esat", "West"]
    assert read("", "")[1] != []
    assert [one.instance_key for one in read(INSTANCES, "")[0]] == [
        "总部",
        "east",
        "shanghai-1",
        "east",
    ]
    two = (
        "- {platform: crm, instance_key: b, default: true}\n- "
        "{platform: crm, instance_key: a, default: true}\n"
    )
    assert [one.default for one in read(two.replace("b, default: true",
    "b"), two.replace("a, default: true", "c"))[0]] == [
        True, False, False,
    ]  # fmt: skip


def test_one_fact_alone_decides_what_the_local_file_changes(read: Callable[..., Any]) -> None:
    head = "- {platform: crm, instance_key: "

    def defaults(text: str, local: str) -> list[bool]:
        return [one.default for one in read(text, local)[0]]

    assert read("# 空\n") == ([], [], [])
    assert read(INSTANCES)[1] == []
    assert read("- {platform: zzz, instance_key: a}\n")[1][0].endswith("there are broken, crm, erp")
    assert len(read("- {platform: crm, instance_key: [a]}\n" * 2)[1]) == 2
    assert defaults(
        f"{head}a, default: true}}\n", f"{head}a, title: x}}\n{head}b, default: true}}\n"
    ) == [
        False,
        True,
    ]
    assert defaults(f"{head}a, default: true}}\n", f"{head}b, default: false}}\n") == [True, False]
    assert "instance_key" in read(INSTANCES, "- {platform: crm}\n")[1][0]
    assert read("- {platform: erp, instance_key: east}\n", f"{head}esat}}\n")[2] == []
    told = read(INSTANCES, f"{head}east, headers: {{'X Y': '1'}}}}\n")[1]
    assert [line.split(" ")[0] for line in told] == ["instances.local.yaml:1:49"]


SLIPS = (
    "EAST:east ea-st:ea_st ea.st:east esat:east beijng:beijing branchh:branch Ea-TS:east "
    "DEV:dev shanghai:shnaghai tesst:tests"
)
NAMES = (
    "dev:dve easst:east beijings:beijing shanghai1:shanghai2 shanghai1:shanghai "
    "branch12:branch21 branchx:branch1x teests:tests east:eest a-b:ab devx5:devx "
    "wests:west ab_c:ab-c shanghai:hsnaghai branc:branch"
)


def test_a_key_that_differs_by_a_slip_is_doubted(read: Callable[..., Any]) -> None:
    line = "- {{platform: crm, instance_key: {}}}\n"

    for pairs, is_slip in ((SLIPS, True), (NAMES, False)):
        for pair in pairs.split():
            written, meant = pair.split(":")
            assert bool(read(line.format(meant), line.format(written))[2]) == is_slip, pair


WRONG = """\
- {platform: crm, instance_key: -a, headers: {"X Y": 1}, base_url: crm, proxy: 'ftp://p', tls: \
{key: k}}
- {platform: cmr, instance_key: a, credentials: {none: 1}}
- {platform: broken, instance_key: a, credentials: {none: 1}}
- platform: crm
  instance_key: a.b-c
  credentials: {corpp: a, zzz: b, corp: 5, agent: x, key: {env: ' '}, area: {}, loose: {keyring: \
/a}, password: {env: a, file: b}}
  hosts: {ss: 'https://a', sso: {source: {}}, files: x}
- {platform: crm, instance_key: b, default: true, proxy: {env: ''}, base_url: {source: {vault: a}}}
- {platform: crm, instance_key: c, default: true, tls: {cert: c}, proxy: 'socks5://p'}
- {platform: erp, instance_key: b, credentials: {corp: {keyring: a/}, area: {source: {a: b, c: \
d}}, loose: {env: crm}}}
- {platform: crm, instance_key: b}
- {platform: [crm], instance_key: b}
- {platform: crm}
"""


def test_every_mistake_of_an_instance_is_told_at_its_place(read: Callable[..., Any]) -> None:
    found, problems, _ = read(WRONG)

    assert [line.removeprefix("instances.yaml:") for line in problems] == PROBLEMS
    assert len(found) == 8
    assert read("platform: crm\n")[1] == [
        (
            "instances.yaml:1:1 : expected a list of instances, got a mapping; start each with '- "
            "platform:'"
        )
    ]


PROBLEMS = [
    "11:3 [7]: a second instance 'b' of 'crm', first in line 8; remove one",
    "1:47 [0].headers[\"X Y\"]: header 'X Y' is not a header name (RFC 9110)",
    "1:33 [0].instance_key: '-a' is not an instance key; use letters, digits, _ - and .",
    (
        "1:68 [0].base_url: expected an address such as https://crm.example.com, without ? "
        "# and user"
    ),
    "1:80 [0].proxy: expected the address of a proxy, such as http://proxy.example:3128",
    "1:102 [0].tls.key: expected cert beside key: the certificate of that key",
    "2:14 [1].platform: there is no platform 'cmr'; did you mean 'crm'?",
    "6:17 [3].credentials.corpp: 'crm' declares no credential 'corpp'; did you mean 'corp'?",
    (
        "6:27 [3].credentials.zzz: 'crm' declares no credential 'zzz'; it has area, corp, "
        "agent, shown, password, key, loose"
    ),
    "6:41 [3].credentials.corp: expected text, got a number; quote it",
    "6:51 [3].credentials.agent: expected a whole number, got text",
    "6:65 [3].credentials.key.env: expected a name after env, got nothing",
    ("6:77 [3].credentials.area: expected exactly one of env, file, keyring and source, got none"),
    "6:98 [3].credentials.loose.keyring: expected service/name, such as crm/password",
    (
        "6:113 [3].credentials.password: expected exactly one of env, file, keyring and "
        "source, got env, file"
    ),
    "7:11 [3].hosts.ss: 'crm' declares no host 'ss'; did you mean 'sso'?",
    "7:42 [3].hosts.sso.source: expected one source, such as {vault: crm}, got none",
    (
        "7:54 [3].hosts.files: expected an address such as https://crm.example.com, "
        "without ? # and user"
    ),
    ("8:88 [4].base_url.source: unknown source 'vault'; no distribution that is installed has one"),
    "8:64 [4].proxy.env: expected a name after env, got nothing",
    "10:66 [6].credentials.corp.keyring: expected service/name, such as crm/password",
    "10:86 [6].credentials.area.source: expected one source, such as {vault: crm}, got a, c",
    (
        "10:86 [6].credentials.area.source: unknown source 'a'; no distribution that is "
        "installed has one"
    ),
    (
        "10:86 [6].credentials.area.source: unknown source 'c'; no distribution that is "
        "installed has one"
    ),
    "12:14 [8].platform: expected text, got a list",
    "13:3 [9]: the key 'instance_key' is missing; add it",
    "9:36 default: 'crm' has a second default, beside 'b'; keep one",
]


API_FILE = """\
platform_key: crm
base_url: https://crm.example.test
apis:
  getUser: {path: "/u/{id}/{hook}", aliases: [fetchUser, 查询]}
  plain: {method: post, path: "/p/{a}", parameters: [{name: a, in: path}]}
  own: {path: "/o/{hook}", auth: {}}
  fetch_user2: {aliases: [get_user2]}
credentials: {hook: {}}
auth: {apply: [{in: path, name: hook, value: "{{ hook }}"}, {in: header, name: id, value: "{{ \
hook }}"}]}
"""


def instance(key: str, platform: str = "crm", **fields: Any) -> InstanceWithOrigin:
    return InstanceWithOrigin(
        Instance(platform=platform, instance_key=key, **fields), InstanceOrigin(Node({}))
    )


def refusal(action: Callable[[], object]) -> str:
    with pytest.raises((CallError, ConfigError)) as caught:
        action()
    error = caught.value
    return f"{error.code}: {error}" if isinstance(error, CallError) else str(error)


def test_an_api_is_found_by_each_of_its_names() -> None:
    crm = read_crm(API_FILE)
    platforms = Platforms(own={"crm": crm, "bare": read_crm(API_FILE[: API_FILE.index("apis")])})
    names = [
        "getUser",
        "get_user",
        "fetchUser",
        "fetch_user",
        "查询",
        "GetUser",
        "fetchUser2",
        "getUser2",
        "x",
    ]

    assert [(api.key if (api := platforms.find_api("crm", name)) else None) for name in names] == [
        *["getUser"] * 6, "fetch_user2", "fetch_user2", None,
    ]  # fmt: skip
    assert platforms.find_api("none", "x") is None
    assert {
        name: [(one.name, one.place, one.required) for one in api.parameters] for name,
        api in crm.apis.items()
    } == {
        "getUser": [("id", "path", True)], "plain": [("a", "path", False)], "own": [("hook",
        "path", True)],
        "fetch_user2": [],
    }  # fmt: skip
    assert [(api.key, api.method) for api in crm.apis.values()][:2] == [
        ("getUser", "GET"),
        ("plain", "POST"),
    ]
    assert platforms.list_names_with_aliases("crm.getUser") == (
        "crm.getUser",
        "crm.fetchUser",
        "crm.查询",
    )
    assert platforms.list_names_with_aliases("crm.none") == ("crm.none",)
    assert [platforms.get_api_path_template("crm", name) for name in ("get_user", "x")] == [
        "/u/{id}/{hook}",
        "",
    ]
    asked = (("crm", "fetchUsr"), ("crm", "zzzzzz"), ("bare", "x"))
    asks = [partial(platforms.api, platforms.platform(of), name) for of, name in asked]
    assert [refusal(ask) for ask in asks] == [
        "UNKNOWN_API: 'crm' has no API 'fetchUsr'; did you mean 'fetchUser'?",
        "UNKNOWN_API: 'crm' has no API 'zzzzzz'; there are getUser, plain, own, fetch_user2",
        "UNKNOWN_API: 'crm' has no API 'x'; there are none",
    ]  # fmt: skip


def test_an_instance_is_the_named_one_or_the_default() -> None:
    crm = read_crm(API_FILE)
    entries = {
        "crm": (instance("东"), instance("西", default=True), instance("旧", enabled=False,
        default=True)),
        "two": (instance("a", "two"), instance("b", "two"), instance("c", "two", enabled=False)),
        "one": (instance("a", "one"), instance("c", "one", enabled=False)),
        "none": (instance("c", "none", enabled=False),),
    }  # fmt: skip
    platforms = Platforms(own={"crm": crm}, entries=entries, instances="i.yaml", folder="f")

    assert [
        platforms.instance(*names).instance_key for names in (("crm",), ("crm", "东"), ("one",))
    ] == [*("西", "东", "a")]
    assert [one.instance_key for one in platforms.list_enabled_instances("crm")] == ["东", "西"]
    assert [refusal(lambda names=names: platforms.entry(*names)) for names in (  # type: ignore[misc]
        ("two",), ("none",), ("two", "c"), ("two", "d1"), ("two", "bb"), ("none", "x"), ("crm",
        ""))] == [
        (
            "UNKNOWN_INSTANCE: 'two' has no default among its instances a, b; pass instance_key, "
            "or write "
            "default: true in i.yaml"
        ),
        (
            "UNKNOWN_INSTANCE: 'none' has no instance; add one to i.yaml: - {platform: none, "
            "instance_key: default, credentials: {…}}"
        ),
        "UNKNOWN_INSTANCE: instance 'c' of 'two' is disabled; remove enabled: false at 1:1",
        "UNKNOWN_INSTANCE: 'two' has no instance 'd1' in i.yaml; it has a, b",
        "UNKNOWN_INSTANCE: 'two' has no instance 'bb' in i.yaml; did you mean 'b'?",
        "UNKNOWN_INSTANCE: 'none' has no instance 'x' in i.yaml",
        "UNKNOWN_INSTANCE: 'crm' has no instance '' in i.yaml; it has 东, 西",
    ]  # fmt: skip
    grouped = platforms.copy_replacing_entries([instance("x"), instance("y", "erp"), instance("z")])
    assert {key: [one.instance.instance_key for one in some] for key,
    some in grouped.entries.items()} == {
        "crm": ["x", "z"], "erp": ["y"],
    }  # fmt: skip


def test_credentials_of_a_replay_are_computed_once_for_each_instance() -> None:
    crm = read_crm()
    entries = (instance("东", credentials={"corp": "a"}), instance("西", credentials={"corp": "b"}))
    platforms = Platforms(own={"crm": crm}, entries={"crm": entries})
    east, west = (one.instance for one in entries)

    def find(one: Instance, *, closed: bool = True, **recorded: str) -> Any:
        return platforms.credentials(crm, one, environ={"X": "1"}, closed=closed, recorded=recorded)

    assert find(east) is find(east)
    assert find(west).real["corp"] == "b"
    other = Instance(platform="crm", instance_key="东", credentials={"corp": "c"})
    assert find(other).real["corp"] == "c"
    assert find(east, corp="wx").real["corp"] == "wx"
    assert find(east).real["corp"] == "a"
    opened = Instance(
        platform="crm", instance_key="东", credentials={"corp": "d", "password": "口令六个字"}
    )
    assert find(opened).real["password"] != "口令六个字"
    assert find(opened, closed=False).real["password"] == "口令六个字"


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


def declare(key: str, more: str = "") -> str:
    return f"platform_key: {key}\nbase_url: https://{key.encode().hex()}.example.test\n{more}"


def test_a_later_folder_wins_and_may_extend_what_it_replaces(tmp_path: Path) -> None:
    first = write(
        tmp_path / "a", crm=declare("crm",
        "title: 一\nheaders: {A: '1'}\n"), sub__erp=declare("erp"),
        broken=declare("bad", "x: 1\n"), _heir=declare("heir", "extends: crm\ntitle: 子\n"),
        other=declare("other", "y: 1\n"), corp="preset: corp\nauth: {}\n",
    )  # fmt: skip
    write(first, **{".hidden": "["})
    (first / "sub" / "loop").symlink_to(first, target_is_directory=True)
    second = write(
        tmp_path / "b", crm="platform_key: crm\nextends: crm\nheaders: {B: '2'}\n",
        bad=declare("bad"),
        deep=declare("deep", "extends: heir\n"),
    )  # fmt: skip
    write(
        tmp_path,
        instances="- {platform: erp, instance_key: x}\n- {platform: other, instance_key: y}\n",
    )

    platforms = load_usable_platforms([first, second])

    check_layers(platforms)
    check_places(platforms, first, second)
    assert load_usable_platforms([first, second]) is platforms
    (second / "crm.yaml").write_text(declare("crm", "title: 新的标题\n"), "utf-8")
    assert load_usable_platforms([first, second]).platform("crm").title == "新的标题"


def check_layers(platforms: Platforms) -> None:
    assert sorted(platforms.own) == ["bad", "crm", "deep", "erp", "heir"]
    crm = platforms.platform("crm")
    assert (crm.title, dict(crm.headers)) == ("一", {"A": "1", "B": "2"})
    assert [
        (key, Path(old.file).parent.name, Path(new.file).parent.name)
        for key, old, new in platforms.overridden
    ] == [*(("bad", "a", "b"), ("crm", "a", "b"))]
    assert list(platforms.broken) == ["other"]
    assert [one.path for one in platforms.problems] == ["x", "y"]
    assert [one.platform_key for one in platforms.find_heirs("crm")] == ["heir", "deep"]
    assert platforms.find("other") is None
    assert "other" in platforms.keys
    assert {one.platform_key for one in platforms} >= {"bad", "crm", "deep", "erp", "heir"}
    assert [one.instance.instance_key for one in platforms.entries_of("erp")] == ["x"]
    assert platforms.entries_of("erp")[0].origin.folder == platforms.folders[0].parent
    assert [one.instance.instance_key for one in platforms.entries_of("heir")] == ["default"]
    assert platforms.entries_of("other") == ()
    assert "y" in refusal(lambda: platforms.platform("other"))
    assert refusal(lambda: platforms.platform("crmm")) == (
        "UNKNOWN_PLATFORM: there is no platform 'crmm'; did you mean 'crm'?"
    )


def check_places(platforms: Platforms, first: Path, second: Path) -> None:
    assert find_last_declaring_file([first, second], "crm") == second / "crm.yaml"
    assert find_last_declaring_file([first, second], "erp") == first / "sub" / "erp.yaml"
    assert find_last_declaring_file([first], "none") is None
    places = [
        find_declared_place(platforms, "crm", steps, is_exact=exact)
        for steps, exact in ((("headers", "B"), False), (("headers", "A"), False), (("headers",
        "A"), True), (("title",), False))
    ]  # fmt: skip
    assert [place and (Path(place.file).parent.name, place.line) for place in places] == [
        ("b", 3), ("b", 3), None, None,
    ]  # fmt: skip


def test_two_files_of_one_key_are_a_problem_of_both_and_instances_of_unknown_platforms(
    tmp_path: Path,
) -> None:
    folder = write(tmp_path / "p", a=declare("crm"), b=declare("crm"), c="apis: [",
    d=declare("客户", "credentials: {a: {}}\n"),
        e=declare("客户2"),
        f="platform_key: var\nbase_url: 'https://{{ t }}.x'\ncredentials: {t: {}}\n")  # fmt: skip

    platforms = load_usable_platforms(folder)

    assert list(platforms.broken) == ["crm", "c"]
    assert [translate(one.message)[:32] for one in platforms.problems][
        -1
    ] == "a second platform 'crm', first a"
    assert [len(platforms.entries_of(key)) for key in ("客户", "客户2", "var")] == [0, 1, 0]
    lines = "- {platform: crm, instance_key: x, credentials: {y: 1}}\n"
    write(tmp_path, instances=lines + "- {platform: no, instance_key: a}\n")
    assert "there is no platform 'no'" in refusal(lambda: load_usable_platforms(folder))
    (tmp_path / "instances.yaml").unlink()
    with pytest.raises(ConfigError, match="the folder does not exist; create it, or name another"):
        load_platforms(tmp_path / "none")
    assert [one.platform_key for one in load_platforms(folder / "e.yaml").own.values()] == ["客户2"]
    assert "second platform" in refusal(
        lambda: load_platforms(write(tmp_path / "q", a=declare("x"), b=declare("x")))
    )


def test_a_shipped_platform_is_extended_and_has_an_instance_by_convention(tmp_path: Path) -> None:
    keys = list_built_in_keys()
    shipped = find_built_in_platform(keys[0])
    assert shipped is not None
    assert find_built_in_platform("none") is None
    alone = read_standalone_file(
        write(tmp_path, x=f"platform_key: mine\nextends: {keys[0]}\n") / "x.yaml", "名.yaml"
    )
    lost = read_standalone_file(
        write(tmp_path, y="platform_key: mine\nextends: none\nx: 1\n") / "y.yaml", "名.yaml"
    )

    assert (alone.key, alone.place.file, alone.place.line, alone.problems) == (
        "mine",
        "名.yaml",
        1,
        (),
    )
    assert alone.platform is not None
    assert alone.platform.base_url == shipped.base_url
    assert [translate(one.message) for one in lost.problems] == [
        "there is no platform 'none' to extend"
    ]
    platforms = load_platforms(None)
    assert platforms.keys == keys
    assert {len(platforms.entries_of(key)) for key in keys} <= {0, 1}
    assert platforms.entries_of("none") == ()
    assert [one.origin.by_convention for one in platforms.entries_of(keys[0])] in ([], [True])
