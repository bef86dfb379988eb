"""The facts of a cassette: the calls of each owner, and the shapes of their responses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.errors import CassetteError
from bpmax_sim.index.facts import Fact, FileFacts
from bpmax_sim.messages import Exchange, Response
from bpmax_sim.platform.response_shapes import ResponseShape, infer_shape, merge_shapes
from bpmax_sim.proxy.response import is_success, read_body


def read_cassette_facts(path: Path) -> FileFacts:
    """Return the calls of the cassette at *path*, with the shapes of successful responses.

    Logins are left out, because no script calls them. Of a damaged file, the readable part
    is returned.
    """
    facts: list[Fact] = []
    shapes: dict[str, list[ResponseShape]] = {}
    with suppress(CassetteError, OSError):
        cassette = Cassette.load(path)
        for number in range(len(cassette)):
            exchange = cassette.exchange(number)
            call = exchange.request.call
            if call is None or call.is_login or not call.platform:
                continue
            line = cassette.line_number(number)
            facts.append(Fact("api", "records", call.name, line, 1, exchange.owner))
            shapes.setdefault(call.name, []).extend(_find_success_shape(exchange))
    merged = {name: merge_shapes(seen) for name, seen in shapes.items()}
    known = {name: shape for name, shape in merged.items() if shape is not None}
    return FileFacts("cassette", tuple(facts), known)


def _find_success_shape(exchange: Exchange) -> Iterator[ResponseShape]:
    response = exchange.outcome
    if isinstance(response, Response) and is_success(response.status):
        body = read_body(response)
        if body.kind == "json":
            yield infer_shape(body.value)
