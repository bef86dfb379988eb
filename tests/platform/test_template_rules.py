"""What a template may have, what it renders to, and the names that each place may use."""

from __future__ import annotations

import string
from types import MappingProxyType
from typing import Any

import msgspec
import pytest

from bpmax_sim.errors import ConfigError
from bpmax_sim.platform import compiled_template, sandbox
from bpmax_sim.platform.template import (
    COMMON_NAMES,
    RESPONSE_NAMES,
    SIGN_NAMES,
    compile_template,
    find_names,
    find_uses,
    is_template,
    iterate_texts,
    render,
)
from bpmax_sim.yamlfile import parse_yaml

NAMES: dict[str, Any] = {
    "a": " Ab ", "n": 7, "f": 1.0, "yes": True, "none_": None, "m": {"k": "甲", "items": [1, 2]},
    "list": ["x", "y"], "pair": ("p", "q"), "no": 0, "big": 10**30, "half": "xx", "tail": "yyy",
    "客户": "乙", "headers": {"x-b": "2", "x-a": "1", "host": "h"},
}  # fmt: skip


TEXTS: list[tuple[str, str]] = [
        ("", ""), ("{ a }", "{ a }"), ("{{a}}", " Ab "), ("x{{ n }}{{ f }}{{yes}}{{none_}}y",
        "x71truey"),
        ("{{ 客户 }}{", "乙{"), ("{{ a | trim | upper }}", "AB"), ("{{ a|replace('A', 'B')|trim }}",
        "Bb"),
        ("{{headers|pick('host','x-b')|header_names}}", "host;x-b"),
        ("{{ m }}", '{"k":"甲","items":[1,2]}'),
        ("{# 注 #}{{ n }}", "7"), ("{{ m.k }}{{ m['items'][1] }}{{ m.items[0] }}", "甲21"),
        ("{{ list[0] }}{{ pair[1] }}{{ list[-1] }}{{ a[1] }}{{ a[1:3] }}", "xqyAAb"),
        ("{{ 1 + 2 }}{{ 'a' + 'b' }}{{ -n }}{{ 7 // 2 }}{{ 7 % 4 }}{{ n * 2 - 1 }}", "3ab-73313"),
        ("{{ n ~ f ~ yes ~ none_ }}", "71true"), ("{{ ('a' ~ 1.0) ~ (2.0 ~ 'b') }}", "a12b"),
        ("{% if no %}1{% elif n == 7 %}2{% else %}3{% endif %}\n", "2\n"),
        ("{{ x | default('无') }}{{ none_ | default('有') }}", "无"), ("{{ x is defined }}",
        "false"),
        ("{{ 'yes' if n > 3 and not no else 'no' }}", "yes"), ("{{ n in [1, 7] }}", "true"),
        ("a\r\n{{ n }}\r{% if n\r %}b\r{% endif %}", "a\r\n7\rb\r"), ("{{ n\r\n}}", "7"),
        ("{{ 'a\rb' }}{{ n + 0 }}", "a\rb7"), ("{{ '\\'\r' ~ n }}", "'\r7"),
        ("{{ {'a': n} }}", '{"a":7}'), ("{{ true }}{{ none }}", "true"),
        ("{{ {'k': 1}.k }}", "1"), ("{{ f / 2 }}", "0.5"), ("{{ [n, f] }}", "[7,1.0]"),
        ("{{ n\n+\r1 }}", "8"),
        ("{{ half + half }}", "xxxx"), ("{{ half }}{{ half }}", "xxxx"), ("{{ half ~ half }}",
        "xxxx"),
]  # fmt: skip


def render_or_refuse(source: str, names: dict[str, Any]) -> str | None:
    try:
        return render(source, names)
    except ConfigError as error:
        return str(error)


def test_a_template_renders() -> None:
    found = {source: render_or_refuse(source, NAMES) for source, _ in TEXTS}

    assert found == dict(TEXTS)


