"""What a replay decides of one request: which recording, which error, and what is noted of it."""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from bpmax_sim.cassette.miss import UnmatchedCallContext
from bpmax_sim.errors import BadResponseError, NoMatchError, TransportError
from bpmax_sim.messages import LOGIN, Call, Exchange, FailedExchange, Request, Response
from bpmax_sim.platform.target import CLIENT
from bpmax_sim.session import record as record_module
from bpmax_sim.session import replay as replay_module
from bpmax_sim.session.record import RecordMode
from bpmax_sim.session.replay import ReplayMode, is_sent_by_sdk
from tests.session.test_whole_recordings import opened, write

HEADERS = (("X-A", "1"),)


def request_of(platform: str = "crm", *, is_login: bool = False, instance: str = "华东") -> Request:
    api = LOGIN if is_login else "get"
    call = Call(platform=platform, instance=instance, api=api, method="GET", path="/get/1")
    return Request(method="GET", url="https://crm.test/get/1", headers=HEADERS, call=call)


def make_replay(**values: Any) -> Any:
    """Return a replay of which only *values*, attributes, are made."""
    mode: Any = object.__new__(ReplayMode)
    usual = {
        "_moves": None, "_repeat": False, "_rules": "规则", "_commands": UnmatchedCallContext(),
        "explain_address": lambda request: (f"地址 {request.url}",),
        "_vault": SimpleNamespace(), "player": SimpleNamespace(),
    }  # fmt: skip
    for name, value in (usual | values).items():
        setattr(mode, name, value)
    return mode


class Player:
    """Plays *turn*, or tells that nothing fits, and notes what it was asked."""

    def __init__(
        self, turn: Any = None, nearest: Any = None, numbers: tuple[int, ...] = ()
    ) -> None:
        self.turn, self.nearest, self.numbers = turn, nearest, numbers
        self.asked: list[Any] = []

    def take_next(self, parts: Any, context: Any, headers: Any) -> Any:
        self.asked.append((parts.path, headers, [*context.address()]))
        if self.turn is None:
            error = NoMatchError("没有录制")
            error.nearest = "最近"  # type: ignore[assignment]
            raise error
        return self.turn

    def take_nearest_for_unrecorded(self, _parts: Any) -> Any:
        return self.nearest

    def find_exchange_numbers(self, _parts: Any) -> Any:
        return self.numbers

    def load_outcome(self, *turn: Any) -> Any:
        return ("结果", *turn)


class Notes:
    """Notes each thing that it is told, by the name of the function."""

    def __init__(self, earlier: Any = None) -> None:
        self.said: list[str] = []
        self.earlier = earlier

    def __getattr__(self, name: str) -> Any:
        def note(*_told: Any) -> Any:
            self.said.append(name)
            return self.earlier if name == "find_earlier_proposal" else None

        return note


def test_what_is_played_and_noted_for_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        replay_module, "request_to_parts",
        lambda request: SimpleNamespace(path=request.call.path if request else "录制的登录"),
    )  # fmt: skip
    turn, near, early = ("甲", 1), ("甲", 2), ("甲", 3)

    def play(  # noqa: PLR0913 - each of them decides
        player: Player, *, migrates: bool = False, own: bool = True, platform: str = "crm",
        repeat: bool = False, earlier: Any = None, similar: bool = False,
    ) -> Any:  # fmt: skip
        log, moves = Notes(), Notes(earlier)
        mode = make_replay(
            player=player if own else Player(), _log=log, _moves=moves if migrates else None,
            _repeat=repeat,
        )  # fmt: skip
        login: Any = SimpleNamespace(request=None) if similar else None
        try:
            found = mode._replay_outcome(request_of(platform), player, login)
        except NoMatchError as error:
            found = str(error)
        return found, log.said, moves.said

    assert {
        "played": play(Player(turn)),
        "missed": play(Player()),
        "migrated": play(Player(turn), migrates=True),
        "near": play(Player(None, near), migrates=True),
        "near, twice": play(Player(None, near), migrates=True, repeat=True, earlier=early),
        "near, new": play(Player(None, near), migrates=True, repeat=True),
        "near, once": play(Player(None, near), migrates=True, earlier=early),
        "withdrawn": play(Player(None, None, (1,)), migrates=True),
        "unknown": play(Player(), migrates=True),
        "a login": play(Player(turn), migrates=True, own=False),
        "a lost login": play(Player(None, near), migrates=True, own=False),
        "like a login": play(Player(turn), migrates=True, similar=True),
    } == {
        "played": (("结果", *turn), ["note_match"], []),
        "missed": ("没有录制", ["note_miss"], []),
        "migrated": (("结果", *turn), ["note_match"], ["note_replayed_exchange"]),
        "near": (("结果", *near), ["note_match"], ["note_replayed_exchange"]),
        "near, twice": (
            ("结果", *early), ["note_match"], ["find_earlier_proposal", "note_replayed_exchange"],
        ),
        "near, new": (
            ("结果", *near), ["note_match"], ["find_earlier_proposal", "note_replayed_exchange"],
        ),
        "near, once": (("结果", *near), ["note_match"], ["note_replayed_exchange"]),
        "withdrawn": ("没有录制", ["note_miss"], ["withdraw_proposals"]),
        "unknown": ("没有录制", ["note_miss"], ["note_unknown"]),
        "a login": (("结果", *turn), ["note_match"], []),
        "a lost login": ("没有录制", ["note_miss"], []),
        "like a login": (("结果", *turn), ["note_match"], []),
    }  # fmt: skip
    asked = []
    for platform, similar in (("crm", False), ("", False), ("crm", True)):
        player = Player(turn)
        play(player, platform=platform, similar=similar)
        asked += player.asked
    assert asked == [
        ("/get/1", (), []), ("/get/1", HEADERS, ["地址 https://crm.test/get/1"]),
        ("录制的登录", (), []),
    ]  # fmt: skip


