"""Find places named in a platform file, such as under ``redact``, that no message has.

Each place comes with its path in the file, so that it can be reported there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, Literal, NamedTuple

from bpmax_sim.errors import ConfigError, find_nearest, is_plural, suggest_nearest
from bpmax_sim.field_path import FieldPath, find_objects_without, find_values_at
from bpmax_sim.platform import model
from bpmax_sim.yamlfile import Steps

Side = Literal["request", "response"]
SIDES: Final[dict[str, tuple[Side, ...]]] = {
    "ignore": ("request",),
    "volatile": ("response",),
    "redact": ("request", "response"),
    "secret": ("response",),
}
"""Each list of places, and the messages whose places it names."""


class DeclaredPlace(NamedTuple):
    """A place in requests or responses that a platform file names, such as ``body.requestId``.

    Attributes:
        platform: key of the platform.
        option: the key in the file under which it is listed, such as ``redact``.
        path: the place.
        sides: the messages that may have it.
        steps: path of its text in the file.
        api: key of the API whose messages are meant; "" for all of the platform.
    """

    platform: str
    option: str
    path: FieldPath
    sides: tuple[Side, ...]
    steps: Steps
    api: str = ""

    @property
    def is_rule(self) -> bool:
        """Return whether responses are judged by the value at this place (``response.ok`` …)."""
        return self.option.startswith("response.")


def list_listed_places(
    platform: model.Platform, api: model.Api | None = None
) -> Iterator[DeclaredPlace]:
    """Yield each place that *platform*, or *api* of it, lists under an option of `SIDES`."""
    owner: model.Platform | model.Api = platform if api is None else api
    key, above = ("", ()) if api is None else (api.key, ("apis", api.key))
    for option, sides in SIDES.items():
        for number, text in enumerate(getattr(owner, option)):
            path = _parse(text, option)
            if path is not None:
                at = (*above, option, number)
                yield DeclaredPlace(platform.platform_key, option, path, sides, at, key)


def list_rule_places(platform: model.Platform, api: model.Api) -> Iterator[DeclaredPlace]:
    """Yield each place by which responses of *api* are judged: by ``ok``, ``code``, ``message``.

    They are its own rules, else those of *platform*. A condition ``absent: true`` is left out.
    """
    is_own = isinstance(api.response, model.ResponseRules)
    key, above = (api.key, ("apis", api.key)) if is_own else ("", ())
    rules = platform.response_of(api)
    conditions = [(n, one.path) for n, one in enumerate(rules.ok.all) if not one.absent]
    listed: list[tuple[str, Sequence[tuple[int, str]], Steps]] = [
        ("response.ok", conditions, ("response", "ok", "all")),
        ("response.code", [*enumerate(rules.code)], ("response", "code")),
        ("response.message", [*enumerate(rules.message)], ("response", "message")),
    ]
    for option, paths, steps in listed:
        for number, text in paths:
            path = FieldPath.from_declared_response_place(text)
            if path is not None and path.root != "cookie":
                at = (*above, *steps, number)
                yield DeclaredPlace(platform.platform_key, option, path, ("response",), at, key)


def list_judged_members(platform: model.Platform, api: model.Api) -> set[tuple[Any, ...]]:
    """Return the path of each member of a body that a failure or a success of *api* may have.

    They are in the rules by which its responses are judged. The declared answer is that of a
    success, and may not have them: ``message`` is only in a failure.
    """
    rules = platform.response_of(api)
    texts = (*rules.code, *rules.message, *(one.path for one in rules.ok.all))
    found = (FieldPath.from_declared_response_place(text) for text in texts)
    paths = [path.steps_below_root for path in found if path is not None and path.root == "body"]
    return {path[:depth] for path in paths for depth in range(1, len(path) + 1)}


def _parse(text: str, option: str) -> FieldPath | None:
    """Return the place *text* of *option*; None for a cookie, and for what is no single place."""
    with suppress(ConfigError):
        return FieldPath.parse(text, option)
    path = FieldPath.from_declared_response_place(text)
    return path if path is not None and path.root != "cookie" else None


class PlaceSearch:
    """The search for declared places in messages.

    Attributes:
        found: the places that a message has.
    """

    def __init__(self) -> None:
        """Begin with no message."""
        self.found: set[DeclaredPlace] = set()
        self._missing: dict[DeclaredPlace, dict[int, set[str]]] = {}
        self._listed: dict[tuple[str, str], set[FieldPath]] = {}

    def look_for(self, place: DeclaredPlace, messages: Iterable[Mapping[str, Any]]) -> None:
        """Look for *place* in *messages*: each is the name of a part, such as ``body`` -> value."""
        if place in self.found:
            return
        self._listed.setdefault((place.platform, place.option), set()).add(place.path)
        missing = self._missing.setdefault(place, {})
        for parts in messages:
            if any(True for _ in find_values_at(parts, place.path)):
                self.found.add(place)
            for number, owner in find_objects_without(parts, place.path):
                missing.setdefault(number, set()).update(map(str, owner))

    @property
    def missing(self) -> Iterator[DeclaredPlace]:
        """Return the places that were looked for and that no message has."""
        return (place for place in self._missing if place not in self.found)

    def suggest_name(self, place: DeclaredPlace, *, is_complete: bool = False) -> str:
        """Return a hint with the name that is probably meant by *place*, which no message has.

        "" if there is none. A name is not meant that the file lists beside it, as an alternative.
        Of a place for all APIs only the last name is judged, and no plural, unless the messages are
        all that are known (*is_complete*): other APIs may have what these do not.
        """
        names_by_depth = self._missing[place]
        is_for_all = not place.api and not place.is_rule
        last = len(place.path) - 1
        for number in sorted(names_by_depth) if is_complete or not is_for_all else [last]:
            names = sorted(names_by_depth.get(number, ()))
            name = str(place.path[number])
            near = find_nearest(name, names) if names else ""
            meant = FieldPath((*place.path[:number], near, *place.path[number + 1 :]))
            is_alternative = meant in self._listed[place.platform, place.option]
            if near and not is_alternative and not (is_for_all and is_plural(name, near)):
                return suggest_nearest(name, names)
        return ""
