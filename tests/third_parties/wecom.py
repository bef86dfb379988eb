"""A loopback server with WeCom's wire behaviour, as the built-in platform ``qywx`` needs it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from tests.third_parties.processes import ThirdParty, serving


@contextmanager
def wecom() -> Iterator[ThirdParty]:
    """Run the server for one corporation, whose id and secret are new each time."""
    credentials = {
        "QYWX_CORPID": f"ww{secrets.token_hex(8)}",
        "QYWX_SECRET": secrets.token_urlsafe(32),
    }
    with serving("tests.third_parties.servers.wecom", credentials) as url:
        yield ThirdParty(url=url, environment={"QYWX_URL": url, **credentials})
