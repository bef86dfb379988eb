"""Which recording replaces the old one, which waits, and which logins are recorded twice."""

from __future__ import annotations

import threading
import warnings
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bpmax_sim.cassette.matching import MatchingRules
from bpmax_sim.cassette.recorder import Outage
from bpmax_sim.errors import CassetteError, ConfigError, OutageWarning
from bpmax_sim.messages import LOGIN, Call, Exchange, FailedExchange, Request, Response
from bpmax_sim.session import record as record_module
from bpmax_sim.session.record import RecordMode


class OwnRecorder:
    """Notes what becomes of what a session recorded."""

    def __init__(self) -> None:
        self.events: list[Any] = []

    def write_for_review(self) -> None:
        self.events.append("waits")

    def seal(self, **options: Any) -> None:
        self.events.append(f"sealed, {options['replays']}")

    def redact_again(self, _redact: object, **more: object) -> None:
        self.events.append(("redacted", more))


def make_mode(**values: Any) -> Any:
    mode = object.__new__(RecordMode)
    for name, value in values.items():
        setattr(mode, name, value)
    return mode


WORSE = Outage("crm.get", Response(status=503), True)
NEW = Outage("crm.list", Response(status=503), False)


def _ask(recorder: OwnRecorder, outages: tuple[Outage, ...]) -> tuple[Outage, ...]:
    recorder.events.append("asked")
    return outages


def end(  # noqa: PLR0913 - each of them decides
    *, record: str = "once", failed: bool = False, has_recorder: bool = True, owner: str = "甲",
    former: str = "", outages: tuple[Outage, ...] = (), adopts: object = None,
) -> str:  # fmt: skip
    """Return what happens at the end of a recording, of which a cassette holds 甲 and 乙."""
    recorder = OwnRecorder()
    recording = SimpleNamespace(
        owner=owner, former=former, recorder=recorder if has_recorder else None,
        cassette=SimpleNamespace(owners=["甲", "乙"]),
    )  # fmt: skip
    mode = make_mode(
        _recording=recording, _volatile=(), _named=(),
        _settings=SimpleNamespace(
            record=record, adopts=adopts, replays="回放", cassette=Path("cassettes/a.yaml")
        ),
        find_new_or_worse_outages=partial(_ask, recorder, outages),
        _get_owner_recorder=lambda: setattr(recording, "recorder", recorder),
        _warn_of_calls_equal_only_by_ignore=lambda _recorder: recorder.events.append("doubts"),
        _remove_orphaned_logins=lambda: recorder.events.append("logins"),
    )  # fmt: skip
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        mode.seal_or_set_aside({}, failed=failed)
    assert recording.recorder is None
    told = [f"warned of {str(one.message).partition('(')[2].partition(')')[0]}" for one in caught]
    assert {one.category for one in caught} <= {OutageWarning}
    return "; ".join([*recorder.events, *told])


SEALED = "sealed, 回放; logins"


