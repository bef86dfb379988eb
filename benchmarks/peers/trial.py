"""``python trial.py TOOL TRIAL FOLDER``: run one trial of one tool, and print its result as JSON.

A trial that a tool has no door for has no result. Nothing here judges: results are facts.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from sample import sampled  # type: ignore[import-not-found]
from tools import SECRETS, SUFFIX, TOOLS  # type: ignore[import-not-found]

_KILLED, _OF, _CUTS = 25, 50, 100
_NOTE = "x" * 950
_NEAR, _FAR = re.compile(r"/get/1\b|exchange 1\b"), re.compile(r"/post/9\b|exchange 2\b")
"""A recorded call is named by its address or by its place in the file."""
_OPENED = 10_000
RECORDS = frozenset({"bpmax_sim", "vcrpy", "cassetter", "betamax"})
THROUGH_PYTEST = frozenset({"pytest-recording", "pytest-httpx"})
"""They are asked what makes a test red; what is below the first is vcrpy."""
DECLARES = RECORDS | {"pytest-recording"}
"""They can be told where secrets are."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        said = {"code": 200, "path": self.path.partition("?")[0], "note": _NOTE}
        if "token" in self.path:
            said = {"access_token": SECRETS[5], "expires_in": 7200}
        body = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - the name that the base class asks for

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """Serve on loopback, and note the address where every process of the trial finds it."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{running.server_port}"
        (folder / "base").write_text(base, "utf-8")
        yield base
        running.shutdown()


class Trial:
    """One tool in one folder."""

    def __init__(self, tool: str, folder: Path, base: str) -> None:
        """Use an empty *folder*."""
        self.tool, self.folder, self.base = tool, folder, base
        self.file = folder / f"recorded{SUFFIX.get(tool, '.yaml')}"

    def get(self, number: object) -> dict[str, Any]:
        """Return a call."""
        return {"url": f"{self.base}/get/{number}"}

    def post(self, number: object, body: object) -> dict[str, Any]:
        """Return a call with a body."""
        return {"method": "POST", "url": f"{self.base}/post/{number}", "json": body}

    def play(self, mode: str, calls: list[Any], known: list[Any] | None = None, **how: Any) -> str:
        """Make *calls* and close; return nothing if all went well, else what was raised."""
        try:
            with TOOLS[self.tool](self.file, mode, known or calls, **how) as send:
                for call in calls:
                    send(call)
        except BaseException as error:  # noqa: BLE001 - whatever a tool raises is the result
            return f"{type(error).__name__}: {error}"
        return ""

    def both(self, recorded: list[Any], played: list[Any], **how: Any) -> dict[str, str]:
        """Record some calls and play others."""
        first = self.play("record", recorded, **how) if self.tool in DECLARES else ""
        if first:
            return {"unfit": first}
        return {"raised": self.play("replay", played, recorded, **how)}


def unplayed(trial: Trial) -> object:
    calls = [trial.get(1), trial.get(2)]
    return trial.both(calls, calls[:1])


def extra(trial: Trial) -> object:
    return trial.both([trial.get(1)], [trial.get(1), trial.get(1)])


def changed_body(trial: Trial) -> object:
    return trial.both([trial.post(1, {"客户": 1})], [trial.post(1, {"客户": 2})])


def miss(trial: Trial) -> object:
    """Ask for what is not recorded, with a secret in the query, which no tool is told of."""
    return _missed(trial)


def miss_declared(trial: Trial) -> object:
    """Do the same with each tool told where secrets are."""
    return _missed(trial, declared=True) if trial.tool in DECLARES else None


def _missed(trial: Trial, **how: Any) -> object:
    """Tell which recorded calls the message names, of one near and one far, and if it leaks."""
    sent = {"url": f"{trial.base}/get/2?access_token={SECRETS[2]}"}
    found = trial.both([trial.get(1), trial.post(9, {"far": True})], [sent], **how)
    if "unfit" in found:
        return found
    said = found["raised"]
    return {
        "raised": bool(said),
        "near": bool(_NEAR.search(said)),
        "far": bool(_FAR.search(said)),
        "leaks": SECRETS[2] in said,
    }


def kill(trial: Trial) -> object:
    """Kill a recording with -9; tell how many of its finished exchanges can be played."""
    if trial.tool not in RECORDS:
        return None
    command = [sys.executable, __file__, trial.tool, "die", str(trial.folder)]
    subprocess.run(command, check=False, capture_output=True)
    if trial.tool == "bpmax_sim":
        command = [sys.executable, "-m", "bpmax_sim", "cassette", "recover", str(trial.folder)]
        subprocess.run(command, check=False, capture_output=True)
    kept, _ = _played(trial, [trial.get(number) for number in range(_KILLED)])
    return {"killed after": _KILLED, "kept": kept}


def die(trial: Trial) -> None:
    """Record and be killed in the middle."""
    with TOOLS[trial.tool](trial.file, "record", []) as send:
        for number in range(_OF):
            if number == _KILLED:
                os.kill(os.getpid(), 9)
            send(trial.get(number))


def cut(trial: Trial) -> object:
    """Cut a file of 20 at many places and ask for each call.

    Tell in how many files all were played without a word, and in how many some were before one.
    """
    if trial.tool not in RECORDS:
        return None
    calls = [trial.get(number) for number in range(20)]
    if said := trial.play("record", calls):
        return {"unfit": said}
    whole = trial.file.read_bytes()
    silent = part = 0
    for number in range(1, _CUTS + 1):
        trial.file.write_bytes(whole[: len(whole) * number // (_CUTS + 1)])
        played, said = _played(trial, calls)
        silent += not said
        part += bool(said and played)
    return {"cuts": _CUTS, "part": part, "silent": silent}


def _played(trial: Trial, calls: list[Any]) -> tuple[int, str]:
    """Return how many of *calls* were answered, and what was raised then."""
    played = 0
    try:
        with TOOLS[trial.tool](trial.file, "replay", calls) as send:
            for call in calls:
                send(call)
                played += 1
    except BaseException as error:  # noqa: BLE001 - whatever a tool raises is the result
        return played, type(error).__name__
    return played, ""


def redaction(trial: Trial) -> object:
    """Record six secrets that no tool is told of; tell which are in its file."""
    return _redacted(trial)


def redaction_declared(trial: Trial) -> object:
    """Do the same with each tool told where secrets are."""
    return _redacted(trial, declared=True)


def _redacted(trial: Trial, **how: Any) -> object:
    if trial.tool not in RECORDS:
        return None
    url = f"{trial.base}/post"
    calls = [
        {"url": f"{trial.base}/get/1", "headers": {"Authorization": f"Bearer {SECRETS[0]}"}},
        {"url": f"{trial.base}/get/2", "headers": {"X-Acme": SECRETS[1]}},
        {"url": f"{trial.base}/get/3?access_token={SECRETS[2]}"},
        {"method": "POST", "url": f"{url}/4", "json": {"password": SECRETS[3]}},
        {"method": "POST", "url": f"{url}/5", "form": {"client_secret": SECRETS[4]}},
        {"url": f"{trial.base}/get/token"},
    ]
    said = trial.play("record", calls, **how)
    data = trial.file.read_bytes() if trial.file.exists() else b""
    if said or not data:
        return {"refused": said or "nothing was written"}
    return {"left": [number for number, secret in enumerate(SECRETS) if secret.encode() in data]}


def clients(trial: Trial) -> object:
    """Record and replay by each client; tell for which the answer came from the file."""
    if trial.tool not in RECORDS:
        return None
    fit = []
    for client in ("httpx", "requests", "urllib"):
        trial.file = trial.folder / f"{client}{trial.file.suffix}"
        call = [trial.get(1)]
        if not trial.play("record", call, client=client) and trial.file.exists():
            with closed():
                said = trial.play("replay", call, client=client)
            fit += [] if said else [client]
    return fit


@contextmanager
def closed() -> Iterator[None]:
    """Let the server answer nothing that a recording can be taken for."""
    good, _Handler.do_GET = _Handler.do_GET, _gone  # type: ignore[method-assign]
    try:
        yield
    finally:
        _Handler.do_GET = good  # type: ignore[method-assign]


def _gone(self: BaseHTTPRequestHandler) -> None:
    self.connection.close()


def replay_100(trial: Trial) -> object:
    return _replay(trial, 100)


def replay_1000(trial: Trial) -> object:
    return _replay(trial, 1_000)


def replay_10000(trial: Trial) -> object:
    return _replay(trial, 10_000)


def _replay(trial: Trial, size: int) -> object:
    """Replay distinct calls; tell the median multiple of a plain call, and of how many."""
    if trial.tool in THROUGH_PYTEST:
        return None
    calls = [trial.get(number) for number in range(size)]
    if trial.tool in RECORDS and (said := _written(trial, calls)):
        return {"failed": said}
    base = floor(trial)
    taken: list[float] = []
    try:
        with TOOLS[trial.tool](trial.file, "replay", calls) as send:
            taken = sampled(lambda call: json.loads(send(call)), calls)
    except BaseException as error:  # noqa: BLE001 - closing says which calls were left out
        if not taken:
            return {"failed": type(error).__name__}
    return {"times": statistics.median(taken) / base, "calls": len(taken)}


def floor(trial: Trial) -> float:
    """Return the median cost of a call of httpx that only looks its answer up."""
    import httpx  # noqa: PLC0415

    body = json.dumps({"code": 200, "path": "/get/1", "note": _NOTE}).encode()
    calls = [trial.get(number) for number in range(300)]
    answers = {call["url"]: body for call in calls}
    transport = httpx.MockTransport(lambda r: httpx.Response(200, content=answers[str(r.url)]))
    with httpx.Client(transport=transport) as client:
        taken: list[float] = sampled(lambda call: client.get(call["url"]).json(), calls)
    return statistics.median(taken)


def _written(trial: Trial, calls: list[Any]) -> str:
    """Write the tool's own file of *calls*: recorded, or one recorded call many times."""
    if said := trial.play("record", calls[:1]):
        return said
    _MANY[trial.tool](trial.file, [call["url"] for call in calls])
    return ""


