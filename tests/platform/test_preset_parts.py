"""What a preset of the project becomes in a platform file: parameters, cases, rules, names."""

from __future__ import annotations

from typing import Any

import pytest

from bpmax_sim import extensions
from bpmax_sim.errors import ConfigError, Problem
from bpmax_sim.platform.presets import (
    expand_presets,
    load_preset,
    make_instances_schema,
    make_platform_schema,
)
from bpmax_sim.yamlfile import Node, read_yaml
from tests.test_parts_of_others import entry

COMPANY = """\
preset: 公司
parameters: {方式: 头, 前缀: "", 范围: null}
credentials: {令牌: {secret: true}, 账号: {}, 明文: {secret: false}}
auth:
  parameters: {固定: 1}
  apply:
    - $case: 方式
      头: {in: header, name: X-Token, value: "{{ 前缀 }}{{ 令牌 }}", scope: {$parameter: 范围}}
      query: {in: query, name: token, value: "{{ 令牌 }}"}
  sign: {$case: 前缀, '': {没有: true}, $else: {有: {$parameter: 前缀}}}
response: {code: [$.errcode, $.code], classes: {rate: {code: [45009]}, token: {code: [40001]}}}
"""


def lacks(*names: str, at: str = "auth") -> list[str]:
    return [
        f"{at}: the preset '公司.yaml' needs the parameter {name!r}; "
        f"write {{preset: 公司.yaml, {name}: …}}"
        for name in names
    ]


def plain(node: Node) -> Any:
    """Return the bare value of *node*."""
    if node.items:
        return {key: plain(child) for key, child in node.items.items()}
    if node.elements:
        return [plain(child) for child in node.elements]
    return node.value


def expand(text: str, preset: str = COMPANY) -> tuple[Any, list[str]]:
    """Return the platform file *text* with the project's preset in it, and what is told."""
    problems: list[Problem] = []
    root = expand_presets(read_yaml(text), problems, {"公司.yaml": read_yaml(preset)})
    return plain(root), [f"{one.path}: {one.message}" for one in problems]


PARAMETERS = {"固定": 1}
HEADER = {"in": "header", "name": "X-Token", "value": "{{ 前缀 }}{{ 令牌 }}"}
QUERY = {"in": "query", "name": "token", "value": "{{ 令牌 }}"}


@pytest.mark.parametrize(
    ("arguments", "applied", "signed"),
    [
        ("", HEADER, {"没有": True}),
        (", 方式: 头", HEADER, {"没有": True}),
        (", 方式: query", QUERY, {"没有": True}),
        (", 方式: QUERY", QUERY, {"没有": True}),
        (", parameters: {方式: query}", QUERY, {"没有": True}),
        (", parameters: {方式: query}, 方式: 头", HEADER, {"没有": True}),
        (", 前缀: Bearer", HEADER, {"有": "Bearer"}),
        (", 范围: 读", {**HEADER, "scope": "读"}, {"没有": True}),
        (", 范围: ''", {**HEADER, "scope": ""}, {"没有": True}),
        (", 范围: 0", {**HEADER, "scope": 0}, {"没有": True}),
        (", 范围: null", HEADER, {"没有": True}),
        (", apply: [自己]", "自己", {"没有": True}),
    ],
)
def test_a_parameter_decides_about_a_part(arguments: str, applied: Any, signed: Any) -> None:
    file, told = expand(f"auth: {{preset: 公司.yaml{arguments}}}")

    assert told == []
    assert file["auth"]["apply"] == [applied]
    assert file["auth"]["sign"] == signed