def test_an_outcome_is_that_of_the_recording_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay_module, "redact_request", lambda request, _vault: request)

    def handle(outcome: Any, *, is_login: bool = False) -> Any:
        mode = make_replay(_replay_login=lambda _shown: outcome)
        mode._replay_outcome = lambda *_told: outcome if not is_login else None
        try:
            response = mode.handle(request_of(is_login=is_login))
        except BadResponseError as error:
            return "unreadable", error.message
        except TransportError as error:
            return error.code, error.message, error.elapsed, error.sent
        return response.source, response.status, response is outcome

    live, kept = Response(status=200, source="live"), Response(status=201, source="recorded")
    broken = FailedExchange(code="RESET", message="断了", elapsed=1.5, sent=False)
    assert [
        handle(live), handle(kept), handle(live, is_login=True), handle(broken),
        handle(replace(broken, code=BadResponseError.default_code, message="读不了")),
    ] == [
        ("recorded", 200, False), ("recorded", 201, True), ("recorded", 200, False),
        ("RESET", "断了", 1.5, False), ("unreadable", "读不了"),
    ]  # fmt: skip


def test_logins_are_those_of_the_instance_also_under_an_earlier_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files: dict[str, str] = {}
    tried: list[Any] = []

    def load(path: Path | None) -> str | None:
        tried.append(path and path.name)
        return files.get(path.name) if path else None

    monkeypatch.setattr(replay_module, "load_cassette", load)
    monkeypatch.setattr(replay_module, "Player", lambda *told, **more: (*told, more))
    former = SimpleNamespace(platforms={"crm": ("客户", "旧客户")})

    def find(folder: Path | None, *names: str) -> Any:
        files.clear()
        files.update((f"{name}.华东.yaml", name) for name in names)
        mode = make_replay(_folder=folder, _rules=SimpleNamespace(former=former))
        tried.clear()
        return mode._open_login_player(("crm", "华东")), [str(one).split(".")[0] for one in tried]

    def player(mode: Any) -> Any:
        return mode and (mode[0], mode[2], mode[3])

    names, always = ["crm", "客户", "旧客户"], {"repeat": True}
    found = [
        find(tmp_path, *some) for some in ((), ("crm", "客户"), ("旧客户",), ("客户", "旧客户"))
    ]
    assert [(player(one), said) for one, said in [*found, find(None, "crm")]] == [
        (None, names), (("crm", "crm.华东", always), names[:1]),
        (("旧客户", "旧客户.华东", always), names), (("客户", "客户.华东", always), names[:2]),
        (None, ["None"] * 3),
    ]  # fmt: skip