def _vcrpy_many(file: Path, urls: list[str]) -> None:
    from vcr.persisters.filesystem import FilesystemPersister  # noqa: PLC0415
    from vcr.request import Request  # noqa: PLC0415
    from vcr.serializers import yamlserializer  # noqa: PLC0415

    requests, responses = FilesystemPersister.load_cassette(str(file), yamlserializer)[:2]
    one = requests[0]
    many = [Request(one.method, url, one.body, one.headers) for url in urls]
    told = {"requests": many, "responses": responses * len(urls)}
    FilesystemPersister.save_cassette(str(file), told, yamlserializer)


def _betamax_many(file: Path, urls: list[str]) -> None:
    said = json.loads(file.read_text("utf-8"))
    one = said["http_interactions"][0]
    said["http_interactions"] = [
        {
            **one,
            "request": {**one["request"], "uri": url},
            "response": {**one["response"], "url": url},
        }
        for url in urls
    ]
    file.write_text(json.dumps(said), "utf-8")


def _cassetter_many(file: Path, urls: list[str]) -> None:
    from cassetter._core import Cassette  # noqa: PLC0415 - no public name writes a file

    cassette = Cassette.load(str(file))
    one = cassette.interactions[0]
    cassette.interactions = [one.replace(request=one.request.replace(uri=url)) for url in urls]
    cassette.save(str(file))


