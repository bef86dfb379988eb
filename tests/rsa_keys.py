"""RSA keys that tests sign with.

One is made when a test first uses it: not while tests are collected, which every worker does.
"""

from __future__ import annotations

from functools import cache

from cryptography.hazmat.primitives.asymmetric import rsa


@cache
def rsa_key(owner: str) -> rsa.RSAPrivateKey:
    """Return the key of *owner*, the same one as long as this process runs."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
