"""What a call becomes before it is sent: presence, defaults by level, what auth takes, bodies."""

from __future__ import annotations

import hmac
from typing import Any

import pytest

from bpmax_sim.js_values import UNDEFINED, SearchParams
from bpmax_sim.messages import FORM, Proof, Request, Response
from bpmax_sim.platform.model import (
    Api,
    Apply,
    Auth,
    Instance,
    Parameter,
    Recover,
    ResponseSignature,
)
from bpmax_sim.proxy.compiled_api import CompiledApi, compile_api
from bpmax_sim.proxy.encode import (
    BadValueError,
    check_settable_header,
    encode_header_value,
    encode_payload,
)
from bpmax_sim.proxy.response import read_body
from bpmax_sim.proxy.signing import describe_live_response_trust
from bpmax_sim.proxy.undeclared_arguments import (
    explain_misspelt_names,
    refuse_undeclared_arguments,
)
from tests.proxy.world import CREATE, World, body_of, crm, headers_of, rejected

ABSENT = object()


@pytest.mark.parametrize(
    ("body", "is_present"),
    [
        ({"客户": {"名称": "甲"}}, True), ({"客户": {"名称": None}}, True),
        ({"客户": {"名称": ""}}, True), ({"客户": {"名称": 0}}, True),
        ({"客户": {"名称": UNDEFINED}}, False), ({"客户": {}}, False), ({}, False),
        ({"客户": None}, False), ({"客户": UNDEFINED}, False), ({"客户": []}, True),
        ({"客户": "甲"}, True), ({"客户": 0}, True), ([], True), ("甲", True), (None, False),
        (ABSENT, False),
    ],
)  # fmt: skip
def test_a_required_member_of_a_body_is_there_or_cannot_be_looked_for(
    body: Any, *, is_present: bool
) -> None:
    parameter = Parameter(name="客户名称", place="body", to="客户.名称", required=True)
    world = World(crm(Api(key="add", method="POST", path="/a", parameters=(parameter,))))
    chain = world.proxy().api("add")
    if body is not ABSENT:
        chain = chain.body(body)
    if is_present:
        chain.call()
        assert len(world.sent) == 1
        return
    error = rejected(chain.call)
    assert (error.code, world.sent) == ("MISSING_PARAMETER", [])
    assert "parameter '客户名称' is missing (body.客户.名称)" in str(error)


def compiled(
    platform: dict[str, Any], instance: dict[str, Any], api: dict[str, Any]
) -> CompiledApi:
    one = Api(key="x", **({"path": "/x"} | api))
    return compile_api(
        crm(one, **platform), Instance(platform="crm_system", instance_key="test", **instance), one
    )


@pytest.mark.parametrize(
    ("name", "platform", "instance", "api", "found"),
    [
        ("timeout", {}, {}, {}, 30.0), ("timeout", {"timeout": 5.0}, {}, {}, 5.0),
        ("timeout", {"timeout": 5.0}, {"timeout": 6.0}, {}, 6.0),
        ("timeout", {"timeout": 5.0}, {"timeout": 6.0}, {"timeout": 7.0}, 7.0),
        ("timeout", {"timeout": 5.0}, {}, {"timeout": 7.0}, 7.0),
        ("strict", {}, {}, {}, False), ("strict", {"strict": True}, {}, {}, True),
        ("strict", {"strict": True}, {"strict": False}, {}, False),
        ("strict", {}, {"strict": True}, {}, True),
        ("rejects_business", {}, {}, {}, False),
        ("rejects_business", {"reject": ("business",)}, {}, {}, True),
        ("rejects_business", {"reject": ("business",)}, {"reject": ()}, {}, False),
        ("rejects_business", {}, {"reject": ("business",)}, {}, True),
        ("encoding", {}, {}, {}, "json"), ("encoding", {"encoding": "form"}, {}, {}, "form"),
        ("encoding", {"encoding": "form"}, {}, {"encoding": "xml"}, "xml"),
        ("charset", {}, {}, {}, ""), ("charset", {"charset": "gbk"}, {}, {}, "gbk"),
        ("charset", {"charset": "gbk"}, {}, {"charset": "utf-8"}, "utf-8"),
        ("redirects", {}, {}, {}, "follow"), ("redirects", {"redirects": "error"}, {}, {}, "error"),
        ("redirects", {"redirects": "error"}, {}, {"redirects": "result"}, "result"),
        ("method", {}, {}, {"method": "post"}, "POST"),
        ("query", {"query": {"a": 1, "b": 1}}, {"query": {"b": 2, "c": 2}}, {"query": {"c": 3}},
         {"a": 1, "b": 2, "c": 3}),
        ("query", {"query": {"a": 9}}, {}, {"path": "/x?a=1&b=1&b=2&b=3&c="},
         {"a": 9, "b": ["1", "2", "3"], "c": ""}),
        ("headers", {"headers": {"X-A": "1", "X-B": "1"}}, {"headers": {"x-b": "2"}},
         {"headers": {"X-C": 3}},
         {"x-a": ("X-A", "1"), "x-b": ("x-b", "2"), "x-c": ("X-C", "3")}),
        ("personal", {"redact": ("body.a",)}, {}, {"redact": ("body.b",)}, ("body.a", "body.b")),
    ],
)  # fmt: skip
def test_the_most_specific_level_wins(
    name: str, platform: dict[str, Any], instance: dict[str, Any], api: dict[str, Any], found: Any
) -> None:
    assert getattr(compiled(platform, instance, api), name) == found