def _ours_many(file: Path, urls: list[str]) -> None:
    from msgspec.structs import replace  # noqa: PLC0415

    from bpmax_sim.cassette.file import Cassette  # noqa: PLC0415
    from bpmax_sim.cassette.format import dump_exchanges  # noqa: PLC0415
    from bpmax_sim.cassette.matching import MatchingRules, call_to_parts, compute_matching_key  # noqa: PLC0415

    one = Cassette.load(file).exchange(0)
    rules = MatchingRules(templates={"crm.get": "/get/{n}", "crm.post": "/post/{n}"})
    call = one.request.call
    assert call is not None
    many = []
    for number, url in enumerate(urls, 1):
        said = replace(call, path=f"/get/{url.rpartition('/')[2]}")
        key = compute_matching_key(call_to_parts(said), rules)
        request = replace(one.request, url=url, call=said)
        many.append(replace(one, request=request, key=key, order=number))
    file.write_bytes(dump_exchanges(many, rules=rules))


_MANY = {
    "vcrpy": _vcrpy_many,
    "cassetter": _cassetter_many,
    "betamax": _betamax_many,
    "bpmax_sim": _ours_many,
}


def opening(trial: Trial) -> object:
    """Open the tool's own file of 10,000 exchanges and read each; tell the milliseconds."""
    if trial.tool not in RECORDS:
        return None
    calls = [trial.get(number) for number in range(_OPENED)]
    if said := _written(trial, calls):
        return {"unfit": said}
    taken, read = [], 0
    for _ in range(3):
        begun = time.process_time()
        read = _READ[trial.tool](trial.file)
        taken.append(time.process_time() - begun)
    return {"read": read, "ms": statistics.median(taken) * 1e3}


