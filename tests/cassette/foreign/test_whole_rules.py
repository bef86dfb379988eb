"""Whole collections of Postman, mappings of WireMock, simulations of Hoverfly, to the letter."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from bpmax_sim.errors import CassetteError
from bpmax_sim.messages import Call, Chunk, Exchange, FailedExchange, Request, Response
from bpmax_sim.traffic.formats import read_foreign, write_foreign
from bpmax_sim.traffic.imported import ForeignExchanges, ReadOptions

CRM = "https://crm.example.test"
KUNDE = "客户"
QUOTED = "%E5%AE%A2%E6%88%B7"
GBK = KUNDE.encode("gbk")
GBK_64 = base64.b64encode(GBK).decode()


def show(found: ForeignExchanges) -> list[Any]:
    """Return each exchange as request and response, and the notes at the end."""
    rows: list[Any] = []
    for one in found.exchanges:
        sent, got = one.request, one.outcome
        rows.append((
            f"{one.order} {sent.method} {sent.url}",
            sent.headers,
            sent.body,
            (f"{got.code} {got.message}", got.elapsed)
            if isinstance(got, FailedExchange)
            else (f"{got.status} {got.reason}", got.headers, got.body, got.elapsed),
        ))  # fmt: skip
    return [*rows, *found.notes]


def read(kind: str, tree: Any, address: str = "") -> ForeignExchanges:
    options = ReadOptions(address=address) if address else ReadOptions()
    return read_foreign(json.dumps(tree).encode(), kind=kind, options=options)


def refusal(kind: str, tree: Any) -> str:
    with pytest.raises(CassetteError) as raised:
        read(kind, tree)
    return str(raised.value)


OK = {"code": 200}
DONE: Any = ("200 ", (), b"", 0.0)


def pair(key: str, value: Any = "", **more: Any) -> dict[str, Any]:
    return {"key": key, "value": value, **more}


def example(request: Any, **response: Any) -> dict[str, Any]:
    return {"name": "例", "request": request, "response": [OK | response]}


def test_a_collection_gives_one_exchange_for_each_saved_response() -> None:
    collection = {
        "info": {"name": KUNDE},
        "variable": [pair("host", "crm.example.test"), pair("n", 7),
                     pair("off", "x", disabled=True),
                     {"id": "alt", "value": "{{host}}"}, "kein", pair("deep", "{{ alt }}"),
                     pair("ja", True), pair("leer", None)],
        "item": [
            "kein",
            {"item": [{
                "variable": [pair("n", 8)],
                "item": [example({"url": "https://{{host}}/{{n}}{{ja}}{{leer}}"})],
            }, example("{{deep}}/{{ n }}?a=:b")]},
            {"request": {"url": "x"}}, {"request": {"url": "x"}, "response": []},
            {"name": KUNDE, "request": {"method": "put", "url": CRM, "body": {"mode": "raw"}},
             "response": [
                 OK | {"originalRequest": {"url": "localhost:8080/:a/b:c/:d.e-f?q=/:a"}},
                 {"code": 404, "status": "Not Found", "body": KUNDE, "responseTime": 1234.5678,
                  "_postman_previewlanguage": "html", "header": [pair("X-A", 1),
                  pair("X-B", "2", disabled=True)]},
                 OK | {"header": "Content-TYPE: text/plain; charset=gbk\n\n X-A :1: 2 \nX-B",
                       "body": KUNDE, "_postman_previewlanguage": "json"},
                 {"code": "200"}, OK | {"body": KUNDE, "_postman_previewlanguage": "js"}]},
            example({"url": "{{off}}/{{host}}"}), example({"url": "{{fehlt}}"}),
        ],
    }  # fmt: skip
    typed = (("Content-Type", "text/plain"),)

    assert show(read("postman", {"collection": collection})) == [
        ("1 GET https://crm.example.test/8true", (), None, DONE),
        ("2 GET http://crm.example.test/7?a=:b", (), None, DONE),
        ("3 GET http://localhost:8080/:a/b:c/:d.e-f?q=/:a", (), None, DONE),
        ("4 PUT https://crm.example.test", typed, None,
         ("404 Not Found", (("X-A", "1"), ("Content-Type", "text/html")), KUNDE.encode(), 1.235)),
        ("5 PUT https://crm.example.test", typed, None,
         ("200 ", (("Content-TYPE", "text/plain; charset=gbk"), ("X-A", "1: 2"), ("X-B", "")),
          GBK, 0.0)),
        ("6 PUT https://crm.example.test", typed, None, ("200 ", (), KUNDE.encode(), 0.0)),
        "exchange 6: its saved response has no status code",
        ("exchange 8: it uses the variable 'off', which the collection does not have; give it a "
        "value there (Variables) and export again"),
        ("exchange 9: it uses the variable 'fehlt', which the collection does not have; give it a "
        "value there (Variables) and export again"),
        "2 requests have no saved response: they are left out",
    ]  # fmt: skip
    only = {"item": [{"request": CRM}]}
    with_mark = b"\xef\xbb\xbf" + json.dumps(only).encode()
    assert show(read("postman", only)) == ["1 request has no saved response: it is left out"]
    assert read_foreign(with_mark, kind="postman").notes == read("postman", only).notes


def test_an_address_of_a_collection_is_put_together_of_its_parts() -> None:
    parts = {
        "raw wins": {"raw": f"{CRM}/a", "host": "x"},
        "whole": {"protocol": "https", "host": ["crm", "example", "test"], "port": 8443,
                  "path": ["a", {"value": "b"}, {"value": None}, "{{k}}"],
                  "query": [pair("q", "{{k}}"), pair("off", "1", disabled=True),
                            pair("名", "a b")]},
        "texts": {"host": "crm.example.test", "path": "/a/b", "query": []},
        "nothing": {"host": "crm.example.test"},
        "other scheme": {"protocol": "HTTPS", "host": "crm.example.test"},
        "parameters": {"raw": f"{CRM}:80/:id/:ID/x:id/:none/:d.e-f/:off?q=/:id",
                       "variable": [pair("id", "a/{{k}}"), pair("ID", 2), pair("d.e-f", "v"),
                                    pair("off", "1", disabled=True)]},
        "variable": {"raw": "{{host}}/a"},
        "bare": "crm.example.test/http://x",
        "address in the query": {"raw": f"{CRM}/:id?next={CRM}/:id",
                                 "variable": [pair("id", "7")]},
    }  # fmt: skip
    found = read("postman", {
        "variable": [pair("k", "甲 乙"), pair("host", "HTTPS://crm.example.test")],
        "item": [example({"url": url}) for url in parts.values()],
    })  # fmt: skip
    jia = "%E7%94%B2%20%E4%B9%99"

    assert dict(zip(parts, [one.request.url for one in found.exchanges], strict=True)) == {
        "raw wins": f"{CRM}/a",
        "whole": f"{CRM}:8443/a/b//{jia}?q={jia}&%E5%90%8D=a+b",
        "texts": "http://crm.example.test/a/b",
        "nothing": "http://crm.example.test/",
        "other scheme": "HTTPS://crm.example.test/",
        "parameters": f"{CRM}:80/a%2F{jia}/2/x:id/:none/v/:off?q=/:id",
        "variable": "HTTPS://crm.example.test/a",
        "bare": "http://crm.example.test/http://x",
        "address in the query": f"{CRM}/7?next={CRM}/:id",
    }


def test_a_body_of_a_collection_brings_its_content_type() -> None:
    own = [pair("content-type", "x/y"), pair("X-K", "{{k}}"), pair("Off", "1", disabled=True)]
    bodies: dict[str, Any] = {
        "none": {}, "off": {"mode": "raw", "raw": "a", "disabled": True},
        "raw": {"mode": "raw", "raw": "{{k}}"},
        "json": {"mode": "raw", "raw": "{}", "options": {"raw": {"language": "json"}}},
        "xml": {"mode": "raw", "raw": "<a/>", "options": {"raw": {"language": "xml"}}},
        "js": {"mode": "raw", "raw": "1", "options": {"raw": {"language": "javascript"}}},
        "null options": {"mode": "raw", "raw": "1", "options": {"raw": None}},
        "form": {"mode": "urlencoded", "urlencoded": [
            pair("名", "{{k}}&"), pair("off", "1", disabled=True), pair("n", 7)]},
        "graphql": {"mode": "graphql", "graphql": {"query": "{ a }",
                                                   "variables": '{"n": "{{k}}"}'}},
        "bare graphql": {"mode": "graphql", "graphql": {"query": "{ a }"}},
        "data": {"mode": "formdata", "formdata": [
            pair("名", "{{k}}", type="text"), pair("off", "1", disabled=True, type="file"),
            pair("n", 7)]},
        "no data": {"mode": "formdata"},
        "file in data": {"mode": "formdata", "formdata": [pair("a", type="file")]},
        "file": {"mode": "file", "file": {"src": "a"}},
    }  # fmt: skip
    tree = {
        "variable": [pair("k", "甲")],
        "item": [example({"method": "POST", "url": CRM, "header": own, "body": bodies["json"]})]
        + [example({"url": CRM, "body": body}) for body in bodies.values()],
    }
    found = read("postman", tree)
    first, *others = found.exchanges
    boundary = "bpmax-sim-form-data"
    part = f'--{boundary}\r\nContent-Disposition: form-data; name="'

    assert first.request.headers == (("content-type", "x/y"), ("X-K", "甲"))
    assert {
        name: (dict(one.request.headers).get("Content-Type"), one.request.body)
        for name, one in zip(bodies, others, strict=False)
    } == {
        "none": (None, None), "off": (None, None), "raw": ("text/plain", "甲".encode()),
        "json": ("application/json", b"{}"), "xml": ("application/xml", b"<a/>"),
        "js": ("text/plain", b"1"), "null options": ("text/plain", b"1"),
        "form": ("application/x-www-form-urlencoded", b"%E5%90%8D=%E7%94%B2%26&n=7"),
        "graphql": ("application/json", b'{"query": "{ a }", "variables": {"n": "\\u7532"}}'),
        "bare graphql": ("application/json", b'{"query": "{ a }", "variables": {}}'),
        "data": (f"multipart/form-data; boundary={boundary}",
                 f'{part}名"\r\n\r\n甲\r\n{part}n"\r\n\r\n7\r\n--{boundary}--\r\n'.encode()),
        "no data": (f"multipart/form-data; boundary={boundary}", f"--{boundary}--\r\n".encode()),
    }  # fmt: skip
    assert found.notes == (
        "exchange 14: its body has a file, which the collection does not hold",
        "exchange 15: its body is a file, which the collection does not hold",
    )


def test_a_collection_that_is_none_says_which_list_is_missing() -> None:
    deep: Any = {"item": [{"request": CRM}]}
    for _ in range(45):
        deep = {"item": [deep]}

    assert [
        refusal("postman", {"item": {}}), refusal("postman", []),
        refusal("postman", {"collection": {}}),
        refusal("postman", {"item": [], "variable": {"a": 1}, "info": {"name": "甲"}}),
        refusal("postman", {"item": [{"name": "乙", "item": {"a": 1}}]}),
        refusal("postman", {"item": [{"name": "丙", "request": CRM, "response": "x"}]}),
        show(read("postman", deep)), show(read("postman", {"item": [{"item": None}]})),
    ] == [
        "not a collection of Postman: it has no list item",
        "not a collection of Postman: it has no list item",
        "not a collection of Postman: it has no list item",
        "not a collection of Postman: variable of '甲' is no list",
        "not a collection of Postman: item of '乙' is no list",
        "not a collection of Postman: response of '丙' is no list",
        [], [],
    ]  # fmt: skip
    loop = {"variable": [pair("a", "{{b}}"), pair("b", "{{a}}")], "item": [example("{{a}}")]}
    assert "it uses the variable '" in show(read("postman", loop))[0]


def mapping(name: str, request: Any = None, response: Any = None, **more: Any) -> dict[str, Any]:
    return {
        "request": {"method": "GET", "url": f"/{name}"} | (request or {}),
        "response": response or {},
        **more,
    }


def test_mappings_become_the_exchanges_that_they_answer() -> None:
    exact = {"equalTo": "1"}
    mappings = [
        mapping("a", {"headers": {"X-A": exact, "X-B": {"contains": "1"}, "X-C": {"equalTo": 1},
                                  "X-D": "1"}}),
        mapping("b", {"bodyPatterns": [{"equalToJson": {"名": [1, 1.5, None]}}], "method": "post"}),
        mapping("c", {"bodyPatterns": [{"equalToJson": '{"a" : 1}'}],
                      "headers": {"CONTENT-type": {"equalTo": "x/y"}}}),
        mapping("d", {"bodyPatterns": [{"equalToXml": "<甲/>"}]}),
        mapping("e", {"bodyPatterns": [{"equalTo": KUNDE}]}),
        mapping("f", {"bodyPatterns": [{"binaryEqualTo": GBK_64}]}),
        mapping("g", {"bodyPatterns": []}),
        mapping("h", {"bodyPatterns": [{"equalToJson": ""}]}),
        mapping("i", {"bodyPatterns": [exact, exact]}), mapping("j", {"bodyPatterns": [
            {"contains": "1"}]}),
        mapping("k", {"url": None, "urlPath": "/k", "queryParameters": {
            "名": {"equalTo": "a b"}, "q": {"hasExactly": [exact, {"equalTo": "/"}]}}}),
        mapping("l", {"url": None, "urlPath": "/l", "queryParameters": {"q": {"contains": "1"}}}),
        mapping("m", {"url": None, "urlPath": "/m", "queryParameters": {
            "q": {"hasExactly": [{"contains": "1"}]}}}),
        mapping("n", {"url": None, "urlPattern": "/n.*"}), mapping("o", {"url": None,
                                                                         "urlPath": "/o"}),
        mapping("p", {"method": "ANY"}), mapping("q", {"method": None}),
        mapping("r", metadata={"bpmax_sim": {"address": "https://erp.example.test",
                                             "injected": ["header.x"]}, "other": 1}),
        mapping("s", response={"status": 201, "statusMessage": "OK", "headers": {
            "A": ["1", "2"], "B": "3"}, "jsonBody": {"名": 1}, "fixedDelayMilliseconds": 1500}),
        mapping("t", response={"base64Body": GBK_64, "body": "x"}),
        mapping("u", response={"body": KUNDE, "base64Body": ""}),
        mapping("v", response={"jsonBody": None, "body": "x"}),
        mapping("w", response={"bodyFileName": "a.json"}),
        mapping("x", response={"fault": "EMPTY_RESPONSE", "fixedDelayMilliseconds": 20}),
        mapping("y", response={"fault": "OTHER", "proxyBaseUrl": "x"}),
        mapping("z", response={"proxyBaseUrl": "x"}),
        mapping("A", response={"transformers": ["x", "response-template"]}),
        mapping("B", response={"transformers": ["x"], "priority": 1}, priority=1),
        mapping("C", response={"body": 1}),
    ]  # fmt: skip
    at = f"{CRM}/base"

    def done(name: str, *headers: Any, body: bytes | None = None, method: str = "GET") -> Any:
        return f" {method} {at}/{name}", headers, body, DONE

    json_type = ("content-type", "application/json")
    rows: list[Any] = [
        done("a", ("X-A", "1")),
        done("b", json_type, body='{"名":[1,1.5,null]}'.encode(), method="POST"),
        done("c", ("CONTENT-type", "x/y"), body=b'{"a" : 1}'),
        done("d", ("content-type", "application/xml"), body="<甲/>".encode()),
        done("e", body=KUNDE.encode()), done("f", body=GBK), done("g"), done("h"),
        done("k?%E5%90%8D=a%20b&q=1&q=%2F"), done("o"),
        (" GET https://erp.example.test/r", (), None, DONE),
        (f" GET {at}/s", (), None,
         ("201 OK", (("A", "1"), ("A", "2"), ("B", "3")), '{"名":1}'.encode(), 1.5)),
        (f" GET {at}/t", (), None, ("200 ", (), GBK, 0.0)),
        (f" GET {at}/u", (), None, ("200 ", (), KUNDE.encode(), 0.0)),
        (f" GET {at}/v", (), None, ("200 ", (), b"null", 0.0)),
        (f" GET {at}/x", (), None, ("RESET the server answered nothing", 0.02)),
        (f" GET {at}/y", (), None, ("RESET OTHER", 0.0)),
        done("B"),
    ]  # fmt: skip
    found = read("wiremock", {"mappings": mappings}, f"{at}/")

    assert show(found) == [
        *((f"{number}{first}", *rest) for number, (first, *rest) in enumerate(rows, 1)),
        "exchange 9: its body has to fit several patterns",
        "exchange 10: its body is a pattern",
        "exchange 12: the query parameter 'q' is a pattern",
        "exchange 13: the query parameter 'q' is a pattern",
        "exchange 14: its address is a pattern",
        "exchange 16: it matches any method",
        "exchange 17: it matches any method",
        "exchange 23: its body is in the file 'a.json'; put it into `body`",
        "exchange 26: it hands requests on to another server",
        "exchange 27: its response is a template",
        "exchange 29: not an exchange (response.body is a number, which cannot be read there)",
        "exchange 28: the key 'response.priority' is not known and is left out",
    ]
    assert [one.request.injected for one in found.exchanges if one.request.injected] == [
        ("header.x",)
    ]
    assert [one.request.url for one in read("wiremock", mapping("a")).exchanges] == [
        "http://localhost:8080/a"
    ]


def state(name: str, required: Any = None, new: Any = None, scenario: Any = "甲") -> dict[str, Any]:
    more = {"scenarioName": scenario, "requiredScenarioState": required, "newScenarioState": new}
    return mapping(name, **{key: value for key, value in more.items() if value})


def test_mappings_of_a_scenario_answer_in_the_order_of_its_states() -> None:
    scenario = [
        state("2", "b", "c"), mapping("x"), state("5", "nie"), state("1", "Started", "b"),
        state("z", scenario="乙"), mapping("y"), state("3", "c"), state("3b", "c"),
        state("4", None, "e"),
        state("6", "Started"), state("w", "Started", scenario="乙"),
    ]  # fmt: skip
    found = read("wiremock", scenario)

    assert [one.request.url.rpartition("/")[2] for one in found.exchanges] == [
        "1", "x", "2", "3", "z", "y", "3b", "4", "5", "6", "w",
    ]  # fmt: skip
    alone = [state("2", "b", scenario=None), state("1", "Started", "b", scenario="")]
    assert [one.request.url[-1] for one in read("wiremock", alone).exchanges] == ["2", "1"]
    assert read("wiremock", ["x", state("1", "Started")]).notes == (
        "exchange 1: not an exchange (it is a text)",
    )


def exchange(path: str = "", order: int = 1, outcome: Any = None, **request: Any) -> Exchange:
    sent = Request(**{"method": "GET", "url": CRM + path} | request)
    return Exchange(request=sent, outcome=outcome or Response(status=200), order=order)


def test_exchanges_become_mappings_and_equal_ones_the_states_of_a_scenario() -> None:
    of_script = Call(platform="crm", instance="", api="get", method="GET", path="/", headers=(
        ("Content-TYPE", "text/plain"), ("Accept", "*/*"), ("X-A", "1"), ("X-A", "2")))  # fmt: skip
    every = [
        exchange("?b=1&a=甲", headers=(
            ("Accept", "x"), ("X-A", "1"), ("USER-agent", "x"), ("Authorization", "y"),
            ("Content-Type", "text/plain"), ("Cookie", "z"))),
        exchange("/甲", 2, call=of_script, headers=(("X-B", "3"), ("X-A", "1"))),
        *(exchange("/eins", 3 + n, method="POST", body=b"%d" % (n // 3),
                   outcome=Response(status=200 + n)) for n in range(5)),
        exchange("/json", 9, body=b' {"a":1}', headers=(("content-type",
                                                         "APPLICATION/json;charset=utf-8"),)),
        exchange("/json2", 10, body=b"{a", headers=(("content-type", "application/json"),)),
        exchange("/json3", 11, body=b"{}", headers=(("content-type", "application/x+json"),)),
        exchange("/bin", 12, body=GBK, outcome=Response(
            status=302, reason="Found", headers=(("A", "1"), ("B", "2"), ("a", "3")), body=GBK,
            elapsed=0.0126, chunks=(Chunk(at=0, length=1),))),
        exchange("/weg", 13, FailedExchange(code="RESET", message="x", elapsed=0.5)),
        exchange("/zeit", 14, FailedExchange(code="TIMEOUT", message="x")),
    ]  # fmt: skip
    data, notes = write_foreign(every, "wiremock")
    one, two, *posts, json_1, json_2, json_3, binary, gone, late = json.loads(data)["mappings"]
    states = [
        [found.get(f"{word}{'State' if word != 'scenarioName' else ''}")
         for word in ("scenarioName", "requiredScenario", "newScenario")] for found in posts
    ]  # fmt: skip

    assert notes == (
        "exchange 12: the chunks of its response are not stored",
        "exchange 14: TIMEOUT became a reset connection",
    )
    assert data.endswith(b"\n}\n")
    assert "甲".encode() in data
    assert one == {
        "request": {"method": "GET", "url": "/?b=1&a=甲", "headers": {
            "X-A": {"equalTo": "1"}, "Content-Type": {"equalTo": "text/plain",
                                                      "caseInsensitive": True}}},
        "response": {"status": 200, "headers": {}, "body": ""},
        "metadata": {"bpmax_sim": {"address": CRM, "injected": []}},
    }  # fmt: skip
    assert two["request"]["headers"] == {
        "Content-TYPE": {"equalTo": "text/plain", "caseInsensitive": True},
        "Accept": {"equalTo": "*/*"}, "X-A": {"equalTo": "1"},
    }  # fmt: skip
    assert two["metadata"]["bpmax_sim"]["injected"] == ["header.host", "header.x-b"]
    assert states == [
        ["POST /eins", "Started", "played 1"], ["POST /eins", "played 1", "played 2"],
        ["POST /eins", "played 2", None], ["POST /eins (2)", "Started", "played 1"],
        ["POST /eins (2)", "played 1", None],
    ]  # fmt: skip
    assert [found["request"]["bodyPatterns"] for found in (json_1, json_2, json_3, binary)] == [
        [{"equalToJson": ' {"a":1}'}], [{"equalTo": "{a"}], [{"equalTo": "{}"}],
        [{"binaryEqualTo": GBK_64}],
    ]  # fmt: skip
    assert [binary["response"], gone["response"], late["response"]] == [
        {"status": 302, "headers": {"A": ["1", "3"], "B": "2"}, "statusMessage": "Found",
         "base64Body": GBK_64, "fixedDelayMilliseconds": 13},
        {"fault": "CONNECTION_RESET_BY_PEER", "fixedDelayMilliseconds": 500},
        {"fault": "CONNECTION_RESET_BY_PEER"},
    ]  # fmt: skip
    assert [found.get("scenarioName") for found in (one, two, json_1, late)] == [None] * 4


def rule(value: Any, matcher: str = "exact") -> list[dict[str, Any]]:
    return [{"matcher": matcher, "value": value}]


def simulation(*pairs: Any, version: Any = "v5.2", actions: Any = None) -> dict[str, Any]:
    return {
        "data": {"pairs": [*pairs], "globalActions": actions or {}},
        "meta": {"schemaVersion": version},
    }


def simulated(request: Any = None, response: Any = None, **more: Any) -> dict[str, Any]:
    return {
        "request": {"method": rule("GET"), "destination": rule("crm.example.test")}
        | (request or {}),
        "response": {"status": 200} | (response or {}),
        **more,
    }


def test_a_simulation_becomes_the_exchanges_that_it_matches_exactly() -> None:
    def turn(number: Any, path: str) -> dict[str, Any]:
        return simulated({"requiresState": {"sequence:1": number}, "path": rule(path)})

    pairs = [
        turn("2", "/zwei"), turn("10", "/zehn"), turn("x", "/x"), turn("1", "/eins"),
        simulated({"scheme": rule("https"), "path": rule("/甲"), "body": rule("{}", "json"),
                   "query": {"b": [{"matcher": "array", "value": ["1", "2 /"]}], "a": rule("é")},
                   "headers": {"X-A": rule("1"), "X-B": rule("1", "glob"), "X-C": []}}),
        simulated({"body": [{"matcher": "form", "value": {"名": rule("a b"), "n": rule("1")}}],
                   "deprecatedQuery": rule("a=%20&b"), "query": {"c": rule("1")}}),
        simulated({"path": [{"value": "/ohne"}]}),
        simulated({"path": rule("/a.*", "regex")}), simulated({"path": rule("/a") * 2}),
        simulated({"method": []}), simulated({"destination": None}),
        simulated({"body": [{"matcher": "form", "value": {"k": rule("1", "glob")}}]}),
        simulated({"query": {"q": rule("1", "glob")}}), simulated({"query": {"q": []}}),
        simulated({"requiresState": {"sequence:1": "1", "korb": "voll", "kasse": "auf"}}),
        simulated(response={"templated": True}), simulated(response={"bodyFile": "a.json"}),
        simulated(response={"body": GBK_64, "encodedBody": True, "fixedDelay": 1500,
                            "headers": {"A": ["1", "2"]}, "status": "404"}),
        simulated(response={"body": KUNDE, "encodedBody": False}, labels=["x"]),
        "kein",
        simulated({"query": {"q": [{"matcher": "array", "value": [1]}]}}),
    ]  # fmt: skip
    crm = "http://crm.example.test"

    assert show(read("hoverfly", simulation(*pairs))) == [
        (f"1 GET {crm}/x", (), None, DONE),
        ("2 GET https://crm.example.test/%E7%94%B2?b=1&b=2%20%2F&a=%C3%A9",
         (("X-A", "1"), ("X-C", "")), b"{}", DONE),
        (f"3 GET {crm}/?a=%20&b", (), b"%E5%90%8D=a%20b&n=1", DONE),
        (f"4 GET {crm}/ohne", (), None, DONE),
        (f"5 GET {crm}/", (), None, ("404 ", (("A", "1"), ("A", "2")), GBK, 1.5)),
        (f"6 GET {crm}/", (), None, ("200 ", (), KUNDE.encode(), 0.0)),
        (f"7 GET {crm}/eins", (), None, DONE),
        (f"8 GET {crm}/zwei", (), None, DONE),
        (f"9 GET {crm}/zehn", (), None, DONE),
        "exchange 8: its path is a pattern", "exchange 9: its path is a pattern",
        "exchange 10: it accepts any method", "exchange 11: it accepts any destination",
        "exchange 12: its body 'k' is a pattern", "exchange 13: its query 'q' is a pattern",
        "exchange 14: it accepts any query 'q'",
        "exchange 16: its response is a template",
        "exchange 17: its body is in the file 'a.json'; put it into `body`",
        "exchange 20: not an exchange (it is a text)",
        ("exchange 21: not an exchange (request.query.q[0].value[0] is a number, which cannot be "
        "read there)"),
        "exchange 15: it depends on the state 'korb'",
    ]  # fmt: skip


def test_a_simulation_has_its_schema_and_says_which_delays_are_lost() -> None:
    lost = "global delays: write them as faults of a scenario"
    notes = {
        "none": simulation(), "empty": simulation(actions={"delays": [], "delaysLogNormal": None}),
        "delays": simulation("kein", actions={"delays": [{"delay": 1}]}),
        "log": simulation(actions={"delays": [], "delaysLogNormal": [{"mean": 1}]}),
    }  # fmt: skip

    assert {name: read("hoverfly", tree).notes for name, tree in notes.items()} == {
        "none": (), "empty": (), "log": (lost,),
        "delays": ("exchange 1: not an exchange (it is a text)", lost),
    }  # fmt: skip
    assert [refusal("hoverfly", simulation(version=version)) for version in ("v4", None, 5)] == [
        f"not a simulation of Hoverfly of schema v5 but {version}; export it again"
        for version in ("v4", "of none", "5")
    ]
    assert refusal("hoverfly", {"data": {"pairs": {}}, "meta": {"schemaVersion": "v5"}}) == (
        "not a simulation of Hoverfly: it has no list data.pairs"
    )