@pytest.mark.parametrize(
    ("recover", "known"),
    [
        ({}, {401: None, 429: None, 502: None, 503: None, 504: None}),
        ({"token": Recover(refresh=1)}, {401: "token", 403: None, 429: None, 503: None}),
        ({"rate": Recover(tries=2)}, {401: None, 429: "rate", 503: None}),
        ({"transient": Recover(tries=2)},
         {500: None, 501: None, 502: "transient", 503: "transient", 504: "transient", 505: None}),
        ({"other": Recover(tries=2)}, {401: None, 429: None, 503: None}),
    ],
)  # fmt: skip
def test_a_status_is_of_a_class_where_something_is_done_about_it(
    recover: Any, known: dict[int, str | None]
) -> None:
    rules = compiled({"auth": Auth(recover=recover)}, {}, {}).rules
    for status, name in known.items():
        response = Response(status=status)
        assert rules.find_failure_class(response, read_body(response)) == name, status


def taking(*places: tuple[str, str], api: Api = CREATE) -> World:
    apply = tuple(Apply(place=place, name=name, value="v") for place, name in places)  # type: ignore[arg-type]
    return World(crm(api, auth=Auth(apply=apply)))


@pytest.mark.parametrize(
    ("sent", "header", "doubts"),
    [
        ("a=1; sid=2; b=3", "a=1; b=3; sid=v", ["cookie.sid"]),
        ("SID=1; Sid=2; sid=3", "sid=v", ["cookie.SID", "cookie.Sid", "cookie.sid"]),
        ("a=1", "a=1; sid=v", []), ("sids=1", "sids=1; sid=v", []),
        ("b=2; a=1", "b=2; a=1; sid=v", []),
    ],
)  # fmt: skip
def test_a_cookie_of_auth_takes_the_place_of_each_of_its_name(
    sent: str, header: str, doubts: list[str]
) -> None:
    world = taking(("cookie", "sid"))
    world.proxy().api("create_contract").header(Cookie=sent).call()

    assert headers_of(world.request)["Cookie"] == header
    said = " is set by auth; the call's own value was dropped"
    assert world.log[-1].doubts == tuple(f"{place}{said}" for place in doubts)


@pytest.mark.parametrize(
    ("sent", "left", "doubts"),
    [
        ({"Key": 1, "KEY": 2, "key": 3, "b": 4}, "b=4&key=v", 3), ({"key": None}, "key=v", 0),
        ({"keys": 1}, "keys=1&key=v", 0), ({"key": ""}, "key=v", 1), ({"key": []}, "key=v", 1),
    ],
)  # fmt: skip
def test_a_query_parameter_of_auth_stands_once(sent: Any, left: str, doubts: int) -> None:
    world = taking(("query", "key"))
    world.proxy().api("create_contract").query(sent).call()

    assert (world.request.url.partition("?")[2], len(world.log[-1].doubts)) == (left, doubts)


