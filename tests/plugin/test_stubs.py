"""Fixed answers and faults that come from outside a scenario's file."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from tests.plugin.project import FILE, Project, failure_text, output
from tests.plugin.test_python_tests import python_tests
from tests.snapshots import snapshot

__all__ = ["python_tests"]

ROUTES = """\
    import httpx
    import pytest

    URL = "https://crm.example.test"

    @pytest.fixture
    def crm(bpmax_stubs):
        token = {"access_token": "minted-9f8e7d6c5b4a", "expires_in": 7200}
        bpmax_stubs.post(f"{URL}/oauth/token").mock(return_value=httpx.Response(200, json=token))
        answer = {"code": 200, "data": {"name": "路由的张三", "phone": "1"}}
        route = bpmax_stubs.get(url__regex=rf"{URL}/api/customers/\\d+")
        route.mock(return_value=httpx.Response(200, json=answer))
        return bpmax_stubs
    """


def test_a_router_answers_in_front_of_a_session(python: Project) -> None:
    python.write("conftest.py", ROUTES)
    python.write(
        "test_路由.py",
        """\
        def test_先路由(crm, bpmax_proxy, bpmax_clock):
            begun = bpmax_clock.now()
            answer = bpmax_proxy("crm_system").getCustomerDetail("12345")
            assert (answer["data"]["name"], len(crm.calls)) == ("路由的张三", 2)
            assert bpmax_clock.now() == begun

        def test_后路由(bpmax_session, crm, bpmax_events):
            assert bpmax_session.proxy("crm_system").getCustomerDetail("1")["code"] == 200
            assert len(bpmax_events) == 4
            assert "minted" not in repr(bpmax_events[:])

        def test_工厂(crm, bpmax_session_factory):
            with bpmax_session_factory() as session:
                assert session.proxy("crm_system").getCustomerDetail("1")["code"] == 200
        """,
    )

    result = python.run("-rA")

    result.assert_outcomes(passed=3)
    assert "6 calls (6 stub), 3 of them logins" in output(result)


def test_what_a_router_has_no_route_for_goes_on(python: Project) -> None:
    python.write(
        "test_路由.py",
        """\
        def test_别处(bpmax_proxy, bpmax_stubs):
            bpmax_stubs.get("https://elsewhere.example.test/").respond(200)
            bpmax_stubs.post(path="/oauth/token").pass_through()
            bpmax_proxy("crm_system").getCustomerDetail("12345")
        """,
    )

    result = python.run()

    result.assert_outcomes(failed=1)
    assert "no cassette: crm_system.get_customer_detail cannot be answered" in output(result)


UNUSED = """\
    import pytest
    import functools, respx

    CRM = "https://crm.example.test"

    def add_more(stubs):
        stubs.get(f"{CRM}/api/orders/1").respond(404)

    def find(proxy):
        assert proxy("crm_system").getCustomerDetail("1")["code"] == 200

    def test_misspelt(crm, bpmax_proxy):
        crm.get(f"{CRM}/api/customer/1").respond(json={"code": 200})
        find(bpmax_proxy)

    def test_several(crm, bpmax_proxy):
        crm.delete(url__regex=".*")
        crm.route(respx.patterns.M(host="erp.example.test"), name="erp").respond(200)
        find(bpmax_proxy)

    def test_shadowed(crm, bpmax_proxy):
        crm.get(f"{CRM}/api/customers/1").respond(json={"code": 200})
        find(bpmax_proxy)

    def test_used(bpmax_stubs, bpmax_proxy):
        bpmax_stubs.post(f"{CRM}/oauth/token").respond(json={"access_token": "12345678"})
        bpmax_stubs.get(f"{CRM}/api/customers/1").respond(json={"code": 200})
        find(bpmax_proxy)

    def test_nothing_sent(bpmax_stubs):
        bpmax_stubs.post(f"{CRM}/api/orders").respond(201)
        assert not bpmax_stubs.calls

    def test_asked(crm, bpmax_proxy):
        order = crm.post(f"{CRM}/api/orders").respond(201)
        crm.delete(f"{CRM}/api/orders/1", name="delete").respond(204)
        count = crm.put(f"{CRM}/api/orders/1").respond(204)
        find(bpmax_proxy)
        assert not order.called and not crm["delete"].calls and count.call_count == 0

    def test_of_others(crm, bpmax_proxy):
        add_more(crm)
        crm.get(f"{CRM}/api/orders/2").pass_through()
        find(bpmax_proxy)

    def test_removed(crm, bpmax_proxy):
        crm.get(f"{CRM}/api/customer/1", name="old").respond(200)
        crm.pop("old")
        crm.post(json={}).respond(201)
        find(bpmax_proxy)

    def test_red(crm):
        crm.get(f"{CRM}/api/customer/1").respond(200)
        pytest.fail("红")

    @functools.lru_cache
    def test_wrapped(bpmax_stubs):
        bpmax_stubs.get(f"{CRM}/api/orders/1").respond(200)
    """


def test_a_route_of_a_test_that_no_request_met_is_a_warning(python: Project) -> None:
    python.write("conftest.py", ROUTES)
    python.write("test_路由.py", UNUSED)

    result = python.run("-W", "default")

    result.assert_outcomes(passed=9, failed=1, warnings=6)
    told = re.findall(
        r"^  test_路由.py:(\d+): UnusedRuleWarning: (the route .*; c.*)",
        output(result),
        re.MULTILINE,
    )
    sent = "GET https://crm.example.test/api/customers/1"
    token = "POST https://crm.example.test/oauth/token"
    ends = "answered no request; correct it, or take it away"
    assert told == [
        ("13", f"the route {sent.replace('ers', 'er')} {ends} (requests: {sent}, {token})"),
        ("17", f"the route DELETE url__regex=.* {ends} (requests: {token}, {sent})"),
        (
            "18",
            f"the route <Host eq 'erp.example.test'> {ends} (requests: {token}, {sent})",
        ),
        ("22", f"the route {sent} {ends} (requests: {sent}, {token})"),
        ("49", f"the route POST json={{}} {ends} (requests: {token}, {sent})"),
        ("58", f"the route GET https://crm.example.test/api/orders/1 {ends} (requests: none)"),
    ]


def test_requests_of_other_clients_are_named(python: Project) -> None:
    python.write(
        "test_路由.py",
        """\
        import bpmax_sim as bs

        def answer(request): return bs.Response(status=200)

        def test_别处(bpmax_session_factory, bpmax_stubs):
            bpmax_stubs.get("https://crm.example.test/api/customer/12345").respond(200)
            with bpmax_session_factory(mode="live", transport=answer) as one:
                request = bs.Request(method="GET", url="https://crm.example.test/c/12345?v=1")
                assert one.handle(request).status == 200
        """,
    )

    result = python.run("-W", "default")

    result.assert_outcomes(passed=1, warnings=1)
    assert (
        "the route GET https://crm.example.test/api/customer/12345 answered no request; correct "
        "it, or take it away (requests: GET https://crm.example.test/c/12345)"
    ) in output(result)


def test_a_stubs_time_out_takes_virtual_time(python: Project) -> None:
    python.write(
        "test_超时.py",
        """\
        import httpx
        import pytest
        from bpmax_sim.errors import TransportError

        def test_超时(bpmax_proxy, bpmax_stubs, bpmax_clock):
            begun = bpmax_clock.now()
            bpmax_stubs.get(path__regex="/api/.*").mock(side_effect=httpx.ReadTimeout)
            with pytest.raises(TransportError, match="no answer within 30 s"):
                bpmax_proxy("crm_system").api("get_customer_detail").path(id="1").call()
            waited = bpmax_clock.now() - begun
            assert waited >= 30 and waited == round(waited, 3)
        """,
    )

    python.run().assert_outcomes(passed=1)


@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n1")])
def test_a_router_answers_in_front_of_a_scenario(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.write("conftest.py", ROUTES)
    with (project.root / "conftest.py").open("a", encoding="utf-8") as file:
        file.write("\n@pytest.fixture(autouse=True)\ndef every(crm): pass\n")
    project.edit("name: 张三", "name: 路由的张三")

    result = project.run("-k", "贵宾", "--bpmax-unused=ignore", *workers)

    result.assert_outcomes(passed=1, deselected=0 if workers else 1)
    assert "2 calls (2 stub), 1 of them a login" in output(result)


def test_stubs_of_a_file_and_of_a_router_say_the_same_of_themselves(project: Project) -> None:
    project.edit(
        "proxy: {",
        "proxy: {stubs: [{on: crm_system.get_customer_detail, body: {code: 200, data: {name: 张三, "
        'phone: "1"}}}], unused: ignore, ',
    )

    result = project.run("-k", "贵宾")

    result.assert_outcomes(passed=1, deselected=1)
    assert "2 calls (1 recorded, 1 stub)" in output(result)


def marked(project: Project, mark: str) -> None:
    project.write(
        "conftest.py",
        f"""\
        import pytest

        def pytest_collection_modifyitems(items):
            for item in items:
                item.add_marker(pytest.mark.{mark})
        """,
    )


def test_a_fault_of_a_marker_strikes_a_scenario(project: Project) -> None:
    marked(project, 'bpmax_fault("crm_system.get_customer_detail", error="timeout")')
    project.edit('path: {id: "${case.number}"}, status: 200', 'path: {id: "${case.number}"}')
    project.edit('"${vars.title}: ${case.name}", {$contains: 联系电话}', "{$contains: 没有}")

    result = project.run("-k", "贵宾", "--bpmax-unused=ignore")

    result.assert_outcomes(failed=1, deselected=1)
    assert "get_customer_detail" in output(result)
    assert "TIMEOUT" in output(result)


def test_a_fault_of_a_marker_that_never_strikes_a_scenario_fails_it(project: Project) -> None:
    marked(project, 'bpmax_fault("qywx.send_text_message", call=2, status=429)')

    lines = failure_text(project.run("-k", "贵宾"))

    assert lines[0] == snapshot(
        "选择客户[贵宾]: fault never fired: qywx.send_text_message call 2 -> status 429 "
        "(calls made: crm_system.get_customer_detail, crm_system.$token)"
    )
    project.run("--bpmax-faults=off").assert_outcomes(passed=2)


def test_a_wrong_marker_on_a_scenario_is_told_in_one_line(project: Project) -> None:
    marked(project, "bpmax(casette='x')")

    lines = failure_text(project.run("-k", "贵宾"))

    assert lines[:2] == [
        "选择客户[贵宾]: the marker bpmax has no 'casette'; did you mean 'cassette'?",
        f"  at {FILE}:11:5",
    ]


def test_a_live_marker_on_a_scenario_skips_it(project: Project, live: Mapping[str, str]) -> None:
    project.edit("tags: [crm, 冒烟]", "tags: [crm, bpmax_live]")

    project.run().assert_outcomes(skipped=2)
    project.run("--bpmax-mode=live").assert_outcomes(passed=2)
