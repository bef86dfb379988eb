"""See all that a strategy draws in a fixed run."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

Has = Callable[[Any], Any]
"""Whether a drawn value is of some kind."""

LONG = settings(
    database=None,
    max_examples=5000,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[*HealthCheck],
)


def draw_all(drawn: st.SearchStrategy[Any], count: int = 100) -> list[Any]:
    """Return what a fixed run of *count* examples draws."""
    seen: list[Any] = []

    @settings(
        database=None, max_examples=count, derandomize=True, deadline=None,
        suppress_health_check=[*HealthCheck],
    )  # fmt: skip
    @given(drawn)
    def see(value: Any) -> None:
        seen.append(value)

    see()
    return seen


def require_kinds(
    drawn: st.SearchStrategy[Any],
    kinds: Mapping[str, Has],
    there: Collection[str],
    count: int = 50,
) -> None:
    """Require that values of the kinds *there* can be drawn, and of no other of *kinds* is one."""
    values = draw_all(drawn, count)
    found = {name for name, has in kinds.items() if any(map(has, values))}

    assert found <= {*there}
    for name in {*there} - found:
        find(drawn, kinds[name], settings=LONG)


def has_each(attribute: str, values: Iterable[Any]) -> dict[str, Has]:
    """Return a kind for each of *values*, which *attribute* of what is drawn may be."""

    def has(value: Any) -> Has:
        return lambda one: getattr(one, attribute) == value

    return {str(value): has(value) for value in values}
