from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpmax_sim.errors import ConfigError
from bpmax_sim.platform import sandbox
from bpmax_sim.platform.compiled_template import Template
from bpmax_sim.platform.encodings import LIMIT
from bpmax_sim.platform.filters import FILTERS
from bpmax_sim.platform.template import compile_template, find_names, find_uses, is_template, render
from bpmax_sim.yamlfile import parse_yaml
from tests.examples import drawn

NAMES: dict[str, Any] = {
    "customer": "张三",
    "count": 7,
    "paid": True,
    "note": None,
    "now": 1772413200.0,
    "headers": {"content-type": "application/json", "host": "crm.example.com"},
    "raw": b"\xff\x00",
}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("合同", "合同"),
        ('[1,2]"\\n %', '[1,2]"\\n %'),
        ("{single} }} braces", "{single} }} braces"),
        ("Bearer {{ customer }}\n", "Bearer 张三\n"),
        ("{{customer}}-{{ count }}-{{ paid }}-{{ note }}|", "张三-7-true-|"),
        ("{{ now }}", "1772413200"),
        ("{{ now + 0.5 }}", "1772413200.5"),
        ("{{ customer | b64 }}", "5byg5LiJ"),
        ("{{ customer\n | b64\n | upper }}", "5BYG5LIJ"),
        ("{{ (customer ~ ':' ~ paid) | b64 }}", "5byg5LiJOnRydWU="),
        ("{{ headers['content-type'] }}", "application/json"),
        ("{{ headers.host }}", "crm.example.com"),
        ("{{ customer[0] ~ [1, 2][1] ~ (customer + '!') }}", "张2张三!"),
        ("{{ true }}", "true"),
        ("{{ headers.accept | default('*/*') }}", "*/*"),
        ("{{ missing.deep | default(customer) }}", "张三"),
        ("{{ missing|default('main') }}", "main"),
        ("{{missing |\n default('main')}}", "main"),
        ("{{ 'yes' if 'host' in headers else 'no' }}", "yes"),
        ("{% if paid %}paid{% else %}open{% endif %}", "paid"),
        ("{% if missing is defined %}x{% endif %}{{ count - 1 }}", "6"),
        ("a\r\n{{ customer }}\r{{ 'b' ~ count }}\r\n", "a\r\n张三\rb7\r\n"),
        ("{{ {'iss': customer, 'n': [1, paid]} | json }}", '{"iss":"张三","n":[1,true]}'),
        ("{{ {'a': note} }}", '{"a":null}'),
        ("{# a comment #}{{ count }}", "7"),
        ("{{ raw | hex }}", "ff00"),
        ("{{ now | time('%Y/%m/%d') }}", "2026/03/02"),
    ],
)
def test_a_template_renders(source: str, expected: str) -> None:
    assert render(source, NAMES) == expected


def test_a_value_is_never_rendered_itself() -> None:
    hostile = "[1,2]{{ secret }}{% if x %}"

    assert render("{{ text }}{{ text ~ '' }}", {"text": hostile}) == hostile * 2


def test_bytes_that_are_not_utf8_keep_their_digest() -> None:
    assert render("{{ raw | sha256_hex }}", NAMES) == render(
        "{{ text | sha256_hex }}", {"text": b"\xff\x00".decode("utf-8", "surrogateescape")}
    )


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{{ custmer }}", "'custmer' is not defined; did you mean 'customer'?"),
        ("{{ custmer ~ 1 }}", "'custmer' is not defined; did you mean 'customer'?"),
        (
            "{{ zzz | b64 }}",
            "'zzz' is not defined; defined are count, customer, headers, note, now, paid, raw",
        ),
        ("{{ zzz.deep ~ 1 }}",
            "'zzz' is not defined; defined are count, customer, headers, note, now, paid, raw"),
        ("{{ headers['x-trace'] }}", "nothing is called 'x-trace' in it"),
        ("{{ customer | b46 }}", "unknown filter 'b46'; did you mean 'b64'?"),
        ("{{ (1 ~ 2) | b46 }}", "unknown filter 'b46'; did you mean 'b64'?"),
        ("{{ customer is rich }}", "unknown test 'rich'"),
        ("{{ customer }", "unexpected '}'"),
        ("{{ customer", "unexpected end of template, expected 'end of print statement'."),
        ("{{ now | time('%c') }}", "a time has no '%c'; there are %Y %m %d %H %M %S %%"),
        ("{{ customer | unix }}", "a time filter needs a number of POSIX seconds, such as now"),
        ("{{ count | pick('host') }}", "AttributeError in it"),
        ("{{ count | length + 1 }}", "TypeError in it"),
        ("{{ count / 0 }}", "ZeroDivisionError in it"),
    ],
)  # fmt: skip
def test_a_template_that_cannot_be_rendered_says_why(source: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        render(source, NAMES)

    assert str(caught.value) == f"template {source!r}: {message}"


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("{% for i in headers %}{{ i }}{% endfor %}", "a loop"),
        ("{{ customer.upper() }}", "a call"),
        ("{{ range(10) }}", "a call"),
        ("{% set a = 1 %}{{ a }}", "an assignment"),
        ("{% macro m() %}{% endmacro %}", "Macro"),
        ("{% include 'x' %}", "Include"),
        ("{{ 2 ** 9 }}", "Pow"),
    ],
)
def test_a_template_has_expressions_filters_and_if_alone(source: str, kind: str) -> None:
    with pytest.raises(ConfigError) as caught:
        find_names(source)

    assert str(caught.value) == (
        f"template {source!r} has {kind}; use expressions, filters and if alone"
    )


