"""What one call costs, from the builder to the parsed answer, beside a plain httpx call."""

from __future__ import annotations

import json
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import httpx
from msgspec.structs import replace

import bpmax_sim.starter
from benchmarks.by_vcrpy import open_client, play_recording
from benchmarks.cassette import TURNS, microseconds_in_turns, open_floor, vcrpy_save
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import dump_exchanges
from bpmax_sim.cassette.journal import encode_record
from bpmax_sim.cassette.matching import call_to_parts, compute_matching_key
from bpmax_sim.cassette.recorder import Recorder
from bpmax_sim.messages import Exchange, Request, Response
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.proxy.auth import authorise
from bpmax_sim.proxy.call_effects import Grant
from bpmax_sim.proxy.call_plan import plan_call
from bpmax_sim.session.credentials import get_matching_rules
from bpmax_sim.session.options import Mode
from bpmax_sim.session.session import Session
from bpmax_sim.transport.adapters import httpx_transport
from bpmax_sim.transport.protocol import Handler

_PLATFORMS = Path(bpmax_sim.starter.__file__).parent / "demo_files/scenarios/platforms"
ENVIRON = {
    "CRM_URL": "https://crm",
    "CRM_CLIENT_ID": "id-123456",
    "CRM_CLIENT_SECRET": "s-123456",
    "CRM_KEY": "k-123456",
}
_ANSWER = ('{"code":200,"message":"ok","data":{"name":"张三","note":"' + "x" * 950 + '"}}').encode()
_JSON = (("content-type", "application/json"),)
_CALLS = 30  # of each turn
_DISTINCT = TURNS * _CALLS
_FEW, _MANY = 100, 10_000
_RECORDED = 200
_KEYED = """\
platform_key: crm_system
base_url: https://crm.example.test
credentials: {key: {secret: true}}
auth: {preset: bearer, token: "{{ key }}"}
apis:
  get_customer_detail:
    method: GET
    path: /api/customers/{id}
    parameters: [{name: id, in: path, required: true}]
"""
_INSTANCE = "- {platform: crm_system, instance_key: test, credentials: {key: {env: CRM_KEY}}}\n"


def answer(request: Request) -> Response:
    token = b'{"access_token":"token-123456","expires_in":7200}'
    return Response(status=200, headers=_JSON, body=token if request.body else _ANSWER)


def answer_at_length(request: Request) -> Response:
    """Return a list of 250 customers, other ones for each path."""
    if request.body:
        return answer(request)
    number = int(request.url.rpartition("/")[2])
    items = [
        {
            "id": number * 1000 + row,
            "code": f"KH{row:06d}",
            "name": f"上海第{number}{row}贸易有限公司",
            "phone": f"1380013{row:04d}",
            "address": {"city": "上海", "street": f"南京东路 {row} 号"},
            "amount": row * 13.7,
            "created_at": "2026-03-02 09:00:00",
            "tags": ["重点", "华东"],
            "uuid": uuid5(NAMESPACE_URL, f"{number}/{row}").hex,
        }
        for row in range(245)
    ]
    data = {"code": 0, "message": "ok", "data": {"items": items, "total": len(items)}}
    body = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(status=200, headers=_JSON, body=body)


def opened(
    cassette: Path,
    mode: Mode = "replay",
    *,
    repeat: bool = False,
    platforms: Path = _PLATFORMS,
    respond: Callable[[Request], Response] = answer,
) -> Session:
    """Open a session over the demonstration's CRM, which logs in, or over other *platforms*."""
    return Session.open(
        platforms,
        cassette=cassette,
        mode=mode,
        record="rewrite",
        clock="2026-03-02T09:00:00+08:00",
        environ=ENVIRON,
        transport=Handler(respond),
        unused="ignore",
        repeat=repeat,
    )


def keyed(folder: Path) -> Path:
    """Write a platform that takes a key instead of a login."""
    platforms = folder / "platforms"
    platforms.mkdir()
    (platforms / "crm_system.yaml").write_text(_KEYED, encoding="utf-8")
    (folder / "instances.yaml").write_text(_INSTANCE, encoding="utf-8")
    return platforms


def recorded(folder: Path, count: int, platforms: Path = _PLATFORMS) -> Path:
    """Record *count* calls, each with a URL of its own."""
    cassette = folder / f"cassettes/{count}.yaml"
    with opened(cassette, "record", platforms=platforms) as session:
        crm = session.proxy("crm_system")
        for number in range(count):
            crm.getCustomerDetail(str(number))
    return cassette


