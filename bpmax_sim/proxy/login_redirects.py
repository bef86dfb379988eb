"""Redirects of a login: the request that follows, and reasons not to follow.

A login follows redirects itself and not through httpx, so that each response can set cookies and is
recorded. Within an origin, the next request is the same one at another address; another origin gets
only the address and ``Accept``, never a credential of the request before.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl, urldefrag, urljoin, urlsplit

from msgspec.structs import replace

from bpmax_sim.i18n import msg
from bpmax_sim.messages import Call, Headers, Pairs, Request, Response, parse_origin, split_below
from bpmax_sim.proxy.environment import Environment

MOST_HOPS: Final = 10
_STATUSES: Final = frozenset({301, 302, 303, 307, 308})
_KEEPS_METHOD: Final = frozenset({307, 308})
_FREE: Final = frozenset({"accept", "accept-language", "accept-charset"})


class RefusedRedirectError(Exception):
    """Raised if a redirect is not followed; the message says why and contains no query."""


def is_redirect(response: Response) -> bool:
    """Return whether *response* is a redirect with a Location header."""
    return response.status in _STATUSES and bool(response.header("location"))


def follow_redirect(sent: Request, response: Response, env: Environment) -> Request:
    """Return the request to send after the redirect *response* to *sent*; without cookies.

    It has a recorded form with stand-ins if *sent* has.

    Raises:
        RefusedRedirectError: if the Location is no HTTP address, or a body would be sent to another
            origin.
    """
    url = _resolve_redirect_target(sent, response)
    # 307 and 308 keep method and body; after the others a POST becomes a GET without body, as
    # browsers do (RFC 9110, 15.4).
    keeps = response.status in _KEEPS_METHOD or sent.method in {"GET", "HEAD"}
    same = parse_origin(url) == parse_origin(sent.url)
    if keeps and not same and sent.body:
        raise RefusedRedirectError(
            msg("redirects what it was sent to another address, {there}", there=parse_origin(url))
        )
    # The Location may hold a code or token: the recorded address is the one with secrets hidden.
    bare = replace(sent, url=url, standin=None, headers=(), body=None, call=None)
    written = _make_redirect_request(
        sent.recorded_form,
        env.hide_secrets_as_recorded(bare).url,
        keeps_method=keeps,
        is_same_origin=same,
    )
    if written.call is not None:
        written = replace(written, call=replace(written.call, serial=env.next_serial()))
    moved = replace(
        _make_redirect_request(sent, url, keeps_method=keeps, is_same_origin=same),
        call=written.call,
    )
    return replace(moved, standin=written if env.separate else None)


def describe_address(url: str) -> str:
    """Return *url* for messages: without query, user and password, which may hold secrets."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _resolve_redirect_target(sent: Request, response: Response) -> str:
    location = response.header("location") or ""
    try:
        text = location.encode("latin-1").decode()  # read byte by byte; servers write UTF-8 into it
    except UnicodeError:
        text = location
    try:
        url = urldefrag(urljoin(sent.url, text.strip())).url
        parts = urlsplit(url)
        is_address = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address:
        raise RefusedRedirectError(msg("redirects to an address that is not HTTP"))
    return url.replace(" ", "%20")


def _make_redirect_request(
    request: Request, url: str, *, keeps_method: bool, is_same_origin: bool
) -> Request:
    """Return the request that follows *request* to *url*, with the headers and body allowed there.

    *keeps_method*: method and body stay. *is_same_origin*: the origin is the same.
    """
    base = request.base
    if (rest := split_below(url, base)) is None:
        parts = urlsplit(url)
        base = f"{parts.scheme}://{parts.netloc}"
        rest = url[len(base) :]
    path, _, query = rest.partition("?")
    method, body = (request.method, request.body) if keeps_method else ("GET", None)
    headers = _select_redirect_headers(
        request.headers, keeps_method=keeps_method, is_same_origin=is_same_origin
    )
    call: Call | None = None
    if request.call is not None:
        call = replace(
            request.call,
            method=method,
            path=path or "/",
            query=tuple(parse_qsl(query, keep_blank_values=True)),
            headers=_select_redirect_headers(
                request.call.headers, keeps_method=keeps_method, is_same_origin=is_same_origin
            ),
            body=request.call.body if keeps_method else None,
        )
    return replace(
        request,
        method=method,
        url=url,
        headers=headers,
        body=body,
        base=base,
        call=call,
        injected=(),
        standin=None,
    )


def _select_redirect_headers(headers: Pairs, *, keeps_method: bool, is_same_origin: bool) -> Pairs:
    def goes(name: str) -> bool:
        lower = name.lower()
        # Cookies are those of the next host, and are added later; without a body nothing may
        # describe one (RFC 9110, 15.4).
        if lower in {"cookie", "referer"} or (not keeps_method and lower.startswith("content-")):
            return False
        return is_same_origin or lower in _FREE

    return tuple(pair for pair in Headers(headers).pairs if goes(pair[0]))
