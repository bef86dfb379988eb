"""Serve a WSGI application on a free loopback port until the parent lets go.

The port is printed as ``listening on PORT`` once connections are accepted. Standard input is the
parent's hand: when it closes, even because the parent was killed, the program ends.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any

from waitress import create_server

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def serve(application: Application) -> None:
    """Serve *application* and return only with the process."""
    server = create_server(application, host="127.0.0.1", port=0, threads=8)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    sys.stdout.write(f"listening on {server.effective_port}\n")
    sys.stdout.flush()
    server.run()


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)
