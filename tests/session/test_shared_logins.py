"""Rows of a table log in once, and each sees that as its own, alone, in the table and in replay."""

from __future__ import annotations

import json
import math
import tempfile
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import bpmax_sim as bs
from bpmax_sim.file_system import try_lock
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.events import ScenarioFinished, ScenarioStarted
from bpmax_sim.session import shared_logins
from bpmax_sim.session.options import Mode
from tests.loopback import answer_json, loopback

PLATFORM = """\
platform_key: 合同系统
base_url: https://contracts.example.test
credentials: {user: {secret: false}, password: {secret: true}}
response: {classes: {token: {status: [401]}}}
auth:
  acquire:
    steps:
      - request:
          method: POST
          path: /login
          body: {user: "{{ user }}", password: "{{ password }}"%s}
        extract: {token: {path: $.token, secret: true}, ttl: {path: $.ttl}}
    ttl: {margin: 0}
  apply: [{in: header, name: Authorization, value: "Bearer {{ token }}"}]
  recover: {token: {refresh: 1}}
apis: {查合同: {method: GET, path: /contracts}}
"""
INSTANCES = (
    "- {platform: 合同系统, instance_key: 测试, "
    "credentials: {user: lisi, password: {env: PASSWORD}}}\n"
)
SCENARIO = """\
version: 1
scenario: 查合同
form: {scripts: {open: ./查.js}}
proxy: {platforms: ./platforms, instances: ./instances.yaml}
clock: "2026-03-02T09:00:00+08:00"
cases: [{id: 一}, {id: 二}, {id: 三}, {id: 四}, {id: 五}, {id: 六}]
steps:
  - open: {}
"""
SCRIPT = "await $proxy('合同系统').查合同()"
ENVIRON = {"PASSWORD": "Ming-Tian-2026"}


class Contracts:
    """A third party that lets in three times, and gives tokens that live for a while."""

    def __init__(self, *, burst: int = 3, ttl: int = 7200) -> None:
        self.logins = 0
        self.burst, self.ttl = burst, ttl
        self.refused: set[str] = set()

    def __call__(self, request: bs.Request) -> bs.Response:
        if request.url.endswith("/login"):
            self.logins += 1
            if self.logins > self.burst:
                return answer(429, {"message": "太频繁"})
            return answer(200, {"token": f"tok-8f14e45fce{self.logins}", "ttl": self.ttl})
        token = dict(request.headers)["Authorization"]
        return answer(401 if token in self.refused else 200, {"list": []})


def answer(status: int, value: object) -> bs.Response:
    body = json.dumps(value).encode()
    return bs.Response(status=status, headers=(("content-type", "application/json"),), body=body)


