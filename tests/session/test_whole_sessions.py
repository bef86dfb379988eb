"""A session from opening to closing: what it takes, tells, warns of and leaves behind."""

from __future__ import annotations

import os
import socket
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import bpmax_sim as bs
from bpmax_sim.errors import ClosedNetworkError
from bpmax_sim.file_system import shell_quote
from bpmax_sim.guard import NetworkGuard
from bpmax_sim.script.turn_result import Outcome
from bpmax_sim.session import session as session_module
from bpmax_sim.session.settings import Settings
from bpmax_sim.yamlfile import to_display_path
from tests.session.test_session_surface import BASE, opened, recorded


def refusal(call: Callable[[], Any]) -> str:
    """Return what *call* is refused with; "" if it is not."""
    try:
        call()
    except bs.BpmaxError as error:
        return str(error)
    return ""


def test_what_is_no_option_of_a_session_is_refused_with_what_was_expected() -> None:
    wrong: dict[str, tuple[Any, str]] = {
        "platforms": (7, "platforms: expected a path, got 7"),
        "instances": ([None], "instances: expected a path, got None"),
        "cassette": (b"a.yaml", "cassette: expected a path, got b'a.yaml'"),
        "logins": (7, "logins: expected a path, got 7"),
        "environ": ("A=1", "environ: expected a mapping, got 'A=1'"),
        "guard": (1, "guard: expected True, False or a NetworkGuard, got 1"),
        "limits": ("cpu=1s", "limits: expected bs.Limits(…), got 'cpu=1s'"),
        "run": (7, "run: expected bs.RunRecordings(), got 7"),
        "shared_logins": (True, "shared_logins: expected bs.SharedLogins(), got True"),
        "ignore": ("body.a", "ignore: expected a list of texts, got 'body.a'; write ['body.a']"),
        "redact": ([7], "redact: expected a list of texts, got [7]"),
        "secrets": ("abc", "secrets: expected a list of texts, got 'abc'; write ['abc']"),
        "clock": ("2026-13-01", "clock: "),
        "faults": ([7], "faults: expected a list of bs.Fault(…), got [7]"),
        "allow_hosts": ("a.test", "allow_hosts opens nothing where nothing is closed"),
    }
    found = {
        name: refusal(lambda one=name, value=value: bs.Session.open(**{one: value}))  # type: ignore[misc]
        for name, (value, _) in wrong.items()
    }
    assert {name: text for name, text in found.items() if wrong[name][1] not in text} == {}
    assert found["clock"] != "clock: "
    several: list[Any] = [[None], b"x", [b"x"], {"a": 1}.keys(), ["a", 7]]
    told = [refusal(lambda one=one: bs.Session.open(one)) for one in several]  # type: ignore[misc]
    assert told[:3] == [
        f"platforms: expected a path, got {one}" for one in ("None", "b'x'", "b'x'")
    ]
    assert told[4] == "platforms: expected a path, got 7"


def test_a_session_takes_what_it_is_given(tmp_path: Path) -> None:
    rule = bs.Fault(on="crm.list", action=bs.Reply(status=503))
    with opened(
        tmp_path, logins=tmp_path / "登录", ignore=("query.t",), redact=["body.电话"],
        secrets=["这是一段长密文"],
        environ={}, clock="2026-03-02T09:00:00+05:30", faults=(rule,), default_instance="华东",
        limits=bs.Limits(), stack=2**20,
    ) as session:  # fmt: skip
        settings = session.settings
        assert (settings.logins, settings.environ) == (tmp_path / "登录", {})
        assert (settings.ignore, settings.redact) == (("query.t",), ("body.电话",))
        assert settings.secrets == ("这是一段长密文",)
        assert session.strikes_of(rule) == 0
        assert session.disarm((rule,)) == (rule,)
        zone = bs.Script("return [new Date().getTimezoneOffset(), new Date().getHours()]", "a.js")
        assert session.run_script(zone).value == [-330, 9]
        session.judge_unplayed()  # nothing is judged yet
        assert repr(session) == "<Session replay, 0 calls>"
        deep = bs.Script("const f = n => n ? 1 + f(n - 1) : 0; return f(400)", "a.js")
        assert session.run_script(deep).unwrap() == 400
    with opened(tmp_path, stack=2**18) as shallow:
        assert "the stack is full" in str(shallow.run_script(deep).error)
        wrong = [
            refusal(lambda key=key: shallow.proxy("crm", instance_key=key))  # type: ignore[misc]
            for key in ("", "x")
        ]
        assert ["non-empty text" in one for one in wrong] == [True, False]
    with opened(tmp_path) as plain:
        assert plain.settings.logins == tmp_path / "cassettes/auth"
    with bs.Session.open() as empty:
        assert (empty.settings.environ, empty.settings.logins) == (os.environ, None)
        value = {"a": ["文"]}
        assert empty.redact_value(value) is value


