"""Loading a folder: what is declared, and everything that is wrong, at once."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpmax_sim.errors import CallError, ConfigError
from bpmax_sim.platform.load import Platforms, load_platforms
from bpmax_sim.platform.model import Api, Platform, to_snake_case
from tests.examples import drawn
from tests.files import write_files
from tests.snapshots import snapshot

Files = dict[str, str]
Load = Callable[[Files], Platforms]
CRM = "platform_key: crm_system\nbase_url: https://crm.example.test\n"


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    monkeypatch.chdir(tmp_path)

    def write(files: Files) -> Platforms:
        Path("platforms").mkdir(exist_ok=True)
        write_files(Path(), files)
        return load_platforms("platforms")

    return write


def refused(load: Load, text: str, file: str = "platforms/crm.yaml") -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load({file: text})
    return str(caught.value).splitlines()


def rejected(call: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(CallError) as caught:
        call()
    return caught.value.code, caught.value.message


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("titel: 客户", "3:1: titel: unknown key 'titel'; did you mean 'title'?"),
        ("timeout: soon", "3:10: timeout: expected a duration such as 30s, got 'soon'"),
        (
            "apis: {a: {metod: GET}}",
            "3:12: apis.a.metod: unknown key 'metod'; did you mean 'method'?",
        ),
        ("apis: {a: {key: b}}", "3:12: apis.a.key: unknown key 'key'"),
        ("apis: {a: {method: 'GET /'}}", "3:20: apis.a.method: 'GET /' is not an HTTP method"),
        ("apis: {$a: {}}", "3:8: apis.$a: '$a' is not an API name"),
        (
            "volatile: [body.id, path.id]\napis: {}",
            ("3:21: volatile[1]: path.id is a place of requests, and `volatile` speaks of "
            "responses alone; write ignore: [path.id] to leave it out of the match"),
        ),
        (
            "apis: {a: {parameters: [{name: id, in: body}, {name: id, in: query}]}}",
            ("3:47: apis.a.parameters[1]: a second parameter 'id', or a second one for its place; "
            "remove one"),
        ),
        (
            "apis: {a: {parameters: [{name: id, in: pat}]}}",
            ("3:40: apis.a.parameters[0].in: expected one of 'body', 'header', 'path', 'query', "
            "got 'pat'; did you mean 'path'?"),
        ),
        (
            "apis: {a: {parameters: [{name: s, in: body, enum: [open, closed], default: opened}]}}",
            ("3:76: apis.a.parameters[0].default: the default 'opened' is none of open, closed; "
            "did you mean 'open'?"),
        ),
        (
            "apis: {a: {path: '/c/{id}', parameters: [{name: name, in: query}]}}",
            "3:18: apis.a.path: the placeholder {id} has no parameter; add {name: id, in: path}",
        ),
        (
            "apis: {a: {path: '/{id}', parameters: [{name: id, in: path}, {name: idd, in: path}]}}",
            "3:62: apis.a.parameters[1]: the path has no placeholder {idd}; did you mean 'id'?",
        ),
        (
            "apis: {getUser: {}, get_user: {}}",
            "3:21: apis.get_user: 'get_user' could also mean the API 'getUser'; rename one of them",
        ),
        (
            "apis: {getUser: {}, findUser: {aliases: [get_user]}}",
            ("3:42: apis.findUser.aliases[0]: 'get_user' could also mean the API 'getUser'; "
            "rename one of them"),
        ),
        (
            "apis: {a: {body: {agent: {$credential: agentid}}}}",
            ("3:40: apis.a.body.agent.$credential: unknown credential 'agentid'; "
            "declare it under credentials"),
        ),
        (
            "credentials: {key: {}}\nauth: {acquire: {share: [keys], steps: [{request: {}}]}}",
            "4:26: auth.acquire.share[0]: unknown credential 'keys'; did you mean 'key'?",
        ),
        (
            'credentials: {token: {}}\nauth: {apply: [{in: query, name: A, value: "{{ tokem }}"}]}',
            ("4:44: auth.apply[0].value: the template names 'tokem', which is not defined; "
            "did you mean 'token'?"),
        ),
        (
            'auth: {apply: [{in: header, name: A, value: "{{ now | unx }}"}]}',
            ("3:45: auth.apply[0].value: template '{{ now | unx }}': unknown filter 'unx'; "
            "did you mean 'unix'?"),
        ),
        (
            'auth: {sign: {define: [{b: "{{ c }}"}, {c: "{{ b }}"}], message: "{{ b }}{{ c }}"}}',
            ("3:28: auth.sign.define[0].b: the template names 'c', which is not defined; "
            "declare it under credentials"),
        ),
        (
            "auth: {acquire: {steps: []}}",
            "3:25: auth.acquire.steps: expected an element; the list is empty",
        ),
        (
            'auth: {acquire: {steps: [{request: {path: "/{{ t }}"}, extract: {t: {path: $.t}}}]}}',
            ("3:43: auth.acquire.steps[0].request.path: the template names 't', "
            "which is not defined; declare it under credentials"),
        ),
        (
            "auth: {recover: {tokn: {refresh: 1}}}",
            ("3:24: auth.recover.tokn: unknown failure class 'tokn'; did you mean 'token'?"),
        ),
        (
            "auth: {recover: {token: {refresh: 2}}}",
            ("3:35: auth.recover.token.refresh: expected a whole number of at least 0 and "
            "at most 1, "
            "got 2"),
        ),
        (
            "credentials: {body: {secret: true}}",
            ("3:15: credentials.body: 'body' means something else in templates; "
            "rename the credential"),
        ),
        (
            "credentials: {app-key: {}}",
            ("3:15: credentials.app-key: 'app-key' cannot be used in templates; "
            "use only letters, digits and _"),
        ),
        (
            "credentials: {agentid: {kind: integer, default: x}}",
            "3:49: credentials.agentid.default: expected a whole number, got text",
        ),
        (
            "response: {ok: {all: [{path: $.code}]}}",
            ("3:23: response.ok.all[0]: condition can never match; "
            "add in: […] or absent: true"),
        ),
        (
            "apis: {a: {response: {ok: {all: {path: $.code}}}}}",
            ("3:33: apis.a.response.ok.all[0]: condition can never match; "
            "add in: […] or absent: true"),
        ),
        (
            'apis: {a: {idempotency: {in: header, name: X-Id, value: "{{ cal_id }}"}}}',
            ("3:57: apis.a.idempotency.value: the template names 'cal_id', which is not defined; "
            "did you mean 'call_id'?"),
        ),
        (
            'credentials: {key: secret}\nauth: {apply: [{in: query, name: k, value: "{{ key }}"}]}',
            "3:20: credentials.key: expected a mapping, got text",
        ),
        ("on: 1", "3:1: on: unknown key 'on'"),
        ("timeout: 030", "3:10: a number has leading zeros; quote it to keep it as text"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_platform_is_told_at_load(text: str, told: str, load: Load) -> None:
    assert refused(load, CRM + text) == [f"platforms/crm.yaml:{told}"]


@pytest.mark.parametrize(
    "address",
    ["crm.example.test", "ftp://crm.test", "https://", "https://crm.test/?a=1",
     "https://u:p@crm.test", "https://crm.test/#x", "https://[crm"],
)  # fmt: skip
def test_an_address_that_cannot_be_called_is_refused(address: str, load: Load) -> None:
    assert refused(load, f"platform_key: crm\nbase_url: '{address}'\n") == [
        (
            "platforms/crm.yaml:2:11: base_url: "
            "expected an address such as https://crm.example.com, without ? # and user"
        )
    ]


def test_an_address_may_be_what_a_login_yields(load: Load) -> None:
    text = """
