"""The same recording played by vcrpy in a user's own httpx client: what a session is held against.

vcrpy reads our files. Like a session, this opens the recording, makes each call once and looks at
the answers; it needs no platforms, hides nothing and logs in nowhere.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import vcr

_TRUST = ssl.create_default_context()
"""Read once: a client that is built without one takes ten times as long, for what nothing uses."""


@contextmanager
def open_client(cassette: Path, *, repeat: bool = False) -> Iterator[httpx.Client]:
    """Yield a client that *cassette* answers: each recording once, or with *repeat* ever again."""
    with (
        vcr.use_cassette(
            str(cassette),
            record_mode="none",
            match_on=("method", "uri"),
            allow_playback_repeats=repeat,
        ),
        httpx.Client(verify=_TRUST) as client,
    ):
        yield client


def play_recording(cassette: Path, calls: Sequence[tuple[str, str]]) -> list[object]:
    """Return the JSON that *cassette* answers each of *calls*, pairs of method and URL, with.

    Raises:
        vcr.errors.CannotOverwriteExistingCassetteException: it has not recorded one of them.
    """
    with open_client(cassette) as client:
        return [client.request(method, url).json() for method, url in calls]
