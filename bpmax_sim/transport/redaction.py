"""Exchanges as they may be written down and compared.

Credentials are known by where they come from (`Request.standin`, the vault); cookies and a
script's own credentials by their place; personal data is declared. Redacting twice changes nothing.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import accumulate, pairwise

from msgspec.structs import replace

from bpmax_sim.messages import Call, Chunk, Exchange, Pairs, Request, Response
from bpmax_sim.secret.vault import Vault
from bpmax_sim.transport.personal import in_body, in_pairs, in_url

_SCRIPT_SECRETS = frozenset({"authorization", "proxy-authorization", "cookie"})
_MOST_EXACT = 256
"""Pieces of a streamed body that are each redacted to find where they end."""

_SCHEMES = ("basic", "bearer", "digest", "token")


def redacted(request: Request, answer: Response, vault: Vault) -> tuple[Request, Response]:
    """Return the forms of *request* and of its answer that may be written down.

    Mostly nothing is hidden in them any more, as stand-ins were put in before: one look at all of
    both tells.
    """
    shown = request.recorded
    if shown.standin is None and not _hides_by_place(shown, answer):
        texts, bodies = _told(shown)
        texts.update([value for _, value in answer.headers])
        if vault.keeps(texts, *bodies, answer.body):
            return shown, answer
    outcome = redact_response(answer, request, vault)
    return redact_request(request, vault), outcome


def _hides_by_place(shown: Request, answer: Response) -> bool:
    """Return whether something is hidden whatever it says: personal data, a script's own secret."""
    headers = (*shown.headers, *shown.call.headers) if shown.call else shown.headers
    return bool(
        shown.personal
        or not _script_secrets(shown).isdisjoint([name.lower() for name, _ in headers])
        or "set-cookie" in [name.lower() for name, _ in answer.headers]
    )


def _told(shown: Request) -> tuple[set[str], set[bytes]]:
    """Return every text and body in *shown* that is redacted, the path as a part of the URL."""
    texts = {shown.url, *[value for _, value in shown.headers]}
    bodies = {shown.body or b""}
    call = shown.call
    if call:
        texts.update([value for _, value in (*call.headers, *call.query)])
        bodies.add(call.body or b"")
        if shown.url.partition("?")[0] != shown.base + call.path:
            texts.add(call.path)
    return texts, bodies


def redact_request(request: Request, vault: Vault) -> Request:
    """Return the form of *request* that may be written down, its call included."""
    if _is_clean(request, vault):
        return request
    shown = request.recorded
    call, personal = shown.call, shown.personal
    return replace(
        shown,
        url=in_url(vault.redact_text(shown.url), personal),
        headers=in_pairs(_headers(shown.headers, shown, vault), personal, "header"),
        body=_body(shown.body, shown.headers, personal, vault),
        call=_call(call, shown, vault) if call else None,
        standin=None,
    )


def _is_clean(request: Request, vault: Vault) -> bool:
    """Return whether there is nothing to hide, as in most of replay."""
    if request.standin is not None or request.personal or not vault.is_empty:
        return False
    secrets = _SCRIPT_SECRETS.intersection([name.lower() for name, _ in request.headers])
    return not secrets or secrets.issubset(_headers_in(request.injected))


def _call(call: Call, shown: Request, vault: Vault) -> Call:
    personal = shown.personal
    query = tuple((name, vault.redact_text(value)) for name, value in call.query)
    return replace(
        call,
        path=vault.redact_text(call.path),
        query=in_pairs(query, personal, "query"),
        headers=in_pairs(_headers(call.headers, shown, vault), personal, "header"),
        body=_body(call.body, call.headers, personal, vault),
    )


def _body(
    body: bytes | None, headers: Pairs, personal: tuple[str, ...], vault: Vault
) -> bytes | None:
    if not body:
        return body
    content = next((value for name, value in headers if name.lower() == "content-type"), "")
    return in_body(vault.redact(body), content, personal)


def learn_cookies(request: Request, response: Response, vault: Vault) -> None:
    """Make the cookies that *response* sets known to *vault*; they are always secret."""
    for name, value in response.headers:
        if name.lower() == "set-cookie":
            _set_cookie(value, request, vault)