def test_a_recording_replaces_the_old_one_unless_it_is_worse(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(record_module, "has_ever_forked_child", lambda: False)
    assert {
        "once": end(), "rewrite": end(record="rewrite"), "new": end(record="new"),
        "failed": end(failed=True), "failed rewrite": end(record="rewrite", failed=True),
        "worse": end(outages=(NEW, WORSE)), "worse, new": end(record="new", outages=(WORSE,)),
        "unserved": end(outages=(NEW,)), "worse and failed": end(failed=True, outages=(WORSE,)),
        "of a scenario": end(adopts=len), "of a scenario, failed": end(adopts=len, failed=True),
    } == {
        "once": f"asked; doubts; {SEALED}", "rewrite": f"asked; doubts; {SEALED}",
        "new": f"doubts; {SEALED}", "failed": "doubts; waits", "failed rewrite": "doubts; waits",
        "worse": "asked; doubts; waits; warned of crm.get: HTTP 503",
        "worse, new": f"doubts; {SEALED}", "unserved": f"asked; doubts; {SEALED}",
        "worse and failed": "doubts; waits", "of a scenario": f"asked; {SEALED}",
        "of a scenario, failed": "waits",
    }  # fmt: skip


def test_what_calls_nothing_any_more_is_emptied_only_where_it_was_recorded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def end_without(**options: Any) -> bool:
        return "sealed" in end(has_recorder=False, **options)

    monkeypatch.setattr(record_module, "has_ever_forked_child", lambda: False)
    assert [
        end_without(record="rewrite"), end_without(record="rewrite", owner="丙"),
        end_without(record="rewrite", owner="丙", former="乙"), end_without(record="once"),
        end_without(record="rewrite", owner="甲", former="旧"), end_without(record="new"),
        end_without(record="rewrite", failed=True),
    ] == [True, False, True, False, False, False, False]  # fmt: skip
    monkeypatch.setattr(record_module, "has_ever_forked_child", lambda: True)
    assert [end_without(), end_without(record="new", owner="丙"), end_without(failed=True)] == [
        True, True, False,
    ]  # fmt: skip


def test_logins_of_accounts_that_nobody_uses_go_from_local_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dropped: list[Any] = []

    def drop(path: Path, instance: str, account: Any, folder: Path) -> None:
        dropped.append((path.name, instance, account, folder))
        if instance == "crm.test":
            raise CassetteError("damaged")
        if instance == "crm.华东":
            raise OSError("busy")

    monkeypatch.setattr(record_module, "drop_unused_accounts", drop)
    accounts = {name: {"user": name} for name in ("crm.test", "crm.华东", "oa.test")}
    for logins, remote in ((tmp_path / "auth", None), (None, None), (tmp_path / "auth", "s3")):
        settings = SimpleNamespace(logins=logins, remote=remote)
        make_mode(_settings=settings, _accounts=accounts)._remove_orphaned_logins()

    assert dropped == [(f"{name}.yaml", name, {"user": name}, tmp_path) for name in accounts]


def login(
    body: bytes = b"u=li", status: int = 200, answer: bytes = b"1", outcome: Any = None
) -> Exchange:
    call = Call(
        platform="crm", instance="test", api=LOGIN, method="POST", path="/login", body=body,
        headers=(("content-type", "text/plain"),),
    )  # fmt: skip
    request = Request(method="POST", url="https://crm.test/login", call=call, body=body)
    return Exchange(request=request, outcome=outcome or Response(status=status, body=answer))


def test_an_equal_login_with_an_equal_answer_is_recorded_once_in_a_file_of_logins(
    tmp_path: Path,
) -> None:
    failed = FailedExchange(code="DNS", message="x")
    asked = [
        login(), login(), login(answer=b"2"), login(status=201), login(body=b"u=wang"),
        login(outcome=failed), login(outcome=failed), login(answer=b"2"), login(),
    ]  # fmt: skip
    for logins, repeated in ((tmp_path, [1, 7, 8]), (None, [])):
        mode = make_mode(
            _rules=MatchingRules(), _lock=threading.Lock(), _recorded_logins=set(),
            _settings=SimpleNamespace(logins=logins),
        )  # fmt: skip
        found = [mode._note_login_and_check_repeat(one) for one in asked]
        assert [number for number, is_one in enumerate(found) if is_one] == repeated


def test_what_became_secret_is_redacted_in_all_that_was_recorded_before() -> None:
    anchors = ["一", "二", "三"]
    found = []
    for seen, has_own, logins in ((0, True, 2), (2, True, 0), (3, True, 1), (0, False, 0)):
        own, others = OwnRecorder(), [OwnRecorder() for _ in range(logins)]
        vault = SimpleNamespace(list_anchors_since=lambda count: anchors[count:])
        mode = make_mode(
            _lock=threading.Lock(), _vault=vault, _secrets_seen=seen, _found_late=False,
            _recording=SimpleNamespace(recorder=own if has_own else None),
            _login_recorders=dict(enumerate(others)),
        )  # fmt: skip
        mode._redact_again()
        texts = [more["secret_texts"] for one in (*others, own) for _, more in one.events]
        found.append((mode._secrets_seen, mode._found_late, texts))
    assert found == [
        (3, True, [anchors] * 3), (3, True, [["三"]]), (3, False, []), (3, False, []),
    ]  # fmt: skip


def test_a_recorder_is_made_with_what_its_recording_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []

    def make(path: Path, **options: Any) -> Any:
        made.append((path.name, {k: v for k, v in options.items() if k not in {"scan", "check"}}))
        return SimpleNamespace(drawn=None)

    monkeypatch.setattr(record_module, "Recorder", make)
    fetched: list[Any] = []
    remote = SimpleNamespace(
        fetch=lambda path, *, recording: fetched.append((path.name, recording))
    )
    usual = {"rules": "规则", "zone": "+08:00"}
    drawn = SimpleNamespace(without_unused_seed=lambda: "种子")
    for record, has_drawn, store in (
        ("once", True, None),
        ("rewrite", False, remote),
        ("new", True, remote),
    ):
        recording = SimpleNamespace(
            lock=threading.Lock(), recorder=None, owner="甲", former="旧", name="付款",
            opener_pid_in_fork=7, net=3, has_drawn=has_drawn, drawn=drawn,
        )  # fmt: skip
        mode = make_mode(
            _recording=recording, _rules="规则", _check=None, _lock=threading.Lock(),
            _vault=SimpleNamespace(scan=None), _login_recorders={},
            _start=SimpleNamespace(zone="+08:00"),
            _settings=SimpleNamespace(
                cassette=tmp_path / "a.yaml", logins=tmp_path / "auth", record=record, remote=store
            ),
        )  # fmt: skip
        owner = mode._get_owner_recorder()
        assert (mode._get_owner_recorder(), owner.drawn) == (owner, "种子" if has_drawn else None)
        login = mode._get_login_recorder(("crm", "华东"))
        assert mode._get_login_recorder(("crm", "华东")) is login
        assert mode.list_open_recorders() == [login, owner]
    own = {"owner": "甲", "former": "旧", "name": "付款", "parent": 7, "net": 3, **usual}
    of_login = ("crm.华东.yaml", {"owner": "crm.华东", "repeating": True, **usual})
    assert made == [
        one for adding in (False, False, True)
        for one in (("a.yaml", {"adding": adding, **own}), of_login)
    ]  # fmt: skip
    assert fetched == [("a.yaml", True), ("crm.华东.yaml", True)] * 2
    monkeypatch.setattr(record_module, "find_case_variant", lambda path: path.with_name("A.yaml"))
    with pytest.raises(ConfigError, match=r"a\.yaml and .*A\.yaml are one file on Windows"):
        mode._make_recorder(tmp_path / "a.yaml", "甲")
    mode._settings.cassette, mode._recording.recorder = None, None
    with pytest.raises(ConfigError, match="record: no cassette is named"):
        mode._get_owner_recorder()


def test_each_exchange_goes_where_it_is_kept_and_is_looked_at_there(tmp_path: Path) -> None:
    done: list[Any] = []
    values = iter([{"crm.甲": {"user": "li"}}, {"crm.乙": {"user": "wang"}}, {}, {}, {}])

    def note(name: str) -> Any:
        return SimpleNamespace(add=lambda _exchange: done.append(name))

    def make_recorder(name: str) -> Any:
        return SimpleNamespace(
            append=lambda _exchange, **more: done.append((name, sorted(more), *more["values"]))
        )

    owner = SimpleNamespace(number=2, refuse_closed=lambda: done.append("open"))
    mode = make_mode(
        _start=SimpleNamespace(owner_session=owner, zone="+08:00"), _check=None, _accounts={},
        _secrets_seen=0, _vault=SimpleNamespace(size=0), _lock=threading.Lock(),
        _tenants=SimpleNamespace(get_non_secret_credentials=lambda _request: next(values)),
        possible_secrets=note("looked"), standins=note("compared"),
        _settings=SimpleNamespace(logins=tmp_path), _recorded_logins=set(), _rules=MatchingRules(),
        _get_owner_recorder=lambda: make_recorder("own"),
        _get_login_recorder=lambda key: make_recorder(".".join(key)),
        _redact_again=lambda: done.append("again"),
    )  # fmt: skip

    def append(body: bytes = b"", *, is_login: bool = False, size: int = 0) -> list[Any]:
        done.clear()
        mode._vault.size = size
        call = Call(
            platform="crm",
            instance="华东",
            api=LOGIN if is_login else "get",
            method="GET",
            path="/",
        )
        request = Request(method="GET", url="https://a/1", call=call)
        mode._append(Exchange(request=request, outcome=Response(status=200, body=body), at=0.0))
        return list(done)

    own = ("own", ["check", "session", "values", "zone"])
    first, second = (*own, "crm.甲"), (*own, "crm.乙")
    assert [append(), append(size=1), append(is_login=True), append(is_login=True)] == [
        ["open", first, "looked", "compared"], ["open", "again", second, "looked", "compared"],
        ["open", ("crm.华东", ["values"])], ["open"],
    ]  # fmt: skip
    assert mode._accounts == {"crm.甲": {"user": "li"}, "crm.乙": {"user": "wang"}}
    mode._settings.logins = None
    assert append(is_login=True, body=b"1") == ["open", own]
