"""Real sockets on loopback; without the extra ``server``, a part of ``test``, none is opened."""

from __future__ import annotations

from importlib.util import find_spec

MISSING = [name for name in ("starlette", "uvicorn") if find_spec(name) is None]
collect_ignore_glob = ["test_*.py"] if MISSING else []
