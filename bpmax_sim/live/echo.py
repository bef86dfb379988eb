"""A third party that responds with the request that it received, and its declaration.

`bpmax-sim calibrate` calls it from a live BPMAX; ``bpmax-sim serve echo`` runs one. It answers any
path; ``/status/404`` answers with that status, ``/delay/2`` after that many seconds.
"""

from __future__ import annotations

import json
import re
from typing import Final
from urllib.parse import urlsplit

from bpmax_sim.errors import TransportError
from bpmax_sim.messages import Request, Response

ECHO_PLATFORM: Final = """\
platform_key: echo
base_url: https://echo.example.test
apis:
  echo_read:
    method: GET
    path: /anything/{id}
    query: {preset: "1"}
    parameters:
      - {name: id, in: path, required: true}
      - {name: tag, in: query}
      - {name: X-Tag, in: header}
  echo_write:
    method: POST
    path: /anything/{id}
    parameters:
      - {name: id, in: path, required: true}
      - {name: name, in: body}
      - {name: count, in: body}
  echo_status:
    method: GET
    path: /status/{code}
    parameters: [{name: code, in: path, required: true}]
  echo_delay:
    method: GET
    path: /delay/{seconds}
    parameters: [{name: seconds, in: path, required: true}]
"""
"""The interfaces that a live BPMAX needs for `bpmax-sim calibrate`, as a platform file."""

LONGEST_DELAY: Final = 300.0
_ORDER: Final = re.compile(r"/(status|delay)/(\d+(?:\.\d+)?)/?$")
_STATUSES: Final = range(200, 600)
_EMPTY: Final = frozenset({204, 205, 304})
_JSON: Final = (("Content-Type", "application/json; charset=utf-8"),)


def make_echo_response(request: Request) -> Response:
    """Return *request* as JSON: the response of the echo platform, a third party made for tests.

    It has method, target, headers by lower-case name, and body. The path may ask for a status
    (``/status/404``) or a delay in seconds (``/delay/2``).

    Raises:
        TransportError: ``TIMEOUT``, if that delay is longer than the request waits.
    """
    parts = urlsplit(request.url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    told = {
        "method": request.method,
        "url": target,
        "headers": {name.lower(): value for name, value in request.headers},
        "body": (request.body or b"").decode("utf-8", "backslashreplace"),
    }
    order = _ORDER.search(parts.path)
    status, delay = 200, 0.0
    if order and order[1] == "delay":
        delay = min(float(order[2]), LONGEST_DELAY)
    elif order and int(float(order[2])) in _STATUSES:
        status = int(float(order[2]))
    if delay > request.timeout:
        raise TransportError(
            "no answer in time", code="TIMEOUT", elapsed=request.timeout, sent=True
        )
    body = b"" if status in _EMPTY else json.dumps(told, ensure_ascii=False).encode()
    return Response(status=status, headers=_JSON if body else (), body=body, elapsed=delay)