MESSAGES: list[tuple[str, str]] = [
        ("{{ tokn }}", "'tokn' is not defined; did you mean 'token'?"),
        ("{{ tokn ~ 1 }}", "'tokn' is not defined; did you mean 'token'?"),
        ("{{ now | nosuch }}", "unknown filter 'nosuch'"),
        ("{{ (now) | nosuch }}", "unknown filter 'nosuch'"),
        ("{{ now | uper }}", "unknown filter 'uper'; did you mean 'upper'?"),
        ("{{ now is nosuch }}", "unknown test 'nosuch'"),
        ("{{ now() }}", "has a call; use expressions, filters and if alone"),
        ("{% for x in now %}{% endfor %}", "has a loop; use expressions, filters and if alone"),
        ("{% set x = 1 %}", "has an assignment; use expressions, filters and if alone"),
        ("{% raw %}{% endraw %}{% macro x() %}{% endmacro %}", "has Macro; use expressions"),
        ("{{ now ** 2 }}", "has Pow; use expressions"),
        ("{{ token[1:2, 0] }}", "mixes a slice with other indexes; split it into two expressions"),
        ("{{ token.x }}", "nothing is called 'x' in it"), ("{{ token.x.y }}",
        "nothing is called 'x' in it"),
        ("{{ token['a'] ~ 1 }}", "nothing is called 'a' in it"), ("{{ now.real }}",
        "nothing is called 'real'"),
        ("{{ rows[5] }}", "nothing is called 5 in it"), ("{{ rows.append }}",
        "nothing is called 'append'"),
        ("{{ token * 9 }}", "'*' needs two numbers, or + two short texts"),
        ("{{ token % 9 }}", "'%' needs two numbers"), ("{{ 1 + token }}", "'+' needs two numbers"),
        ("{{ token + 1 }}", "'+' needs two numbers"), ("{{ token / token }}",
        "'/' needs two numbers"),
        ("{{ big + 1 }}", "'+' needs two numbers"), ("{{ 1 + big }}", "'+' needs two numbers"),
        ("{{ small * 2 }}", "'*' needs two numbers"), ("{{ half + half2 }}",
        "'+' needs two numbers"),
        ("{{ now // 0 }}", "ZeroDivisionError in it"), ("{{ now | replace(1) }}",
        "TypeError in it"),
        ("{{ now | time }}", "TypeError in it"), ("{{ now | pick('a') }}", "AttributeError in it"),
        ("{{ token | time('%Y') }}", "a time filter needs a number of POSIX seconds, such as now"),
        ("{{ now", "unexpected end of template"), ("{{ half }}{{ half2 }}", "yields more than 4"),
        ("{{ half ~ half2 }}", "yields more than 4"),
        ("{{{ n }}}", "expected token"),
]  # fmt: skip


def test_a_template_that_cannot_be_rendered_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "LIMIT", 4)
    monkeypatch.setattr(compiled_template, "LIMIT", 4)
    names = {
        "token": "令牌",
        "now": 1,
        "rows": [1],
        "big": 10**30,
        "small": -(10**30),
        "half": "xx",
        "half2": "yyy",
    }

    found = {source: render_or_refuse(source, names) or "" for source, _ in MESSAGES}

    assert {source: text for source, text in MESSAGES if text not in found[source]} == {}, found
    assert all(message.startswith("template ") for message in found.values())
    assert render("{{ half + half }}{{ '' }}", names) == "xxxx"


def test_templates_have_limits() -> None:
    longest = "{{ n }}" + "x" * (65_536 - 7)
    assert render(longest, NAMES)[:2] == "7x"
    for source, message in (
        (longest + "x", "is longer than 65536 characters; shorten it"),
        ("{{ " + "-" * 45 + "n }}", "is nested too deeply; simplify it"),
        ("{{ [" + "1," * 400 + "] }}", "has more than 400 parts; shorten it"),
    ):
        with pytest.raises(ConfigError) as caught:
            render(source, NAMES)
        assert message in str(caught.value)
    # Of 400 parts are the template itself, its output, and the list.
    assert render("{{ [" + "1," * 397 + "] }}", NAMES).count("1") == 397
    with pytest.raises(ConfigError):
        render("{{ [" + "1," * 398 + "] }}", NAMES)
    assert render("{{ " + "-" * 36 + "n }}", NAMES) == "7"