@pytest.mark.parametrize(
    ("auth", "told"),
    [
        ("公司.yaml", []),
        ("{preset: 公司.yaml}", []),
        ("{preset: 公司.yaml, 方式: 体}", ["auth.方式: expected one of '头', 'query', got '体'"]),
        ("{preset: 公司.yaml, 令牌: abc}",
         ["auth.令牌: 令牌 is secret; declare a credential and write '{{ its_name }}'"]),
        ("{preset: 公司.yaml, 令牌: 5}",
         ["auth.令牌: 令牌 is secret; declare a credential and write '{{ its_name }}'"]),
        ("{preset: 公司.yaml, 令牌: '{{ 我的 }}'}", []),
        ("{preset: 公司.yaml, 令牌: '{{ 我的'}", []),
        ("{preset: 公司.yaml, 账号: abc}", []),
        ("{preset: 公司.yaml, 明文: abc}", []),
        ("{preset: 公司.yaml, 账号: abc, 令牌: abc}",
         ["auth.令牌: 令牌 is secret; declare a credential and write '{{ its_name }}'"]),
        ("{preset: 公司.yaml, 前辍: a, 令脾: b}",
         ["auth.令脾: the preset '公司.yaml' has no parameter '令脾'",
          "auth.前辍: the preset '公司.yaml' has no parameter '前辍'"]),
        ("没有.yaml", []),
        ("{preset: 没有.yml}", []),
        ("没有", ["auth: unknown preset '没有'; there are acs3"]),
        ("{preset: basci}", ["auth: unknown preset 'basci'; did you mean 'basic'?"]),
        ("{preset: 5}", ["auth: unknown preset 5"]),
        ("{apply: []}", []),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_preset_is_told(auth: str, told: list[str]) -> None:
    _, found = expand(f"auth: {auth}")

    assert len(found) == len(told)
    assert all(one.startswith(start) for one, start in zip(found, told, strict=True))


NEEDY = "preset: 公司\nauth: {apply: [{in: header, name: X, value: '{{ 地区 }}{{ 服务 }}'}]}\n"


@pytest.mark.parametrize(
    ("auth", "needed"),
    [
        ("{preset: 公司.yaml}", ["地区", "服务"]),
        ("{preset: 公司.yaml, 服务: s3}", ["地区"]),
        ("{preset: 公司.yaml, 服务: '', 地区: cn}", []),
        ("{preset: 公司.yaml, acquire: {}}", []),
    ],
)
def test_a_name_that_a_preset_leaves_open_has_to_be_given(auth: str, needed: list[str]) -> None:
    _, told = expand(f"auth: {auth}", NEEDY)

    assert told == lacks(*needed)


@pytest.mark.parametrize(
    ("rules", "auth", "became", "told"),
    [
        ("auth: {a: {$parameter: 范围}}", "公司.yaml", {"a": ""}, lacks("范围")),
        ("auth: {a: {$parameter: 范围}}", "{preset: 公司.yaml, 范围: 0}", {"a": 0}, []),
        ("auth: {a: {$parameter: 范围}}", "{preset: 公司.yaml, 范围: null}", {}, []),
        ("auth: {a: {$parameter: 范围}, b: {$parameter: 范围}, c: {$parameter: 区}}", "公司.yaml",
         {"a": "", "b": "", "c": ""}, lacks("范围", "区")),
        ("auth: {a: {$case: 方式, 头: 1, 体: 2}}", "公司.yaml", {"a": 1}, lacks("方式")),
        ("auth: {a: {$case: 方式, 头: 1, 体: 2}}", "{preset: 公司.yaml, 方式: 体}", {"a": 2}, []),
        ("auth: {a: {$case: 方式}}", "公司.yaml", {"a": ""}, lacks("方式")),
        ("auth: {a: {$case: 方式}}", "{preset: 公司.yaml, 方式: 头}", {"a": ""},
         ["auth.方式: expected one of none, got '头'"]),
        ("auth: {a: {$case: 方式, 头: {$parameter: 范围}, 体: 2}}", "{preset: 公司.yaml, 方式: 体}",
         {"a": 2}, []),
        ("auth: {a: 1}\nresponse: {ok: {$parameter: 码}}", "公司.yaml", {"a": 1}, lacks("码")),
        ("auth: {a: 1}\nresponse: {ok: {$parameter: 码}}", "{preset: 公司.yaml, 码: 0}", {"a": 1},
         []),
    ],
)  # fmt: skip
def test_a_part_that_no_parameter_decides_is_told(
    rules: str, auth: str, became: Any, told: list[str]
) -> None:
    preset = f"preset: 公司\n{rules}\n"
    file, found = expand(f"auth: {auth}", preset)
    single, of_api = expand(f"apis: {{查询: {{auth: {auth}}}}}", preset)

    assert {key: value for key, value in file["auth"].items() if key != "parameters"} == became
    assert found == told
    if "response" not in rules:
        assert single["apis"]["查询"]["auth"] == file["auth"]
        assert of_api == [one.replace("auth", "apis.查询.auth", 1) for one in told]


BROUGHT = {"令牌": {"secret": True}, "账号": {"secret": False}}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("auth: 公司.yaml", ["令牌", "账号", "明文"]),
        (
            "auth: {preset: 公司.yaml, 令牌: '{{ 我的 }}'}\ncredentials: {我的: {secret: true}}",
            ["账号", "明文", "我的"],
        ),
        ("auth: 公司.yaml\ncredentials: {令牌: {kind: ec}}", ["令牌", "账号", "明文"]),
        ("auth: {apply: []}", None),
        (
            "apis: {一: {auth: {apply: []}}, 二: {}, 三: {auth: 公司.yaml}}",
            ["令牌", "账号", "明文"],
        ),
        ("auth: 公司.yaml\ncredentials: 5", 5),
    ],
)
def test_a_preset_brings_its_credentials(text: str, names: Any) -> None:
    file, told = expand(text)
    declared = file.get("credentials")

    assert told == []
    assert (list(declared) if isinstance(declared, dict) else declared) == names
    if "kind" in text:
        assert declared["令牌"] == {"kind": "ec"}