def test_files_of_logins_are_opened_once_and_listed_though_they_are_not_there(
    tmp_path: Path,
) -> None:
    tried: list[Any] = []
    for folder in (tmp_path, None):
        mode = make_replay(_folder=folder, _login_players={}, _lock=threading.Lock())
        mode._open_login_player = lambda key: tried.append(key)  # noqa: PLW0108 - it returns None
        for key in (("crm", "华东"), ("oa", "总部"), ("crm", "华东")):
            assert not mode.has_login(*key)
        names = [path.name for path in mode.list_used_login_files()]
        assert names == (["crm.华东.yaml", "oa.总部.yaml"] if folder else [])
    assert tried == [("crm", "华东"), ("oa", "总部")] * 2


def test_a_new_signature_is_proposed_in_a_migration_alone() -> None:
    noted: list[Any] = []

    def note(*told: Any, differs: bool) -> None:
        noted.append((*told, differs))

    moves = SimpleNamespace(note_new_signature_if_needed=note)
    found = [
        make_replay(_moves=one).propose_new_signature("请求", "签名", differs=differs)
        for one in (None, moves)
        for differs in (True, False)
    ]
    assert found == [False, False, True, True]
    assert noted == [("请求", "签名", "规则", True), ("请求", "签名", "规则", False)]


def test_any_login_of_an_instance_counts_as_recorded_and_only_this_call_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(replay_module, "redact_request", lambda request, _vault: request)
    known: list[Any] = []
    net = SimpleNamespace(register_request=lambda request: known.append(request.url))
    player = SimpleNamespace(is_recorded=lambda parts: parts.platform == "oa")
    mode = make_replay(_net=net, player=player, has_login=lambda *key: key == ("crm", "华东"))
    requests = [
        request_of(is_login=True), request_of(), request_of(is_login=True, instance="华北"),
        request_of("oa"), request_of("oa", is_login=True),
        replace(request_of(), call=None),
    ]  # fmt: skip
    assert [mode.is_recorded_even_if_played(one) for one in requests] == [
        True, False, False, True, True, False,
    ]  # fmt: skip
    assert known == ["https://crm.test/get/1"] * 6
    by = ((), ("X-A",), (CLIENT,), ("X-A", CLIENT))
    assert [is_sent_by_sdk(replace(requests[0], injected=names)) for names in by] == [
        False, False, True, True,
    ]  # fmt: skip


def test_a_miss_knows_each_command_and_an_absent_file(tmp_path: Path) -> None:
    write(
        tmp_path, "platform_key: crm\nbase_url: https://a.test\ncredentials: {key: {}}\napis: {}\n"
    )
    commands = {
        "command": "一",
        "command_new": "二",
        "command_extra": "三",
        "command_rewrite": "四",
    }
    for cassette, path in ((tmp_path / "cassettes/a.yaml", "a.yaml"), (None, "")):
        with opened(tmp_path, cassette=cassette, **commands) as session:
            replay: Any = session._wiring.replay
            told = replay._commands
            assert (told.record, told.new, told.extra, told.rewrite) == ("一", "二", "三", "四")
            assert Path(replay.player._path).name == path
            call = request_of().call
            assert call
            at = replay._make_miss_context(replace(call, position="此处"))
            assert (at.position, at.new, replay._make_miss_context(call)) == ("此处", "二", told)


def test_a_signature_is_checked_with_the_grant_of_its_own_instance(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(record_module, "compile_api", lambda *told: told[2])
    monkeypatch.setattr(
        record_module,
        "has_valid_signature",
        lambda _request, recipe, held, grant: (recipe, held, grant),
    )
    mode: Any = object.__new__(RecordMode)
    crm = SimpleNamespace(apis={"get": "取"})
    mode._platforms = SimpleNamespace(
        find={"crm": crm}.get, instance=lambda platform, instance: f"{platform}.{instance}"
    )
    mode._tenants = SimpleNamespace(get_credentials=lambda _platform, instance: instance)
    grants: Any = {
        "crm/华东二/a": 1,
        "crm/华北/a": 2,
        "crm/华东/a": 3,
        "oa/华东/a": 4,
        "crm/华东/b": 5,
    }

    def check(request: Request) -> Any:
        exchange = Exchange(request=request, outcome=Response(status=200))
        return mode._is_signed_as_declared_now(grants, exchange)

    assert [
        check(request_of()), check(request_of(instance="华南")), check(request_of("没有")),
        check(request_of(is_login=True)), check(replace(request_of(), call=None)),
    ] == [("取", "crm.华东", 3), ("取", "crm.华南", None), False, False, False]  # fmt: skip
