"""Properties tried in many short rounds, as the draws of a long one are much like each other.

After its first ten examples Hypothesis tries five variations of each that it draws, so that two
hundred examples hold some forty that are new. A round ends where that would begin.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from random import SystemRandom
from typing import Any, Protocol

from hypothesis import core, given, seed, settings
from hypothesis import strategies as st

OF_A_ROUND = 10
USUAL = 60
"""Examples of the profile up to which a property is tried with its own number of them."""

_FRESH = count()


class Property(Protocol):
    """A property that pytest runs; *first* is the seed of its first round."""

    check: Callable[[Any], None]
    """Raises where one drawn value breaks the property."""

    draws: Callable[[int], list[Any]]
    """Returns what CI would try from a seed on, where nothing breaks: `OF_A_ROUND` to a round."""

    def __call__(self, *, first: int | None = None) -> None: ...


def in_rounds(
    drawn: st.SearchStrategy[Any], examples: int
) -> Callable[[Callable[[Any], None]], Property]:
    """Return a decorator of a check of one drawn value: CI tries it with so many *examples*.

    They are as many as find a seeded bug behind each corner; see `tests.campaigns.reach`.

    The rounds have the seeds 0, 1, … where runs repeat themselves, and go on from
    ``--hypothesis-seed``, or a fresh one, where they do not. What fails is told with a blob for
    ``@reproduce_failure``, which belongs below this decorator.
    """

    def run(check: Callable[[Any], None], first: int | None) -> None:
        usual = settings()
        start = first if first is not None else 0 if usual.derandomize else _base()
        more = max(usual.max_examples / USUAL, 1)
        rounds = int(examples * more) // OF_A_ROUND
        how = settings(usual, max_examples=OF_A_ROUND, derandomize=False)
        for turn in range(rounds):
            try:
                seed(start + turn)(how(given(drawn)(check)))()
            except BaseException as error:
                error.add_note(f"in round {turn + 1} of {rounds}, with the seed {start + turn}")
                raise

    def draws(first: int) -> list[Any]:
        values: list[Any] = []

        def note(value: Any) -> None:
            values.append(value)

        run(note, first)
        return values

    def decorated(check: Callable[[Any], None]) -> Property:
        def test(first: int | None = None) -> None:
            run(check, first)

        test.__name__ = test.__qualname__ = check.__name__
        test.__doc__ = check.__doc__
        law: Any = test
        law.check, law.draws = check, draws
        return law  # type: ignore[no-any-return]

    return decorated


def _base() -> int:
    """Return where the seeds of this test begin: another million for each test."""
    forced: Any = core.global_force_seed
    start = int(forced) if forced is not None else SystemRandom().randrange(2**32)
    return start + next(_FRESH) * 1_000_000
