"""What a request may be for, and which of its places hold secrets."""

from __future__ import annotations

from typing import Any

import pytest

from bpmax_sim.platform import model
from bpmax_sim.platform.check import is_platform_address
from bpmax_sim.platform.model import Api, Auth, Parameter, Platform
from bpmax_sim.platform.secrecy import (
    collect_business_codes,
    collect_enumerated_words,
    explain_always_secret,
    list_business_code_paths,
    list_paths_extracted_in_clear,
)
from bpmax_sim.platform.suspect_declarations import explain_suspect_declarations
from bpmax_sim.platform.target import NumberedLoginStep, RequestTarget
from tests.proxy.world import TOKEN, crm


def api(key: str, **fields: Any) -> Api:
    header = Parameter(name=f"X-{key}", place="header")
    return Api(key=key, path="/x", headers={f"Y-{key}": "1"}, parameters=(header,), **fields)


def test_the_headers_of_each_api_that_it_may_be_for_are_declared() -> None:
    apis = tuple(map(api, "abc"))
    platform = crm(*apis, headers={"X-All": "1"})
    own = {"a": {"x-a", "y-a"}, "b": {"x-b", "y-b"}, "c": {"x-c", "y-c"}}

    assert RequestTarget(platform).declared_header_names == {"x-all"}
    assert RequestTarget(platform, api=apis[1]).declared_header_names == {"x-all", *own["b"]}
    assert RequestTarget(platform, candidates=apis).declared_header_names == {"x-all"}.union(
        *own.values()
    )
    assert [
        RequestTarget(platform).is_declared,
        RequestTarget(platform, api=apis[0]).is_declared,
        RequestTarget(platform, candidates=apis[:2]).is_declared,
    ] == [False, True, True]


def test_a_place_of_a_login_is_named_after_the_first_secret_in_it() -> None:
    assert TOKEN.acquire is not None
    step = TOKEN.acquire.steps[0]
    request = model.LoginRequest(
        path="/t", form={"a": "{{ secret }}", "b": "{{ client_id }}", "c": "{{ zz }}{{ secret }}"}
    )
    login = NumberedLoginStep(TOKEN, model.LoginStep(request=request, extract=step.extract), 1)
    secrets = {name: model.CredentialSpec(secret=True) for name in ("zz", "secret")}
    platform = crm(auth=TOKEN, credentials={**secrets, "client_id": model.CredentialSpec()})

    found = RequestTarget(platform, login=login).login_secret_name_by_place

    assert found == {"body.a": "secret", "body.c": "secret"}


def put(place: Any, name: str, value: str) -> model.Apply:
    return model.Apply(place=place, name=name, value=value)


@pytest.mark.parametrize(
    ("sign", "places"),
    [
        ({}, set()),
        ({"emit": (put("cookie", "Sign", "{{ signature }}"),)}, {"cookie.Sign"}),
        ({"set_headers": {"X-Key": "{{ 密 }}", "X-Id": "{{ 号 }}"}}, {"header.x-key"}),
        ({"default_headers": {"X-{{ 尾 }}": "{{ 密 }}", "X-Id": "1"}}, {"header.x-token"}),
        ({"set_query": {"Key": "{{ 密 | md5_hex }}", "Id": "{{ 号 }}"}}, {"query.Key"}),
        ({"define": ({"串": "{{ 号 }}{{ 密 }}"}, {"印": "{{ 串 | md5_hex }}", "时": "{{ now }}"}),
          "emit": (put("query", "印", "{{ 印 }}"), put("body", "时", "{{ 时 }}"))}, {"query.印"}),
        ({"canonical": ({"印": "{{ body }}{{ 密 }}", "长": "{{ body | length }}"},),
          "emit": (put("header", "X-Sum", "{{ 印 }}"), put("query", "长", "{{ 长 }}"))},
         {"header.x-sum"}),
    ],
)  # fmt: skip
def test_a_secret_is_hidden_by_whatever_way_signing_puts_it_in(
    sign: dict[str, Any], places: set[str]
) -> None:
    signed = model.Sign(message="{{ body }}", key="固定", **sign)
    credentials = {"密": model.CredentialSpec(secret=True), "号": model.CredentialSpec()}
    platform = crm(auth=Auth(parameters={"尾": "Token"}, sign=signed), credentials=credentials)

    found = RequestTarget(platform).login_secret_name_by_place
    assert found == dict.fromkeys(places, "")