@pytest.mark.parametrize(
    ("mode", "record"),
    [("live", "new"), ("simulate", "new"), ("record", "rewrite"), ("live", "once")],
)
def test_what_does_not_play_leaves_nothing_unplayed(tmp_path: Path, mode: Any, record: Any) -> None:
    recorded(tmp_path, 1, 2)
    with opened(tmp_path, mode, record=record) as session:
        assert session.unplayed_exchanges == ()


def test_the_network_is_closed_where_that_is_asked_for_and_recordings_answer(
    tmp_path: Path,
) -> None:
    def refused_by(mode: Any, guard: Any, **options: Any) -> tuple[str, str]:
        """Return who refuses a connection to the inside, before and after closing."""
        with opened(tmp_path, mode, guard=guard, **options):
            before = _connect()
        return before, _connect()

    recorded(tmp_path)
    own = NetworkGuard("测试", allow="{}", closed=False)
    name, cassette = "the session of 甲", tmp_path / "cassettes/a.yaml"
    assert [
        refused_by("replay", True), refused_by("simulate", True), refused_by("replay", False),
        refused_by("live", True), refused_by("replay", own, allow_hosts="a.test"),
        refused_by("replay", True, owner=""), refused_by("replay", True, owner="", cassette=None),
        refused_by("replay", True, allow_hosts=["*.test", "127.0.0.*"]),
        refused_by("replay", own, allow_hosts="a.test, 127.0.0.1"),
    ] == [
        (name, ""), (name, ""), ("", ""), ("", ""), ("测试", ""),
        (f"the session of {cassette}", ""),
        ("the session of no cassette", ""), ("", ""), ("", ""),
    ]  # fmt: skip
    assert session_module._close_network_if_asked(Settings(environ={})) is None


def _connect() -> str:
    try:
        socket.create_connection(("127.0.0.1", 1), timeout=1).close()
    except ClosedNetworkError as error:
        return str(error).partition(" tried")[0]
    except OSError:
        return ""
    return ""


CALLS = """\
const a = 2 ** 0.5;
try { await $proxy('crm').lst(); } catch {}
form.金頟 = form.金客 || 1;
"""