def building(folder: Path) -> dict[str, float]:
    """Return the cost of building and authorising one call."""
    with opened(folder / "none.yaml") as session:
        env = session._calls.environment  # noqa: SLF001 - the generator's own input
        crm = session.proxy("crm_system")
        grant = Grant(values={"token": "t-123456"}, standins={"token": "t-123456"}, expires=1e12)

        def build() -> Request:
            program = crm.api("get_customer_detail").path(id="12345").query(fields="name").spec
            return authorise(plan_call(program, env), grant, env)

        with open_floor() as floor:
            own, least = microseconds_in_turns(build, floor, calls=_CALLS)
    return {"build and authorise, µs": own, "build and authorise, times the floor": own / least}


def replaying(folder: Path) -> dict[str, float]:
    """Return the cost of a call in Python, new to the session and known."""
    again = recorded(folder, 1)
    first = multiplied(again, _DISTINCT)
    numbers = map(str, range(_DISTINCT))
    with opened(first) as session, opened(again, repeat=True) as repeating:
        crm, known = session.proxy("crm_system"), repeating.proxy("crm_system")
        return {
            **_beside_vcrpy(
                "replay of one call, first time",
                lambda: crm.getCustomerDetail(next(numbers)),
                again,
            ),
            **_beside_vcrpy(
                "replay of one call, again", lambda: known.getCustomerDetail("0"), again
            ),
        }


def client(folder: Path) -> dict[str, float]:
    """Return the cost of a call by a user's own httpx client, new to the session and known."""
    alone = folder / "client"
    alone.mkdir()
    platforms = keyed(alone)
    again = recorded(alone, 1, platforms)
    first = multiplied(again, _DISTINCT, platforms)
    url = "https://crm.example.test/api/customers/{}"

    def costs(name: str, cassette: Path, urls: Iterator[str], *, repeat: bool) -> dict[str, float]:
        with (
            opened(cassette, repeat=repeat, platforms=platforms) as session,
            httpx.Client(transport=httpx_transport(session)) as own,
        ):
            return _beside_vcrpy(name, lambda: own.get(next(urls)).json(), again)

    new = map(url.format, range(_DISTINCT))
    known = cycle([url.format(0)])
    return {
        **costs("first replay through a client of one's own", first, new, repeat=False),
        **costs("replay through a client of one's own", again, known, repeat=True),
    }


def _beside_vcrpy(name: str, work: Callable[[], object], cassette: Path) -> dict[str, float]:
    """Return what *work* costs, and how many times what vcrpy does in turns with it.

    vcrpy answers a user's own client from *cassette*, which has one recording, ever again.
    """
    url = Cassette.load(cassette).exchange(0).request.url
    with open_client(cassette, repeat=True) as client:
        own, peer = microseconds_in_turns(work, lambda: client.get(url).json(), calls=_CALLS)
    return {f"{name}, µs": own, f"{name}, times vcrpy": own / peer}


def _own_recorder(session: Session) -> Recorder:
    record = session._wiring.record  # noqa: SLF001 - for the same bytes
    assert record is not None
    return record._get_owner_recorder()  # noqa: SLF001


def recording(folder: Path) -> dict[str, float]:
    """Return what recording adds to a call before the script goes on, and the cost of all of it.

    All of it has the closing too, which is told beside the cassettes as well.
    """
    best, closing = _time_recording(folder, "recording", answer)
    large, _ = _time_recording(folder, "large", answer_at_length)
    whole = best["record"] + closing
    adds = {name: one["record"] - one["live"] for name, one in (("", best), ("large", large))}
    return {
        "recording one call, all of it, ms": whole * 1e3,
        "a bare durable append, ms": best["append"] * 1e3,
        "what recording adds to a call, times a bare durable append": adds[""] / best["append"],
        "what recording 67 kB of JSON adds to a call, ms": adds["large"] * 1e3,
        "what recording 67 kB of JSON adds to a call, times vcrpy's saving": (
            adds["large"] / (vcrpy_save(folder / "large.yaml") / _RECORDED)
        ),
        "recording one call, all of it, times a bare durable append": whole / best["append"],
        "the same without the call itself": (whole - best["live"]) / best["append"],
    }


