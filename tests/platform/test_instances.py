"""Instances: where they are found, how local ones win, and which one a call gets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bpmax_sim.errors import CallError, ConfigError
from bpmax_sim.platform.instances import derive_conventional_variable
from bpmax_sim.platform.load import Platforms, load_platforms
from bpmax_sim.platform.model import Source

Load = Callable[..., Platforms]
CRM = """
platform_key: crm
base_url: https://crm.example.test
credentials: {user: {}, password: {secret: true}, agentid: {kind: integer}}
"""


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    monkeypatch.chdir(tmp_path)
    folder = Path("a/b/scenarios/platforms")
    folder.mkdir(parents=True)
    (folder / "crm.yaml").write_text(CRM, encoding="utf-8")

    def write(instances: str = "", local: str = "", at: str = "a/b/scenarios") -> Platforms:
        for name, text in (("instances.yaml", instances), ("instances.local.yaml", local)):
            if text:
                Path(at, name).write_text(text, encoding="utf-8")
        return load_platforms(folder)

    return write


def refused(load: Load, text: str, local: str = "") -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(text, local)
    return str(caught.value).replace("a/b/scenarios/", "").splitlines()


def rejected(call: Callable[[], object]) -> str:
    with pytest.raises(CallError) as caught:
        call()
    assert caught.value.code == "UNKNOWN_INSTANCE"
    assert caught.value.platform
    return caught.value.message.replace("a/b/scenarios/", "")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- {platform: crm}", "1:3: [0]: the key 'instance_key' is missing; add it"),
        (
            "- {platform: cmr, instance_key: a}",
            "1:14: [0].platform: there is no platform 'cmr'; did you mean 'crm'?",
        ),
        (
            "- {platform: crm, instance_key: a/b}",
            "1:33: [0].instance_key: 'a/b' is not an instance key; use letters, digits, _ - and .",
        ),
        (
            "- {platform: crm, instance_key: a, credentials: {pasword: x}}",
            ("1:50: [0].credentials.pasword: 'crm' declares no credential 'pasword'; "
            "did you mean 'password'?"),
        ),
        (
            "- {platform: crm, instance_key: a, credentials: {zzz: x}}",
            ("1:50: [0].credentials.zzz: 'crm' declares no credential 'zzz'; "
            "it has user, password, agentid"),
        ),
        (
            "- {platform: crm, instance_key: a, credentials: {user: 138}}",
            "1:56: [0].credentials.user: expected text, got a number; quote it",
        ),
        (
            "- {platform: crm, instance_key: a, credentials: {agentid: '1'}}",
            "1:59: [0].credentials.agentid: expected a whole number, got text",
        ),
        (
            "- {platform: crm, instance_key: a, credentials: {agentid: true}}",
            "1:59: [0].credentials.agentid: expected a whole number, got true or false",
        ),
        (
            "- {platform: crm, instance_key: a, credentials: {user: {env: A, file: b}}}",
            ("1:56: [0].credentials.user: expected exactly one of env, file, keyring and source, "
            "got env, file"),
        ),
        (
            "- {platform: crm, instance_key: a, credentials: {user: {env: ' '}}}",
            "1:62: [0].credentials.user.env: expected a name after env, got nothing",
        ),
        (
            "- {platform: crm, instance_key: a, credentials: {user: {keyring: crm}}}",
            "1:66: [0].credentials.user.keyring: expected service/name, such as crm/password",
        ),
        (
            "- {platform: crm, instance_key: a, headers: {X-Team: a, 'a b': c}}",
            "1:57: [0].headers[\"a b\"]: header 'a b' is not a header name (RFC 9110)",
        ),
        (
            "- {platform: crm, instance_key: a, base_url: {}}",
            "1:46: [0].base_url: expected exactly one of env, file, keyring and source, got none",
        ),
        (
            "- {platform: crm, instance_key: a, credentials: {user: {evn: A}}}",
            "1:57: [0].credentials.user.evn: unknown key 'evn'; did you mean 'env'?",
        ),
        (
            "- {platform: crm, instance_key: a, base_url: crm.test}",
            ("1:46: [0].base_url: expected an address such as https://crm.example.com, "
            "without ? # and user"),
        ),
        (
            "- {platform: crm, instance_key: a}\n- {platform: crm, instance_key: a}",
            "2:3: [1]: a second instance 'a' of 'crm', first in line 1; remove one",
        ),
        (
            ("- {platform: crm, instance_key: a, default: true}\n"
            "- {platform: crm, instance_key: b, default: true}"),
            "2:36: default: 'crm' has a second default, beside 'a'; keep one",
        ),
        ("platform: crm", ("1:1: expected a list of instances, got a mapping; "
         "start each with '- platform:'")),
        ("- crm", "1:3: [0]: expected a mapping, got text"),
        (
            "- {platform: crm, instance_key: {env: KEY}}",
            "1:33: [0].instance_key: expected text, got a mapping",
        ),
        ("- {platform: [crm], instance_key: a}", "1:14: [0].platform: expected text, got a list"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_the_instances_is_told_at_load(text: str, told: str, load: Load) -> None:
    assert refused(load, text)[0] == f"instances.yaml:{told}"


def test_a_secret_of_the_wrong_kind_is_not_shown(load: Load) -> None:
    text = "- {platform: crm, instance_key: a, credentials: {password: [hunter2]}}"
    assert "hunter2" not in "".join(refused(load, text))


def test_instances_of_a_broken_platform_are_not_told_of_as_unknown(load: Load) -> None:
    Path("a/b/scenarios/platforms/crm.yaml").write_text("platform_key: crm\n", encoding="utf-8")
    assert refused(load, "- {platform: crm, instance_key: a, credentials: {user: x}}") == [
        "platforms/crm.yaml:1:1: the key 'base_url' is missing; add it"
    ]


def test_instances_are_beside_the_platforms_else_the_nearest_above(load: Load) -> None:
    assert load().instance("crm").instance_key == "default"  # its values are in the environment
    assert (
        load("- {platform: crm, instance_key: far}", at="a").instance("crm").instance_key == "far"
    )
    near = load("- {platform: crm, instance_key: near}", at="a/b")
    assert near.instance("crm").instance_key == "near"
    beside = load("- {platform: crm, instance_key: beside}")
    assert beside.instance("crm").instance_key == "beside"


def test_a_named_file_is_taken_and_must_exist(load: Load) -> None:
    load("- {platform: crm, instance_key: beside}")
    Path("other.yaml").write_text("- {platform: crm, instance_key: other}", encoding="utf-8")
    platforms = load_platforms("a/b/scenarios/platforms", instances="other.yaml")
    assert platforms.instance("crm").instance_key == "other"
    with pytest.raises(ConfigError, match=r"^none\.yaml: cannot be read: "):
        load_platforms("a/b/scenarios/platforms", instances="none.yaml")


def test_the_local_file_wins_key_by_key(load: Load) -> None:
    platforms = load(
        "- {platform: crm, instance_key: test, default: true, title: 测试环境, "
        "credentials: {user: 张三, password: {env: CRM_PASSWORD}, agentid: 1}}\n"
        "- {platform: crm, instance_key: prod, title: 正式环境}\n",
        "- {platform: crm, instance_key: test, timeout: 5s, "
        "credentials: {password: {file: secret.txt}, agentid: 2}}\n"
        "- {platform: crm, instance_key: mine, default: true}\n",
    )
    test = platforms.instance("crm", "test")
    assert (test.title, test.timeout) == ("测试环境", 5.0)
    assert test.credentials == {"user": "张三", "password": Source(file="secret.txt"), "agentid": 2}
    assert platforms.instance("crm").instance_key == "mine"
    assert platforms.instance("crm", "prod").title == "正式环境"


@pytest.mark.parametrize(
    ("flags", "default"),
    [
        ("", "a"),
        ("b: {default: true}", "b"),
        ("c: {default: true}", "c"),
        ("a: {title: 测试}", "a"),
        ("a: {default: false}, b: {default: true}", "b"),
        ("a: {default: true}", "a"),
        ("b: {default: false}", "a"),
        ("d: {default: true}", "d"),
    ],
)
def test_the_default_of_the_local_file_is_the_only_one(
    load: Load, flags: str, default: str
) -> None:
    local = "".join(
        f"- {{platform: crm, instance_key: {part.replace(': {', ', ').removesuffix('}')}}}\n"
        for part in filter(None, flags.split("}, "))
    )
    text = "- {platform: crm, instance_key: a, default: true}\n" + "".join(
        f"- {{platform: crm, instance_key: {key}}}\n" for key in "bc"
    )

    assert load(text, local).instance("crm").instance_key == default


def test_the_local_file_may_stand_alone(load: Load) -> None:
    assert (
        load(local="- {platform: crm, instance_key: mine}").instance("crm").instance_key == "mine"
    )


def test_a_problem_of_a_local_key_is_told_in_the_local_file(load: Load) -> None:
    text = "- {platform: crm, instance_key: a, credentials: {user: x}}"
    local = "- {platform: crm, instance_key: a, credentials: {user: 1}}"
    assert refused(load, text, local) == [
        "instances.local.yaml:1:56: [0].credentials.user: expected text, got a number; quote it"
    ]


def test_the_default_is_the_flagged_one_else_the_only_one(load: Load) -> None:
    one = load("- {platform: crm, instance_key: a}")
    assert one.instance("crm").instance_key == "a"
    two = load(
        "- {platform: crm, instance_key: a}\n- {platform: crm, instance_key: b, default: true}"
    )
    assert two.instance("crm").instance_key == "b"
    several = load("- {platform: crm, instance_key: a}\n- {platform: crm, instance_key: 测试}")
    assert rejected(lambda: several.instance("crm")) == (
        "'crm' has no default among its instances a, 测试; "
        "pass instance_key, or write default: true in instances.yaml"
    )


def test_a_disabled_instance_is_never_the_default_and_tells_where_it_is_disabled(
    load: Load,
) -> None:
    platforms = load(
        "- {platform: crm, instance_key: a, default: true, enabled: false}\n"
        "- {platform: crm, instance_key: b}\n"
    )
    assert platforms.instance("crm").instance_key == "b"
    assert rejected(lambda: platforms.instance("crm", "a")) == (
        "instance 'a' of 'crm' is disabled; remove enabled: false at instances.yaml:1:51"
    )


@pytest.mark.parametrize(
    ("flags", "default"),
    [
        ("default: true, enabled: false | default: true", "b"),
        ("default: true | default: true, enabled: false", "a"),
        ("default: true, enabled: false | default: true, enabled: false | default: true", "c"),
        ("default: false | default: true", "b"),
        ("enabled: false | enabled: false | title: 正式", "c"),
    ],
)
def test_of_several_defaults_only_those_that_are_enabled_count(
    load: Load, flags: str, default: str
) -> None:
    lines = [
        f"- {{platform: crm, instance_key: {key}, {each}}}"
        for key, each in zip("abc", flags.split(" | "), strict=False)
    ]

    assert load("\n".join(lines)).instance("crm").instance_key == default


def test_a_third_default_is_told_as_the_second_is(load: Load) -> None:
    line = "- {{platform: crm, instance_key: {}, default: true}}"

    assert refused(load, "\n".join(map(line.format, "abc"))) == [
        f"instances.yaml:{number}:36: default: 'crm' has a second default, beside 'a'; keep one"
        for number in (2, 3)
    ]


def test_an_unknown_instance_is_rejected_with_a_near_name(load: Load) -> None:
    platforms = load("- {platform: crm, instance_key: test}\n- {platform: crm, instance_key: prod}")
    assert rejected(lambda: platforms.instance("crm", "tset")) == (
        "'crm' has no instance 'tset' in instances.yaml; did you mean 'test'?"
    )
    assert rejected(lambda: platforms.instance("crm", "z")) == (
        "'crm' has no instance 'z' in instances.yaml; it has test, prod"
    )
    assert rejected(lambda: platforms.instance("qywx", "z")) == (
        "'qywx' has no instance 'z' in instances.yaml; it has default"
    )


def test_an_instance_of_a_built_in_platform_is_checked_by_its_credentials(load: Load) -> None:
    platforms = load("- {platform: qywx, instance_key: a, credentials: {corpid: ww_sim}}")
    assert platforms.instance("qywx").credentials == {"corpid": "ww_sim"}
    assert refused(load, "- {platform: qywx, instance_key: a, credentials: {corp_id: ww_sim}}") == [
        (
            "instances.yaml:1:51: [0].credentials.corp_id: "
            "'qywx' declares no credential 'corp_id'; did you mean 'corpid'?"
        )
    ]


OPEN_API = "platform_key: open\nbase_url: https://open.example.test\napis: {ping: {path: /ping}}\n"


@pytest.mark.parametrize(
    ("text", "instances", "exists"),
    [
        (OPEN_API, "", True),
        (OPEN_API + "credentials: {token: {default: none}}\n", "", True),
        (OPEN_API.replace("https://open", "https://{{ tenant }}"), "", False),
        (OPEN_API, "- {platform: open, instance_key: 测试}", False),
        (OPEN_API, "- {platform: open, instance_key: 测试, enabled: false}", False),
    ],
)
def test_a_platform_that_leaves_nothing_to_declare_has_its_default_instance(
    load: Load, text: str, instances: str, exists: bool
) -> None:
    text = text.replace("apis", "credentials: {tenant: {}}\napis") if "{{" in text else text
    Path("a/b/scenarios/platforms/open.yaml").write_text(text, encoding="utf-8")
    platforms = load(instances) if instances else load()

    found = [one.instance.instance_key for one in platforms.entries.get("open", ())]

    assert (found == ["default"]) is exists
    if exists:
        assert platforms.instance("open") is platforms.instance("open", "default")
        resolved = platforms.credentials(
            platforms.platform("open"), platforms.instance("open"), environ={}, closed=False
        )
        assert resolved.live == "https://open.example.test"


@pytest.mark.parametrize(
    ("words", "variable"),
    [
        (("crm_system", "client_secret"), "CRM_SYSTEM_CLIENT_SECRET"),
        (("crm", "", "url"), "CRM_URL"),
        (("crm",), "CRM"),
        (("crm--v2", "a..b"), "CRM_V2_A_B"),
        (("crm.v-2", "key"), "CRM_V_2_KEY"),
        (("crm", "clientSecret"), "CRM_CLIENT_SECRET"),
        (("客户", "key"), ""),
        (("crm", "密钥"), ""),
        (("crm", "a", "b c"), ""),
    ],
)
def test_a_variable_is_named_after_platform_and_value(
    words: tuple[str, ...], variable: str
) -> None:
    assert derive_conventional_variable(*words) == variable


@pytest.mark.parametrize(
    ("declared", "local", "is_slip"),
    [
        ("default", "defualt", True), ("default", "Default", True), ("default", "defalt", True),
        ("default", "defaullt", True), ("default", "defaultt", True),
        ("华东_生产", "华东-生产", True), ("华东生产", "华生东产", True),
        ("prod", "Prod", True), ("prod", "PRDO", True),
        ("tenant-1", "Tenant-1", True),
        ("default", "default", False), ("default", "mine", False), ("华东", "华北", False),
        ("华东", "东华", False), ("tenant1", "tenant2", False), ("tenant1", "tenant", False),
        ("tenant12", "tenant21", False), ("v1.1", "v11", False), ("test", "tests", False),
        ("tenant", "tenants", False), ("acme_cn", "acme_us", False), ("prod", "prd", False),
        ("华东测试", "测试华东", False), ("dev-test", "test_dev", False),
        ("沙箱环境", "生产环境", False), ("dev", "default", False), ("dev", "dve", False),
        ("stage", "staage", False), ("system", "syystem", True), ("pro.d.sh", "prodsh", True),
        ("prod1sh", "prodsh", False), ("prodsh", "prod1sh", False),
    ],
)  # fmt: skip
def test_a_local_key_with_a_slip_is_probably_that_of_the_file(
    load: Load, declared: str, local: str, *, is_slip: bool
) -> None:
    entry = "- {{platform: {}, instance_key: {}}}\n"
    mine = entry.format("crm", local)

    platforms = load(entry.format("crm", declared), mine)

    told = [
        f"{Path(one.place.file).name}:{one.place.line}:{one.place.column}: {one.message}"
        for one in platforms.suspects
        if one.place
    ]
    message = (
        f"crm has no instance {local!r} in instances.yaml, so this is one more; did you mean "
        f"{declared!r}?"
    )
    assert told == [f"instances.local.yaml:1:33: {message}"] * is_slip


def test_mistakes_of_platforms_and_instances_are_told_together(load: Load) -> None:
    Path("a/b/scenarios/platforms/坏.yaml").write_text("platform_key: 坏\n", "utf-8")

    told = refused(load, "- {platform: crm, instance_key: default, defalt: true}\n")

    assert [one.partition(":")[0] for one in told] == ["platforms/坏.yaml", "instances.yaml"]


def test_a_slip_is_told_of_one_platform_and_of_two_files_alone(load: Load) -> None:
    entry = "- {{platform: {}, instance_key: {}}}\n"
    one, two = entry.format("crm", "default"), entry.format("crm", "defualt")

    assert load(local=one + two).suspects == ()
    assert load(one + two, two).suspects == ()
    assert load(entry.format("feishu", "default"), two).suspects == ()
