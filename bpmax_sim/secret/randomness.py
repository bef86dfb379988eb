"""Whether a text looks as if it had been drawn by chance, as tokens and keys are.

A guess, made to tell a person and nothing else: what is secret is known by where it comes from.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import Final

_SHORTEST: Final = 16
"""Letters and digits in a row; shorter ones are order numbers and names."""

_BITS: Final = 3.0
"""Shannon entropy per character; 16 random hexadecimal digits have 3.3 on average, words less."""

_RUN: Final = re.compile(rf"[A-Za-z0-9]{{{_SHORTEST},}}")
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def looks_random(text: str) -> bool:
    """Return whether *text* holds a long run of letters and digits without a pattern.

    A UUID does not count: request ids are, and hardly any secret is.
    """
    return has_mixed_run(text) and any(map(_is_random, _RUN.findall(_UUID.sub(" ", text))))


def has_mixed_run(text: str) -> bool:
    """Return whether *text* holds a long run of letters and digits, both; most texts hold none.

    No part of a text without one looks random, so a whole is asked before its parts are.
    """
    return any(map(_is_mixed, _RUN.findall(text)))


def _is_mixed(run: str) -> bool:
    return not (run.isalpha() or run.isdigit())


def _is_random(run: str) -> bool:
    if not _is_mixed(run):
        return False
    shares = (count / len(run) for count in Counter(run).values())
    return -sum(share * math.log2(share) for share in shares) >= _BITS