def warned(work: Callable[[], Any]) -> list[str]:
    """Return the warnings of *work*: what is told, without advice."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        work()
    return [f"{one.category.__name__} {str(one.message).partition(';')[0]}" for one in caught]


def test_each_run_of_a_script_tells_its_own_mistakes_unless_a_scenario_does() -> None:
    library = bs.Script("globalThis.b = 3 ** 0.5", "b.js")
    told: dict[str, list[list[str]]] = {}
    for unawaited in ("warn", "fail", "allow"):
        session = bs.Session.open(unawaited=unawaited)
        script = bs.Script(CALLS, "a.js")
        told[unawaited] = [
            warned(lambda form=form: session.run_script(script, form=form, libraries=[library]))  # type: ignore[misc] # noqa: B023
            for form in ({"金额": 1, "客户": 2}, {}, {"金额": 1})
        ]
        told[unawaited].append(warned(session.close))
    assert told["allow"] == [[], [], [], []]
    powers = [
        f"PowerWarning {place}: the last digit of ** depends on the machine here"
        for place in ("a.js:1:13", "b.js:1:18")
    ]
    read = "UnknownNameWarning a.js:3:11: the script reads form.金客"
    wrote = "UnknownNameWarning the script wrote form.金頟"
    wrong = "WrongCallWarning a.js:2:27: crm.lst: there is no platform 'crm'"
    once = [
        [*powers, read, wrote, wrong], [*powers, wrong], [*powers, read, wrote, wrong], []
    ]  # fmt: skip
    assert told["warn"] == told["fail"] == once


def test_a_chain_that_is_never_called_is_noted_while_the_session_is_open() -> None:
    found = {}
    for unawaited in ("warn", "fail", "allow"):
        session = bs.Session.open(unawaited=unawaited)
        chains = [session.proxy("crm").api("晚")]
        told = warned(lambda: session.proxy("crm").api("查").query({"a": 1}))  # noqa: B023
        session.close()
        told += warned(chains.clear)
        found[unawaited] = len(told), [message.split()[0] for message, _ in session.dropped_chains]
    chain = ["proxy('crm').api('查').query(…)"]

    assert found == {"warn": (1, chain), "fail": (0, chain), "allow": (0, chain)}


LATE = bs.Script("setTimeout(() => { console.log('晚'); throw Error('t') }, 1000)", "a.js")


def test_what_fires_late_is_told_at_the_end_unless_the_run_has_failed() -> None:
    found = []
    for failed in (False, True):
        heard: list[Any] = []
        session = bs.Session.open()
        session.hear(heard.append)
        session.run_script(LATE, page=bs.Page())
        session.advance(2)
        now = session.clock.now()
        told = warned(lambda: session.close(failed=failed))  # noqa: B023
        lines = [line.text for one in heard if isinstance(one, Outcome) for line in one.console]
        found.append(([one.split()[0] for one in told], lines))
        assert session.clock.now() == now
        session.close()  # twice does nothing

    assert found == [(["UnseenFailureWarning"], ["晚"]), ([], [])]


def test_a_session_that_had_a_miss_or_an_error_sets_its_recording_aside(tmp_path: Path) -> None:
    cassette = tmp_path / "cassettes/a.yaml"
    aside = cassette.with_name("a.yaml.new")
    recorded(tmp_path, 1)
    before = cassette.read_bytes()

    session = opened(tmp_path, "record", record="rewrite")
    session.proxy("crm").get(2)
    with pytest.raises(ZeroDivisionError), session:
        raise ZeroDivisionError
    assert (cassette.read_bytes() == before, aside.exists()) == (True, True)
    aside.unlink()
    session = opened(tmp_path, "record", record="new")
    session.proxy("crm").get(1)
    session.proxy("crm").get(2)
    with pytest.raises(bs.NoMatchError):
        session.proxy("crm").get(1)
    with pytest.raises(bs.NoMatchError):
        session.close()
    assert (cassette.read_bytes() == before, aside.exists()) == (True, True)
    aside.unlink()
    session = opened(tmp_path)
    with pytest.raises(bs.NoMatchError):
        session.proxy("crm").get(9)
    session.close(failed=True)  # the error that the run failed with is another one


def test_the_error_of_a_block_wins_over_that_of_closing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*, failed: bool) -> None:
        raise bs.CassetteError(f"cannot be written, failed: {failed}")

    session = bs.Session.open()
    monkeypatch.setattr(session, "close", fail)
    with pytest.raises(ZeroDivisionError), session:
        raise ZeroDivisionError
    with pytest.raises(bs.CassetteError, match="failed: False"), session:
        pass


def test_calls_that_were_not_served_are_those_that_the_recording_lacks(tmp_path: Path) -> None:
    recorded(tmp_path, 1)
    broken = bs.Response(status=503)
    with opened(tmp_path, "record", record="rewrite", transport=lambda _request: broken) as session:
        for number in (1, 2):
            with pytest.raises(bs.HttpStatusError):
                session.proxy("crm").get(number)
        assert [str(one) for one in session.unserved_calls()] == ["crm.get: HTTP 503"]
        session.close(failed=True)
    with opened(tmp_path, "live") as live:
        assert live.unserved_calls() == ()


def test_what_was_not_played_is_told_with_what_to_do(tmp_path: Path) -> None:
    recorded(tmp_path, 1, 2)
    told = {}
    for unused in ("fail", "warn", "ignore"):
        for command, rewrite in (("", "--x"), ("bpmax-sim record a", "--x")):
            session = opened(tmp_path, unused=unused, command=command, command_rewrite=rewrite)
            session.proxy("crm").get(1)
            told[unused, command] = session.describe_unplayed()
            session.judge_unplayed()  # while it is open, it may still be played
            fails = refusal(session.close)
            assert fails == (told[unused, command] if unused == "fail" else "")
    head = (
        f"{to_display_path(tmp_path / 'cassettes/a.yaml')}: 1 recorded exchange was not played: "
        f"[2] crm.get GET {BASE}/get/2; record afresh"
    )

    lenient, run = ", or write proxy: {unused: warn}", " with `bpmax-sim record a --x`"
    assert told == {
        ("fail", ""): head + lenient, ("fail", "bpmax-sim record a"): head + run + lenient,
        ("warn", ""): head, ("warn", "bpmax-sim record a"): head + run,
        ("ignore", ""): head, ("ignore", "bpmax-sim record a"): head + run,
    }  # fmt: skip


def test_of_possible_secrets_five_are_told_and_how_many_more() -> None:
    def tell(count: int) -> str:
        return session_module.describe_possible_secrets([f"crm.get body.{n}" for n in range(count)])

    places = [f"crm.get body.{n}" for n in range(5)]
    options = " ".join(f"--not-secret {shell_quote(place)}" for place in places)
    for count, more in ((5, ""), (6, " and 1 more"), (8, " and 3 more")):
        assert tell(count) == (
            f"recorded as they are, and look like secrets: {', '.join(places)}{more}; if they are, "
            "declare their places with `secret:` in the platform file and record again, else "
            f"answer with `bpmax-sim review {options}`"
        )
