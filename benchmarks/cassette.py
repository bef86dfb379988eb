"""What a cassette costs beside vcrpy, a plain httpx call and a bare durable append, in one run."""

from __future__ import annotations

import hashlib
import os
import random
import statistics
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
from msgspec.structs import replace
from vcr.persisters.filesystem import FilesystemPersister
from vcr.serializers import yamlserializer

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import dump_exchanges
from bpmax_sim.cassette.journal import encode_record, scan_nothing
from bpmax_sim.cassette.matching import (
    MatchingRules,
    RequestParts,
    call_to_parts,
    compute_matching_key,
    request_to_parts,
)
from bpmax_sim.cassette.miss import UnmatchedCallContext
from bpmax_sim.cassette.player import Player
from bpmax_sim.cassette.recorder import Recorder
from bpmax_sim.cassette.three_way import merge_versions
from bpmax_sim.messages import Call, Exchange, Request, Response

TURNS = 31
"""How often two things are measured in turns."""
_MANY, _FEW = 10_000, 100
_RULES, _OWNER = MatchingRules(), "客户同步"
_BASE = "https://crm.example.test"
_ANSWER = ('{"code":200,"message":"ok","data":{"name":"张三","note":"' + "x" * 950 + '"}}').encode()


def recorded(number: int, *, shape: str) -> Exchange:
    """Return one exchange of a workload: distinct URLs, distinct bodies, or one call repeated."""
    path = f"/customers/{number}" if shape == "urls" else "/customers"
    body = f'{{"客户":{number}}}'.encode() if shape == "bodies" else None
    headers = (("content-type", "application/json"),)
    call = Call(
        platform="crm", instance="test", api="get", method="POST", path=path,
        query=(("fields", "name"),), headers=headers, body=body, serial=number,
    )  # fmt: skip
    request = Request(
        method="POST",
        url=f"{_BASE}{path}?fields=name",
        headers=(*headers, ("authorization", "Bearer redacted.crm.test.token.1")),
        body=body,
        call=call,
        base=_BASE,
        injected=("header.authorization",),
    )
    response = Response(status=200, reason="OK", headers=headers, body=_ANSWER, elapsed=0.012)
    key = compute_matching_key(request_to_parts(request), _RULES)
    return Exchange(request=request, outcome=response, key=key, order=number, owner=_OWNER)


def microseconds(work: Callable[[], object], *, rounds: int, calls: int = 1) -> float:
    """Return the median cost of one call of *work*, in microseconds of processor time.

    What others do on the machine stretches that much less than it does the time of a clock.
    """
    taken = []
    for _ in range(rounds):
        begun = time.process_time()
        for _ in range(calls):
            work()
        taken.append((time.process_time() - begun) / calls * 1e6)
    return statistics.median(taken)


def microseconds_in_turns(
    own: Callable[[], object], peer: Callable[[], object], *, calls: int
) -> tuple[float, float]:
    """Return the median cost of one call of *own* and of *peer*, measured in turns of *calls*."""
    turns = [
        [microseconds(one, rounds=1, calls=calls) for one in (own, peer)] for _ in range(TURNS)
    ]
    ours, peers = zip(*turns, strict=True)
    return statistics.median(ours), statistics.median(peers)


@contextmanager
def open_floor() -> Iterator[Callable[[], object]]:
    """Yield one call of an httpx client that does nothing but look up an answer."""
    answers = {f"{_BASE}/customers": _ANSWER}
    transport = httpx.MockTransport(lambda r: httpx.Response(200, content=answers[str(r.url)]))
    with httpx.Client(transport=transport) as client:
        yield lambda: client.get(f"{_BASE}/customers").json()


def floor() -> float:
    """Return the cost of one call of `open_floor`."""
    with open_floor() as call:
        return microseconds(call, rounds=15, calls=100)


def written(folder: Path, exchanges: Sequence[Exchange], name: str) -> Path:
    path = folder / f"{name}.yaml"
    path.write_bytes(dump_exchanges(exchanges, rules=_RULES))
    return path


def _take(player: Player, parts: RequestParts) -> Exchange:
    cassette, number = player.take_next(parts, UnmatchedCallContext())
    return cassette.exchange(number)


def playing(path: Path, calls: Sequence[Call]) -> float:
    """Return the cost of identifying, finding and parsing one exchange the first time."""
    player = Player(Cassette.load(path), _RULES, _OWNER)
    begun = time.process_time()
    for call in calls:
        _take(player, call_to_parts(call))
    return (time.process_time() - begun) / len(calls) * 1e6