def redact_response(response: Response, request: Request, vault: Vault) -> Response:
    """Return the form of the answer to *request* that may be written down."""
    headers = tuple(
        (name, _set_cookie(value, request, vault) if name.lower() == "set-cookie" else value)
        for name, value in response.headers
    )
    body = _body(response.body, headers, request.personal, vault) or b""
    return replace(
        response,
        headers=tuple((name, vault.redact_text(value)) for name, value in headers),
        body=body,
        chunks=_chunks(response, body, vault),
    )


def _chunks(response: Response, body: bytes, vault: Vault) -> tuple[Chunk, ...]:
    """Return the pieces that *body*, redacted, falls into where the answer's own did."""
    chunks, came = response.chunks, response.body
    if len(body) == len(came) or not chunks:
        return chunks
    exact = len(chunks) <= _MOST_EXACT
    ends = [0]
    for end in accumulate(chunk.length for chunk in chunks):
        at = len(vault.redact(came[:end])) if exact else end * len(body) // len(came)
        ends.append(min(max(at, ends[-1]), len(body)))
    ends[-1] = len(body)
    return tuple(
        Chunk(chunk.at, b - a) for chunk, (a, b) in zip(chunks, pairwise(ends), strict=True)
    )


def redact_exchange(exchange: Exchange, vault: Vault) -> Exchange:
    """Return *exchange* with what has become known since it was redacted; its key is gone.

    A signature that was made over what is hidden now is compared no more.
    """
    request, outcome = redact_request(exchange.request, vault), exchange.outcome
    if request != exchange.request and request.signed is not None:
        request = replace(request, signed=None)
    if isinstance(outcome, Response):
        outcome = redact_response(outcome, request, vault)
    return replace(exchange, request=request, outcome=outcome, key="")


def _headers(headers: Pairs, shown: Request, vault: Vault) -> Pairs:
    own = _script_secrets(shown)
    return tuple(
        (
            name,
            _own_secret(name, value, shown, vault)
            if name.lower() in own
            else vault.redact_text(value),
        )
        for name, value in headers
    )


def _script_secrets(shown: Request) -> frozenset[str]:
    """Return the headers whose credential is the script's own, not put in by auth."""
    return frozenset() if shown.is_login else _left_to_scripts(shown.injected)


@lru_cache(maxsize=256)  # the same in every call of an API
def _left_to_scripts(injected: tuple[str, ...]) -> frozenset[str]:
    return _SCRIPT_SECRETS.difference(_headers_in(injected))


def _headers_in(injected: tuple[str, ...]) -> list[str]:
    return [place[7:] for place in injected if place[:7] == "header."]


def _injected_cookies(shown: Request) -> frozenset[str]:
    return frozenset(place[7:] for place in shown.injected if place[:7] == "cookie.")


def _own_secret(name: str, value: str, shown: Request, vault: Vault) -> str:
    """Return the stand-in of a credential that the script itself set; auth's cookies stay."""
    put = _injected_cookies(shown) if name.lower() == "cookie" else ()
    if put:
        crumbs = [crumb.strip() for crumb in value.split(";")]
        mine = "; ".join(one for one in crumbs if one.partition("=")[0] not in put)
        kept = [vault.redact_text(one) for one in crumbs if one.partition("=")[0] in put]
        return "; ".join([*([_minted("script-cookie", mine, shown, vault)] if mine else []), *kept])
    scheme, space, rest = value.partition(" ")
    if not space or scheme.lower() not in _SCHEMES:
        scheme, space, rest = "", "", value
    return f"{scheme}{space}{_minted(f'script-{name.lower()}', rest, shown, vault)}"


def _set_cookie(value: str, request: Request, vault: Vault) -> str:
    pair, semicolon, attributes = value.partition(";")
    name, equals, secret = pair.partition("=")
    if not secret.strip():
        return value
    shown = _minted(f"cookie-{name.strip()}", secret.strip(), request, vault)
    return f"{name}{equals}{shown}{semicolon}{attributes}"


def _minted(name: str, value: str, request: Request, vault: Vault) -> str:
    call = request.call
    platform, instance = (call.platform, call.instance) if call else ("http", "any")
    return vault.minted(platform, instance, name, value)
