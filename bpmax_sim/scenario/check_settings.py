"""What can be wrong in a scenario beside its steps: its name, clock, user, secrets and proxy."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import UNSET

from bpmax_sim.cassette.paths import parse_path
from bpmax_sim.clock import Instant
from bpmax_sim.errors import ConfigError, Problem
from bpmax_sim.scenario.draft import Draft, element, hint
from bpmax_sim.scenario.values import UndefinedValueError, reference

_SECRET_ROOTS = ("env", "vars", "case")


def check_settings(draft: Draft) -> None:
    """Tell *draft* what is wrong with them."""
    for one in (_name, _clock, _user, _stubs, _places, _secrets, _rows):
        one(draft)


def _name(draft: Draft) -> None:
    if not draft.scenario.scenario.strip():
        draft.tell(draft.spot.at("scenario"), "a scenario needs a name")


def _clock(draft: Draft) -> None:
    if draft.scenario.clock:
        try:
            Instant.parse(draft.scenario.clock)
        except ValueError as error:
            draft.tell(draft.spot.at("clock"), str(error))


def _user(draft: Draft) -> None:
    user = draft.scenario.user
    if user is not UNSET and not isinstance(user, str | int | Mapping):
        draft.tell(draft.spot.at("user"), "expected an id, or a map such as {id: lisi}")


def _stubs(draft: Draft) -> None:
    for index, stub in enumerate(draft.scenario.proxy.stubs):
        spot = element(draft.spot.at("proxy", "stubs"), index)
        if "." not in stub.on:
            draft.tell(spot, f"on: expected platform.api or platform.*, got {stub.on!r}")


def _places(draft: Draft) -> None:
    """Find paths that name no place of a request, and would be ignored without a word."""
    for index, text in enumerate(draft.scenario.proxy.ignore):
        try:
            parse_path(text)
        except ConfigError as error:
            told = str(error).removeprefix("ignore: ")
            draft.tell(element(draft.spot.at("proxy", "ignore"), index), told)


def _rows(draft: Draft) -> None:
    """Find marks of rows that are neither a text nor a list of them."""
    for row in draft.rows:
        for key in ("tags", "skip", "xfail"):
            value = row.values.get(key)
            listed = value if isinstance(value, list) and key == "tags" else [value]
            if any(isinstance(one, Mapping | list) for one in listed):
                draft.problems.append(Problem(f"{key}: expected text", row.place, "cases"))


def _secrets(draft: Draft) -> None:
    for index, text in enumerate(draft.scenario.secrets):
        wrong = _secret(draft, text)
        if wrong:
            draft.tell(element(draft.spot.at("secrets"), index), wrong)


def _secret(draft: Draft, text: str) -> str | None:
    """Return what is wrong with the name of a secret; a variable of the environment may come."""
    try:
        found = reference(text)
    except UndefinedValueError:
        found = None
    if found is None or found.root not in _SECRET_ROOTS:
        return f"expected env.X, vars.x or case.x, got {text!r}"
    known = _known(draft, found.root)
    name = str(found.path[0])
    return None if known is None or name in known else f"no {found.root}.{name}{hint(name, known)}"


def _known(draft: Draft, root: str) -> list[str] | None:
    look: Mapping[str, Callable[[], list[str]]] = {
        "vars": lambda: sorted(draft.declared_vars()),
        "case": lambda: list(dict.fromkeys(name for row in draft.rows for name in row.values)),
    }
    return look[root]() if root in look else None
