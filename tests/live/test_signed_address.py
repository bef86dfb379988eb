"""Which requests carry a signature over the address, so that a proxy's would not fit it."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode

import pytest

from bpmax_sim.live.signed_address import AddressSigningScheme, find_address_signature
from bpmax_sim.messages import FORM, Pairs

AWS = "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders={}, Signature=c"
SIGV4 = AddressSigningScheme("AWS Signature Version 4", is_host_only=True)
TC3 = AddressSigningScheme("TC3-HMAC-SHA256", is_host_only=True)
OAUTH = AddressSigningScheme("OAuth 1.0", is_host_only=False)
CAVAGE = AddressSigningScheme("HTTP Signatures (draft-cavage)", is_host_only=True)
MESSAGE = "HTTP Message Signatures (RFC 9421)"
HMAC = AddressSigningScheme("HMAC-SHA256", is_host_only=True)

LISTING = {
    "AWS4-ECDSA-P256-SHA256": "AWS Signature Version 4A", "ACS3-HMAC-SHA256": "ACS3-HMAC-SHA256",
    "ACS3-HMAC-SM3": "ACS3-HMAC-SM3", "ACS3-RSA-SHA256": "ACS3-RSA-SHA256",
    "SDK-HMAC-SHA256": "SDK-HMAC-SHA256", "V11-HMAC-SHA256": "V11-HMAC-SHA256",
    "HMAC-SHA256": "HMAC-SHA256", "GOOG4-RSA-SHA256": "GOOG4-RSA-SHA256",
    "GOOG4-HMAC-SHA256": "GOOG4-HMAC-SHA256",
}  # fmt: skip


def jwt(claims: dict[str, str]) -> str:
    head, body = (
        urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
        for part in ({"alg": "ES256", "typ": "dpop+jwt"}, claims)
    )
    return f"{head}.{body}.c2lnbmF0dXJl"


def authorization(value: str) -> Pairs:
    return (("Authorization", value),)


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ((), None),
        (authorization("Bearer host"), None),
        (authorization(AWS.format("host;x-amz-date")), SIGV4),
        (authorization(AWS.format("content-type;HOST;x-amz-date")), SIGV4),
        (authorization(AWS.format("Host")), SIGV4),
        (authorization(AWS.format("x-host;x-amz-date")), None),
        (authorization(AWS.format("")), None),
        (authorization(AWS.format("host").lower()), SIGV4),
        (authorization("TC3-HMAC-SHA256 Credential=a, signedheaders=content-type;host"), TC3),
        (authorization("UNKNOWN-SHA256 SignedHeaders=host"), None),
        (authorization('OAuth oauth_signature_method="HMAC-SHA1", oauth_signature="x"'), OAUTH),
        (authorization('OAuth oauth_signature_method="PlainText", oauth_signature="x"'), None),
        (authorization('OAuth oauth_token="x"'), None),
        (authorization("NTLM TlRMTVNT"), AddressSigningScheme("NTLM", is_host_only=False)),
        (authorization('Signature keyId="a",headers="(request-target) Host date"'), CAVAGE),
        (authorization('Signature keyId="a",headers="(request-target) date"'), None),
        ((("signature", 'headers="host"'),), CAVAGE),
        ((("Signature-Input", 'sig1=("@method" "@target-uri")'),),
         AddressSigningScheme(MESSAGE, is_host_only=False)),
        ((("Signature-Input", 'sig1=("@method" "@authority")'),),
         AddressSigningScheme(MESSAGE, is_host_only=True)),
        ((("Signature-Input", 'sig1=("@method" "@path")'),), None),
        ((("Signature-Input", 'sig1=("@method" "Host")'),),
         AddressSigningScheme(MESSAGE, is_host_only=True)),
        ((("Signature-Input", 'sig1=("@method")'), ("Signature-Input", 'b=("@Target-URI")')),
         AddressSigningScheme(MESSAGE, is_host_only=False)),
        (authorization('Signature keyId="a",headers="x-host date"'), None),
        ((("signature", 'headers="date"'), ("Signature", 'headers="date host"')), CAVAGE),
        (authorization("aws4-HMAC-SHA256 SIGNEDHEADERS=host"), SIGV4),
        (authorization("hawk id=1"), AddressSigningScheme("Hawk", is_host_only=False)),
        (authorization("NEGOTIATE YII="), AddressSigningScheme("Negotiate", is_host_only=False)),
        ((("DPoP", jwt({"htu": "https://crm.example.test/", "htm": "GET"})),),
         AddressSigningScheme("DPoP (RFC 9449)", is_host_only=False)),
        ((("DPoP", jwt({"htm": "GET"})),), None),
        ((("DPoP", "no proof"),), None),
        *((authorization(f"{name} SignedHeaders=date;host"),
           AddressSigningScheme(scheme, is_host_only=True)) for name, scheme in LISTING.items()),
    ],
)  # fmt: skip
def test_a_signature_of_the_address_is_found_in_headers(
    headers: Pairs, found: AddressSigningScheme | None
) -> None:
    assert find_address_signature(headers, "", None) == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("X-Amz-SignedHeaders=host&X-Amz-Signature=a", SIGV4),
        ("x-amz-signedheaders=content-type%3BHOST", SIGV4),
        ("X-Amz-SignedHeaders=x-host", None),
        ("X-Amz-SignedHeaders=", None),
        ("x-signedheaders=a,b,host", HMAC),
        ("X-Goog-SignedHeaders=content-type;Host", AddressSigningScheme("GOOG4", True)),
        ("OAuth_Signature=a&OAuth_Signature_Method=plaintext", None),
        ("oauth_signature=a&oauth_signature_method=HMAC-SHA1", OAUTH),
        ("oauth_signature=a", OAUTH),
        ("oauth_signature=&oauth_signature_method=HMAC-SHA1", None),
        ("oauth_signature=a&oauth_signature_method=PLAINTEXT", None),
    ],
)
def test_a_signature_of_the_address_is_found_in_a_query_and_a_form(
    query: str, found: AddressSigningScheme | None
) -> None:
    form = (("Content-Type", FORM),)

    assert find_address_signature((), query, None) == found
    assert find_address_signature(form, "", query.encode()) == found
    assert find_address_signature((), "", query.encode()) is None
    assert find_address_signature(form, "", b"") is None


@pytest.mark.parametrize("is_first", [True, False])
def test_of_two_signatures_the_one_over_the_whole_address_is_told(is_first: bool) -> None:
    pair = [("Authorization", AWS.format("host")), ("Authorization", "Hawk id=1")]

    found = find_address_signature(tuple(pair if is_first else pair[::-1]), "", None)

    assert found == AddressSigningScheme("Hawk", is_host_only=False)
