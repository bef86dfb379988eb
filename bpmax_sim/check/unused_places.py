"""Find places named in platform files, such as under ``redact``, that no recording has.

What is misspelt there does nothing: the personal data of the next recording stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.matching import rebuild_call_without_injected
from bpmax_sim.cassette.model import read_message_parts
from bpmax_sim.errors import Place, Problem
from bpmax_sim.field_path import format_path
from bpmax_sim.i18n import join_list, label_message, msg
from bpmax_sim.messages import Exchange, Response
from bpmax_sim.platform.declared_places import (
    DeclaredPlace,
    PlaceSearch,
    list_listed_places,
    list_rule_places,
)
from bpmax_sim.platform.load import Platforms, find_declared_place

_HIDING = ("redact", "secret")


class UnusedPlaces:
    """The places that the user's platform files name, searched for in recordings."""

    def __init__(self, loaded: Sequence[Platforms]) -> None:
        """Take the platforms of the project; *loaded* has one for each set of folders."""
        self._loaded = loaded
        self._platforms = {key: one for known in loaded for key, one in known.own.items()}
        self._search = PlaceSearch()
        self._recorded: set[str] = set()
        self._places: dict[str, list[DeclaredPlace]] = {}

    def search_cassette(self, cassette: Cassette) -> None:
        """Look for the places in each exchange of *cassette*.

        Raises:
            DamagedCassette: if an exchange is not as it was recorded.
        """
        for number in range(len(cassette)):
            exchange = cassette.exchange(number)
            call = exchange.request.call
            places = self._list_places(call.name) if call else ()
            left = [place for place in places if place not in self._search.found]
            if call and isinstance(exchange.outcome, Response):
                self._recorded.add(call.name)
            messages = _read_messages(exchange) if left else {}
            for place in left:
                self._search.look_for(place, [messages[s] for s in place.sides if s in messages])

    def find_misspelt_places(self) -> Iterator[Problem]:
        """Yield each place that no recording has, where one has a similar name beside it."""
        for place, at in self._iterate_missing():
            if hint := self._search.suggest_name(place, is_complete=True):
                message = msg(
                    "{platform} declares {path}, and no recording has that{hint}",
                    platform=place.platform, path=format_path(place.path), hint=hint,
                )  # fmt: skip
                yield Problem(message, at)

    def explain_absent_places(self) -> Iterator[str]:
        """Yield a message for each list of secrets or personal data with other absent places.

        Only if all APIs are recorded that the list is for. Of other lists there is no need: what
        they leave out shows, as a missed recording or a difference.
        """
        absent: dict[tuple[str, str, str], tuple[Place, list[str]]] = {}
        for place, at in self._iterate_missing():
            names = [place.api] if place.api else self._platforms[place.platform].apis
            is_known = all(f"{place.platform}.{name}" in self._recorded for name in names)
            is_near = self._search.suggest_name(place, is_complete=True)
            if is_known and not is_near and place.option in _HIDING:
                owner = place.platform, place.api, place.option
                absent.setdefault(owner, (at, []))[1].append(format_path(place.path))
        for (_, _, option), (at, paths) in absent.items():
            message = msg(
                "{option}: no recording has {listed}; compare the name with what is sent",
                option=option, listed=join_list(paths),
            )  # fmt: skip
            yield label_message(at, message)

    def _iterate_missing(self) -> Iterator[tuple[DeclaredPlace, Place]]:
        """Yield each place that no recording has, and where the user's file names it."""
        for place in self._search.missing:
            every = (find_declared_place(one, place.platform, place.steps) for one in self._loaded)
            if at := next(filter(None, every), None):
                yield place, at

    def _list_places(self, name: str) -> list[DeclaredPlace]:
        """Return the places that the user's platform files name for API *name*."""
        if name not in self._places:
            key, _, api_name = name.partition(".")
            platform = self._platforms.get(key)
            api = platform.apis.get(api_name) if platform else None
            self._places[name] = [
                place
                for place in (
                    *(list_listed_places(platform) if platform else ()),
                    *(list_listed_places(platform, api) if platform and api else ()),
                    *(list_rule_places(platform, api) if platform and api else ()),
                )
                if place.path.root != "path" and place.option != "response.message"
            ]
        return self._places[name]


def _read_messages(exchange: Exchange) -> dict[str, Mapping[str, Any]]:
    """Return the parts of the request and, if there is one, of the response of *exchange*."""
    bare = rebuild_call_without_injected(exchange.request)
    messages: dict[str, Mapping[str, Any]] = {
        "request": read_message_parts(bare.headers, bare.body, bare.query)
    }
    if isinstance(exchange.outcome, Response):
        response = exchange.outcome
        messages["response"] = read_message_parts(response.headers, response.body, ())
    return messages
