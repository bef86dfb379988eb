"""What the tests of signing share: shipped presets with values, and generated requests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import yaml
from hypothesis import strategies as st

import bpmax_sim.platform
from bpmax_sim.messages import Request, Response
from bpmax_sim.platform.model import Auth, CredentialSpec
from bpmax_sim.platform.template import render
from bpmax_sim.proxy.signing import sign, verify_response

FOLDER = Path(bpmax_sim.platform.__file__).parent / "presets"
NONCE = "5f0c3a9be2d14c7fa8d1b7e0c4a2f6d8"
CALL_ID = "0a1b2c3d"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A preset with its parameters and credentials filled in."""

    auth: Auth
    parameters: dict[str, str]
    names: dict[str, Any]

    def sign(self, request: Request, *, now: float, nonce: str = NONCE) -> Request:
        assert self.auth.sign is not None
        return sign(request, self.auth.sign, self._scope(now, nonce))

    def verify(self, response: Response, *, now: float) -> None:
        assert self.auth.verify_response is not None
        verify_response(response, self.auth.verify_response, self._scope(now, NONCE))

    def _scope(self, now: float, nonce: str) -> dict[str, Any]:
        given = {"now": now, "nonce": nonce, "call_id": CALL_ID}
        names = {**self.names, **given}
        return names | {key: render(text, names) for key, text in self.parameters.items()}


def read(name: str) -> dict[str, Any]:
    """Return a preset file as plain data."""
    data: dict[str, Any] = yaml.load((FOLDER / f"{name}.yaml").read_bytes(), yaml.CSafeLoader)
    return data


def preset(name: str, **values: Any) -> Preset:
    """Return the preset *name*; what is not in *values* keeps its default."""
    data = read(name)
    specs = msgspec.convert(data["credentials"], dict[str, CredentialSpec])
    defaults = {
        key: spec.default for key, spec in specs.items() if spec.default is not msgspec.UNSET
    }
    parameters = {
        key: text for key, text in data.get("parameters", {}).items() if key not in values
    }
    return Preset(
        auth=msgspec.convert(data["auth"], Auth), parameters=parameters, names=defaults | values
    )


instants = st.integers(946_684_800, 4_102_444_800)
secrets = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)
words = st.text(st.sampled_from("客户合同张三aZ09-._~ %+&=/?#:@!$'()*,;[]é😀"), max_size=8)
bodies = st.one_of(st.none(), st.just(b""), st.binary(max_size=40), words.map(str.encode))
queries = st.lists(st.tuples(words.filter(bool), words), max_size=5).map(tuple)
_segments = st.one_of(
    words.map(lambda word: quote(word, safe="")), st.sampled_from([".", "..", ""])
)
paths = st.lists(_segments, max_size=5).map(lambda parts: "/" + "/".join(parts))
_names = st.sampled_from(["X-Amz-Target", "x-trace", "User-Agent", "Content-Type", "X-B", "TE"])
_values = st.text(st.sampled_from("ab1 ;=/,\t"), max_size=10)
_headers = st.lists(st.tuples(_names, _values), max_size=4).map(tuple)


def encoded(pairs: tuple[tuple[str, str], ...]) -> str:
    return "&".join(f"{quote(n, safe='-_.~')}={quote(v, safe='-_.~')}" for n, v in pairs)


def address(host: str, path: str, pairs: tuple[tuple[str, str], ...]) -> str:
    query = encoded(pairs)
    return f"https://{host}{path}" + (f"?{query}" if query else "")


@st.composite
def requests(
    draw: st.DrawFn,
    *,
    hosts: tuple[str, ...] = ("crm.example.com", "CRM.example.com:443", "127.0.0.1:8443"),
    methods: tuple[str, ...] = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"),
    headers: st.SearchStrategy[tuple[tuple[str, str], ...]] = _headers,
) -> Request:
    return Request(
        method=draw(st.sampled_from(methods)),
        url=address(draw(st.sampled_from(hosts)), draw(paths), draw(queries)),
        headers=draw(headers),
        body=draw(bodies),
    )


def header(request: Request, name: str) -> str | None:
    found = [value for key, value in request.headers if key.lower() == name.lower()]
    assert len(found) <= 1
    return found[0] if found else None