def hints(**fields: Any) -> list[str]:
    return [one.message for one in explain_suspect_declarations(crm(**fields))]


@pytest.mark.parametrize(
    ("timeout", "count"), [(0.5, 0), (3599, 0), (3600, 0), (3600.5, 1), (30000, 1)]
)
def test_more_than_an_hour_is_meant_in_milliseconds(timeout: float, count: int) -> None:
    assert len(hints(timeout=timeout)) == count
    assert (
        len([*explain_suspect_declarations(crm(Api(key="x", path="/x", timeout=timeout)))]) == count
    )


@pytest.mark.parametrize(
    ("tries", "wait", "idle"),
    [(1, (), False), (1, ("1s",), True), (2, ("1s",), False), (3, ("1s",), False), (2, (), False)],
)
def test_a_wait_needs_a_second_try(tries: int, wait: tuple[str, ...], *, idle: bool) -> None:
    auth = Auth(recover={"rate": model.Recover(tries=tries, wait=wait)})

    assert [one for one in hints(auth=auth) if "wait does nothing" in one] == (
        ["crm_system: auth.recover.rate: wait does nothing without a second try; add tries: 2"]
        if idle
        else []
    )


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("https://crm.example.test", True), ("http://127.0.0.1:8080/api", True),
        ("HTTPS://crm.example.test", True), ("https://[::1]/", True),
        ("{{ base }}/api", True), ("https://{{ host }}", True),
        ("", False), ("crm.example.test", False), ("//crm.example.test", False),
        ("ftp://crm.example.test", False), ("https://", False), ("https:///api", False),
        ("https://crm.example.test?a=1", False), ("https://crm.example.test#a", False),
        ("https://user@crm.example.test", False), ("https://u:p@crm.example.test", False),
        ("https://[::1", False), ("https://crm.example.test:65535/api", True),
        ("https://crm.example.test:65536", False), ("https://crm.example.test:端口", False),
        ("https://crm.example.test:", True), ("https://[::1]:8443", True),
    ],
)  # fmt: skip
def test_an_address_is_one_to_which_calls_can_be_sent(text: str, *, fits: bool) -> None:
    assert is_platform_address(text) == fits


def test_a_platform_without_apis_has_no_candidates() -> None:
    assert not RequestTarget(
        Platform(platform_key="x", base_url="https://x.example.test")
    ).is_declared


@pytest.mark.parametrize(
    ("own", "shared", "charset"),
    [
        ({}, "", ""),
        ({}, "gbk", "gbk"),
        ({"charset": ""}, "gbk", "gbk"),
        ({"charset": "gb18030"}, "gbk", "gb18030"),
        ({"charset": "gb18030"}, "", "gb18030"),
    ],
)
def test_an_api_has_the_charset_of_its_platform_or_its_own(
    own: dict[str, str], shared: str, charset: str
) -> None:
    one = api("a", **own)

    assert RequestTarget(crm(one, charset=shared), api=one).charset == charset
    assert RequestTarget(crm(one, charset=shared)).charset == shared


def test_places_of_an_api_stand_behind_those_of_its_platform() -> None:
    one = api("a", redact=("body.phone",), secret=("$.data.key",))
    platform = crm(one, redact=("body.name",), secret=("$.token",))

    target = RequestTarget(platform, api=one)
    assert target.personal_places == ("body.name", "body.phone")
    assert [place.path for place in target.response_secret_places] == ["$.token", "$.data.key"]
    assert RequestTarget(platform).personal_places == ("body.name",)
    assert [place.path for place in RequestTarget(platform).response_secret_places] == ["$.token"]


def test_a_header_that_signing_adds_by_default_is_no_script_s() -> None:
    sign = model.Sign(
        default_headers={"X-Date": "{{ now }}", "X-{{ tail }}": "1"},
        message="{{ body }}",
        key="{{ secret }}",
        emit=(),
    )
    auth = Auth(sign=sign, parameters={"tail": "Id"})

    assert RequestTarget(crm(auth=auth)).injected_places == ("header.x-date", "header.x-id")