@pytest.mark.parametrize(
    "source", ["{{ customer.__class__ }}", "{{ headers['items'] }}", "{{ customer['__len__'] }}"]
)
def test_no_attribute_of_an_object_is_reached(source: str) -> None:
    with pytest.raises(ConfigError, match="nothing is called"):
        render(source, NAMES)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{{ 'x' * 999999999 }}", "'*' needs two numbers, or + two short texts"),
        ("{{ [1] * 999999999 }}", "'*' needs two numbers, or + two short texts"),
        ("{{ '%999999999d' % 1 }}", "'%' needs two numbers, or + two short texts"),
        ("{{ (big * big) * big }}", "'*' needs two numbers, or + two short texts"),
        ("{{ long + long }}", "'+' needs two numbers, or + two short texts"),
        ("{{ 'x' | replace('x', long) | replace('x', long) }}",
            f"replace yields {LIMIT} characters at most"),
        ("{{ long" + " | hex" * 12 + " }}", f"an encoding filter takes {LIMIT} bytes at most"),
    ],
)  # fmt: skip
def test_a_bomb_is_an_error_within_bounded_time(source: str, message: str) -> None:
    begun = time.process_time()

    with pytest.raises(ConfigError) as caught:
        render(source, {"long": "x" * (9 * 1024 * 1024), "big": 10**20})

    assert str(caught.value).endswith(message)
    assert time.process_time() - begun < 5


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{{ long }}{{ long }}", f" yields more than {LIMIT} characters; shorten it"),
        ("{{ long ~ '' }}{{ long }}", f" yields more than {LIMIT} characters; shorten it"),
        ("{{ a }}" * 10_000, " is longer than 65536 characters; shorten it"),
        ("{{ a ~ " + "b ~ " * 300 + "c }}{{ d + 1 }}{{ [" + "e," * 100 + "] }}",
            " has more than 400 parts; shorten it"),
        ("{{ " + "-" * 50 + "a }}", " is nested too deeply; simplify it"),
        ("{{ " + "(" * 5000 + "a" + ")" * 5000 + " ~ 1 }}", " is nested too deeply; simplify it"),
    ],
)  # fmt: skip
def test_size_and_depth_are_bounded(source: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        render(source, dict.fromkeys("abcde", "1") | {"long": "x" * (9 * 1024 * 1024)})

    assert str(caught.value).endswith(message)


def test_the_deepest_template_that_is_read_can_be_rendered() -> None:
    for depth in range(1, 40):
        source = "{{ " + "(" * depth + "a" + " | hex ~ '')" * depth + " | length > 0 }}"
        try:
            find_names(source)
        except ConfigError:
            assert depth > 9
            return
        assert render(source, {"a": ""}) == "false"


def test_an_error_never_tells_a_value() -> None:
    for source in ("{{ secret | time('%Y') }}", "{{ secret + 1 }}", "{{ now / secret }}"):
        with pytest.raises(ConfigError) as caught:
            render(source, {"secret": "s3cr3t-密码", "now": 1})

        assert "s3cr3t" not in str(caught.value)
        assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("plain {text}", frozenset()),
        ("{{ a }}{{ b | hmac_sha256_hex(c) }}", frozenset("abc")),
        ("{% if a %}{{ b.c }}{% endif %}{{ d['e'] }}", frozenset("abd")),
        ("{{ 客户 | b64 }}", frozenset({"客户"})),
    ],
)
def test_the_names_of_a_template_are_known_without_rendering(
    source: str, names: frozenset[str]
) -> None:
    assert find_names(source) == names
    assert is_template(source) == bool(names)


