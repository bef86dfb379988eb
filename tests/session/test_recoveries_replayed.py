"""What a call recovered from while it was recorded, it recovers from in replay in the same way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from email.utils import formatdate
from itertools import permutations
from pathlib import Path
from time import time

import pytest

from bpmax_sim.errors import CallError, TransportError
from bpmax_sim.messages import Request, Response
from bpmax_sim.session.options import Mode
from bpmax_sim.session.session import Session
from bpmax_sim.transport.protocol import Handler

PLATFORM = r"""
platform_key: orders
base_url: https://orders.example.test
credentials: {app_key: {}, app_secret: {secret: true}}
auth:
  acquire:
    steps:
      - request: {path: /token, form: {key: "{{ app_key }}", secret: "{{ app_secret }}"}}
        extract: {token: {path: $.access_token, secret: true}, ttl: {path: $.expires_in}}
  apply: [{in: header, name: Authorization, value: "Bearer {{ token }}"}]
  sign:
    set_headers: {X-Time: "{{ now | unix }}"}
    message: "{{ method }}\n{{ target }}\n{{ now | unix }}\n{{ body }}"
    key: "{{ app_secret }}"
    algorithm: hmac-sha256
    encode: hex
    emit: [{in: header, name: X-Sign, value: "{{ signature }}"}]
  recover:
    token: {refresh: 1}
    rate: {tries: 4, wait: ["header:retry-after"]}
    transient: {tries: 4, backoff: 0}
    clock: {clock: true}
response: {code: [$.errcode], classes: {clock: {code: [50012]}, transient: {status: [503]}}}
apis:
  下单: {method: POST, path: /orders, idempotent: true}
  加急: {method: POST, path: /orders/urgent}
"""
INSTANCES = """
- platform: orders
  instance_key: 华东
  default: true
  credentials: {app_key: AK-1, app_secret: {env: ORDERS_SECRET}}
"""
AHEAD = 7200


def _answer(status: int, value: object, **headers: str) -> Response:
    pairs = (("content-type", "application/json"), *headers.items())
    return Response(status=status, headers=pairs, body=json.dumps(value).encode())


class Archive:
    """Answers calls by *troubles*, then well; notes token and clock of each."""

    def __init__(self, *troubles: str) -> None:
        self.troubles: Iterator[str] = iter(troubles)
        self.logins = 0
        self.sent: list[tuple[str, bool]] = []

    def __call__(self, request: Request) -> Response:
        if request.is_login:
            self.logins += 1
            return _answer(200, {"access_token": f"tok-{self.logins:06d}", "expires_in": 7200})
        headers = dict(request.headers)
        is_ahead = int(headers["X-Time"]) - time() > AHEAD / 2
        self.sent.append((headers["Authorization"][-1], is_ahead))
        match next(self.troubles, "well"):
            case "token":
                return _answer(401, {"errcode": 40014})
            case "rate":
                return _answer(429, {"errcode": 45009}, **{"retry-after": "0"})
            case "clock":
                date = formatdate(time() + AHEAD, usegmt=True)
                return _answer(403, {"errcode": 50012}, date=date)
            case "no date":
                return _answer(403, {"errcode": 50012})
            case "cut":
                raise TransportError("the connection was cut", code="RESET", sent=True)
        return _answer(200, {"单号": "DD-2026-0042"})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("orders")
    (folder / "platforms").mkdir()
    (folder / "platforms/orders.yaml").write_text(PLATFORM, encoding="utf-8")
    (folder / "instances.yaml").write_text(INSTANCES, encoding="utf-8")
    return folder


def _call(folder: Path, mode: Mode, owner: str, api: str, archive: Archive) -> tuple[object, ...]:
    """Return what came of a call: its value or error, and how it was sent."""
    with Session.open(
        folder / "platforms",
        instances=folder / "instances.yaml",
        cassette=folder / f"cassettes/{owner}.yaml",
        mode=mode,
        owner=owner,
        transport=Handler(archive),
        environ={"ORDERS_SECRET": "s3cret-of-the-archive"},
    ) as session:
        try:
            value = session.proxy("orders").api(api).call()
        except CallError as error:
            value = (error.code, error.status)
        record = session.calls[-1]
        notes = [note.partition(" by ")[0].partition(",")[0] for note in record.notes]
        return value, record.attempts, [one.follows for one in record.earlier], notes


WELL = {"单号": "DD-2026-0042"}
ENDS = {"token": ("AUTH_FAILED", 401), "clock": ("HTTP_STATUS", 403)}
"""What a second trouble of the same kind ends with."""


@pytest.mark.parametrize(
    "troubles",
    [
        *permutations(("token", "rate", "clock", "cut"), 2),
        ("clock", "clock"),
        ("token", "token"),
        ("token", "clock", "rate"),
        ("clock", "cut", "token"),
    ],
)
def test_recoveries_of_a_call_are_replayed_as_they_were_recorded(
    folder: Path, troubles: tuple[str, ...]
) -> None:
    owner, archive = "-".join(troubles), Archive(*troubles)

    recorded = _call(folder, "record", owner, "下单", archive)
    replayed = _call(folder, "replay", owner, "下单", Archive())

    is_over = len({*troubles}) == 1
    value, count = (ENDS[troubles[0]], 2) if is_over else (WELL, len(troubles) + 1)
    assert recorded[:2] == (value, count)
    assert replayed == recorded
    before = [troubles[:number] for number in range(count)]
    assert archive.sent == [("2" if "token" in one else "1", "clock" in one) for one in before]


def test_a_clock_is_corrected_in_replay_also_where_a_call_may_have_been_executed(
    folder: Path,
) -> None:
    """The third party refused it for its time alone: any method was sent again."""
    recorded = _call(folder, "record", "clock", "加急", Archive("clock"))

    assert recorded == (WELL, 2, ["clock"], ["clock corrected"])
    assert _call(folder, "replay", "clock", "加急", Archive()) == recorded


def test_a_clock_that_could_not_be_corrected_is_not_in_replay(folder: Path) -> None:
    recorded = _call(folder, "record", "no date", "下单", Archive("no date"))

    assert recorded[:3] == (("HTTP_STATUS", 403), 1, [])
    assert _call(folder, "replay", "no date", "下单", Archive()) == recorded