@pytest.fixture(name="path", params=["", ", at: '{{ now | unix }}'"], ids=["steady", "stamped"])
def scenario(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    (tmp_path / "platforms").mkdir()
    platform = PLATFORM % request.param.replace("'", '"')
    (tmp_path / "platforms/合同系统.yaml").write_text(platform, encoding="utf-8")
    (tmp_path / "instances.yaml").write_text(INSTANCES, encoding="utf-8")
    (tmp_path / "查.js").write_text(SCRIPT, encoding="utf-8")
    path = tmp_path / "查.scenario.yaml"
    path.write_text(SCENARIO, encoding="utf-8")
    return path


def finished(path: Path, **options: Any) -> list[ScenarioFinished]:
    environ = ENVIRON if options.get("mode") in {"record", "live"} else {}
    events = bs.run_scenario(path, environ=environ, **options).events
    return [event for event in events if isinstance(event, ScenarioFinished)]


def calls(path: Path, **options: Any) -> list[list[tuple[object, ...]]]:
    """Return what each row tells of its calls, but who answered them."""
    rows: list[list[tuple[object, ...]]] = []
    for event in bs.run_scenario(path, environ=ENVIRON if options else {}, **options).events:
        if isinstance(event, ScenarioStarted):
            rows.append([])
        elif isinstance(event, CallMade):
            told = event.header, event.body, event.response, event.at, event.duration
            rows[-1].append((event.call, *map(repr, told)))
    return rows


@pytest.mark.parametrize("mode", ["record", "live"])
def test_six_rows_pass_where_three_logins_are_allowed(path: Path, mode: Mode) -> None:
    third_party = Contracts()
    found = finished(path, mode=mode, transport=third_party)

    assert [one.outcome for one in found] == ["passed"] * 6
    assert third_party.logins == 1


def test_a_row_sees_a_shared_login_as_its_own_recorded_and_replayed(path: Path) -> None:
    rows = calls(path, mode="record", transport=Contracts())
    logins = (path.parent / "cassettes/auth/合同系统.测试.yaml").read_bytes()

    assert len(rows) == 6
    assert all(row == rows[0] for row in rows)
    assert [name for name, *_ in rows[0]] == ["合同系统.查合同", "合同系统.$token"]
    assert calls(path) == rows
    assert logins.count(b'"n":') == 1


def test_a_refused_token_is_renewed_by_the_row_that_met_it(path: Path) -> None:
    third_party = Contracts()
    third_party.refused.add("Bearer tok-8f14e45fce1")
    found = finished(path, mode="record", transport=third_party)

    assert [one.outcome for one in found] == ["passed"] * 6
    assert third_party.logins == 2  # the second row has what the first one was given then


def test_a_login_that_does_not_live_long_enough_is_not_shared(path: Path) -> None:
    third_party = Contracts(burst=99, ttl=0)
    finished(path, mode="record", transport=third_party)

    assert third_party.logins >= 6


def test_sessions_share_only_what_they_are_told_to_share(path: Path, tmp_path: Path) -> None:
    third_party, shared = Contracts(burst=99), bs.SharedLogins()
    for logins in (shared, shared, bs.SharedLogins(), None):
        with bs.Session.open(
            tmp_path / "platforms",
            instances=tmp_path / "instances.yaml",
            mode="live",
            environ=ENVIRON,
            transport=third_party,
            shared_logins=logins,
        ) as session:
            session.proxy("合同系统").查合同()

    assert third_party.logins == 3
    assert path.exists()


def test_a_login_that_fails_is_not_shared(path: Path) -> None:
    third_party, failures = Contracts(), [answer(200, {})]

    def fails_once(request: bs.Request) -> bs.Response:
        return failures.pop() if failures else third_party(request)

    opened = partial(
        bs.Session.open,
        path.parent / "platforms",
        instances=path.parent / "instances.yaml",
        mode="live",
        environ=ENVIRON,
        transport=fails_once,
        shared_logins=bs.SharedLogins(),
    )
    with opened() as first, opened() as second:
        with pytest.raises(bs.AuthError):
            first.proxy("合同系统").查合同()
        second.proxy("合同系统").查合同()

    assert third_party.logins == 1


@pytest.mark.parametrize(
    ("life", "passed", "asked"),
    [
        (None, 0.0, 2),
        (0.0, 0.0, 2),
        (7200.0, 0.0, 1),
        (7200.0, 3599.0, 1),
        (7200.0, 3600.0, 2),
        (7200.0, 7199.0, 2),
    ],
)
def test_a_login_is_shared_for_the_first_half_of_its_life(
    monkeypatch: pytest.MonkeyPatch, life: float | None, passed: float, asked: int
) -> None:
    now = [1000.0]
    monkeypatch.setattr("bpmax_sim.session.shared_logins.time.monotonic", lambda: now[0])
    logins, sent = bs.SharedLogins(), [0]

    def ask() -> bs.Response:
        sent[0] += 1
        return answer(200, {})

    first, second = object(), object()
    logins.obtain("crm", ask, holder=first, after=0.0)
    if life is None:
        logins.release("crm", first)
    else:
        logins.share_grant("crm", first, life)
    now[0] += passed
    logins.obtain("crm", ask, holder=second, after=0.0)
    logins.release("crm", second)

    assert sent == [asked]


@pytest.mark.parametrize(("after", "asked"), [(-math.inf, 1), (-1, 1), (0, 2), (1, 2)])
def test_a_session_never_gets_the_login_again_that_it_has_used(after: float, asked: int) -> None:
    logins, sent = bs.SharedLogins(), list[bs.Response]()

    def ask() -> bs.Response:
        sent.append(answer(200, {}))
        return sent[-1]

    first, second = object(), object()
    used = logins.obtain("crm", ask, holder=first, after=-math.inf)
    logins.share_grant("crm", first, 7200.0)
    logins.obtain("crm", ask, holder=second, after=used.stamp + after)

    assert len(sent) == asked


@pytest.mark.parametrize("step", [-3600.0, 0.0, 1e-7, 600.0])
def test_a_login_is_recognised_in_its_file_whatever_becomes_of_the_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: float
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    now, sent = [1.7e9], list[bs.Response]()
    monkeypatch.setattr("bpmax_sim.session.shared_logins.time.time", lambda: now[0])

    def ask() -> bs.Response:
        sent.append(answer(200, {}))
        return sent[-1]

    def obtain(logins: bs.SharedLogins, after: float) -> float:
        holder = object()
        known = logins.obtain("crm", ask, holder=holder, after=after, file_secret="lisi")
        logins.share_grant("crm", holder, 7200.0)
        return known.stamp

    one, other = bs.SharedLogins(), bs.SharedLogins()
    used = obtain(one, -math.inf)
    assert obtain(other, -math.inf) == used
    now[0] += step
    obtain(other, used)  # refused: nobody else has logged in since

    assert len(sent) == 2


def test_a_session_waits_for_the_login_of_another_to_its_last_step(tmp_path: Path) -> None:
    extract = "extract: {token: {path: $.token, secret: true}, ttl: {path: $.ttl}}"
    platform = (PLATFORM % "").replace(
        extract,
        f"""\
extract: {{ticket: {{path: $.token, secret: true}}}}
      - request: {{method: POST, path: /enter, body: {{ticket: "{{{{ ticket }}}}"}}}}
        {extract}""",
    )
    (tmp_path / "合同系统.yaml").write_text(platform, encoding="utf-8")
    (tmp_path / "instances.yaml").write_text(INSTANCES, encoding="utf-8")
    tickets, other = list[str](), list[threading.Thread]()

    def third_party(request: bs.Request) -> bs.Response:
        if request.url.endswith("/login"):
            tickets.append(f"ticket-8f14e45fce{len(tickets)}")
            return answer(200, {"token": tickets[-1]})
        if request.url.endswith("/enter"):
            if not other:
                other.append(threading.Thread(target=second.proxy("合同系统").查合同))
                other[0].start()
                other[0].join(0.1)
            return answer(200, {"token": "tok-8f14e45fce", "ttl": 7200})
        return answer(200, {"list": []})

    opened = partial(
        bs.Session.open,
        tmp_path / "合同系统.yaml",
        instances=tmp_path / "instances.yaml",
        mode="live",
        environ=ENVIRON,
        transport=third_party,
        shared_logins=bs.SharedLogins(),
    )
    with opened() as first, opened() as second:
        first.proxy("合同系统").查合同()
        other[0].join()
        assert [call.error for call in second.calls] == [None] * 3

    assert len(tickets) == 1


class OneToken:
    """A third party over HTTP that knows the last token of an account only."""

    def __init__(self) -> None:
        self.tokens: list[str] = []

    def __call__(self, request: bytes) -> bytes:
        if b"POST /login" in request:
            self.tokens.append(f"tok-8f14e45fce{len(self.tokens)}")
            return answer_json(json.dumps({"token": self.tokens[-1], "ttl": 7200}))
        is_known = f"bearer {self.tokens[-1]}".encode() in request.lower()
        return answer_json("{}", status="200 OK" if is_known else "401 Unauthorized")


class Processes:
    """Sessions as processes have them: each with logins of its own."""

    def __init__(self, folder: Path, url: str) -> None:
        (folder / "platforms").mkdir()
        text = (PLATFORM % "").replace("https://contracts.example.test", url)
        self.platform = folder / "platforms/合同系统.yaml"
        self.platform.write_text(f"{text}share: process_lock\n", encoding="utf-8")
        (folder / "instances.yaml").write_text(INSTANCES, encoding="utf-8")
        self.folder = folder

    def opened(self) -> bs.Session:
        return bs.Session.open(
            self.folder / "platforms",
            instances=self.folder / "instances.yaml",
            mode="live",
            environ=ENVIRON,
        )


@pytest.fixture(name="party")
def one_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[OneToken, Processes]]:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    third_party = OneToken()
    with loopback(third_party) as server:
        yield third_party, Processes(tmp_path, server.url)