@pytest.mark.parametrize(
    ("body", "left", "doubts"),
    [
        ({"auth": {"sign": 1, "x": 2}}, {"auth": {"x": 2, "sign": "v"}}, ["body.auth.sign"]),
        ({"AUTH": {"Sign": 1, "x": 2}}, {"AUTH": {"x": 2}, "auth": {"sign": "v"}},
         ["body.auth.sign"]),
        ({"auth": {"x": {"sign": 1}}}, {"auth": {"x": {"sign": 1}, "sign": "v"}}, []),
        ({"auth": "text"}, {"auth": {"sign": "v"}}, ["body.auth.sign"]),
        ({"sign": 1}, {"sign": 1, "auth": {"sign": "v"}}, []), ({}, {"auth": {"sign": "v"}}, []),
    ],
)  # fmt: skip
def test_a_member_of_auth_takes_the_place_of_its_own_in_any_case(
    body: Any, left: Any, doubts: list[str]
) -> None:
    world = taking(("body", "auth.sign"))
    world.proxy().api("create_contract").body(body).call()

    assert body_of(world.request) == left
    assert [one.partition(" ")[0] for one in world.log[-1].doubts] == doubts


@pytest.mark.parametrize(
    ("encoding", "own", "value", "media"),
    [
        ("json", None, {"a": 1}, "application/json"),
        ("json", None, "甲", "text/plain; charset=utf-8"),
        ("json", None, '{"a":1}', "application/json"),
        ("json", None, b"x", "application/octet-stream"),
        ("json", "text/csv", {"a": 1}, "text/csv"),
        ("json", FORM, {"a": 1}, FORM),
        ("form", None, {"a": 1}, FORM),
        ("form", "X/Y", {"a": 1}, "X/Y"),
        ("json", None, SearchParams((("a", "1"),)), FORM),
        ("xml", None, {"a": 1}, "application/xml; charset=utf-8"),
        ("multipart", None, {"a": 1}, "multipart/form-data; boundary="),
        ("multipart", "multipart/form-data", {"a": 1}, "multipart/form-data; boundary="),
        (
            "json",
            "multipart/form-data; boundary=x",
            {"a": 1},
            "multipart/form-data; boundary=bpmax-",
        ),
        ("json", "multipart/form-data; boundary=x", "--x--", "multipart/form-data; boundary=x"),
        ("json", "multipart/form-data; boundary=x", b"--x--", "multipart/form-data; boundary=x"),
    ],
)
def test_a_content_type_goes_with_the_body_unless_the_script_says_one(
    encoding: Any, own: str | None, value: Any, media: str
) -> None:
    declared = {"encoding": encoding} if encoding != "json" else {}
    world = World(crm(Api(key="add", method="POST", path="/a", **declared)))
    chain = world.proxy().api("add").body(value)
    (chain.header({"Content-Type": own}) if own else chain).call()

    sent = headers_of(world.request)["Content-Type"]
    assert sent.startswith(media) if media.endswith(("=", "-")) else sent == media


@pytest.mark.parametrize(
    "name",
    ["connection", "content-length", "expect", "host", "keep-alive", "proxy-connection", "te",
     "trailer", "transfer-encoding", "upgrade"],
)  # fmt: skip
def test_headers_of_the_transport_cannot_be_set_in_any_case(name: str) -> None:
    for spelled in (name, name.upper(), name.title()):
        with pytest.raises(BadValueError, match="is managed by the transport"):
            check_settable_header(spelled)
    assert check_settable_header(f"x-{name}") == f"x-{name}"


