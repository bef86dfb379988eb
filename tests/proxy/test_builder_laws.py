"""What holds for every chain of setters, on generated chains (bpmax.md, note B)."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

from hypothesis import given, settings
from hypothesis import strategies as st

from bpmax_sim.messages import Request
from bpmax_sim.platform.model import Api, Apply, Auth, Parameter
from bpmax_sim.proxy.builder import Builder
from tests.examples import drawn
from tests.proxy.world import SECRET, World, crm, headers_of

AUTH = Auth(
    apply=(
        Apply(place="header", name="X-Token", value="Bearer {{ secret | hex }}"),
        Apply(place="query", name="access_token", value="{{ client_id }}"),
    )
)
API = Api(
    key="update",
    method="POST",
    path="/客户/{id}/联系人/{no}?v=1",
    query={"page": 1},
    headers={"X-Default": "d"},
    parameters=(
        Parameter(name="id", place="path", default="0"),
        Parameter(name="no", place="path", default="0"),
    ),
)
WORLD = World(crm(API, auth=AUTH), separate=True)

NAMES = ["page", "v", "状态", "Access_Token", "access_token"]
HEADERS = ["X-A", "x-a", "X-Default", "x-token", "X-TOKEN"]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VISIBLE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=8)
SEGMENTS = TEXT.filter(lambda text: text not in {"", ".", ".."})
STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("path"),
            st.dictionaries(st.sampled_from(["id", "no"]), SEGMENTS, max_size=2),
        ),
        st.tuples(st.just("query"), st.dictionaries(st.sampled_from(NAMES), TEXT, max_size=3)),
        st.tuples(
            st.just("header"), st.dictionaries(st.sampled_from(HEADERS), VISIBLE, max_size=3)
        ),
        st.tuples(st.just("body"), st.dictionaries(st.sampled_from("abc"), TEXT, max_size=2)),
    ),
    max_size=6,
)


def _chain(steps: list[tuple[str, Any]], start: Builder | None = None) -> Builder:
    chain = start or WORLD.proxy().api("update")
    for setter, value in steps:
        chain = getattr(chain, setter)(value)
    return chain


def _sent(chain: Builder) -> Request:
    chain.call()
    return WORLD.request


def _wire(request: Request) -> tuple[Any, ...]:
    return request.url, sorted(request.headers), request.body


@settings(max_examples=drawn(60), deadline=None)
@given(STEPS)
def test_only_the_last_value_of_each_place_and_name_counts(steps: list[tuple[str, Any]]) -> None:
    last: dict[str, dict[str, Any]] = {}
    for setter, values in steps:
        known = last.setdefault(setter, {})
        for name, value in values.items():
            key = name.lower() if setter == "header" else name
            known[key] = (name, value)
    once = [(setter, dict(known.values())) for setter, known in last.items()]

    assert _wire(_sent(_chain(steps))) == _wire(_sent(_chain(once)))


@settings(max_examples=drawn(60), deadline=None)
@given(STEPS)
def test_no_header_name_comes_twice_and_the_credential_stands_once(
    steps: list[tuple[str, Any]],
) -> None:
    request = _sent(_chain(steps))

    assert headers_of(request)["X-Token"] == f"Bearer {SECRET.encode().hex()}"
    query = [pair.partition("=") for pair in urlsplit(request.url).query.split("&")]
    tokens = [value for name, _, value in query if unquote(name).lower() == "access_token"]
    assert tokens == ["test"]


@settings(max_examples=drawn(60), deadline=None)
@given(STEPS)
def test_no_credential_is_in_what_may_be_written_down(steps: list[tuple[str, Any]]) -> None:
    request = _sent(_chain(steps))

    written = repr((request.recorded_form, request.call, WORLD.log[-1].request))
    assert SECRET not in written
    assert SECRET.encode().hex() not in written


@settings(max_examples=drawn(60), deadline=None)
@given(STEPS, STEPS)
def test_two_chains_from_one_builder_do_not_influence_each_other(
    first: list[tuple[str, Any]], second: list[tuple[str, Any]]
) -> None:
    alone = _wire(_sent(_chain(first)))
    stored = WORLD.proxy().api("update")
    one, two = _chain(first, stored), _chain(second, stored)

    _sent(two)

    assert _wire(_sent(one)) == alone


@settings(max_examples=drawn(60), deadline=None)
@given(SEGMENTS, SEGMENTS)
def test_path_values_never_add_a_segment(one: str, two: str) -> None:
    path = urlsplit(_sent(WORLD.proxy().api("update").path(id=one, no=two)).url).path

    segments = path.split("/")
    assert len(segments) == 5
    assert [unquote(segment) for segment in segments[1:]] == ["客户", one, "联系人", two]
    assert not {".", ".."} & set(segments)


@settings(max_examples=40, deadline=None)
@given(STEPS)
def test_setting_a_defaults_own_value_changes_nothing(steps: list[tuple[str, Any]]) -> None:
    defaults = WORLD.proxy().api("update").query(page=1, v="1").header({"X-Default": "d"})

    assert _wire(_sent(_chain(steps, defaults))) == _wire(_sent(_chain(steps)))


@settings(max_examples=40, deadline=None)
@given(TEXT.filter(bool), TEXT.filter(bool))
def test_direct_and_chained_forms_give_the_same_request(one: str, two: str) -> None:
    WORLD.proxy().update(one, two)
    direct = _wire(WORLD.request)

    assert _wire(_sent(WORLD.proxy().api("update").path(id=one, no=two))) == direct
