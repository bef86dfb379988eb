"""The warehouse of the tutorial, as its page has readers save and start it, on loopback."""

from __future__ import annotations

import re
import runpy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import ThreadingHTTPServer

from tests.docs.blocks import Block, blocks
from tests.docs.pages import ROOT
from tests.loopback import serving

FILE = ROOT / "docs/theme/assets/warehouse.py"


@dataclass(slots=True)
class Warehouse:
    """A running system: where, and the variables with which a project finds it."""

    url: str
    environment: dict[str, str]


def page_blocks() -> Iterator[Block]:
    """Yield the blocks of the page that has the warehouse."""
    return blocks((ROOT / "docs/zh/tutorial/own-system.md").read_text(encoding="utf-8"))


@contextmanager
def running_warehouse() -> Iterator[Warehouse]:
    """Serve until the block ends."""
    (shown,) = (one.text for one in page_blocks() if one.kind == "environment")
    module = runpy.run_path(str(FILE), run_name="warehouse")
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), module["Warehouse"])) as url:
        yield Warehouse(url, {**dict(re.findall(r"(\w+)=(\S+)", shown)), "WMS_URL": url})