def test_names_are_found_without_rendering() -> None:
    sources = [
        "x",
        "{a}",
        "{{ a }}{{ b | trim }}",
        "{{ a.b ~ c[d] }}",
        "{% if x %}{{ y }}{% endif %}",
        "{# z #}",
    ]

    assert [sorted(find_names(source)) for source in sources] == [
        *([], [], ["a", "b"], ["a", "c", "d"], ["x", "y"], [])
    ]
    assert [is_template(source) for source in sources] == [False, False, True, True, True, True]
    assert compile_template("{ }").render({}) == "{ }"
    assert {"base_url", "call_id", "nonce", "nonce_count", "now"} == COMMON_NAMES

    class Pair(msgspec.Struct):
        left: Any
        right: Any = "缺"

    value = {"a": ["1", ("2", 3)], "b": Pair(MappingProxyType({"c": "4"})), "5": None}
    assert list(iterate_texts(value)) == ["1", "2", "4", "缺"]
    assert list(iterate_texts(msgspec.structs.astuple(Pair(msgspec.UNSET)))) == ["缺"]


AUTH = """\
parameters:
  p1: 'a'
  p2: ['b', {k: 'c'}]
acquire:
  steps:
  - request: {path: 'd', form: {x: 'e'}}
    extract: {t1: {path: 'no'}}
  - extract: {t2: {path: 'no'}}
  - request: {url: 'f'}
apply:
- {in: header, name: 'g', value: 'h'}
sign:
  define: [{d1: 'i', d2: 'j'}, {d3: 'k'}]
  default_headers: {l: 'm'}
  set_headers: {n: 'o'}
  set_query: {p: 'q'}
  canonical: [{c1: 'r'}, {c2: 's'}]
  message: 't'
  key: ['u', 'v']
  emit:
  - {in: query, name: 'w', value: 'x'}
verify_response: {message: 'y', key: 'z'}
recover: {token: {refresh: 1}}
"""


def test_each_template_may_use_what_is_defined_before_it() -> None:
    one_step = AUTH.replace(
        "  - extract: {t2: {path: 'no'}}\n  - request: {url: 'f'}\n", ""
    ).replace(
        "  - request: {path: 'd', form: {x: 'e'}}\n    extract: {t1: {path: 'no'}}\n",
        "    request: {path: 'd', form: {x: 'e'}}\n    extract: {t1: {path: 'no'}}\n",
    )
    uses = list(find_uses(parse_yaml(AUTH, "auth.yaml")))
    single = list(find_uses(parse_yaml(one_step, "auth.yaml")))

    assert "".join(use.text for use in uses) == string.ascii_lowercase
    assert "".join(use.text for use in single) == string.ascii_lowercase.replace("f", "")
    known = {use.text: use.names - COMMON_NAMES for use in uses}
    before, login = {"p1", "p2"}, {"p1", "p2", "t1", "t2"}
    signing = login | SIGN_NAMES - {"signature"}
    assert known == {
        "a": set(), "b": {"p1"}, "c": {"p1"}, "d": before, "e": before, "f": login, "g": login,
        "h": login, "i": signing, "j": signing | {"d1"}, "k": signing | {"d1", "d2"},
        **dict.fromkeys("lmnopqr", signing | {"d1", "d2", "d3"}),
        "s": signing | {"d1", "d2", "d3", "c1"},
        **dict.fromkeys("tuv", signing | {"d1", "d2", "d3", "c1", "c2"}),
        **dict.fromkeys("wx", signing | {"d1", "d2", "d3", "c1", "c2", "signature"}),
        **dict.fromkeys("yz", login | RESPONSE_NAMES),
    }  # fmt: skip
    assert {use.text: use.steps for use in uses if use.text in "bcdfghjlmpsvwx"} == {
        "b": ("parameters", "p2", 0), "c": ("parameters", "p2", 1, "k"),
        "d": ("acquire", "steps", 0, "request", "path"), "f": ("acquire", "steps", 2, "request",
        "url"),
        "g": ("apply", 0, "name"), "h": ("apply", 0, "value"), "j": ("sign", "define", 0, "d2"),
        "l": ("sign", "default_headers", "l"), "m": ("sign", "default_headers", "l"),
        "p": ("sign", "set_query", "p"), "s": ("sign", "canonical", 1, "c2"), "v": ("sign",
        "key", 1),
        "w": ("sign", "emit", 0, "name"), "x": ("sign", "emit", 0, "value"),
    }  # fmt: skip
    assert {use.text: use.node.place.line for use in uses if use.text in "abclm"} == {
        "a": 2, "b": 3, "c": 3, "l": 14, "m": 14
    }  # fmt: skip