_FAST_FILTERS = sorted(
    name for name in FILTERS if name.partition("_")[0] in {"b64", "md5", "sha256", "hex", "form"}
)
_parts = st.one_of(
    st.text(st.sampled_from("客 户\n\r\t{}%#'\"\\|a"), max_size=6),
    st.tuples(
        st.sampled_from(["customer", "count", "paid", "note", "now", "raw"]),
        st.lists(st.sampled_from(_FAST_FILTERS), max_size=3),
        st.sampled_from(["", " ", "\n"]),
    ).map(lambda part: "{{" + part[2] + "|".join([part[0], *part[1]]) + part[2] + "}}"),
)


@given(source=st.lists(_parts, max_size=6).map("".join))
@settings(max_examples=drawn(100))
def test_the_short_way_and_jinja_agree(source: str) -> None:
    assert outcome(compile_template, source) == outcome(sandbox.compile_source, source)


def outcome(compile_: Callable[[str], Template], source: str) -> tuple[object, str]:
    try:
        template = compile_(source)
        return template.names, template.render(NAMES)
    except ConfigError as error:
        return ConfigError, str(error)


def test_simple_templates_import_neither_jinja_nor_cryptography() -> None:
    code = (
        "import sys; from bpmax_sim.platform.template import render;"
        "print(render('{{ a | b64 }}', {'a': '客户'}), 'jinja2' in sys.modules,"
        " 'cryptography' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)

    assert done.stdout.split() == [b"5a6i5oi3", b"False", b"False"]


@pytest.mark.parametrize("source", ["{{{ count }}", "{{{ count }}}", "a{{{ count }}b"])
def test_a_brace_before_a_mark_is_no_text(source: str) -> None:
    with pytest.raises(ConfigError):
        render(source, NAMES)


@pytest.mark.parametrize("source", ["{ {{ count }}", "{{ count }}}", "}{{ count }}{"])
def test_a_brace_apart_from_a_mark_is_text(source: str) -> None:
    assert render(source, NAMES) == source.replace("{{ count }}", "7")


@pytest.mark.parametrize(("length", "fits"), [(65_535, True), (65_536, True), (65_537, False)])
def test_a_template_is_so_long_at_most(length: int, *, fits: bool) -> None:
    source = "{{ count }}".ljust(length, "长")

    if fits:
        assert render(source, NAMES) == "7" + source[11:]
    else:
        with pytest.raises(ConfigError, match="longer than 65536 characters"):
            render(source, NAMES)


AUTH = """\
parameters: {地址: "{{ base_url }}"}
acquire: {steps: {request: {body: {a: "{{ 地址 }}"}}, extract: {token: {path: $.t}}}}
apply: {in: header, name: X, value: "{{ token }}"}
sign:
  define: [{一: "{{ body }}"}, {二: "{{ 一 }}"}, {三: "{{ 二 }}"}]
  set_headers: {"{{ 三 }}": "{{ 三 }}"}
  canonical: {四: "{{ 三 }}"}
  message: "{{ 四 }}"
  key: ["{{ key }}", "{{ nonce }}"]
  emit: {in: header, name: "{{ 四 }}", value: "{{ signature }}"}
verify_response: {message: "{{ response_body }}"}
"""


def test_each_template_of_an_auth_sees_what_was_made_before_it() -> None:
    seen = {
        ".".join(map(str, use.steps)): use.names for use in find_uses(parse_yaml(AUTH, "a.yaml"))
    }
    own = {"地址", "token", "一", "二", "三", "四", "signature", "response_body", "body"}

    assert {steps: "".join(sorted(names & own)) for steps, names in seen.items()} == {
        "parameters.地址": "",
        "acquire.steps.0.request.body.a": "地址",
        "apply.0.name": "token地址",
        "apply.0.value": "token地址",
        "sign.define.0.一": "bodytoken地址",
        "sign.define.1.二": "bodytoken一地址",
        "sign.define.2.三": "bodytoken一二地址",
        "sign.set_headers.{{ 三 }}": "bodytoken一三二地址",
        "sign.canonical.0.四": "bodytoken一三二地址",
        "sign.message": "bodytoken一三二四地址",
        "sign.key.0": "bodytoken一三二四地址",
        "sign.key.1": "bodytoken一三二四地址",
        "sign.emit.0.name": "bodysignaturetoken一三二四地址",
        "sign.emit.0.value": "bodysignaturetoken一三二四地址",
        "verify_response.message": "response_bodytoken地址",
    }