platform_key: salesforce
base_url: "{{ instance_url }}"
auth:
  acquire:
    steps: {request: {url: https://login.test/}, extract: {instance_url: {path: $.instance_url}}}
"""
    assert load({"platforms/a.yaml": text}).keys[-1] == "salesforce"
    assert refused(load, 'platform_key: a\nbase_url: "{{ host }}"\n', "platforms/a.yaml") == [
        (
            "platforms/a.yaml:2:11: base_url: the template names 'host', which is not defined; "
            "declare it under credentials"
        )
    ]


def test_everything_wrong_in_all_files_is_told_in_one_go(load: Load) -> None:
    with pytest.raises(ConfigError) as caught:
        load(
            {
                "platforms/a.yaml": CRM + "titel: x\napis: {a: {metod: GET}, a_: [], get: 5}\n",
                "platforms/b.yaml": "platform_key: 'b c'\n",
                "platforms/c.yml": CRM,
                "platforms/d.yaml": "a: [\n",
                "instances.yaml": "- {platform: crm, instance_key: x}\n"
                "- {platform: b c, instance_key: y}\n",
            }
        )
    assert str(caught.value).splitlines() == snapshot([
        "platforms/a.yaml:3:1: titel: unknown key 'titel'; did you mean 'title'?",
        "platforms/a.yaml:4:12: apis.a.metod: unknown key 'metod'; did you mean 'method'?",
        "platforms/a.yaml:4:29: apis.a_: expected a mapping, got a list",
        "platforms/a.yaml:4:38: apis.get: expected a mapping, got a number",
        "platforms/b.yaml:1:1: the key 'base_url' is missing; add it",
        "platforms/d.yaml:2:1: not valid YAML: did not find expected node content",
        ("platforms/c.yml:1:15: platform_key: a second platform 'crm_system', "
        "first at platforms/a.yaml:1:15; rename or remove one"),
        ("instances.yaml:1:14: [0].platform: there is no platform 'crm'; "
        "there are b c, crm_system, d, dingtalk, dingtalk_v1, feishu, qywx"),
    ])  # fmt: skip


def test_a_key_that_a_call_could_not_name_is_refused(load: Load) -> None:
    assert refused(load, "platform_key: crm.v1\nbase_url: https://crm.test\n") == [
        (
            "platforms/crm.yaml:1:15: platform_key: 'crm.v1' is not a platform key; "
            "use letters, digits, _ and -"
        )
    ]


def test_an_api_is_found_by_its_key_then_its_twin_then_its_aliases(load: Load) -> None:
    platforms = load(
        {
            "platforms/crm.yaml": CRM
            + "apis:\n"
            + "  get_customer_detail: {path: '/customers/{id}'}\n"
            + "  createOrder: {aliases: [placeOrder, 下单]}\n"
        }
    )
    crm = platforms.platform("crm_system")
    detail = crm.apis["get_customer_detail"]
    assert detail.key == "get_customer_detail"
    assert platforms.api(crm, "getCustomerDetail") is detail
    assert platforms.api(crm, "get_customer_detail") is detail
    for name in ("createOrder", "create_order", "placeOrder", "place_order", "下单"):
        assert platforms.api(crm, name).key == "createOrder"
    assert rejected(lambda: platforms.api(crm, "getCustomerDetial")) == (
        "UNKNOWN_API",
        "'crm_system' has no API 'getCustomerDetial'; did you mean 'get_customer_detail'?",
    )
    assert rejected(lambda: platforms.api(crm, "x")) == (
        "UNKNOWN_API",
        "'crm_system' has no API 'x'; there are get_customer_detail, createOrder",
    )


def test_path_placeholders_are_parameters_where_none_are_declared(load: Load) -> None:
    platforms = load(
        {
            "platforms/crm.yaml": CRM
            + "apis: {a: {path: '/c/{客户}/o/{order}/{客户}'}, "
            + "b: {path: '/h/{hook}/{id}', auth: {apply: [{in: path, name: hook, value: x}]}}}\n"
        }
    )
    apis = platforms.platform("crm_system").apis
    assert [(one.name, one.place, one.required) for one in apis["a"].parameters] == [
        ("客户", "path", True),
        ("order", "path", True),
    ]
    assert [one.name for one in apis["b"].parameters] == ["id"]


def test_a_method_in_lower_case_may_be_sent_again_as_in_upper_case(load: Load) -> None:
    platforms = load({"platforms/crm.yaml": f"{CRM}apis: {{find: {{method: get, path: /x}}}}"})
    api = platforms.platform("crm_system").apis["find"]

    assert (api.method, api.is_idempotent) == ("GET", True)


def test_a_users_file_replaces_a_built_in_platform(load: Load) -> None:
    text = "platform_key: qywx\nbase_url: https://qywx.corp.test\napis: {ping: {}}\n"
    platforms = load({"platforms/企业微信.yaml": text})
    assert list(platforms.platform("qywx").apis) == ["ping"]
    assert platforms.keys == ("dingtalk", "dingtalk_v1", "feishu", "qywx")
    assert platforms.platform("feishu").title == "飞书"


def test_an_unknown_platform_is_rejected_with_a_near_name(load: Load) -> None:
    platforms = load({"platforms/crm.yaml": CRM})
    assert rejected(lambda: platforms.platform("crm_sytem")) == (
        "UNKNOWN_PLATFORM",
        "there is no platform 'crm_sytem'; did you mean 'crm_system'?",
    )
    assert rejected(lambda: platforms.platform("金蝶")) == (
        "UNKNOWN_PLATFORM",
        (
            "there is no platform '金蝶'; "
            "there are crm_system, dingtalk, dingtalk_v1, feishu, qywx; declare it in platforms"
        ),
    )


def test_one_file_may_be_loaded_alone_and_a_missing_folder_is_told(load: Load) -> None:
    load({"platforms/crm.yaml": CRM})
    assert load_platforms("platforms/crm.yaml").own.keys() == {"crm_system"}
    with pytest.raises(
        ConfigError, match=r"^没有: the folder does not exist; create it, or name another$"
    ):
        load_platforms("没有")


def test_files_that_are_no_platforms_are_left_alone(load: Load) -> None:
    files = {"platforms/crm.yaml": CRM, "platforms/.x.yaml": "[", "platforms/README.md": "# x"}
    assert load(files).own.keys() == {"crm_system"}


def test_a_file_is_read_again_when_its_size_or_time_changes(load: Load) -> None:
    first = load({"platforms/crm.yaml": CRM})
    assert load({}) is first
    second = load({"platforms/crm.yaml": CRM + "title: 客户\n"})
    assert second.platform("crm_system").title == "客户"
    os.utime("platforms/crm.yaml", ns=(0, 10**18))
    third = load({})
    assert third is not second
    assert load(
        {"platforms/erp.yaml": "platform_key: erp\nbase_url: https://e.test\n"}
    ).own.keys() == {
        "crm_system",
        "erp",
    }
    assert load({}).platform("crm_system") is third.platform("crm_system")
    Path("platforms/erp.yaml").unlink()
    assert load({}).own.keys() == {"crm_system"}
    assert load({"instances.yaml": "- {platform: qywx, instance_key: a}"}).entries.keys() == {
        "crm_system",
        "qywx",
    }


def test_a_broken_file_is_told_again_and_then_read_when_mended(load: Load) -> None:
    for _ in range(2):
        assert refused(load, CRM + "x: 1\n") == ["platforms/crm.yaml:3:1: x: unknown key 'x'"]
    assert load({"platforms/crm.yaml": CRM}).own.keys() == {"crm_system"}


@settings(max_examples=drawn(100))
@given(st.text("aAbB1_客", max_size=12))
def test_a_spelling_in_snake_case_is_its_own_twin(name: str) -> None:
    assert to_snake_case(to_snake_case(name)) == to_snake_case(name)


@pytest.mark.parametrize(
    ("camel", "twin"),
    [
        ("getCustomerDetail", "get_customer_detail"),
        ("getHTTPUser", "get_http_user"),
        ("user2Id", "user2_id"),
        ("GetUser", "get_user"),
        ("查询客户", "查询客户"),
        ("getuser", "getuser"),
    ],
)
def test_a_camel_case_name_has_a_snake_case_twin(camel: str, twin: str) -> None:
    assert to_snake_case(camel) == twin


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("crm.get_order", ("crm.get_order", "crm.查单", "crm.read")),
        ("crm.查单", ("crm.查单", "crm.查单", "crm.read")), ("crm.list", ("crm.list",)),
        ("crm.没有", ("crm.没有",)), ("oa.get_order", ("oa.get_order",)), ("crm", ("crm",)),
    ],
)  # fmt: skip
def test_an_api_is_listed_with_its_aliases(name: str, names: tuple[str, ...]) -> None:
    apis = {"get_order": Api(key="get_order", aliases=("查单", "read")), "list": Api(key="list")}
    crm = Platform(
        platform_key="crm",
        base_url="https://crm.example.test",
        apis=apis,
        spellings={"查单": "get_order", "read": "get_order"},
    )

    assert Platforms(own={"crm": crm}).list_names_with_aliases(name) == names