@pytest.mark.parametrize(
    ("own", "response"),
    [
        ("", {"code": ["$.errcode", "$.code"],
              "classes": {"rate": {"code": [45009]}, "token": {"code": [40001]}}}),
        ("response: {code: $.my}",
         {"code": ["$.my", "$.errcode", "$.code"],
          "classes": {"rate": {"code": [45009]}, "token": {"code": [40001]}}}),
        ("response: {code: [$.a, $.b], classes: {rate: {code: [1], status: 429}}}",
         {"code": ["$.a", "$.b", "$.errcode", "$.code"],
          "classes": {"rate": {"code": [1, 45009], "status": 429}, "token": {"code": [40001]}}}),
        ("response: {classes: 5}", {"code": ["$.errcode", "$.code"], "classes": 5}),
        ("response: {code: {甲: 1}, classes: 5}",
         {"code": [{"甲": 1}, "$.errcode", "$.code"], "classes": 5}),
        ("response: 5", 5),
    ],
)  # fmt: skip
def test_response_rules_of_a_preset_stand_behind_the_own(own: str, response: Any) -> None:
    assert expand(f"auth: 公司.yaml\n{own}")[0]["response"] == response
    assert "response" not in expand("auth: {apply: []}")[0]
    assert "response" not in expand("apis: {一: {auth: 公司.yaml}}")[0]


def test_rules_of_a_preset_take_its_parameters() -> None:
    preset = "preset: 公司\nparameters: {码: 1}\nauth: {}\nresponse: {ok: {$parameter: 码}}\n"

    assert expand("auth: 公司.yaml", preset)[0]["response"] == {"ok": 1}
    assert expand("auth: {preset: 公司.yaml, 码: 0}", preset)[0]["response"] == {"ok": 0}


def test_a_file_without_auth_stays_as_it_is() -> None:
    text = "platform_key: 甲\napis: {一: {path: /a}, 二: {auth: none}}\n"

    file, told = expand(text)

    assert told == []
    assert file["platform_key"] == "甲"
    assert file["apis"]["一"] == {"path": "/a"}
    assert list(file) == ["platform_key", "apis"]
    assert expand("platform_key: 甲\napis: 5\n")[0] == {"platform_key": "甲", "apis": 5}
    assert expand("5")[0] == 5


def test_templates_see_parameters_that_shape_nothing_else() -> None:
    """A parameter by which parts are chosen or filled in is used up, and no name of templates."""
    assert expand("auth: {preset: 公司.yaml, 账号: 甲}")[0]["auth"]["parameters"] == PARAMETERS


