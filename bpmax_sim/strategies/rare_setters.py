"""Setters that random drawing rarely combines, each with values for which it matters.

Chains (`bpmax_sim.strategies.chains`) are drawn around one or two of them, so that these cases are
tested often. A setter that must be rejected is drawn into a chain that is otherwise valid, because
another rejection would hide it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from hypothesis import strategies as st

from bpmax_sim.field_path import split_body_path, with_member
from bpmax_sim.js_values import UNDEFINED, BigInt
from bpmax_sim.path_template import list_placeholders
from bpmax_sim.platform.model import Api, Auth, Platform, find_auth_places
from bpmax_sim.proxy.builder import Setter
from bpmax_sim.strategies.values import draw_evenly

Step = tuple[Setter, Any]
StepMaker = Callable[[Api, Platform | None, Any], list[Step]]

UNNAMED: Final = Api(key="get_customer_detail", path="/customers/{id}")
"""What is called where no platform is."""


def find_placeholders_without_auth(platform: Platform | None, api: Api) -> tuple[str, ...]:
    """Return the path placeholders of *api* that a call has to fill; auth fills the others."""
    auth = get_auth(platform, api)
    taken = {item.name for item in auth.apply if item.place == "path"} if auth else set()
    return tuple(name for name in list_placeholders(api.path) if name not in taken)


def rivals(*, platform: Platform, api: Api = UNNAMED) -> st.SearchStrategy[Step]:
    """Draw setters for the names that auth of *platform* sets itself, also in other letter cases.

    The values of auth must win. Nothing is drawn without auth.
    """
    claimed = claims(platform=platform, api=api)
    return st.sampled_from(claimed) if claimed else st.nothing()


def get_auth(platform: Platform | None, api: Api) -> Auth | None:
    """Return how calls of *api* authenticate: its own auth, else the platform's.

    None without platform.
    """
    return api.auth if isinstance(api.auth, Auth) else platform.auth if platform else None


def claims(*, platform: Platform | None, api: Api = UNNAMED) -> list[Step]:
    """Return setters for what auth of *api* sets itself: one for each name and letter case.

    The values of auth must win over theirs. Empty without auth.
    """
    auth = get_auth(platform, api)
    return [
        _make_auth_overwriting_step(place, spelled)
        for place, name in (find_auth_places(auth, auth.apply) if auth else ())
        for spelled in dict.fromkeys((name, name.lower(), name.upper(), name.title()))
        if place != "path" or spelled == name
    ]


def _make_auth_overwriting_step(place: str, name: str) -> Step:
    if place == "cookie":
        return "header", {"Cookie": f"a=1; {name}=mine; b=2"}
    if place != "body":
        return place, {name: "mine"}  # type: ignore[return-value]
    return "body", with_member({}, split_body_path(name), "mine")


def _make_default_override(setter: Setter, place: str, name_without_default: str) -> StepMaker:
    """Return a function that makes *setter* overwrite a default of an API or its platform.

    *place* is the attribute that holds defaults in both, such as ``headers``. The first name in
    alphabetical order that has a default is overwritten (a header in the other letter case), or
    *name_without_default* if there are no defaults. The function gets the API, the platform and
    the value.
    """

    def aim(api: Api, platform: Platform | None, value: Any) -> list[Step]:
        levels = (api, platform) if platform else (api,)
        first = min(
            (known for level in levels for known in getattr(level, place)),
            default=name_without_default,
        )
        return [(setter, {first.swapcase() if setter == "header" else first: value})]

    return aim


_DEFAULT_QUERY = _make_default_override("query", "query", "page")
_DEFAULT_HEADER = _make_default_override("header", "headers", "X-Trace")


def _override_query_of_path(api: Api, _platform: Platform | None, value: Any) -> list[Step]:
    names = [pair.partition("=")[0] for pair in api.path.partition("?")[2].split("&")]
    return [("query", {names[0] or "q": value})]


def _fill_first_placeholder_twice(api: Api, platform: Platform | None, value: Any) -> list[Step]:
    names = find_placeholders_without_auth(platform, api)
    return [("path", {name: text}) for name in names[:1] for text in ("先", value)]


def _fill_first_placeholder(api: Api, platform: Platform | None, value: Any) -> list[Step]:
    return [("path", {name: value}) for name in find_placeholders_without_auth(platform, api)[:1]]


def _make_value_setter(setter: Setter, name: str = "", *, after: Any = UNDEFINED) -> StepMaker:
    """Return a function of API, platform and value that makes one *setter* with that value.

    The value is that of *name*, or if *name* is "" the whole argument, such as a body. If *after*
    is given, a setter with the value *after* comes first, which the second one overwrites.
    """

    def step(value: Any) -> Step:
        return setter, {name: value} if name else value

    before = [] if after is UNDEFINED else [step(after)]
    return lambda _api, _platform, value: [*before, step(value)]


def _overwrite_auth_value(api: Api, platform: Platform | None, step_number: Any) -> list[Step]:
    claimed = claims(platform=platform, api=api) or [("header", {"authorization": "Bearer mine"})]
    return [claimed[step_number % len(claimed)]]


CORNERS: Final[Mapping[str, tuple[StepMaker, tuple[Any, ...]]]] = {
    "undefined on a default of the query": (_DEFAULT_QUERY, (UNDEFINED,)),
    "undefined on a default header": (_DEFAULT_HEADER, (UNDEFINED,)),
    "null on a default of the query": (_DEFAULT_QUERY, (None,)),
    "null on a default header in another case": (_DEFAULT_HEADER, (None,)),
    "a header that meets a default in another case": (_DEFAULT_HEADER, ("t-1",)),
    "a value on a default of the query": (_DEFAULT_QUERY, ("覆盖", 0, False, [1, "b"])),
    "a value on a query of the path": (_override_query_of_path, ("z", None)),
    "one query name twice": (_make_value_setter("query", "q", after=1), ("末", UNDEFINED, None)),
    "one header twice in two cases": (
        lambda _api, _platform, value: [
            ("header", {"X-Twice": "1"}),
            ("header", {"x-twicE": value}),
        ],
        ("2", UNDEFINED, None),
    ),
    "one placeholder twice": (_fill_first_placeholder_twice, ("后", "a/b?#", UNDEFINED)),
    "an object after another body": (
        lambda _api, _platform, value: [("body", value), ("body", {"来源": "后"})],
        ("文本", [1], 7, None),
    ),
    "another body after an object": (
        _make_value_setter("body", after={"来源": "先"}),
        ("文本", [1], None),
    ),
    "two objects": (
        _make_value_setter("body", after={"来源": "先", "q": 1}),
        ({"q": {"深": 2}}, {"q": None}, {"q": None, "来源": None}, {"q": UNDEFINED}),
    ),
    "a template in a text": (
        lambda _api, _platform, value: [("query", {"q": value}), ("body", {"来源": value})],
        ('[1,2]{{ x }}"\n', "{{ now }}", "${x}%"),
    ),
    "numbers, a space and a plus in the query": (
        _make_value_setter("query", "q"),
        (1e21, "a+b c", True, -0.0, 1.5e-7),
    ),
    "an array in the query": (
        _make_value_setter("query", "q"),
        ([1, "b"], [True, None, "c d"], []),
    ),
    "a date, NaN and undefined in a body": (
        lambda _api, _platform, value: [("body", {"q": value, "no": [value], "lang": UNDEFINED})],
        (datetime(2026, 3, 2, 1, 2, 3, 45_000, tzinfo=UTC), float("nan"), UNDEFINED, 1e21),
    ),
    "undefined for a body": (_make_value_setter("body"), (UNDEFINED,)),
    "a text for a body": (_make_value_setter("body"), ("文本 {{ x }}", '{"a":1}', "")),
    "half a character in a body": (_make_value_setter("body"), ({"q": "甲\ud800"}, "\ud83d")),
    "bytes for a body": (_make_value_setter("body"), (b"\xff\x00", b"")),
    "an Authorization of the script's own": (
        _make_value_setter("header", "authorization"),
        ("Bearer mine-0123456789", "Basic bWluZTptaW5l"),
    ),
    "a content type of the script's own": (
        _make_value_setter("header", "content-type"),
        (
            "application/json; charset=utf-8",
            "application/x-www-form-urlencoded",
            "multipart/form-data",
        ),
    ),
}
"""Setters that rarely meet by chance, by what they are: what makes them, and of which values."""

REFUSED: Final[Mapping[str, tuple[StepMaker, tuple[Any, ...]]]] = {
    "null in a path": (_fill_first_placeholder, (None,)),
    "dots in a path": (_fill_first_placeholder, ("..", ".", "..")),
    "a header that no line can hold": (
        _make_value_setter("header", "X-New"),
        ("x\r\nX-Evil: 1", "张三", "x\nX-Evil: 1", "a\x00b"),
    ),
    "a name that no path has": (_make_value_setter("path", "unknown"), ("1",)),
    "an object in the query": (_make_value_setter("query", "q"), ({"a": 1}, [[1]])),
    "a BigInt in a body": (_make_value_setter("body"), (BigInt(1), {"q": [BigInt(1)]})),
    "half a character in the query": (_make_value_setter("query", "q"), ("\udc00",)),
}
"""Setters that must be refused, as `CORNERS` has those that need not be."""


AUTH: Final[Mapping[str, tuple[StepMaker, tuple[Any, ...]]]] = {
    "a name that auth owns": (_overwrite_auth_value, tuple(range(12))),
    "headers that a signature normalises": (
        lambda _api, _platform, value: [("header", {"X-Trace": "a  B", "content-type": value})],
        ("application/json; charset=UTF-8",),
    ),
}
"""What few kinds of auth have; met more often where they do."""

ENCODED: Final[Mapping[str, tuple[StepMaker, tuple[Any, ...]]]] = {
    "form": (
        _make_value_setter("body"),
        ({"来源": "a&b=c d*~"}, {"来源": ["~", "一 二"], "q": None}),
    ),
    "multipart": (
        _make_value_setter("body"),
        ({"来源": " 张三\t"}, {"q": {"content": b"1\r\n", "filename": "合同.csv"}}),
    ),
    "xml": (
        _make_value_setter("body"),
        ({"单": {"来源": "甲\r<乙>&"}}, {"单": {"@no": 7, "来源": ["\r", "]]>"]}}),
    ),
    "text": (_make_value_setter("body"), (7.5, True, "文本 {{ x }}", "")),
}
"""Bodies that each encoding has its own way with."""

_MOSTLY = st.sampled_from((True, True, True, False))
_NEARLY_ALWAYS = st.integers(0, 7).map(bool)
_CLAIM, _NORMALISED = AUTH
_TIMES: Final = {
    _CLAIM: 5,
    "two objects": 2,
    "undefined for a body": 2,
    "half a character in a body": 3,
    "half a character in the query": 2,
    "a header that no line can hold": 2,
    "bytes for a body": 3,
    "a date, NaN and undefined in a body": 2,
    "null on a default header in another case": 2,
    "an Authorization of the script's own": 3,
    "null in a path": 2,
    "dots in a path": 3,
    "a BigInt in a body": 4,
}
_OFTEN: Final = [name for name in (*CORNERS, *AUTH) for _ in range(_TIMES.get(name, 1))]
_TWO = st.tuples(draw_evenly(_OFTEN), draw_evenly(_OFTEN)).map(list)
_REFUSED: Final = [name for name in REFUSED for _ in range(_TIMES.get(name, 1))]
_ALL: Final = {**CORNERS, **AUTH, **ENCODED, **REFUSED}


def refused_steps(*, api: Api, platform: Platform | None) -> st.SearchStrategy[list[Step]]:
    """Draw setters that a call of *api* must reject, such as null in a path.

    They come from one entry of `REFUSED`, a table of such cases.
    """
    missing = {
        name
        for name, has in (
            ("path", find_placeholders_without_auth(platform, api)),
            ("body", not api.encoding),
        )
        if not has
    }
    names = [name for name in _REFUSED if name.split()[-1] not in missing]
    return draw_evenly(names).flatmap(lambda name: _draw_steps(name, api, platform))


@st.composite
def setter_edge_cases(
    draw: st.DrawFn, *, api: Api, platform: Platform | None = None
) -> list[list[Step]]:
    """Draw unusual uses of setters, each as a list of setters in their order.

    They are two entries of `CORNERS`, and some for the auth and encoding of *api*. `CORNERS` is a
    table of cases that random values seldom reach, such as a header set twice.
    """
    names = draw(_TWO)
    auth = get_auth(platform, api)
    if auth is not None and auth.sign is not None and draw(_NEARLY_ALWAYS):
        names.append(_NORMALISED)
    if auth is not None and any(spot.place in {"cookie", "body"} for spot in auth.apply):
        names += [_CLAIM] * 4
    drawn = [draw(_draw_steps(name, api, platform)) for name in names]
    if api.encoding in ENCODED and draw(_MOSTLY):
        drawn = [[step for step in steps if step[0] != "body"] for steps in drawn]
        drawn.append(draw(_draw_steps(str(api.encoding), api, platform)))
    return drawn


def _draw_steps(name: str, api: Api, platform: Platform | None) -> st.SearchStrategy[list[Step]]:
    aim, values = _ALL[name]
    return st.sampled_from(values).map(lambda value: aim(api, platform, value))
