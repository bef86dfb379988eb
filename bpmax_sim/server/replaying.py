"""Cassettes -> a function that answers requests of anybody, each through a session that replays.

A request is tried below the address of each third party that was recorded, for its path alone says
nothing of whom it is for: as if the server's address stood for the whole address, or for its host.
``/<platform key>/…`` is for that platform alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import replace

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.errors import NoMatchError
from bpmax_sim.messages import Request, Response
from bpmax_sim.server.logins import let_in
from bpmax_sim.session.session import Session

NOTHING = "no such call: nothing of this address is recorded; these are: "


class _Way(msgspec.Struct, frozen=True):
    """One reading of a request: for whom, below which address, and what follows it."""

    platform: str
    base: str
    target: str


class Recordings:
    """The recordings of some cassettes, ready to answer; safe to use from several threads.

    A call that is used up gets its last answer again.
    """

    def __init__(
        self,
        cassettes: Sequence[Path],
        *,
        platforms: Path | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        """Open *cassettes*, understood by the platform files in *platforms*.

        Raises:
            CassetteError: one is not sound.
            ConfigError: a platform file is wrong.
        """
        opened = [Cassette.load(path) for path in cassettes]
        self._sessions = [
            Session.open(
                platforms,
                mode="replay",
                cassette=cassette.path,
                owner=owner,
                repeat=True,
                unused="ignore",
                environ=os.environ if environ is None else environ,
            )
            for cassette in opened
            for owner in cassette.owners
        ]
        self.bases = tuple(dict.fromkeys(pair for one in opened for pair in _bases(one)))

    def answer(self, request: Request) -> Response:
        """Return what was recorded for *request*.

        Raises:
            NoMatchError: nothing was; it tells of the nearest, where the API is known.
            TransportError: the recorded exchange did not complete.
        """
        ways = list(self._ways(request))
        for way in ways:
            if (login := self._login(way, request)) is not None:
                return login
        misses: list[NoMatchError] = []
        for way in ways:
            asked = replace(request, url=f"{way.base}{way.target}", base="")
            for session in self._sessions:
                try:
                    return session.handle(asked)
                except NoMatchError as error:
                    misses.append(error)
                finally:
                    session.calls.clear()
                    session.misses.clear()
        known = [one for one in misses if one.platform and one.api]
        raise next(iter(known), _unknown(self.bases))

    def _ways(self, request: Request) -> Iterator[_Way]:
        target = request.url.removeprefix(request.base) or "/"
        first = target[1:].partition("?")[0].partition("/")[0]
        keys = {platform for platform, _ in self.bases}
        if first in keys:
            inner = target[1 + len(first) :]
            target = inner if inner.startswith("/") else f"/{inner}"
            wanted = [pair for pair in self.bases if pair[0] == first]
        else:
            wanted = list(self.bases)
        found: dict[_Way, None] = {}
        for platform, base in wanted:
            parts = urlsplit(base)
            for start in (base, f"{parts.scheme}://{parts.netloc}"):
                found[_Way(platform, start, target)] = None
        yield from found

    def _login(self, way: _Way, request: Request) -> Response | None:
        platform = self._sessions[0].platforms.find(way.platform) if way.platform else None
        if platform is None:
            return None
        asked = replace(request, url=f"{way.base}{way.target}")
        return let_in(platform, asked, platform.base_url.rstrip("/"))


def _bases(cassette: Cassette) -> Iterator[tuple[str, str]]:
    """Yield each platform and address that was recorded; of traffic without one, the host."""
    for entry in cassette.entries():
        line = entry.line
        if line.base:
            yield line.call.partition(".")[0], line.base.rstrip("/")
    for number in range(len(cassette)):
        if not cassette.line(number).base:
            parts = urlsplit(cassette.exchange(number).request.url)
            yield "", f"{parts.scheme}://{parts.netloc}"


def _unknown(bases: Sequence[tuple[str, str]]) -> NoMatchError:
    known = ", ".join(f"{base} ({platform})" if platform else base for platform, base in bases)
    return NoMatchError(f"{NOTHING}{known or 'none'}", case="no such call")
