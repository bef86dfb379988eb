"""Real sockets on loopback; without the extra ``server`` there is nothing to try."""

from __future__ import annotations

import pytest

pytest.importorskip("uvicorn", reason="the extra 'server' is not installed")
pytest.importorskip("starlette", reason="the extra 'server' is not installed")