@pytest.mark.parametrize("name", ["", "a b", "a:b", "名", "a\n", "a(", 'a"', "a/b", "a,b", "a@b"])
def test_what_is_no_name_of_a_header_is_refused(name: str) -> None:
    with pytest.raises(BadValueError, match="is not a header name"):
        check_settable_header(name)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("a", ""),
        ("", ""),
        ("a b\tc", ""),
        ("~!", ""),
        (0, ""),
        (" a", "a space at its end"),
        ("a ", "a space at its end"),
        ("\ta", "a space at its end"),
        ("a\n", "U+000A at character 2"),
        ("é", "U+00E9 at character 1"),
        ("ab\x7f", "U+007F at character 3"),
        ("ab客", "U+5BA2 at"),
        ("\x00", "U+0000 at character 1"),
        ({}, "is an object; expected a text"),
        (None, "expected a text or a number"),
    ],
)
def test_a_header_holds_visible_ascii(value: Any, told: str) -> None:
    if not told:
        assert encode_header_value("X-A", value) == str(value)
        return
    with pytest.raises(BadValueError) as caught:
        encode_header_value("X-A", value)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("value", "xml"),
    [
        ({"a": None}, "<a></a>"), ({"a": ""}, "<a></a>"), ({"a": 0}, "<a>0</a>"),
        ({"a": "\r\n\t"}, "<a>&#13;\n\t</a>"), ({"a": {"@b": '\r\n\t&<>"'}},
         '<a b="&#13;&#10;&#9;&amp;&lt;&gt;&quot;"></a>'),
        ({"a": {"@b": None, "#text": None}}, '<a b=""></a>'),
        ({"a": {"#text": "x", "b": "y", "@c": 1}}, '<a c="1">x<b>y</b></a>'),
        ({"soap:a": {"@xmlns:soap": "u"}}, '<soap:a xmlns:soap="u"></soap:a>'),
        ({"a": {"b": [1, 2, 3]}}, "<a><b>1</b><b>2</b><b>3</b></a>"), ({"a": {"b": []}}, "<a></a>"),
    ],
)  # fmt: skip
def test_xml_keeps_what_readers_would_change(value: Any, xml: str) -> None:
    assert encode_payload(value, "xml").data.decode() == xml


@pytest.mark.parametrize(
    "value", [{}, [], "", {"a": [1, 2]}, {"a": []}, {"1a": 1}, {"a:": 1}, {"-a": 1}, {"a": "\x1f"},
              {"a": "\ufffe"}, {"a": {"@1": 1}}],
)  # fmt: skip
def test_what_xml_cannot_hold_is_refused(value: Any) -> None:
    if value == "":
        assert encode_payload(value, "xml").data == b""
        return
    with pytest.raises(BadValueError):
        encode_payload(value, "xml")


@pytest.mark.parametrize(
    ("value", "head", "content"),
    [
        ("甲", 'name="f"', "甲"), (None, 'name="f"', ""), (True, 'name="f"', "true"),
        (b"x", 'name="f"; filename="f"\r\nContent-Type: application/octet-stream', "x"),
        ({"content": "x"}, 'name="f"; filename="f"\r\nContent-Type: application/octet-stream', "x"),
        ({"content": b"x", "filename": "", "content_type": ""},
         'name="f"; filename="f"\r\nContent-Type: application/octet-stream', "x"),
        ({"content": "", "filename": "合同.pdf", "content_type": "application/pdf"},
         'name="f"; filename="合同.pdf"\r\nContent-Type: application/pdf', ""),
        ({"content": "x", "filename": 'a"\r\nb'},
         'name="f"; filename="a%22%0D%0Ab"\r\nContent-Type: application/octet-stream', "x"),
        ({"a": 1}, 'name="f"\r\nContent-Type: application/json', '{"a":1}'),
        ({"content": "x", "more": 1}, 'name="f"\r\nContent-Type: application/json',
         '{"content":"x","more":1}'),
        ({"filename": "x"}, 'name="f"\r\nContent-Type: application/json', '{"filename":"x"}'),
    ],
)  # fmt: skip
def test_a_part_of_a_form_is_a_text_a_file_or_json(value: Any, head: str, content: str) -> None:
    data = encode_payload({"f": value}, "multipart").data.decode()
    start = f"Content-Disposition: form-data; {head}\r\n\r\n{content}\r\n--"

    assert data.partition("\r\n")[2].startswith(start)


def strict(*parameters: Parameter, **api: Any) -> CompiledApi:
    return compiled({"strict": True}, {}, {"parameters": parameters, "query": {"v": 1}, **api})


P, B = Parameter(name="page", place="query"), Parameter(name="名称", place="body", to="客户.名称")


@pytest.mark.parametrize(
    ("setter", "value", "told"),
    [
        ("query", {"page": 1, "v": 2}, ""),
        ("query", {"pages": 1}, "'pages' is declared"),
        ("query", {"page": 1, "v": 1, "third": 1}, "'third' is declared"),
        ("query", {"x": UNDEFINED}, ""),
        ("query", {"x": None}, "'x' is declared"),
        ("query", UNDEFINED, ""),
        ("query", {}, ""),
        ("body", {"客户": {}}, ""),
        ("body", {"客户": {}, "多": 1}, "'多' is declared"),
        ("body", "text", ""),
        ("body", None, ""),
        ("header", {"x": 1}, ""),
        ("path", {"x": 1}, ""),
    ],
)
def test_a_strict_platform_takes_declared_names_only(setter: str, value: Any, told: str) -> None:
    recipe = strict(P, B, method="POST")
    if not told:
        refuse_undeclared_arguments([(setter, value)], recipe)
        return
    with pytest.raises(BadValueError, match=told):
        refuse_undeclared_arguments([("query", {"page": 1}), (setter, value)], recipe)


