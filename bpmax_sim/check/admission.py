"""Foreign exchanges made fit for a cassette: named, redacted, with keys.

Everything is looked through before anything is redacted, so a secret that the last exchange tells
is hidden in the first one too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec.structs import replace

from bpmax_sim.cassette.foreign.imported import Imported
from bpmax_sim.cassette.identify import Addresses, Identifier, hidden
from bpmax_sim.cassette.matching import Rules, identity, parts_of_request
from bpmax_sim.check.logins import Logins
from bpmax_sim.messages import Exchange, Request, Response
from bpmax_sim.platform.platforms import Platforms
from bpmax_sim.proxy.minting import learn
from bpmax_sim.secret.vault import Vault
from bpmax_sim.transport.redaction import learn_cookies, redact_exchange


def admit(  # noqa: PLR0913 - all that a session would know
    imported: Imported,
    platforms: Platforms,
    vault: Vault,
    *,
    rules: Rules,
    owner: str,
    addresses: Addresses | None = None,
    redact: tuple[str, ...] = (),
) -> Imported:
    """Return the exchanges of *imported* as a session would have recorded them.

    Requests of declared APIs become their calls, at the declared address. Hidden are what *vault*
    knows, what auth puts in and answers mint according to *platforms*, every Authorization,
    Proxy-Authorization, Cookie and Set-Cookie, and personal data at the places *redact*. Logins
    are learned from and left out, for replay needs none. An exchange in which a secret is left is
    not admitted. Notes tell both.
    """
    identifier = Identifier(platforms, addresses)
    wanted, left_out = _without_logins(imported.exchanges, Logins(platforms, addresses), vault)
    named = [_named(exchange, identifier, platforms, vault, redact) for exchange in wanted]
    for exchange in named:
        _learn(exchange, vault)
        redact_exchange(exchange, vault)  # makes the credentials of unknown platforms known
    clean = [_keyed(redact_exchange(exchange, vault), rules, owner) for exchange in named]
    admitted, notes = _without_leaks(clean, vault.scan)
    return Imported(tuple(admitted), (*imported.notes, *left_out, *notes))


def _without_logins(
    exchanges: Iterable[Exchange], logins: Logins, vault: Vault
) -> tuple[list[Exchange], list[str]]:
    kept: list[Exchange] = []
    notes: list[str] = []
    for exchange in exchanges:
        login = logins.find(exchange.request)
        if login is None:
            kept.append(exchange)
            continue
        login.learn(exchange.request, exchange.outcome, vault)
        key = login.platform.platform_key
        notes.append(f"exchange {exchange.order}: a login of {key}, which replay makes up itself")
    return kept, notes


def _named(
    exchange: Exchange,
    identifier: Identifier,
    platforms: Platforms,
    vault: Vault,
    redact: tuple[str, ...],
) -> Exchange:
    request = identifier.identify(exchange.request)
    if request.call is not None:
        request = hidden(request, platforms, vault)
    return replace(exchange, request=replace(request, personal=(*request.personal, *redact)))


def _learn(exchange: Exchange, vault: Vault) -> None:
    if isinstance(exchange.outcome, Response):
        learn(exchange.request, exchange.outcome, vault)
        learn_cookies(exchange.request, exchange.outcome, vault)


def _keyed(exchange: Exchange, rules: Rules, owner: str) -> Exchange:
    key = identity(parts_of_request(exchange.request), rules)
    return replace(exchange, key=key, owner=owner)


def _without_leaks(
    exchanges: Iterable[Exchange], scan: Callable[[bytes], tuple[object, ...]]
) -> tuple[list[Exchange], list[str]]:
    kept: list[Exchange] = []
    notes: list[str] = []
    for exchange in exchanges:
        found = scan(b"\n".join(_texts(exchange.request, exchange.outcome)))
        if found:
            notes.append(f"exchange {exchange.order}: a secret is left in it ({found[0]})")
        else:
            kept.append(replace(exchange, order=len(kept) + 1))
    return kept, notes


def _texts(request: Request, outcome: object) -> Iterable[bytes]:
    answer = outcome if isinstance(outcome, Response) else Response(status=0)
    yield request.url.encode()
    for name, value in (*request.headers, *answer.headers):
        yield f"{name}: {value}".encode()
    yield request.body or b""
    yield answer.body