def test_processes_share_a_login_where_the_platform_has_one_token_for_an_account(
    party: tuple[OneToken, Processes], tmp_path: Path
) -> None:
    third_party, processes = party
    begin, failures = threading.Barrier(4), list[BaseException]()

    def work() -> None:
        try:
            with processes.opened() as session:
                begin.wait()
                session.proxy("合同系统").查合同()
        except BaseException as error:  # noqa: BLE001 - of another thread
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert len(third_party.tokens) == 1
    (file,) = (one for one in tmp_path.rglob("bpmax-sim-*/*"))
    assert file.stat().st_mode & 0o077 == 0
    assert b"tok-8f14e45fce" not in file.read_bytes()


def test_a_refused_token_is_renewed_by_one_of_the_processes(
    party: tuple[OneToken, Processes],
) -> None:
    third_party, processes = party
    with processes.opened() as first, processes.opened() as second:
        for session in (first, second):
            session.proxy("合同系统").查合同()
        third_party.tokens.append("of somebody else")
        for session in (first, second, second, first):
            session.proxy("合同系统").查合同()

    assert third_party.tokens == ["tok-8f14e45fce0", "of somebody else", "tok-8f14e45fce2"]


def test_a_login_that_fails_lets_the_next_process_try(
    party: tuple[OneToken, Processes],
) -> None:
    third_party, processes = party
    text = processes.platform.read_text(encoding="utf-8")
    processes.platform.write_text(text.replace("$.token", "$.tokem"), encoding="utf-8")
    with processes.opened() as first:
        with pytest.raises(bs.AuthError):
            first.proxy("合同系统").查合同()
        processes.platform.write_text(text, encoding="utf-8")
        with processes.opened() as second:
            second.proxy("合同系统").查合同()

    assert len(third_party.tokens) == 2


def test_a_process_that_is_stuck_while_it_logs_in_does_not_hold_up_the_others(
    party: tuple[OneToken, Processes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    third_party, processes = party
    with processes.opened() as first:
        first.proxy("合同系统").查合同()
    (file,) = tmp_path.rglob("bpmax-sim-*/*")
    monkeypatch.setattr(shared_logins, "_PATIENCE", 0.1)

    with file.open("rb+") as stuck:
        assert try_lock(stuck.fileno())
        with processes.opened() as second:
            second.proxy("合同系统").查合同()
    with processes.opened() as third:
        third.proxy("合同系统").查合同()

    assert len(third_party.tokens) == 3
