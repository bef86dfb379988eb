"""Knowledge about the responses of an API: members that may be absent, and recorded refusals.

A member counts as possibly absent or null only if a schema declares it or a recording shows it. The
recordings of the whole project are used.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
from msgspec import UNSET

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.errors import CassetteError
from bpmax_sim.messages import Response
from bpmax_sim.platform.load import Platforms
from bpmax_sim.platform.model import Api, ResponseRules, to_snake_case
from bpmax_sim.platform.response_shapes import ResponseShape, derive_schema_shape
from bpmax_sim.proxy.response import (
    compile_finder,
    find_first_non_null_value,
    read_body,
    satisfies_rule,
    to_comparable_text,
)

Lack = Literal["absent", "null", "empty"]
Steps = tuple[str | int, ...]
Names = tuple[str, ...]
_DEEPEST: Final = 6
_MOST: Final = 60
"""Members of one response that are looked at."""


class Member(msgspec.Struct, frozen=True):
    """A member of one response, and the ways in which it may be missing.

    Attributes:
        steps: path in this body; in a list, to the first element.
        lacks: ``absent``, ``null``, or for a list ``empty`` -> evidence for it: ``declared`` or
            ``recorded``.
    """

    steps: Steps
    lacks: Mapping[Lack, str]

    @property
    def name(self) -> str:
        """Return the path, such as ``data.items[0].name``."""
        text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.steps)
        return text.removeprefix(".")


class _ResponseSummary:
    """What all recorded responses of one API have in common.

    Attributes:
        lacks: path of a member -> ways in which some response lacks it.
        refusals: (status, code) -> an unsuccessful response.
    """

    def __init__(self) -> None:
        self.lacks: dict[Names, set[Lack]] = defaultdict(set)
        self.refusals: dict[tuple[int, str], Response] = {}
        self._seen: dict[Names, tuple[set[str], set[str]]] = {}

    def add_success_body(self, value: Any, path: Names = ()) -> None:
        """Note which members *value*, the body of one successful response, lacks, and how.

        They are absent, null or an empty list. *path* leads to *value* if it is only a part of the
        body.
        """
        if value is None and path:
            self.lacks[path].add("null")
        elif isinstance(value, Mapping) and len(path) < _DEEPEST:
            self._record_absent_members({str(name) for name in value}, path)
            for name, inner in value.items():
                self.add_success_body(inner, (*path, str(name)))
        elif isinstance(value, list):
            if not value:
                self.lacks[path].add("empty")
            for inner in value:
                self.add_success_body(inner, (*path, "*"))

    def _record_absent_members(self, names: set[str], path: Names) -> None:
        ever, always = self._seen.setdefault(path, (set(), set(names)))
        ever |= names
        always &= names
        for name in ever - always:
            self.lacks[(*path, name)].add("absent")


class RecordedResponses:
    """The responses in all cassettes of a project; each file is read once."""

    def __init__(self, folder: Path, platforms: Platforms) -> None:
        """Read the cassettes below *folder* on demand; *platforms* decide what is a success."""
        self._folder = folder
        self._platforms = platforms
        self._apis: dict[str, _ResponseSummary] | None = None

    def get_api_summary(self, api_name: str) -> _ResponseSummary:
        """Return what the recorded responses of *api_name*, ``platform.api``, have in common.

        It is empty for an API without recordings.
        """
        if self._apis is None:
            self._apis = defaultdict(_ResponseSummary)
            for path in sorted(self._folder.rglob("*.yaml")):
                self._read_cassette(path, self._apis)
        return self._apis.get(api_name) or _ResponseSummary()

    def find_refusals(self, api_name: str) -> Mapping[tuple[int, str], Response]:
        """Return the recorded unsuccessful responses of *api_name*: (status, code) -> response."""
        return self.get_api_summary(api_name).refusals

    def _read_cassette(self, path: Path, apis: dict[str, _ResponseSummary]) -> None:
        try:
            cassette = Cassette.load(path)
            for number in range(len(cassette)):
                exchange = cassette.exchange(number)
                call, response = exchange.request.call, exchange.outcome
                if call is None or call.is_login or not isinstance(response, Response):
                    continue
                body, rules = (
                    read_body(response),
                    self._find_response_rules(call.platform, call.api),
                )
                if not satisfies_rule(rules.ok, response, body, absent_ok=True):
                    code = find_first_non_null_value(
                        map(compile_finder, rules.code), response, body
                    )
                    text = "" if code is UNSET else to_comparable_text(code)
                    apis[call.name].refusals.setdefault((response.status, text), response)
                elif body.kind == "json":
                    apis[call.name].add_success_body(body.value)
        except (CassetteError, OSError):
            return  # whoever plays it is told

    def _find_response_rules(self, platform_key: str, api_key: str) -> ResponseRules:
        platform = self._platforms.find(platform_key)
        if platform is None:
            return ResponseRules()
        api = platform.apis.get(platform.spellings.get(to_snake_case(api_key), api_key))
        return platform.response_of(api)


def collect_members(body: Any, api: Api, response_summary: _ResponseSummary) -> tuple[Member, ...]:
    """Return the members of *body* in order, each with the ways in which it may be lacking."""
    shape = derive_schema_shape(api.answer) if api.answer else None
    found = _walk_response_members(body, (), (), shape, response_summary)
    return tuple(member for _, member in zip(range(_MOST), found, strict=False))


def _walk_response_members(
    value: Any,
    steps: Steps,
    names: Names,
    shape: ResponseShape | None,
    response_summary: _ResponseSummary,
) -> Iterator[Member]:
    if isinstance(value, Mapping) and len(steps) < _DEEPEST:
        for name, inner in value.items():
            at, known = (*names, str(name)), shape.members.get(name) if shape else None
            is_optional = shape is not None and name in shape.optional
            lacks = dict(
                _find_possible_lacks(
                    inner, known, response_summary.lacks.get(at, ()), is_optional=is_optional
                )
            )
            yield Member((*steps, str(name)), lacks)
            yield from _walk_response_members(
                inner, (*steps, str(name)), at, known, response_summary
            )
    elif isinstance(value, list) and value:
        item = shape.item if shape else None
        yield from _walk_response_members(
            value[0], (*steps, 0), (*names, "*"), item, response_summary
        )


def _find_possible_lacks(
    value: Any, shape: ResponseShape | None, recorded_lacks: Iterable[Lack], *, is_optional: bool
) -> Iterator[tuple[Lack, str]]:
    if is_optional:
        yield "absent", "declared"
    if shape is not None and "null" in shape.kinds and value is not None:
        yield "null", "declared"
    for lack in sorted(recorded_lacks):
        if lack != "empty" or isinstance(value, list):
            yield lack, "recorded"


def apply_member_lack(value: Any, steps: Steps, lack: Lack) -> Any:
    """Return a copy of *value* in which the member at *steps* is absent, null or an empty list."""
    step, *rest = steps
    if isinstance(step, int):
        inner = apply_member_lack(value[step], tuple(rest), lack)
        return [*value[:step], inner, *value[step + 1 :]]
    if rest:
        return {**value, step: apply_member_lack(value[step], tuple(rest), lack)}
    if lack == "absent":
        return {name: inner for name, inner in value.items() if name != step}
    return {**value, step: None if lack == "null" else []}
