"""Parts of a secret that are secret by themselves: a JWT's, and the lines of a private key."""

from __future__ import annotations

import binascii
from collections.abc import Iterator
from itertools import cycle

from bpmax_sim.secret.standin import label_of

_LINE = 32  # shorter lines of a PEM text are its end, not its key


def parts_of(real: str, standin: str) -> Iterator[tuple[str, str]]:
    """Yield parts of *real* that may travel alone, each with what stands for it."""
    if real.startswith("-----BEGIN "):
        yield from _key_parts(real.strip(), standin.strip())
    elif real.startswith("eyJ") and real.count(".") == 2:  # noqa: PLR2004 - RFC 7519
        yield from _token_parts(real, standin)


def der_of(real: str) -> bytes:
    """Return the DER bytes of a PEM text, or nothing."""
    try:
        return binascii.a2b_base64("".join(_lines(real))) if real.startswith("-----BEGIN ") else b""
    except binascii.Error:
        return b""


def _key_parts(real: str, standin: str) -> Iterator[tuple[str, str]]:
    yield real, standin
    yield "\r\n".join(real.splitlines()), standin
    yield "".join(_lines(real)), "".join(_lines(standin)) or standin
    long = [line for line in _lines(real) if len(line) >= _LINE]
    yield from zip(long, cycle(_lines(standin) or [standin]), strict=False)


def _lines(pem: str) -> list[str]:
    return [line.strip() for line in pem.splitlines() if line and "-----" not in line]


def _token_parts(real: str, standin: str) -> Iterator[tuple[str, str]]:
    label = label_of(standin)
    claims, signature = real.split(".")[1:]
    yield claims, standin.split(".")[1] if label != standin else standin
    yield signature, label
