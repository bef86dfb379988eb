"""Every secret of a session, with all the forms it takes: replace them, and look for them.

Redaction is idempotent: a stand-in maps to itself. Nothing here shows a value.
"""

from __future__ import annotations

import base64
import binascii
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass

from bpmax_sim.secret.forms import CORES, FORMS
from bpmax_sim.secret.search import Finding, find
from bpmax_sim.secret.standin import is_standin, standin

SHORTEST = 6
"""Values with fewer characters are redacted by place only; elsewhere they are ordinary text."""

_TOKEN = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")


@dataclass(frozen=True, slots=True)
class _Form:
    text: str
    standin: str
    name: str


class Vault:
    """The secrets of one session; safe to use from several threads."""

    def __init__(self) -> None:
        """Start without a secret."""
        self._lock = threading.Lock()
        self._forms: dict[str, _Form] = {}
        self._cores: dict[str, str] = {}
        self._numbers: dict[tuple[str, str, str], dict[str, str]] = {}
        self._standins: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self._changed: list[Callable[[], None]] = []

    def __repr__(self) -> str:
        return f"<Vault of {len(self._standins)} stand-ins>"

    @property
    def is_empty(self) -> bool:
        """Return whether there is nothing to replace."""
        return not self._forms

    def add(self, real: str, standin: str, *, name: str) -> None:
        """Register *real* and every form of it.

        Left to its place are a value of under six characters, a stand-in, and a value that the
        stand-in itself would show.
        """
        with self._lock:
            self._standins.add(standin)
            if len(real) < SHORTEST or real in standin or is_standin(real):
                return
            for label, make in FORMS.items():
                self._register(make(real), make(standin), f"{name} ({label})")
            self._cores.update({make(real): f"{name} ({label})" for label, make in CORES.items()})

    def pair(self, real: str, standin: str, *, name: str) -> None:
        """Register a text that was derived from secrets, such as a whole header value."""
        if real != standin:
            self.add(real, standin, name=name)

    def address(self, live: str, declared: str) -> None:
        """Replace the address *live* by *declared*; it is no secret, so it is not looked for."""
        if live and live != declared:
            with self._lock:
                for make in (FORMS["raw"], FORMS["percent"], FORMS["json-slash"]):
                    self._register(make(live), make(declared), "")

    def minted(
        self, platform: str, instance: str, name: str, value: str, kind: str = "text"
    ) -> str:
        """Register a secret that the third party made, and return its stand-in.

        The same value has the same stand-in; a stand-in is its own.
        """
        with self._lock:
            known = self._numbers.setdefault((platform, instance, name), {})
            if value in known:
                return known[value]
            made = standin(
                kind=kind,
                platform=platform,
                instance=instance,
                name=name,
                number=len(set(known.values())) + 1,
                like=value,
            )
            if value in self._standins or is_standin(value):
                made = value
            known[value] = made
        self.add(value, made, name=f"{platform}.{instance}.{name}")
        return made

    def redact_text(self, text: str) -> str:
        """Return *text* with every form of every secret replaced by that of its stand-in."""
        pattern = self._compiled()
        if pattern is None:
            return text
        replaced = pattern.sub(lambda found: self._forms[found[0]].standin, text)
        return _TOKEN.sub(self._inside, replaced)

    def redact(self, data: bytes) -> bytes:
        """Return *data* redacted; bytes that are no UTF-8 are kept."""
        if self._compiled() is None:
            return data
        text = data.decode("utf-8", "surrogateescape")
        return self.redact_text(text).encode("utf-8", "surrogateescape")

    def scan(self, data: bytes) -> tuple[Finding, ...]:
        """Return every place of *data* that holds a secret, after undoing encodings too."""
        with self._lock:
            wanted = {form.text: form.name for form in self._forms.values() if form.name}
            wanted |= self._cores
        return find(data, wanted)

    def _register(self, text: str, standin: str, name: str) -> None:
        if text not in self._forms and text != standin and text not in self._standins:
            self._forms[text] = _Form(text, standin, name)
            self._pattern = None

    def _compiled(self) -> re.Pattern[str] | None:
        if self._pattern is None and self._forms:
            with self._lock:
                longest = sorted(self._forms, key=len, reverse=True)
                self._pattern = re.compile("|".join(map(re.escape, longest)))
        return self._pattern

    def _inside(self, found: re.Match[str]) -> str:
        """Return a base64 token, redacted inside where it holds a secret."""
        token = found[0]
        plain = _decoded(token)
        if plain is None:
            return token
        text = plain.decode("utf-8", "surrogateescape")
        pattern = self._compiled()
        if pattern is None or not pattern.search(text):
            return token
        clean = pattern.sub(lambda match: self._forms[match[0]].standin, text)
        data = base64.b64encode(clean.encode("utf-8", "surrogateescape")).decode()
        data = data if token.endswith("=") or len(token) % 4 == 0 else data.rstrip("=")
        return data if not set("-_") & set(token) else data.translate(str.maketrans("+/", "-_"))


def _decoded(token: str) -> bytes | None:
    core = token.rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        return base64.b64decode(core + "=" * (-len(core) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