def test_the_schemas_name_each_way_to_declare() -> None:
    platform, instances = make_platform_schema(), make_instances_schema()
    ways = platform["properties"]["auth"]["anyOf"]

    assert platform["title"] == "bpmax-sim platform"
    assert "basic" in ways[0]["enum"]
    assert ways[1]["required"] == ["preset"]
    assert ways[2] == {"$ref": "#/definitions/Auth"}
    assert platform["definitions"]["Api"]["properties"]["auth"]["anyOf"] == ways
    assert platform["properties"]["auth"]["description"]
    assert instances["type"] == ["array", "null"]
    assert instances["title"] == "bpmax-sim instances"
    assert instances["$schema"] == platform["$schema"]
    assert instances["definitions"]["Source"]["minProperties"] == 1
    assert instances["definitions"]["Source"]["maxProperties"] == 1


@pytest.mark.parametrize(
    ("arguments", "shared"),
    [
        ("", ["账号", "令牌"]),
        (", 账号: '{{ 甲 }}'", ["甲", "令牌"]),
        (
            ", 账号: '{{ 乙 }}-{{ 甲 }}-{{ base_url }}-{{ 账号 }}', 令牌: '{{ 甲 }}'",
            ["乙", "甲", "甲"],
        ),
        (", 账号: '{{ 甲', 令牌: 固定", []),
        (", 账号: 7, 令牌: '{{ 丙 }}'", []),
    ],
)
def test_logins_are_shared_by_the_credentials_that_fill_those_of_the_preset(
    arguments: str, shared: list[str]
) -> None:
    preset = COMPANY.replace("auth:", "auth:\n  acquire: {share: [账号, 令牌], ttl: 1}", 1)
    file, _ = expand(
        f"credentials: {{甲: {{}}, 乙: {{}}}}\nauth: {{preset: 公司.yaml{arguments}}}", preset
    )

    assert [*file["auth"]["acquire"]["share"]] == shared


def test_a_preset_of_another_distribution_is_what_json_can_hold(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    circle: dict[str, Any] = {"preset": "内网"}
    parts = {
        "内网": {
            "preset": "内网",
            "auth": {"apply": [{"in": "header", "name": "X", "value": "门"}]},
        },
        "字节": {"auth": b"1"},
        "循环": {**circle, "auth": circle},
    }
    circle["auth"] = circle
    entries = [entry(name, "corp", part, f"corp.auth:{name}") for name, part in parts.items()]
    monkeypatch.setattr(
        extensions, "entry_points", lambda group: entries if group == "bpmax_sim.auth" else ()
    )
    extensions._read_group.cache_clear()
    told = []
    try:
        assert plain(load_preset("内网")) == parts["内网"]
        for name in ("字节", "循环"):
            with pytest.raises(ConfigError) as caught:
                load_preset(name)
            told.append(str(caught.value))
    finally:
        extensions._read_group.cache_clear()
    assert told == [
        "corp.auth:字节 is no auth preset: Object of type bytes is not JSON serializable",
        "corp.auth:循环 is no auth preset: Circular reference detected",
    ]


def test_each_secret_of_a_preset_that_is_written_down_is_told() -> None:
    preset = (
        "preset: 公司\ncredentials: {账号: {}, 口令: {secret: true}, 区: {secret: true}, "
        "私钥: {secret: true}}\nauth: {}\n"
    )
    _, told = expand("auth: {preset: 公司.yaml, 账号: 甲, 口令: 乙, 私钥: 丙}", preset)

    assert told == [
        f"auth.{name}: {name} is secret; declare a credential and write '{{{{ its_name }}}}'"
        for name in ("口令", "私钥")
    ]


def test_an_unknown_parameter_is_told_with_those_that_the_preset_takes() -> None:
    told = [
        expand("auth: {preset: 公司.yaml, region: cn}", preset)[1]
        for preset in (COMPANY, "preset: 公司\nauth: {}\n")
    ]
    start = "auth.region: the preset '公司.yaml' has no parameter 'region'; it takes"

    assert told == [[f"{start} 令牌, 前缀, 方式, 明文, 范围, 账号"], [f"{start} none"]]