@pytest.mark.parametrize("value", ["text", [], 0, None, {"a": 1}])
def test_a_strict_platform_without_a_body_takes_none(value: Any) -> None:
    with pytest.raises(BadValueError, match="is declared"):
        refuse_undeclared_arguments([("body", value)], strict(P))
    refuse_undeclared_arguments([("body", UNDEFINED)], strict(P))
    refuse_undeclared_arguments([("body", value)], strict(P, body=["x"]))


@pytest.mark.parametrize(
    ("setter", "value", "told"),
    [
        ("query", {"pgae": 1}, ["pgae"]),
        ("query", {"pgae": UNDEFINED}, []),
        ("query", {"pgae": 1, "page": 2}, []),
        ("query", {"zzz": 1}, []),
        ("query", {"page": 1}, []),
        ("body", {"客户s": {}, "x": 1}, ["客户s"]),
        ("header", {"pgae": 1}, []),
        ("query", UNDEFINED, []),
        ("query", {"pgae": 1, "paeg": 2, "apge": 3}, ["pgae", "paeg", "apge"]),
        ("body", {"客户": {}, "金额": 1, "备注": UNDEFINED, "客户s": {}}, []),
        ("query", {"备注": UNDEFINED, "金额": 1, "paeg": 2}, ["paeg"]),
        ("query", {"pages": 1, "v": 1, "zzz": 2, "pgae": 3}, ["pages", "pgae"]),
    ],
)
def test_a_name_that_is_near_to_a_declared_one_is_a_doubt(
    setter: str, value: Any, told: list[str]
) -> None:
    before = [("header", {"pgae": 1}), ("body", "合同"), ("query", UNDEFINED)]
    recipe = compiled({}, {}, {"parameters": (P, B)})
    found = [*explain_misspelt_names([*before, (setter, value)], recipe)]
    assert [str(one).split("'")[1] for one in found] == told


RULE = ResponseSignature(
    message="{{ response_body }}", signature="{{ response_headers['x-sign'] }}", key="{{ key }}",
    algorithm="hmac-sha256", encode="hex", timestamp="{{ response_headers['x-at'] }}", window=300,
)  # fmt: skip


@pytest.mark.parametrize(
    ("at", "changes", "trust"),
    [
        ("1000", {}, "verified"),
        ("700", {}, "verified"),
        ("1300", {}, "verified"),
        ("699", {}, "more than 300 s"),
        ("1301", {}, "more than 300 s"),
        ("-1", {}, "not a number of seconds"),
        ("", {}, "not a number of seconds"),
        ("1000.5", {}, "not a number of seconds"),
        ("１０００", {}, "not a number of seconds"),
        ("1000", {"body": b"x"}, "not that of its body"),
        ("1000", {"status": 299}, "verified"),
        ("1000", {"status": 300}, ""),
        ("1000", {"status": 199}, ""),
        ("1000", {"source": "stub"}, ""),
        ("1000", {"source": "recorded"}, ""),
        ("1000", {"key": ""}, "does not declare"),
        ("1000", {"proof": None}, ""),
        ("1000", {"names": {}}, ""),
    ],
)
def test_a_live_response_is_verified_up_to_the_edge_of_its_window(
    at: str, changes: dict[str, Any], trust: str
) -> None:
    key, body = changes.pop("key", "k"), "合同".encode()
    sign = hmac.new(b"k", body, "sha256").hexdigest()
    proof: Any = Proof(RULE, changes.pop("names", {"key": key}))
    proof = changes.pop("proof", proof)
    fields: dict[str, Any] = {"status": 200, "body": body, "source": "live"} | changes
    response = Response(headers=(("X-Sign", sign), ("X-At", at)), **fields)
    request = Request(method="GET", url="https://a.test", proof=proof)

    found = describe_live_response_trust(request, response, 1000.0)
    assert (trust in found) if trust else found == ""
