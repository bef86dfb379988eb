"""An exchange as canonical text: the same exchange always gives the same bytes.

Header fields are grouped by name, in the order of their first lines (RFC 9110, section 5.3: the
order of different fields has no meaning). Bodies are stored decoded, so the headers that told how
they were encoded move to the index line and the length is rewritten.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from functools import lru_cache

from bpmax_sim.cassette.injected import call_behind, correction
from bpmax_sim.cassette.matching import Rules, differences, parts_of
from bpmax_sim.cassette.model import Entry, Line
from bpmax_sim.cassette.scalars import body_scalar, json_line, plain
from bpmax_sim.clock import Instant
from bpmax_sim.errors import CassetteError
from bpmax_sim.messages import Exchange, Failed, Pairs, Request, Response

CODINGS = ("content-encoding", "transfer-encoding")
_LONGEST_KEY = 200  # YAML allows 1024 characters of a key on its own line
_EVERYTHING = Rules()


def render(exchange: Exchange, *, zone: timedelta = timedelta(0), rules: str = "") -> Entry:
    """Return *exchange* as an entry without its digest; *rules* is the digest its key is under.

    Raises:
        CassetteError: if a text of it is not Unicode (a lone surrogate), so no file could hold it.
    """
    try:
        text = _request(exchange.request) + _outcome(exchange)
        return Entry(_line(exchange, zone, rules), text)
    except UnicodeEncodeError as error:
        called = exchange.request.call.name if exchange.request.call else exchange.request.method
        raise CassetteError(
            f"{called}: the exchange cannot be written, it has the lone surrogate "
            f"{error.object[error.start]!r}; send well-formed text"
        ) from error


def _line(exchange: Exchange, zone: timedelta, rules: str) -> Line:
    request, outcome = exchange.request, exchange.outcome
    return Line(
        key=exchange.key,
        n=exchange.order,
        call=request.call.name if request.call and request.call.platform else "",
        instance=request.call.instance if request.call else "",
        owner=exchange.owner,
        at=str(Instant(exchange.at, zone)),
        ms=round(outcome.elapsed * 1000),
        sha="",
        base=request.base,
        injected=request.injected,
        failed=outcome.code.lower() if isinstance(outcome, Failed) else "",
        chunks=_chunks(outcome),
        encoding=_coding(outcome),
        source=_source(outcome),
        signed=request.signed,
        trust=outcome.trust if isinstance(outcome, Response) else "",
        rules=rules,
        extra=_extra(request),
    )


def _source(outcome: Response | Failed) -> str:
    source = outcome.source if isinstance(outcome, Response) else ""
    return "" if source in {"live", "recorded"} else source


def _chunks(outcome: Response | Failed) -> tuple[tuple[int, int], ...]:
    chunks = outcome.chunks if isinstance(outcome, Response) else ()
    return tuple([(round(chunk.at * 1000), chunk.length) for chunk in chunks])


def _coding(outcome: Response | Failed) -> dict[str, str]:
    headers = outcome.headers if isinstance(outcome, Response) else ()
    return {name.lower(): value for name, value in headers if name.lower() in CODINGS}


def _extra(request: Request) -> dict[str, object]:
    """Return what the builder said where it cannot be told from the request."""
    said = request.call
    if said is None:
        return {}
    built = call_behind(request, said)
    if (built.path, built.query, built.headers, built.body) == (
        said.path,
        said.query,
        said.headers,
        said.body,
    ):
        return {}
    told = not differences(parts_of(built), parts_of(said), _EVERYTHING)
    return {} if told else correction(said)


def _request(request: Request) -> str:
    body = "null" if request.body is None else body_scalar(request.body, " " * 6)
    return (
        f"  request:\n    method: {plain(request.method, 'method')}\n"
        f"    uri: {plain(request.url, 'uri')}\n{_headers(request.headers)}    body: {body}\n"
    )


def _outcome(exchange: Exchange) -> str:
    outcome = exchange.outcome
    if isinstance(outcome, Failed):
        received = body_scalar(outcome.received, " " * 6)
        return (
            f"  failure:\n    message: {json_line(outcome.message)}\n"
            f"    sent: {'true' if outcome.sent else 'false'}\n    received: {received}\n"
        )
    headers = _headers(stored_headers(outcome, exchange.request.method))
    return (
        f"  response:\n    status: {{code: {outcome.status}, message: "
        f"{plain(outcome.reason, 'reason')}}}\n{headers}"
        f"    body:\n      string: {body_scalar(outcome.body, ' ' * 8)}\n"
    )


def stored_headers(response: Response, method: str) -> Pairs:
    """Return the headers that fit the decoded body of *response*."""
    keep = method == "HEAD" or response.status == 304  # noqa: PLR2004 - RFC 9110, section 8.6
    length = str(len(response.body))
    return tuple([
        (name, length if name.lower() == "content-length" and not keep else value)
        for name, value in response.headers
        if name.lower() not in CODINGS
    ])  # fmt: skip


@lru_cache(maxsize=256)  # those of requests mostly are the same in every call of an API
def _headers(pairs: Pairs) -> str:
    if not pairs:
        return "    headers: {}\n"
    fields = "".join([_field(name, tuple(values)) for name, values in grouped(pairs)])
    return f"    headers:\n{fields}"


@lru_cache(maxsize=512)  # most are the same in every exchange
def _field(name: str, values: tuple[str, ...]) -> str:
    key = plain(name, "name")
    if len(key) > _LONGEST_KEY:
        return f"      ? {key}\n      : {json_line(values)}\n"
    return f"      {key}: {json_line(values)}\n"


def grouped(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    """Return the values of each header under its first spelling."""
    found: dict[str, tuple[str, list[str]]] = {}
    for name, value in pairs:
        found.setdefault(name.lower(), (name, []))[1].append(value)
    return list(found.values())
