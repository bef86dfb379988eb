"""What a consumer says wrongly is an error at once, with the near name; the everyday doors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import bpmax_sim as bs
from bpmax_sim.starter import demo

PLATFORMS = Path(demo.__file__).parent / "demo_files/scenarios/platforms"
ENVIRON = {"CRM_URL": "http://crm", "CRM_CLIENT_ID": "i", "CRM_CLIENT_SECRET": "s3cr3t-1"}
loose: Any = bs
"""The package as somebody sees it who checks no types."""


def answer(request: bs.Request) -> bs.Response:
    token = b'{"access_token": "t-000000000001", "expires_in": 3600}'
    body = token if request.is_login else '{"name": "张三"}'.encode()
    return bs.Response(status=200, headers=(("content-type", "application/json"),), body=body)


def told(call: Callable[[], object]) -> str:
    with pytest.raises(bs.ConfigError) as caught:
        call()
    return str(caught.value)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: loose.Session.open(mod="replay"),
            "Session.open: there is no 'mod'; did you mean 'mode'?",
        ),
        (
            lambda: loose.record("p", cassete="x"),
            "record: there is no 'cassete'; did you mean 'cassette'?",
        ),
        (
            lambda: loose.replay(cassette="x", ignores=[]),
            "replay: there is no 'ignores'; did you mean 'ignore'?",
        ),
        (
            lambda: loose.run_scenario("x", variabels={}),
            "run_scenario: there is no 'variabels'; did you mean 'variables'?",
        ),
        (
            lambda: loose.load_platforms("x", instance="y"),
            "load_platforms: there is no 'instance'; did you mean 'instances'?",
        ),
        (
            lambda: loose.Session.open().proxy("crm", instance="test"),
            "Session.proxy: there is no 'instance'; did you mean 'instance_key'?",
        ),
        (
            lambda: loose.Session.open().run_script("x.js", librarys=[]),
            "Session.run_script: there is no 'librarys'; did you mean 'libraries'?",
        ),
        (
            lambda: loose.Session.open().close(fail=True),
            "Session.close: there is no 'fail'; did you mean 'failed'?",
        ),
    ],
)
def test_an_unknown_keyword_is_named_with_the_near_one(
    call: Callable[[], object], message: str
) -> None:
    assert told(call) == message


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "replai"}, "mode: there is no 'replai'; did you mean 'replay'?"),
        (
            {"mode": None},
            "mode: there is no None; choose one of replay, record, live, simulate",
        ),
        (
            {"redact": "body.phone"},
            "redact: expected a list of texts, got 'body.phone'; write ['body.phone']",
        ),
        (
            {"ignore": "header.X-客户"},
            "ignore: expected a list of texts, got 'header.X-客户'; write ['header.X-客户']",
        ),
        ({"ignore": ["a", 7]}, "ignore: expected a list of texts, got ['a', 7]"),
        ({"secrets": 7}, "secrets: expected a list of texts, got 7"),
        ({"allow_hosts": 7, "guard": True}, "allow_hosts: expected a list of texts, got 7"),
        ({"repeat": "yes"}, "repeat: expected True or False, got 'yes'"),
        ({"seed": "7"}, "seed: expected a whole number, got '7'"),
        ({"seed": True}, "seed: expected a whole number, got True"),
        ({"owner": None}, "owner: expected a text, got None"),
        ({"cassette": 7}, "cassette: expected a path, got 7"),
        ({"logins": b"x"}, "logins: expected a path, got b'x'"),
        ({"instances": 7}, "instances: expected a path, got 7"),
        ({"instances": b"x"}, "instances: expected a path, got b'x'"),
        ({"platforms": 7}, "platforms: expected a path, got 7"),
        ({"platforms": b"x"}, "platforms: expected a path, got b'x'"),
        ({"platforms": [PLATFORMS, PLATFORMS, 7]}, "platforms: expected a path, got 7"),
        ({"platforms": ["接口", None]}, "platforms: expected a path, got None"),
        ({"clock": 7}, "clock: expected a text, got 7"),
        (
            {"clock": "明天"},
            "clock: '明天' is not an ISO 8601 time with a zone, such as 2026-03-02T09:00:00+08:00",
        ),
        (
            {"faults": bs.Fault(on="crm.*", action=bs.Break(error="reset"))},
            "faults: expected a list of bs.Fault(…), got ",
        ),
        ({"faults": [{"on": "crm.*"}]}, "faults: expected a list of bs.Fault(…), got "),
        ({"limits": {"cpu": 1}}, "limits: expected bs.Limits(…), got {'cpu': 1}"),
        (
            {"transport": "http://crm"},
            (
                "transport: expected a function of a Request that returns a Response, or an "
                "object with a method handle, got 'http://crm'"
            ),
        ),
        ({"transport": bs.Handler}, "transport: expected a function of a Request"),
        ({"guard": "yes"}, "guard: expected True, False or a NetworkGuard, got 'yes'"),
        ({"environ": "CI"}, "environ: expected a mapping, got 'CI'"),
        ({"run": True}, "run: expected bs.RunRecordings(), got True"),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused(options: dict[str, Any], message: str) -> None:
    assert told(lambda: loose.Session.open(**options)).startswith(message)


def test_a_function_answers_as_a_transport() -> None:
    with bs.Session.open(PLATFORMS, mode="live", environ=ENVIRON, transport=answer) as session:
        assert session.proxy("crm_system").getCustomerDetail("1") == {"name": "张三"}

        request = session.calls[-1].request
        assert request
        assert request.method == "GET"
        assert request.url.endswith("/api/customers/1")
        response = session.calls[-1].response
        assert response
        assert (response.status, response.body) == (200, {"name": "张三"})


def test_what_is_recorded_at_one_everyday_door_is_replayed_at_the_other(tmp_path: Path) -> None:
    cassette = tmp_path / "cassettes/客户.yaml"
    with bs.record(PLATFORMS, cassette=cassette, environ=ENVIRON, transport=answer) as session:
        assert session.proxy("crm_system").getCustomerDetail("1") == {"name": "张三"}

    with bs.replay(PLATFORMS, cassette=cassette, environ={}) as session:
        assert session.proxy("crm_system").getCustomerDetail("1") == {"name": "张三"}
        assert (session.mode, session.is_closed) == ("replay", True)


def test_the_mode_of_an_everyday_door_is_fixed() -> None:
    assert told(lambda: loose.replay(cassette="x", mode="live")).startswith(
        "replay: there is no 'mode'"
    )


@pytest.mark.parametrize("stub", [7, "http://crm", None, bs.Response(status=200)])
def test_a_stub_that_is_no_function_is_refused(stub: Any) -> None:
    with loose.Session.open() as session:
        assert told(lambda: session.stub(stub)) == (
            f"stub: expected a function of a Request, got {stub!r}"
        )


def test_a_script_may_be_handed_in_by_value() -> None:
    with bs.Session.open() as session:
        assert session.run_script(bs.Script("return 6 * 7")).unwrap() == 42
        error = session.run_script(bs.Script("\nthrow new Error('坏')", name="坏.js")).error

    assert str(error).startswith("坏.js:2:11: Error: 坏")


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (
            "console.log(1)",
            'console.log(1): file not found; pass JavaScript by value: bs.Script("…")',
        ),
        (
            "return 1",
            'return 1: file not found; pass JavaScript by value: bs.Script("…")',
        ),
        ("客户.js", "客户.js: the script cannot be read: No such file or directory"),
        (7, 'script: expected a path or bs.Script("…"), got 7'),
    ],
)
def test_what_is_no_script_says_what_to_do(script: Any, message: str) -> None:
    with bs.Session.open() as session:
        assert told(lambda: session.run_script(script)) == message


def test_libraries_and_objects_are_judged_before_anything_runs() -> None:
    script = bs.Script("return 1")
    with loose.Session.open() as session:
        libraries = told(lambda: session.run_script(script, libraries="lib.js"))
        form = told(lambda: session.run_script(script, form="客户"))

    assert libraries == "libraries: expected a list of scripts, got 'lib.js'"
    assert form == "form: expected a dict or a live object, got '客户'"


def test_a_seed_that_is_left_to_the_session_draws_what_0_draws() -> None:
    script = bs.Script("return Math.random()")
    drawn = []
    for seed in (None, 0, 1):
        with bs.Session.open(seed=seed) as session:
            drawn.append(session.run_script(script).unwrap())

    assert drawn[0] == drawn[1] != drawn[2]
