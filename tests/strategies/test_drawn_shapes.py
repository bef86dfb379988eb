"""What drawn requests, setters and APIs have in common, whichever of them is drawn."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from bpmax_sim.js_values import UNDEFINED, BigInt
from bpmax_sim.messages import Request
from bpmax_sim.platform.model import (
    Api,
    Apply,
    Auth,
    Parameter,
    Platform,
    ResponseRules,
    Sign,
    to_snake_case,
)
from bpmax_sim.proxy.builder import CallSpec
from bpmax_sim.strategies import (
    apis,
    direct_calls,
    exchanges,
    failures,
    platforms,
    requests,
    responses,
    scenarios,
    scripts,
)
from bpmax_sim.strategies.platforms import (
    _draw_parameters,
    _format_parameter_target,
    _make_placeholder_path,
    _set_auth_and_drop_conflicts,
    find_response_rules,
    make_preset_auths,
)
from bpmax_sim.strategies.programs import _draw_bodies, _insert_steps
from bpmax_sim.strategies.rare_setters import REFUSED, refused_steps, setter_edge_cases

QUICK = settings(database=None, max_examples=60, derandomize=True)


@QUICK
@given(requests())
def test_a_request_that_is_authorised_says_what_was_injected(request: Request) -> None:
    names = [name for name, _ in request.headers]
    call = request.call

    assert call is not None
    assert request.injected == (("header.authorization",) if "Authorization" in names else ())
    assert "Authorization" not in dict(call.headers)
    assert ("Content-Type" in names) is (request.body is not None)
    assert request.url.startswith(f"{request.base}{call.path}")
    assert ("?" in request.url) is bool(call.query)


@pytest.mark.parametrize("has_token", [True, False])
def test_requests_with_and_without_authorisation_are_drawn(*, has_token: bool) -> None:
    found = find(requests(), lambda one: bool(one.injected) is has_token, settings=QUICK)

    assert found.injected == (("header.authorization",) if has_token else ())


@pytest.mark.parametrize("kind", ["response", "failure"])
def test_an_exchange_ends_with_a_response_or_a_failure(kind: str) -> None:
    other = responses() if kind == "response" else failures()
    wanted = type(find(other, lambda _: True, settings=QUICK))
    found = find(
        exchanges(owner=st.just("付款")),
        lambda one: isinstance(one.outcome, wanted),
        settings=QUICK,
    )

    assert (found.owner, type(found.outcome)) == ("付款", wanted)
    assert found.key


@QUICK
@given(st.data(), st.integers(0, 4), st.integers(0, 4))
def test_setters_that_are_inserted_keep_their_order(
    data: st.DataObject, first: int, second: int
) -> None:
    steps: list[Any] = [("query", {"旧": n}) for n in range(first)]
    more: list[Any] = [("query", {"新": n}) for n in range(second)]
    whole = [*steps]
    draw: Any = data.draw
    _insert_steps(draw, whole, more)

    assert [one for one in whole if "旧" in one[1]] == steps
    assert [one for one in whole if "新" in one[1]] == more
    assert len(whole) == first + second


FILLED, BARE = "/orders/{id}", "/orders"


@pytest.mark.parametrize(
    ("path", "encoding", "lacks"),
    [
        (FILLED, UNSET, set()),
        (BARE, UNSET, {"path"}),
        (FILLED, "form", {"body"}),
        (BARE, "xml", {"path", "body"}),
    ],
)
def test_what_must_be_refused_is_what_the_api_can_be_given(
    path: str, encoding: Any, lacks: set[str]
) -> None:
    api = Api(key="get", path=path, encoding=encoding)
    seen: list[Any] = []

    @settings(database=None, max_examples=60, derandomize=True)
    @given(refused_steps(api=api, platform=None))
    def draw(steps: Any) -> None:
        seen.extend(steps)

    draw()
    setters = {(setter, type(value)) for setter, value in seen}
    assert ("body" in {setter for setter, _ in setters}) is ("body" not in lacks)
    assert (("path", {"id": None}) in seen) is ("path" not in lacks)
    assert ("path", {"unknown": "1"}) in seen
    assert all(steps for steps in seen)
    if "body" not in lacks:
        assert any(isinstance(value, BigInt) for _, value in seen)
    assert {name for name in REFUSED if name.endswith("in a path")} == {
        "null in a path", "dots in a path"
    }  # fmt: skip


@pytest.mark.parametrize("encoding", ["form", "multipart", "xml", "text"])
def test_of_an_encoded_body_its_own_corners_are_met(encoding: Any) -> None:
    api = Api(key="save", method="POST", path=FILLED, encoding=encoding)
    own: list[Any] = []

    @settings(database=None, max_examples=30, derandomize=True)
    @given(setter_edge_cases(api=api))
    def draw(cases: Any) -> None:
        bodies = [step for steps in cases for step in steps if step[0] == "body"]
        if len(cases) == 3:
            assert [step for steps in cases[:2] for step in steps if step[0] == "body"] == []
            own.extend(bodies)

    draw()
    assert own


def spot(place: Any, name: str = "x") -> Apply:
    return Apply(place=place, name=name, value="{{ secret }}")


PARAMETERS = (Parameter(name="数量", place="body"), Parameter(name="页", place="query"))
FORM = Api(
    key="save", path=BARE, encoding="form", body={"来源": "表单"}, parameters=PARAMETERS
)  # fmt: skip
SIGNED = Auth(sign=Sign(message="m", key="{{ secret }}", emit=(spot("body", "sign"),)))


@pytest.mark.parametrize(
    ("platform", "own", "path", "is_form"),
    [
        (Auth(), None, BARE, True),
        (Auth(apply=(spot("header"),)), None, BARE, True),
        (Auth(apply=(spot("header"), spot("query"), spot("body"))), None, BARE, False),
        (SIGNED, None, BARE, False),
        (Auth(apply=(spot("path", "tenant"),)), None, "/{tenant}/orders", True),
        (Auth(apply=(spot("path", "tenant"), spot("body"))), Auth(), BARE, True),
        (Auth(), Auth(apply=(spot("body"), spot("path", "tenant"))), "/{tenant}/orders", False),
    ],
)
def test_an_api_has_nothing_that_its_auth_would_overwrite(
    platform: Auth, own: Auth | None, path: str, *, is_form: bool
) -> None:
    found = _set_auth_and_drop_conflicts(FORM, platform, own)

    assert found.path == path
    assert (found.encoding, found.body) == (("form", FORM.body) if is_form else (UNSET, UNSET))
    assert found.parameters == (PARAMETERS if is_form else PARAMETERS[1:])
    assert (found.auth, found.response) == (
        (FORM.auth, FORM.response) if own is None else (own, ResponseRules())
    )


def test_an_api_of_its_own_preset_has_the_rules_of_that_preset() -> None:
    (own,) = make_preset_auths("wechatpay_v3")
    found = _set_auth_and_drop_conflicts(Api(key="pay", path=BARE), Auth(), own)

    assert (found.auth, found.response) == (own, find_response_rules(own))


@pytest.mark.parametrize(
    ("place", "name", "encoding", "target"),
    [
        ("header", "page", "", "X-page"),
        ("header", "状态", "form", "X-Z"),
        ("query", "状态", "", ""),
        ("body", "状态", "", "深.状态"),
        ("body", "page", "xml", "单.page"),
        ("body", "page", "form", "page"),
        ("body", "page", "multipart", "page"),
    ],
)
def test_a_parameter_is_sent_where_its_place_can_hold_it(
    place: str, name: str, encoding: str, target: str
) -> None:
    assert _format_parameter_target(place, name, encoding) == target


@pytest.mark.parametrize(
    ("names", "path"),
    [([], ""), (["id"], "/{id}"), (["id", "no"], "/{id}-{no}"), (["a", "b", "c"], "/{a}-{b}-{c}")],
)
def test_placeholders_are_one_part_of_the_path(names: list[str], path: str) -> None:
    assert _make_placeholder_path(names, "-") == path


@pytest.mark.parametrize("encoding", ["form", "multipart", "xml", "text"])
@pytest.mark.parametrize("refusable", [True, False])
def test_only_a_body_that_may_be_refused_is_one_that_its_encoding_cannot_hold(
    encoding: str, *, refusable: bool
) -> None:
    seen: list[Any] = []

    @settings(database=None, max_examples=40, derandomize=True)
    @given(_draw_bodies(refusable, encoding))
    def draw(body: Any) -> None:
        seen.append(body)

    draw()
    kinds = {type(body) for body in seen} - {type(UNDEFINED)}
    assert (BigInt in kinds) is refusable
    assert (bytes in kinds) is refusable
    if not refusable:
        assert kinds <= ({str, int, float, bool} if encoding == "text" else {dict})


SPELLED = apis(names=st.sampled_from(("getOrder", "find_stock", "createBill")))


@settings(database=None, max_examples=6, derandomize=True)
@given(platforms(auth=st.just(Auth()), api=SPELLED.filter(lambda api: bool(api.aliases))))
def test_each_name_of_an_api_leads_to_it_in_snake_case(platform: Platform) -> None:
    for key, api in platform.apis.items():
        names = {to_snake_case(name) for name in (key, *api.aliases)}
        assert {platform.spellings[name] for name in names} == {key}
    assert {*platform.spellings.values()} == {*platform.apis}


@pytest.mark.parametrize("encoding", ["", "form", "multipart", "xml", "text"])
def test_a_body_has_the_parameters_that_its_encoding_can_hold(encoding: str) -> None:
    seen: set[str] = set()

    @settings(database=None, max_examples=60, derandomize=True)
    @given(_draw_parameters(["id"], encoding))
    def draw(parameters: list[Parameter]) -> None:
        names = [one.name for one in parameters]
        assert len({*names}) == len(names)
        assert [one.name for one in parameters if one.place == "path"] == ["id"]
        seen.update(one.name for one in parameters if one.place == "body")

    draw()
    assert bool(seen) is (encoding != "text")
    assert ("1" in seen) is (encoding not in {"xml", "text"})


CALL = CallSpec(platform="crm", api="get", args=())


@pytest.mark.parametrize("is_caught", [True, False])
def test_calls_of_scripts_are_caught_or_not(*, is_caught: bool) -> None:
    found = find(
        scripts(programs=st.just(CALL)),
        lambda one: "$proxy" in one.source and ("try {" in one.source) is is_caught,
        settings=QUICK,
    )

    assert ("catch (e)" in found.source) is is_caught
    assert found.source.splitlines()[-1].startswith("return ")


@pytest.mark.parametrize("kind", ["js", "set"])
def test_a_scenario_has_no_expression_that_would_be_evaluated(kind: str) -> None:
    call = CallSpec(platform="crm", api="get", args=("${x}",))

    def has_text(document: dict[str, Any]) -> bool:
        return any("{x}" in str(step.get(kind)) for step in document["steps"])

    options = settings(QUICK, max_examples=5000, phases=[Phase.generate])
    found = find(scenarios(programs=st.just(call)), has_text, settings=options)

    assert ("$ {x}" in str(found), "${" in str(found)) == (True, False)


@pytest.mark.parametrize("folder", ["", "接口/"])
def test_a_scenario_names_the_folder_of_platforms_where_one_is_given(folder: str) -> None:
    @settings(database=None, max_examples=2, derandomize=True)
    @given(scenarios(programs=st.just(CALL), platforms=folder))
    def draw(document: dict[str, Any]) -> None:
        assert document.get("proxy") == ({"platforms": folder} if folder else None)
        assert (document["version"], len(document["steps"]) >= 1) == (1, True)

    draw()


@pytest.mark.parametrize(
    ("auth", "least", "most"),
    [
        (Auth(), 2, 2),
        (Auth(apply=(spot("header"), spot("query"))), 2, 2),
        (Auth(apply=(spot("header"), spot("cookie"))), 6, 6),
        (Auth(apply=(spot("body"),)), 6, 6),
        (SIGNED, 2, 3),
    ],
)
def test_what_auth_owns_is_met_often_in_cookies_and_bodies(
    auth: Auth, least: int, most: int
) -> None:
    platform = Platform(platform_key="crm", base_url="https://crm.example.test", auth=auth)
    seen = set()

    @settings(database=None, max_examples=40, derandomize=True)
    @given(setter_edge_cases(api=Api(key="get", path=FILLED), platform=platform))
    def draw(cases: Any) -> None:
        seen.add(len(cases))

    draw()
    assert seen == set(range(least, most + 1))


@pytest.mark.parametrize("refusable", [True, False])
def test_an_object_is_the_first_argument_only_where_it_may_be_refused(*, refusable: bool) -> None:
    number = Parameter(name="id", place="path", required=True, type="string")
    api = Api(key="查询", path="/{id}", parameters=(number,))
    kinds = set[type]()

    @settings(QUICK, max_examples=200)
    @given(direct_calls(api=api, refusable=refusable))
    def draw(call: CallSpec) -> None:
        kinds.update(type(one) for one in (call.args or ())[:1])

    draw()
    assert (dict in kinds) is refusable
