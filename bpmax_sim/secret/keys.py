"""Two public test keys, as numbers: the stand-ins of RSA and EC credentials.

They protect nothing and never did; anyone may read them here.
"""

from __future__ import annotations

import functools

_P = (
    "e7cc3325f39c6dc3c01398ab015a67872a16b41ad69dadc435c74539f472ca763cd993fb8a241f4f"
    "f4eddfd139e3b4145d2ae3aa8462aa253319ccfc29f5c641107739b3ea5ad8a4f0991fb73bdee355"
    "75ae67fda01a4fa5e4fed165405876e2229439c2d7550ff2e1cfd216a0f927168954765855de47a5"
    "796623777fe09501"
)
_Q = (
    "db1586aa64c5574f87cab56ee447a615cc7c7315436f59bfdf374654cbaafc1c8faa0d8f320775c0"
    "c9c89cbbf743d452493e13d7a13bd93c9547d599de3b5d0baa5fd9114b2b2d98ea126e435706cb9c"
    "6b7e11d92faa5c7db97809d7082875be568dc7db353b10c5125d60ade0576a48f507391edd749808"
    "cf43b6317e290f8f"
)
_EC = "934ab85608cf30d3a638b3c2abbfb759f61ce58e3a0574493acc3ba02ca2da71"
_EXPONENT = 65537


@functools.cache
def rsa_pem() -> str:
    """Return the 2048-bit RSA test key as a PKCS #8 PEM text."""
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415 - heavy

    p, q = int(_P, 16), int(_Q, 16)
    d = pow(_EXPONENT, -1, (p - 1) * (q - 1))
    numbers = rsa.RSAPrivateNumbers(
        p=p,
        q=q,
        d=d,
        dmp1=rsa.rsa_crt_dmp1(d, p),
        dmq1=rsa.rsa_crt_dmq1(d, q),
        iqmp=rsa.rsa_crt_iqmp(p, q),
        public_numbers=rsa.RSAPublicNumbers(_EXPONENT, p * q),
    )
    return _pem(numbers.private_key())


@functools.cache
def ec_pem() -> str:
    """Return the P-256 test key as a PKCS #8 PEM text."""
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - heavy

    return _pem(ec.derive_private_key(int(_EC, 16), ec.SECP256R1()))


def _pem(key: object) -> str:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - heavy

    pem: bytes = key.private_bytes(  # type: ignore[attr-defined]
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return pem.decode()