def _time_recording(
    folder: Path, name: str, respond: Callable[[Request], Response]
) -> tuple[dict[str, float], float]:
    """Return the seconds of a recorded call, a bare append and a live call, and of closing, a call.

    In turns with it the same bytes are appended to another file and synchronised, and the same call
    is made without recording it. The disk is waited for, so these are times of a clock, the best
    tenth of each: others on the machine disturb one that waits more than one that computes.
    """
    bare = os.open(folder / f"{name}.bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    taken: dict[str, list[float]] = {"record": [], "append": [], "live": []}

    def timed(what: str, work: Callable[[], object]) -> None:
        begun = time.perf_counter()
        work()
        taken[what].append(time.perf_counter() - begun)

    def append(data: bytes) -> None:
        os.write(bare, data)
        os.fdatasync(bare)

    with opened(folder / "none.yaml", "live", respond=respond) as live:
        session = opened(folder / f"{name}.yaml", "record", respond=respond)
        calls, plain = session.proxy("crm_system"), live.proxy("crm_system")
        recorder = _own_recorder(session)
        for number in map(str, range(_RECORDED)):
            timed("record", lambda: calls.getCustomerDetail(number))  # noqa: B023 - called at once
            data = encode_record(recorder._drafts[-1])  # noqa: SLF001
            timed("append", lambda: append(data))  # noqa: B023
            timed("live", lambda: plain.getCustomerDetail(number))  # noqa: B023
        begun = time.perf_counter()
        session.close()
        closing = (time.perf_counter() - begun) / _RECORDED
    os.close(bare)
    tenth = _RECORDED // 10
    return {what: statistics.mean(sorted(each)[:tenth]) for what, each in taken.items()}, closing


def spending(folder: Path) -> dict[str, float]:
    """Return the processor time of recording one call, closing included."""
    begun = time.process_time()
    recorded(folder, _RECORDED)
    spent = (time.process_time() - begun) / _RECORDED
    return {"recording one call, processor time of all, µs": spent * 1e6}


def short(folder: Path) -> dict[str, float]:
    """Return the cost of a short test, by a platform with a key and by one with a login.

    In turns with it vcrpy plays the recording of the call, without a login.
    """
    alone = folder / "keyed"
    alone.mkdir()
    found: dict[str, float] = {}
    for name, home, platforms in (
        ("a session with one call", alone, keyed(alone)),
        ("a session with a login and one call", folder, _PLATFORMS),
    ):
        cassette = recorded(home, 1, platforms)
        own, peer = _time_sessions(cassette, platforms)
        found |= {f"{name}, µs": own, f"{name}, times vcrpy": own / peer}
    return found


def _time_sessions(cassette: Path, platforms: Path) -> tuple[float, float]:
    """Return the microseconds of a session that plays *cassette*, and of vcrpy."""

    def session() -> None:
        with opened(cassette, platforms=platforms) as session:
            session.proxy("crm_system").getCustomerDetail("0")

    calls = [("GET", "https://crm.example.test/api/customers/0")]
    return microseconds_in_turns(session, lambda: play_recording(cassette, calls), calls=10)


def playing(cassette: Path, order: Sequence[int]) -> float:
    """Return the microseconds of processor time of each call; every recording is played once."""
    with opened(cassette) as session:
        crm = session.proxy("crm_system")
        crm.direct("get_customer_detail", str(order[0]))  # logs in
        begun = time.process_time()
        for number in order[1:]:
            crm.direct("get_customer_detail", str(number))
        return (time.process_time() - begun) / (len(order) - 1) * 1e6


def multiplied(cassette: Path, count: int, platforms: Path = _PLATFORMS) -> Path:
    """Write a cassette with what *cassette* holds *count* times, each at a URL of its own."""
    rules = get_matching_rules(load_platforms(platforms), ())
    one = Cassette.load(cassette).exchange(0)
    call = one.request.call
    assert call is not None

    def numbered(number: int) -> Exchange:
        path = f"/api/customers/{number}"
        said = replace(call, path=path)
        request = replace(one.request, url=one.request.base + path, call=said)
        key = compute_matching_key(call_to_parts(said), rules)
        return replace(one, request=request, key=key, order=number + 1)

    written = cassette.with_name(f"{count}-times.yaml")
    written.write_bytes(dump_exchanges([numbered(number) for number in range(count)], rules=rules))
    return written


def growth(folder: Path) -> dict[str, float]:
    """Return how the cost of a call grows from few recordings to many."""
    one = recorded(folder, 1)
    few, many = multiplied(one, _FEW), multiplied(one, _MANY)
    mixed = random.Random(1).sample(range(_MANY), _MANY)
    small, ordered, shuffled = [], [], []
    for _ in range(5):
        times = _MANY // _FEW  # as many calls in each, so that a busy machine is so for all
        small.append(sum(playing(few, range(_FEW)) for _ in range(times)) / times)
        ordered.append(playing(many, range(_MANY)))
        shuffled.append(playing(many, mixed))
    return {
        f"growth of a call, {_FEW} to {_MANY}, in order": min(ordered) / min(small),
        f"growth of a call, {_FEW} to {_MANY}, shuffled": min(shuffled) / min(small),
    }


def measure() -> dict[str, float]:
    """Return every figure by name; each ratio is to what is measured in turns with it."""
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        for figures in (building, replaying, client, short, spending, recording, growth):
            found |= figures(Path(folder))
    return found
