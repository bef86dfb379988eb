"""Private and public keys; signatures are deterministic: same key and message, same bytes."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509 import load_pem_x509_certificate

from bpmax_sim.platform.encodings import FilterError, decode_base64, encode_base64url, to_octets

_PEM = "-----BEGIN "
_SHA2: Final[Mapping[str, Callable[[], hashes.HashAlgorithm]]] = {
    "256": hashes.SHA256,
    "384": hashes.SHA384,
    "512": hashes.SHA512,
}
_CURVES: Final = {"256": "secp256r1", "384": "secp384r1", "512": "secp521r1"}


def rsa_sign(data: bytes, key: str) -> bytes:
    """Return the RSASSA-PKCS1-v1_5 signature with SHA-256 (RFC 8017) of *data*.

    Raises:
        FilterError: if *key* is not an RSA private key.
    """
    return _load_rsa_key(key).sign(data, padding.PKCS1v15(), hashes.SHA256())


def rsa_verify(data: bytes, signature: bytes, key: str) -> bool:
    """Return whether *signature* is that of *data*; *key* is a public key or a certificate.

    Raises:
        FilterError: if *key* is neither.
    """
    try:
        _load_public_key(key).verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def to_private_key_pem(key: str) -> str:
    """Return a private key as PEM (PKCS #8).

    Raises:
        FilterError: if *key* is not a private key.
    """
    form = (
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    data: bytes = _load_private_key(key).private_bytes(*form)
    return data.decode("ascii")


def sign_jwt(claims: object, key: object, algorithm: str, headers: object = None) -> str:
    """Return a JSON Web Token of *claims* in the compact form (RFC 7515).

    *algorithm* is ``HS``, ``RS`` or ``ES`` with 256, 384 or 512. ECDSA is deterministic (RFC 6979).
    *headers* are further ones of the token. An ``alg`` among them is the algorithm, as it says to
    the receiver how to verify the signature.

    Raises:
        FilterError: if the algorithm, the claims, the headers or the key do not fit.
    """
    extra = headers or {}
    if not isinstance(claims, Mapping) or not isinstance(extra, Mapping):
        raise FilterError("jwt needs claims, and headers if any, as {'name': value}")
    algorithm = str(extra.get("alg") or algorithm)
    sign = _SIGNERS.get(algorithm[:2])
    if sign is None or algorithm[2:] not in _SHA2:
        raise FilterError(
            "jwt has no algorithm {algorithm!r}; there are HS, RS and ES with 256, 384 and 512",
            algorithm=algorithm,
        )
    head = {"typ": "JWT", **extra, "alg": algorithm}
    parts = _encode_compact_json(dict(sorted(head.items()))), _encode_compact_json(dict(claims))
    signed = ".".join(map(encode_base64url, parts))
    return (
        f"{signed}.{encode_base64url(sign(signed.encode('ascii'), to_octets(key), algorithm[2:]))}"
    )


def _encode_compact_json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def _sign_rs(data: bytes, key: bytes, size: str) -> bytes:
    return _load_rsa_key(key.decode("utf-8", "replace")).sign(
        data, padding.PKCS1v15(), _SHA2[size]()
    )


def _sign_es(data: bytes, key: bytes, size: str) -> bytes:
    private = _load_private_key(key.decode("utf-8", "replace"))
    curve = _CURVES[size]
    if not isinstance(private, ec.EllipticCurvePrivateKey) or private.curve.name != curve:
        raise FilterError(
            "ES{size} needs a private key on the curve {curve}", size=size, curve=curve
        )
    signature = private.sign(data, ec.ECDSA(_SHA2[size](), deterministic_signing=True))
    # JWS has R and S side by side in their full length, and not as DER (RFC 7518, 3.4).
    length = (private.key_size + 7) // 8
    return b"".join(part.to_bytes(length, "big") for part in decode_dss_signature(signature))


_SIGNERS: Final[Mapping[str, Callable[[bytes, bytes, str], bytes]]] = {
    "HS": lambda data, key, size: hmac.digest(key, data, f"sha{size}"),
    "RS": _sign_rs,
    "ES": _sign_es,
}


def _load_rsa_key(key: str) -> rsa.RSAPrivateKey:
    private = _load_private_key(key)
    if not isinstance(private, rsa.RSAPrivateKey):
        raise FilterError("the private key is not an RSA key")
    return private


def _undo_json_line_ends(key: str) -> str:
    """Return *key* with the line ends of a text that was copied out of JSON, on one line."""
    return key.replace("\\r", "").replace("\\n", "\n")


@lru_cache(maxsize=32)
def _load_private_key(key: str) -> Any:
    """Return the private key of PEM, of PEM on one line as in JSON, or of base64 DER."""
    source = _undo_json_line_ends(key).strip()
    try:
        if source.startswith(_PEM):
            return serialization.load_pem_private_key(source.encode(), password=None)
        return serialization.load_der_private_key(decode_base64(source), password=None)
    except (ValueError, TypeError):
        raise FilterError("the private key is neither PEM nor base64, or it is encrypted") from None


@lru_cache(maxsize=32)
def _load_public_key(key: str) -> rsa.RSAPublicKey:
    source = _undo_json_line_ends(key).strip()
    public: Any
    try:
        if source.startswith("-----BEGIN CERTIFICATE-----"):
            public = load_pem_x509_certificate(source.encode()).public_key()
        elif source.startswith(_PEM):
            public = serialization.load_pem_public_key(source.encode())
        else:
            public = serialization.load_der_public_key(decode_base64(source))
    except (ValueError, TypeError):
        raise FilterError("the public key is neither PEM, a certificate nor base64") from None
    if not isinstance(public, rsa.RSAPublicKey):
        raise FilterError("the public key is not an RSA key")
    return public
