"""Signatures as a platform declares them: canonical string, key, algorithm, encoding, place.

Nothing here reads a clock or a random source: ``now``, ``nonce`` and ``call_id`` are in the names,
so the same request and names give the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

from bpmax_sim.errors import AuthError, ConfigError
from bpmax_sim.messages import VERIFIED, Request, Response
from bpmax_sim.platform.model import Sign, Spot, VerifyResponse
from bpmax_sim.platform.octets import FilterError, decode_base64, decode_hex, octet_text, octets
from bpmax_sim.platform.template import render
from bpmax_sim.proxy.draft import Draft, lower_headers

Names = Mapping[str, object]

_HMAC: Final = "hmac-"
_ENCODERS: Final[Mapping[str, Callable[[bytes], str]]] = {
    "hex": bytes.hex,
    "upper_hex": lambda data: data.hex().upper(),
    "base64": lambda data: base64.b64encode(data).decode("ascii"),
    "hex_base64": lambda data: base64.b64encode(data.hex().encode("ascii")).decode("ascii"),
    "base64url": lambda data: base64.urlsafe_b64encode(data).decode("ascii").rstrip("="),
}
_DECODERS: Final[Mapping[str, Callable[[str], bytes]]] = {
    "utf8": octets,
    "base64": lambda text: decode_base64(text, "the key"),
    "hex": lambda text: decode_hex(text, "the key"),
}


def sign(request: Request, rule: Sign, names: Names) -> Request:
    """Return *request* signed by *rule*; what a script put where the signature goes is dropped.

    Args:
        request: complete, body included.
        rule: the templates, which see *names* and the request (`SIGN_NAMES`).
        names: credentials, parameters, acquired values, ``now``, ``nonce``, ``call_id``.

    Raises:
        ConfigError: if a template, the key or a value does not fit.
    """
    draft = Draft(request)
    for spot in rule.emit:
        draft.remove(spot.place, render(spot.name, names))
    scope: dict[str, object] = {**names, **draft.names()}
    _define(rule.define, scope)
    _prepare(draft, rule, scope)
    _define(rule.canonical, scope)
    scope["signature"] = _signature(rule, scope)
    for spot in rule.emit:
        _put(draft, spot.place, spot.name, spot.value, scope)
    return draft.request()


def verify(response: Response, rule: VerifyResponse, names: Names) -> None:
    """Check the signature of a 2xx answer; other answers are not signed.

    Raises:
        AuthError: if it is absent, too old, of an unknown key, or not that of the answer.
        ConfigError: if a template or the key does not fit.
    """
    if not 200 <= response.status < 300:  # noqa: PLR2004 - the 2xx of HTTP
        return
    headers = lower_headers(response.headers)
    scope = {
        **names,
        "response_status": response.status,
        "response_headers": _Signed(headers),
        "response_body": octet_text(response.body),
    }
    _check_time(rule, scope)
    signature, key = render(rule.signature, scope), render(rule.key, scope)
    if not key:
        raise _refused("it names a key that the platform does not declare")
    message = octets(render(rule.message, scope))
    if not _is_signature(rule, message, signature, key):
        raise _refused("its signature is not that of its body")


def trust_of(request: Request, response: Response, now: float) -> str:
    """Return `VERIFIED`, or why a live answer cannot be trusted; empty where nothing is to verify.

    A key that does not fit is told when the answer is read, so it is no reason here.
    """
    proof = request.proof
    if proof is None or response.source != "live" or not 200 <= response.status < 300:  # noqa: PLR2004
        return ""
    try:
        verify(response, proof.rule, {**proof.names, "now": now})
    except AuthError as error:
        return error.message
    except ConfigError:
        return ""
    return VERIFIED


class _Signed(dict[str, str]):
    """Headers of an answer that must have been signed."""

    def __missing__(self, name: str) -> str:
        raise _refused(f"it has no header {name!r}")


def _refused(reason: str) -> AuthError:
    return AuthError(f"the answer cannot be trusted: {reason}; check the platform's public key")


def _define(groups: tuple[Mapping[str, str], ...], scope: dict[str, object]) -> None:
    for group in groups:
        for name, source in group.items():
            scope[name] = render(source, scope)


def _prepare(draft: Draft, rule: Sign, scope: dict[str, object]) -> None:
    for name, source in rule.default_headers.items():
        if not draft.has_header(render(name, scope)):
            _put(draft, "header", name, source, scope)
    for name, source in rule.set_headers.items():
        _put(draft, "header", name, source, scope)
    for name, source in rule.set_query.items():
        _put(draft, "query", name, source, scope)
    scope.update(draft.names())


def _put(draft: Draft, place: Spot, name: str, source: str, scope: Names) -> None:
    if value := render(source, scope):
        draft.put(place, render(name, scope), value)


def _signature(rule: Sign, scope: Names) -> str:
    message = octets(render(rule.message, scope))
    sources = (rule.key,) if isinstance(rule.key, str) else rule.key
    key = tuple([render(source, scope) for source in sources])
    try:
        return _ENCODERS[rule.encode](_digest(rule, key, message))
    except FilterError as error:
        raise ConfigError(f"auth.sign cannot sign: {error}") from None


def _digest(rule: Sign, key: tuple[str, ...], message: bytes) -> bytes:
    if rule.algorithm.startswith(_HMAC):
        algorithm = rule.algorithm.removeprefix(_HMAC)
        return hmac.digest(_last_key(algorithm, rule.key_encoding, key), message, algorithm)
    if rule.algorithm == "rsa-sha256":
        from bpmax_sim.platform.keys import rsa_sign  # noqa: PLC0415 - slow to import

        return rsa_sign(message, key[0])
    return hashlib.new(rule.algorithm, message).digest()


@lru_cache(maxsize=64)
def _last_key(algorithm: str, encoding: str, chain: tuple[str, ...]) -> bytes:
    """Return the key at the end of a chain; AWS's stays the same for a day."""
    key = _DECODERS[encoding](chain[0])
    for part in chain[1:]:
        key = hmac.digest(key, octets(part), algorithm)
    return key


def _check_time(rule: VerifyResponse, scope: Names) -> None:
    if not rule.timestamp:
        return
    stamp, now = render(rule.timestamp, scope), scope["now"]
    if not (stamp.isascii() and stamp.isdigit() and isinstance(now, int | float)):
        raise _refused("its time is not a number of seconds")
    if abs(int(stamp) - now) > rule.window:
        raise _refused(f"it was signed more than {rule.window:g} s away from now")


def _is_signature(rule: VerifyResponse, message: bytes, signature: str, key: str) -> bool:
    decode = decode_hex if rule.encode == "hex" else decode_base64
    try:
        given = decode(signature, "its signature")
    except FilterError:
        return False
    if rule.algorithm == "hmac-sha256":
        return hmac.compare_digest(given, hmac.digest(octets(key), message, "sha256"))
    from bpmax_sim.platform.keys import rsa_verify  # noqa: PLC0415 - slow to import

    try:
        return rsa_verify(message, given, key)
    except FilterError as error:
        raise ConfigError(f"auth.verify_response cannot verify: {error}") from None