def replay(folder: Path) -> dict[str, float]:
    """Return the cost per exchange of each workload, and its growth from few to many.

    Others on the machine only add to it, so it is the least of several rounds.
    """
    found: dict[str, float] = {}
    for shape in ("urls", "bodies", "repeated"):
        many = [recorded(number, shape=shape) for number in range(1, _MANY + 1)]
        calls = [e.request.call for e in many if e.request.call is not None]
        path = written(folder, many, shape)
        few = written(folder, many[:_FEW], f"{shape}-few")
        shuffled = random.Random(1).sample(calls, _MANY)
        small, ordered, mixed = [], [], []
        for _ in range(5):
            times = _MANY // _FEW  # as many in each, so that a busy machine is so for all
            small.append(sum(playing(few, calls[:_FEW]) for _ in range(times)) / times)
            ordered.append(playing(path, calls))
            mixed.append(playing(path, shuffled))
        found[f"take, {shape}, µs"] = min(ordered)
        found[f"take, {shape}, growth {_FEW} to {_MANY}"] = min(ordered) / min(small)
        found[f"take, {shape}, growth, shuffled"] = min(mixed) / min(small)
    return found


def opening(folder: Path) -> dict[str, float]:
    """Return the cost of opening 10,000 exchanges of 1 kB, and of a short test."""
    many = [recorded(number, shape="urls") for number in range(1, _MANY + 1)]
    path, one = written(folder, many, "open"), written(folder, many[:1], "one")
    ours = microseconds(lambda: Cassette.load(path), rounds=9)
    tracemalloc.start()
    kept = Cassette.load(path)
    memory = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    digest = microseconds(lambda: hashlib.sha256(path.read_bytes()).hexdigest(), rounds=9)
    peer = microseconds(
        lambda: FilesystemPersister.load_cassette(str(path), yamlserializer), rounds=1
    )
    call = many[0].request.call
    assert call is not None
    parts = call_to_parts(call)
    short = microseconds(
        lambda: _take(Player(Cassette.load(one), _RULES, _OWNER), parts), rounds=15, calls=20
    )
    return {
        f"open {len(kept)}, ms": ours / 1e3,
        "open, times reading and digesting the file": ours / digest,
        "open, vcrpy, ms": peer / 1e3,
        "open, times faster": peer / ours,
        "open, peak memory, MB": memory / 1e6,
        "open one and take it, µs": short,
    }


def recording(folder: Path) -> dict[str, float]:
    """Return the cost of a durable append and of closing, beside a bare append and vcrpy.

    What an append costs more at the end is told beside a bare one, for the disk's own times drift.
    """
    many = [recorded(number, shape="urls") for number in range(1, _MANY + 1)]
    recorder = Recorder(folder / "record.yaml", rules=_RULES, owner=_OWNER, scan=scan_nothing)
    bare = os.open(folder / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    ours, bare_times = list[float](), list[float]()
    for exchange in many:
        begun = time.perf_counter()
        recorder.append(exchange)
        middle = time.perf_counter()
        os.write(bare, encode_record(recorder._drafts[-1]))  # noqa: SLF001 - the same bytes
        os.fdatasync(bare)
        bare_times.append(time.perf_counter() - middle)
        ours.append(middle - begun)
    os.close(bare)
    begun = time.perf_counter()
    recorder.seal()
    closed = time.perf_counter() - begun
    peer = vcrpy_save(folder / "record.yaml")
    return {
        "append, µs": statistics.median(ours) * 1e6,
        "append, times a bare one": statistics.median(ours) / statistics.median(bare_times),
        "append, growth": _growth(ours) / _growth(bare_times),
        "a bare append, growth": _growth(bare_times),
        f"close {_MANY}, ms": closed * 1e3,
        "close, vcrpy, ms": peer * 1e3,
        "close, times vcrpy": closed / peer,
    }


def merging() -> dict[str, float]:
    """Return the cost of merging 10,000 exchanges of two owners, of which each side adds to one."""

    def version(*counts: int) -> bytes:
        exchanges = [
            replace(recorded(number, shape="urls"), owner=owner)
            for owner, count in zip(("客户同步", "订单同步"), counts, strict=True)
            for number in range(1, count + 1)
        ]
        return dump_exchanges(exchanges, rules=_RULES)

    half = _MANY // 2
    base, ours, theirs = version(half, half), version(half + 1, half), version(half, half + 1)
    cost = microseconds(lambda: merge_versions(base, ours, theirs, "merge.yaml"), rounds=3)
    return {f"merge {_MANY}, s": cost / 1e6}


def _growth(times: Sequence[float]) -> float:
    """Return what the last tenth takes, times what the others do."""
    late = len(times) // 10
    return statistics.median(times[-late:]) / statistics.median(times[:-late])


def vcrpy_save(path: Path) -> float:
    """Return the seconds that vcrpy takes to save what we recorded at *path*."""
    requests, responses = FilesystemPersister.load_cassette(str(path), yamlserializer)
    told = {"requests": requests, "responses": responses}
    begun = time.perf_counter()
    FilesystemPersister.save_cassette(str(path.with_suffix(".vcrpy")), told, yamlserializer)
    return time.perf_counter() - begun


def measure() -> dict[str, float]:
    """Return every figure by name."""
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        base = floor()
        found = {"floor, µs": base, **opening(here), **replay(here), **recording(here), **merging()}
    shapes = {name: value / base for name, value in found.items() if name.endswith("µs")}
    return {**found, **{f"{name[:-4]}, times the floor": value for name, value in shapes.items()}}


if __name__ == "__main__":
    for what, value in measure().items():
        print(f"{what:42} {value:10.2f}")