@pytest.mark.parametrize(
    ("key", "secret"),
    [
        ("{{ 密 }}", {"密"}),
        ("{{ 串 }}", {"密", "盐"}),
        (("{{ 密 }}", "{{ 日 }}", "{{ 区 }}"), {"密"}),
        (("AWS4{{ 串 }}", "{{ 日 }}"), {"密", "盐"}),
        ((), set()),
        ("固定", set()),
    ],
)
def test_what_a_key_is_made_of_is_secret_but_not_the_rest_of_a_chain(
    key: Any, secret: set[str]
) -> None:
    names = ("密", "盐", "日", "区")
    sign = model.Sign(define=({"串": "{{ 密 }}{{ 盐 }}"},), message="{{ body }}", key=key, emit=())
    credentials = {name: model.CredentialSpec() for name in names}
    platform = crm(auth=Auth(sign=sign), credentials=credentials)

    assert {name for name in names if explain_always_secret(platform, name)} == secret


def test_words_that_are_enumerated_are_no_secrets() -> None:
    states = Parameter(name="state", place="query", enum=("active", 1, "closed"))
    levels = Parameter(name="level", place="body", schema={"items": {"enum": ["VIP", None, 5]}})
    answer = {
        "properties": {"kind": {"const": "person"}, "n": {"const": 7}, "enum": {"enum": "text"}},
        "oneOf": [{}, {}, {"properties": {"last": {"enum": ["third"]}}}],
    }
    one = Api(key="a", path="/a", parameters=(states, levels), answer=answer)

    assert collect_enumerated_words(crm(one, api("b"))) == {
        *("active", "closed", "VIP", "person", "third"),
    }


def test_the_business_codes_that_rules_name_are_no_secrets() -> None:
    def rules(path: str, *good: Any, **bad: Any) -> model.ResponseRules:
        conditions = (
            model.Condition(path=path, any_of=good),
            model.Condition(path="$.x", absent=True),
        )
        classes = {name: model.ErrorClass(code=codes) for name, codes in bad.items()}
        return model.ResponseRules(
            ok=model.OkRule(all=conditions), code=(path, "header:X-Code"), classes=classes
        )

    ok = model.OkRule(all=(model.Condition(path="$.state", any_of=("LOGIN_OK",)),))
    steps = (
        model.LoginStep(request=model.LoginRequest(path="/t"), ok=ok),
        model.LoginStep(request=model.LoginRequest(path="/u")),
    )
    own = api("own", response=rules("$.errcode", 0, token=(40014,)))
    platform = crm(
        own, api("b"), auth=Auth(acquire=model.Acquire(steps=steps)),
        response=rules("$.code", "000000", 200, token=("E401", "E402"), rate=("E429",)),
    )  # fmt: skip

    assert collect_business_codes(platform) == {
        *("000000", "200", "E401", "E402", "E429", "0", "40014", "LOGIN_OK"),
    }
    assert list_business_code_paths(platform) == ("$.code", "header:X-Code", "$.errcode")
    bare = crm(api("b"), response=model.ResponseRules())
    assert collect_business_codes(bare) == set()
    assert list_business_code_paths(bare) == ()


def test_only_what_a_login_says_is_extracted_in_clear() -> None:
    rules = {
        "a": model.Extract(path="$.a", secret=False),
        "b": model.Extract(path="$.b", secret=True),
        "c": model.Extract(path="$.c"),
        "d": model.Extract(path="cookie:d", secret=False),
        "e": model.Extract(path="header:e", secret=False),
    }
    step = model.LoginStep(request=model.LoginRequest(path="/t"), extract=rules)
    auth = Auth(acquire=model.Acquire(steps=(step,)))
    own = api("own", auth=auth)

    assert list_paths_extracted_in_clear(crm(auth=auth)) == ("$.a", "header:e")
    assert list_paths_extracted_in_clear(crm(own)) == ("$.a", "header:e")
    assert list_paths_extracted_in_clear(crm()) == ()