def _read_vcrpy(file: Path) -> int:
    from vcr.persisters.filesystem import FilesystemPersister  # noqa: PLC0415
    from vcr.serializers import yamlserializer  # noqa: PLC0415

    return len(FilesystemPersister.load_cassette(str(file), yamlserializer)[0])


def _read_cassetter(file: Path) -> int:
    import cassetter  # noqa: PLC0415

    with cassetter.use_cassette(str(file), record_mode="none") as cassette:
        return len(cassette.interactions)


def _read_betamax(file: Path) -> int:
    from betamax.cassette import Interaction  # noqa: PLC0415

    said = json.loads(file.read_text("utf-8"))["http_interactions"]
    return len([Interaction(one).deserialize() for one in said])


def _read_ours(file: Path) -> int:
    from bpmax_sim.cassette.file import Cassette  # noqa: PLC0415

    cassette = Cassette.load(file)
    return len([cassette.exchange(number) for number in range(len(cassette))])


_READ = {
    "vcrpy": _read_vcrpy,
    "cassetter": _read_cassetter,
    "betamax": _read_betamax,
    "bpmax_sim": _read_ours,
}


def recording(trial: Trial) -> object:
    """Tell the median milliseconds of a call while 200 are recorded, and of closing, for each.

    Ours is told of every secret, since to search for them is what its recording costs.
    """
    if trial.tool not in RECORDS:
        return None
    calls = [trial.get(number) for number in range(200)]
    taken: list[float] = []
    with TOOLS[trial.tool](trial.file, "record", calls, declared=trial.tool == "bpmax_sim") as send:
        for call in calls:
            begun = time.perf_counter()
            send(call)
            taken.append(time.perf_counter() - begun)
        begun = time.perf_counter()
    closing = (time.perf_counter() - begun) / len(calls)
    return {"call, ms": statistics.median(taken) * 1e3, "closing, ms": closing * 1e3}


TRIALS: dict[str, Callable[[Trial], object]] = {
    one.__name__: one
    for one in (
        clients, redaction, redaction_declared, changed_body, unplayed, extra, miss, miss_declared,
        kill, cut, replay_100, replay_1000, replay_10000, opening, recording,
    )
}  # fmt: skip


def main(tool: str, name: str, where: str) -> None:
    folder = Path(where)
    if name == "die":
        die(Trial(tool, folder, (folder / "base").read_text("utf-8")))
    with server(folder) as base:
        print("\n" + json.dumps(TRIALS[name](Trial(tool, folder, base)), ensure_ascii=False))


if __name__ == "__main__":
    main(*sys.argv[1:])
