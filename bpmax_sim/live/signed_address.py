"""Requests whose signature or proof covers the address that they are sent to.

A proxy cannot forward them: the third party computes the signature over its own
address. They are known by the headers and parameters that their standards name:

- AWS Signature Version 4, and vendors that took it over (Tencent Cloud TC3, Alibaba Cloud ACS3,
  Huawei Cloud SDK-HMAC, Volcengine, Google's V4): the list of signed headers has ``host``.
- HTTP Message Signatures (RFC 9421, 2.2): ``@authority``, ``@target-uri`` or the field ``host``;
  the draft before it (draft-cavage-http-signatures) lists headers, too.
- OAuth 1.0 (RFC 5849, 3.4.1.2): the base string begins with the whole address.
- DPoP (RFC 9449, 4.2): ``htu`` of the proof is the address. Hawk: host and port are in the MAC.
- Negotiate and NTLM (RFC 4559): the ticket is for the host's service, and for one connection.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import parse_qsl

import msgspec

from bpmax_sim.messages import FORM, Headers, Pairs
from bpmax_sim.secret.standin import read_jwt_claims


class AddressSigningScheme(msgspec.Struct, frozen=True):
    """How the signature of a request includes the address that it is sent to.

    Such a request fails if a proxy forwards it to another address.

    Attributes:
        scheme: name of the standard.
        is_host_only: whether only the host is signed, as in the header ``Host``.
    """

    scheme: str
    is_host_only: bool


_SIGNED_HEADERS: Final = re.compile(r"signedheaders=\"?([^,\"\s&]*)", re.IGNORECASE)
_CAVAGE_HEADERS: Final = re.compile(r"\bheaders=\"([^\"]*)\"", re.IGNORECASE)
_COMPONENTS: Final = re.compile(r"\"(@?[\w-]+)\"")
_LISTING: Final = {
    "aws4-hmac-sha256": "AWS Signature Version 4",
    "aws4-ecdsa-p256-sha256": "AWS Signature Version 4A",
    "tc3-hmac-sha256": "TC3-HMAC-SHA256",
    "acs3-hmac-sha256": "ACS3-HMAC-SHA256",
    "acs3-hmac-sm3": "ACS3-HMAC-SM3",
    "acs3-rsa-sha256": "ACS3-RSA-SHA256",
    "sdk-hmac-sha256": "SDK-HMAC-SHA256",
    "v11-hmac-sha256": "V11-HMAC-SHA256",
    "hmac-sha256": "HMAC-SHA256",
    "goog4-rsa-sha256": "GOOG4-RSA-SHA256",
    "goog4-hmac-sha256": "GOOG4-HMAC-SHA256",
}
"""Schemes of ``Authorization`` that list what they signed as ``SignedHeaders``."""

_LISTING_PARAMETERS: Final = {
    "x-amz-signedheaders": "AWS Signature Version 4",
    "x-goog-signedheaders": "GOOG4",
    "x-signedheaders": "HMAC-SHA256",
}
_CONNECTED: Final = {"negotiate": "Negotiate", "ntlm": "NTLM", "hawk": "Hawk"}


def find_address_signature(
    headers: Pairs, query: str, body: bytes | None
) -> AddressSigningScheme | None:
    """Return how the signature of a request includes its address, or None if it does not seem to.

    Args:
        headers: headers of the request.
        query: query of its target, encoded.
        body: body, or None.
    """
    head = Headers(headers)
    found = [
        *_find_in_authorization(head.get_all("authorization")),
        *_find_in_parameters(parse_qsl(query, keep_blank_values=True)),
        *_find_in_message_signatures(head),
        *_find_in_dpop_proofs(head.get_all("dpop")),
    ]
    # OAuth 1.0 may have its parameters in a form (RFC 5849, 3.5.2).
    if not found and body and head.media_type == FORM:
        found += _find_in_parameters(parse_qsl(body.decode("latin-1"), keep_blank_values=True))
    # The strictest one: False, the whole address, is less than True, the host alone.
    return min(found, key=lambda one: one.is_host_only, default=None)


def _find_in_authorization(values: Iterable[str]) -> Iterator[AddressSigningScheme]:
    for value in values:
        scheme, _, rest = value.partition(" ")
        name = scheme.lower()
        listed = _SIGNED_HEADERS.search(rest)
        if name in _LISTING and listed and _covers_host(listed[1]):
            yield AddressSigningScheme(_LISTING[name], is_host_only=True)
        elif name == "oauth" and "oauth_signature=" in rest and "plaintext" not in rest.lower():
            yield AddressSigningScheme("OAuth 1.0", is_host_only=False)
        elif name in _CONNECTED:
            yield AddressSigningScheme(_CONNECTED[name], is_host_only=False)
        elif name == "signature":
            yield from _find_in_cavage_signature(rest)


def _covers_host(listed: str) -> bool:
    return "host" in re.split("[;,]", listed.lower())


def _find_in_cavage_signature(value: str) -> Iterator[AddressSigningScheme]:
    listed = _CAVAGE_HEADERS.search(value)
    if listed and "host" in listed[1].lower().split():
        yield AddressSigningScheme("HTTP Signatures (draft-cavage)", is_host_only=True)


def _find_in_parameters(pairs: Iterable[tuple[str, str]]) -> Iterator[AddressSigningScheme]:
    values = {name.lower(): value.lower() for name, value in pairs}
    for name, scheme in _LISTING_PARAMETERS.items():
        if _covers_host(values.get(name, "")):
            yield AddressSigningScheme(scheme, is_host_only=True)
    if values.get("oauth_signature") and values.get("oauth_signature_method") != "plaintext":
        yield AddressSigningScheme("OAuth 1.0", is_host_only=False)


def _find_in_message_signatures(head: Headers) -> Iterator[AddressSigningScheme]:
    for value in head.get_all("signature-input"):
        names = {name.lower() for name in _COMPONENTS.findall(value)}
        if "@target-uri" in names:
            yield AddressSigningScheme("HTTP Message Signatures (RFC 9421)", is_host_only=False)
        elif names & {"@authority", "host"}:
            yield AddressSigningScheme("HTTP Message Signatures (RFC 9421)", is_host_only=True)
    for value in head.get_all("signature"):
        yield from _find_in_cavage_signature(value)


def _find_in_dpop_proofs(values: Iterable[str]) -> Iterator[AddressSigningScheme]:
    for value in values:
        if "htu" in read_jwt_claims(value):
            yield AddressSigningScheme("DPoP (RFC 9449)", is_host_only=False)
