"""What a session offers beside calls: time, listeners, chance, what was not played."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import bpmax_sim as bs
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.clock import Instant
from bpmax_sim.script.hits import ScriptHits

BASE = "https://crm.example.test"
PLATFORM = f"""\
platform_key: crm
base_url: {BASE}
apis: {{list: {{path: /list}}, get: {{path: "/get/{{id}}"}}}}
"""


def answer(_request: bs.Request) -> bs.Response:
    return bs.Response(status=200, headers=(("content-type", "application/json"),), body=b"[]")


def opened(folder: Path, mode: Any = "replay", **options: Any) -> bs.Session:
    (folder / "crm.yaml").write_text(PLATFORM, encoding="utf-8")
    usual: dict[str, Any] = {
        "cassette": folder / "cassettes/a.yaml", "owner": "甲", "environ": {},
        "transport": answer if mode in {"record", "live"} else None,
    }  # fmt: skip
    return bs.Session.open(folder / "crm.yaml", mode=mode, **(usual | options))


def recorded(folder: Path, *numbers: int) -> None:
    with opened(folder, "record", record="rewrite") as session:
        for number in numbers:
            session.proxy("crm").get(number)


@pytest.mark.parametrize(
    ("left", "command", "told"),
    [
        ([1], "", "1 recorded exchange was not played: [1] crm.get GET {}/get/1; record afresh,"),
        ([1, 3], "", ", [3] crm.get GET {}/get/3; record afresh,"),
        ([1, 3], "", "2 recorded exchanges were not played: [1] crm.get GET {}/get/1, [3]"),
        ([1], "bpmax-sim record a.yaml",
         "record afresh with `bpmax-sim record a.yaml --record=rewrite`, or write"),
    ],
)  # fmt: skip
def test_what_was_not_played_is_told_in_one_line(
    tmp_path: Path, left: list[int], command: str, told: str
) -> None:
    recorded(tmp_path, 1, 2, 3)
    session = opened(tmp_path, command=command)
    for number in {1, 2, 3}.difference(left):
        session.proxy("crm").get(number)
    with pytest.raises(bs.ExpectationError) as caught:
        session.close()

    assert told.replace("{}", BASE) in str(caught.value)

    with opened(tmp_path, command=command, unused="warn") as lenient:
        for number in {1, 2, 3}.difference(left):
            lenient.proxy("crm").get(number)
    assert lenient.describe_unplayed() == str(caught.value).removesuffix(
        ", or write proxy: {unused: warn}"
    )
    assert "cassettes/a.yaml: " in str(caught.value)
    assert "or write proxy: {unused: warn}" in str(caught.value)
    assert [one.order for one in session.unplayed_exchanges] == left
    session.close()


def test_traffic_without_a_platform_is_told_by_its_address(tmp_path: Path) -> None:
    with opened(tmp_path, "record") as session:
        session.handle(bs.Request(method="DELETE", url="https://other.test/x?a=1"))
    session = opened(tmp_path)
    assert "[1] DELETE https://other.test/x?a=1; record" in session.describe_unplayed()
    session.close(failed=True)


@pytest.mark.parametrize(
    ("mode", "record", "left"),
    [
        ("replay", "once", 2), ("record", "once", 2), ("record", "new", 2),
        ("record", "rewrite", 0), ("live", "once", 0), ("simulate", "once", 0),
    ],
)  # fmt: skip
def test_only_what_plays_leaves_something_unplayed(
    tmp_path: Path, mode: Any, record: Any, left: int
) -> None:
    recorded(tmp_path, 1, 2)
    with opened(tmp_path, mode, record=record, unused="ignore") as session:
        assert len(session.unplayed_exchanges) == left


@pytest.mark.parametrize(
    ("unused", "failed", "is_raised"),
    [
        ("fail", False, True),
        ("fail", True, False),
        ("warn", False, False),
        ("ignore", False, False),
    ],
)
def test_what_was_not_played_fails_where_that_is_asked_for(
    tmp_path: Path, unused: Any, *, failed: bool, is_raised: bool
) -> None:
    recorded(tmp_path, 1)
    session = opened(tmp_path, unused=unused)
    if is_raised:
        with pytest.raises(bs.ExpectationError):
            session.close(failed=failed)
    else:
        session.close(failed=failed)
    assert session.unplayed_exchanges != ()


def test_the_error_of_the_block_is_shown_and_not_what_follows_from_it(tmp_path: Path) -> None:
    recorded(tmp_path, 1)
    with pytest.raises(ZeroDivisionError), opened(tmp_path):
        raise ZeroDivisionError
    session = opened(tmp_path)
    with pytest.raises(bs.ExpectationError):
        session.__exit__(None, None, None)


def test_a_miss_fails_at_the_end_with_the_first_of_them(tmp_path: Path) -> None:
    recorded(tmp_path, 1)
    session = opened(tmp_path)
    for number in (7, 8, 9):
        with pytest.raises(bs.NoMatchError):
            session.proxy("crm").get(number)
    with pytest.raises(bs.NoMatchError) as caught:
        session.close()
    assert caught.value is session.misses[0]
    assert len(session.misses) == 3


TICK = "let n = 0; setInterval(() => { n += 1; form.次数 = n }, 1000)"


@pytest.mark.parametrize(("seconds", "fired"), [(0.0, 0), (0.999, 0), (1.0, 1), (3.0, 3), (3.5, 3)])
def test_time_is_advanced_to_its_end_whatever_is_due(seconds: float, fired: int) -> None:
    with bs.Session.open() as session:
        form: dict[str, Any] = {}
        page = bs.Page()
        session.run_script(bs.Script(TICK, "a.js"), form=form, page=page)
        before = session.clock.now()
        session.advance(seconds)

        assert session.clock.now() == pytest.approx(before + seconds)
        assert form.get("次数", 0) == fired


def test_time_is_advanced_where_nothing_waits() -> None:
    with bs.Session.open() as session:
        before = session.clock.now()
        session.advance(90.5)
        assert session.clock.now() == before + 90.5


@pytest.mark.parametrize("failed", [False, True])
def test_an_error_of_a_late_timer_that_nobody_took_is_told_at_the_end(
    recwarn: pytest.WarningsRecorder, *, failed: bool
) -> None:
    session = bs.Session.open()
    script = "setTimeout(() => { throw Error('太晚') }, 1000)"
    session.run_script(bs.Script(script, "a.js"), page=bs.Page())
    session.advance(2)
    session.close(failed=failed)

    told = [str(one.message) for one in recwarn if "太晚" in str(one.message)]
    assert len(told) == (not failed)


def test_waiting_fires_what_is_due_and_takes_virtual_time() -> None:
    with bs.Session.open() as session:
        form: dict[str, Any] = {}
        page = bs.Page()
        session.run_script(bs.Script(TICK, "a.js"), form=form, page=page)
        before = session.clock.now()
        session.wait(2.5)
        session.wait(0)
        assert session.clock.now() - before == pytest.approx(2.5)
        assert form == {"次数": 2}


def test_listeners_hear_outcomes_and_writes_to_the_form_in_order() -> None:
    with bs.Session.open() as session:
        heard: list[list[Any]] = [[], []]
        session.hear(heard[0].append)
        session.run_script(bs.Script("form.甲 = 1; ctx.x = 2", "a.js"), form={}, ctx={})
        session.hear(heard[1].append)
        session.run_script(bs.Script("form.乙 = 3; return 7", "b.js"), form={})

    shown = [[getattr(one, "field", "") or one.value for one in each] for each in heard]
    assert [len(each) for each in shown] == [4, 2]
    assert (shown[0][0], shown[0][2:], shown[1]) == ("甲", ["乙", 7], ["乙", 7])


def test_late_timers_are_drained_once_each() -> None:
    with bs.Session.open() as session:
        page = bs.Page()
        script = "setTimeout(() => { throw Error('晚') }, 1000); setTimeout(() => 1, 2000)"
        session.run_script(bs.Script(script, "a.js"), page=page)
        assert session.drain() == []
        assert len(session.pending_timers()) == 2
        session.advance(1.5)
        late = session.drain()
        assert ["晚" in str(one.error or one.unhandled) for one in late] == [True]
        assert session.drain() == []
        assert len(session.pending_timers()) == 1


@pytest.mark.parametrize(("mode", "is_new"), [("replay", False), ("simulate", False)])
def test_chance_is_the_same_in_each_run_that_sends_nothing(mode: Any, *, is_new: bool) -> None:
    drawn = set()
    for _ in range(3):
        with bs.Session.open(mode=mode) as session:
            chance = session.chance()
            drawn.add((chance.bytes(8), chance.bytes(8)))
    assert (len(drawn) > 1) == is_new
    assert all(first != second for first, second in drawn)


@pytest.mark.parametrize(("seed", "number"), [(None, 1), (0, 1), (7, 3)])
def test_sessions_of_one_owner_draw_apart_where_a_seed_is_given(
    tmp_path: Path, seed: int | None, number: int
) -> None:
    sessions = [opened(tmp_path, "simulate", seed=seed) for _ in range(3)]
    drawn = {session.chance().bytes(8) for session in sessions}
    for session in sessions:
        session.close()
    assert len(drawn) == number


def test_a_draw_of_the_session_itself_is_recorded_and_replayed(tmp_path: Path) -> None:
    drawn = []
    for mode in ("record", "replay", "replay"):
        with opened(tmp_path, mode) as session:
            chance = session.chance()
            drawn.append([chance.bytes(8) for _ in range(3)])
            session.proxy("crm").get(1)
    assert drawn[0] == drawn[1] == drawn[2]
    assert len({*drawn[0]}) == 3
    assert Cassette.load(tmp_path / "cassettes/a.yaml").line(0).seed != 0


def test_a_call_is_watched_until_an_empty_name_ends_it(tmp_path: Path) -> None:
    seen: list[float] = []
    with opened(tmp_path, "live") as session:
        script = bs.Script("await $proxy('crm').get(1)", "a.js")
        session.watch("crm.get", lambda: seen.append(1))
        for _ in range(2):
            session.run_script(script)
        session.run_script(bs.Script("await $proxy('crm').list()", "b.js"))
        assert len(seen) == 2
        session.watch("", lambda: seen.append(2))
        session.run_script(script)
    assert seen == [1, 1]


@pytest.mark.parametrize(
    ("platform", "api", "path"),
    [("crm", "get", "/get/{id}"), ("crm", "list", "/list"), ("crm", "x", ""), ("oa", "get", ""),
     ("", "", "")],
)  # fmt: skip
def test_the_declared_path_of_an_api_is_known(
    tmp_path: Path, platform: str, api: str, path: str
) -> None:
    with opened(tmp_path) as session:
        assert session.template(platform, api) == path


@pytest.mark.parametrize(
    ("statuses", "unserved"),
    [
        ([200], []),
        ([503], ["crm.get"]),
        ([429, 200], ["crm.get"]),
        ([404], []),
        ([None], ["crm.get"]),
    ],
)
def test_calls_that_nobody_served_are_told_unless_they_were_so_before(
    tmp_path: Path, statuses: list[int | None], unserved: list[str]
) -> None:
    def third_party(request: bs.Request) -> bs.Response:
        status = statuses[min(int(request.url[-1]) - 1, len(statuses) - 1)]
        if status is None:
            raise bs.TransportError("refused", code="CONNECT")
        return bs.Response(status=status)

    session = opened(tmp_path, "record", transport=third_party)
    for number in range(1, len(statuses) + 1):
        try:
            session.proxy("crm").get(number)
        except bs.CallError:
            continue
    told = session.unserved_calls()
    session.close(failed=True)
    assert [str(one).split(" ")[0].partition(":")[0] for one in told] == unserved
    with opened(tmp_path, "replay", cassette=None) as other:
        assert other.unserved_calls() == ()


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_call_that_was_served_before_is_an_outage_and_not_an_unserved_call(
    tmp_path: Path, status: int
) -> None:
    recorded(tmp_path, 1)
    third_party = lambda _: bs.Response(status=status)  # noqa: E731 - one expression
    session = opened(tmp_path, "record", transport=third_party, record="rewrite")
    for number in (1, 2):
        session.handle(bs.Request(method="GET", url=f"{BASE}/get/{number}"))

    assert [one.is_known for one in session.unserved_calls()] == [False]
    session.close(failed=True)


@pytest.mark.parametrize(
    ("url", "status", "number"),
    [
        ("https://other.test/x", 200, 0), ("https://other.test/x", 404, 0),
        ("https://other.test/x", 500, 1), (f"{BASE}/unknown", 200, 0), (f"{BASE}/unknown", 429, 1),
    ],
)  # fmt: skip
def test_traffic_of_no_api_is_served_by_its_status(
    tmp_path: Path, url: str, status: int, number: int
) -> None:
    session = opened(tmp_path, "record", transport=lambda _: bs.Response(status=status))
    session.handle(bs.Request(method="GET", url=url))
    assert len(session.unserved_calls()) == number
    session.close(failed=True)


@pytest.mark.parametrize("status", [200, 503])
def test_what_is_added_takes_nothing_away_however_it_was_answered(
    tmp_path: Path, status: int
) -> None:
    recorded(tmp_path, 1)
    options: dict[str, Any] = {"record": "new", "extra": True}
    third_party = lambda _: bs.Response(status=status)  # noqa: E731 - one expression
    with opened(tmp_path, "record", transport=third_party, **options) as session:
        for _ in range(2):
            session.handle(bs.Request(method="GET", url=f"{BASE}/get/1"))

    known = Cassette.load(tmp_path / "cassettes/a.yaml")
    outcomes: list[Any] = [known.outcome(number) for number in range(len(known))]
    assert [one.status for one in outcomes] == [200, status]


def test_what_a_session_says_of_itself(tmp_path: Path) -> None:
    recorded(tmp_path, 1)
    with opened(tmp_path) as session:
        session.proxy("crm").get(1)
        assert repr(session) == "<Session replay, 1 calls>"
        assert session.is_closed
        assert session.engine.startswith("quickjs-ng ")
    with opened(tmp_path, "live") as session:
        assert (repr(session), session.is_closed) == ("<Session live, 0 calls>", False)


def test_a_session_that_is_closed_does_nothing_more(tmp_path: Path) -> None:
    session = opened(tmp_path, "live")
    session.close()
    for use in (
        lambda: session.proxy("crm"), lambda: session.advance(1), lambda: session.wait(1),
        lambda: session.arm([]), lambda: session.stub(lambda _request: None),
        lambda: session.run_script(bs.Script("1", "a.js")), session.listen,
        lambda: session.start_script(bs.Script("1", "a.js"), print),
        lambda: session.handle(bs.Request(method="GET", url=BASE)),
    ):  # fmt: skip
        with pytest.raises(bs.ConfigError, match="the session is closed"):
            use()


@pytest.mark.parametrize("rules", [None, "x", {}, [1], [bs.Fault(on="*", action=bs.Reply()), None]])
def test_only_a_list_of_faults_is_armed(rules: Any) -> None:
    with bs.Session.open() as session, pytest.raises(bs.ConfigError, match="expected a list of"):
        session.arm(rules)


def test_stubs_answer_behind_faults_and_the_last_first(tmp_path: Path) -> None:
    def stub(status: int, url: str) -> Any:
        return lambda sent: bs.Response(status=status) if sent.url.endswith(url) else None

    with opened(tmp_path, "live") as session:
        session.stub(stub(201, "/1"))
        session.stub(stub(202, "/2"))
        session.stub(stub(203, "/1"))
        fault = bs.Fault(on="crm.get", action=bs.Reply(status=204), first=4, last=4)
        quiet = bs.Fault(on="crm.list", action=bs.Reply(status=204))
        session.arm([fault, quiet])
        for number in (1, 2, 3, 1, 2):
            session.proxy("crm").get(number)
        assert [call.received and call.received.status for call in session.calls] == [
            203, 202, 200, 204, 202,
        ]  # fmt: skip
        assert session.strikes_of(fault) == 1
        assert [one.serial for one in session.injected_faults] == [4]
        assert session.disarm([fault, quiet]) == (quiet,)


def test_a_script_that_is_counted_is_kept_without_the_secrets_of_its_session(
    tmp_path: Path,
) -> None:
    hits = ScriptHits()
    for secret in ("第一个密钥-7f3k", "第二个密钥-9x2m", "第三个密钥-4w8t"):
        with opened(tmp_path, "simulate", hits=hits, secrets=[secret]) as session:
            session.run_script(bs.Script(f"return '{secret}'", f"{secret[:3]}.js"))

    assert [script.name for script in hits.shown] == ["第一个.js", "第二个.js", "第三个.js"]
    assert not any("密钥-" in text for text in hits.shown.values())


DATED = bs.Script(
    """\
const now = new Date();
await $proxy('crm').get(now.toISOString());
return [now.toISOString(), now.getTimezoneOffset()];
""",
    "开票日期.js",
)


@pytest.mark.parametrize(
    ("clocks", "told"),
    [
        (["2026-03-02T09:00:00+08:00"], [["2026-03-02T01:00:00.000Z", -480]]),
        (["2026-03-02T09:00:00+08:00", "2026-03-31T23:59:59+08:00"],
         [["2026-03-02T01:00:00.000Z", -480], ["2026-03-31T15:59:59.000Z", -480]]),
        (["2026-12-31T17:30:00+08:00", "2026-06-30T08:00:00+00:00", "2027-02-28T12:00:00+08:00"],
         [["2026-12-31T09:30:00.000Z", -480], ["2026-06-30T08:00:00.000Z", 0],
          ["2027-02-28T04:00:00.000Z", -480]]),
    ],
)  # fmt: skip
def test_each_session_of_a_run_replays_at_its_own_instant(
    tmp_path: Path, clocks: list[str], told: list[Any]
) -> None:
    """One more session than were recorded begins as the first, another owner as nothing did."""

    def run_all(mode: str, *options: dict[str, Any]) -> list[Any]:
        run, outcomes = bs.RunRecordings(), []
        for each in options:
            with opened(tmp_path, mode, run=run, **each) as session:
                outcomes.append(session.run_script(DATED).value)
        run.finish(failed=False)
        session.judge_unplayed()
        return outcomes

    assert run_all("record", *({"clock": clock} for clock in clocks)) == told
    assert run_all("replay", *({} for _ in clocks)) == told
    replay = bs.RunRecordings()
    sessions = [opened(tmp_path, run=replay) for _ in [*clocks, "one more"]]
    assert [one.clock.now() for one in sessions] == [
        Instant.parse(clock).seconds for clock in [*clocks, clocks[0]]
    ]
    fixed = "2026-05-01T10:00:00+08:00"
    others = [opened(tmp_path, owner="乙"), opened(tmp_path, run=replay, clock=fixed)]
    assert [one.clock.now() for one in others] == [
        Instant.parse(clock).seconds for clock in ("2026-01-01T00:00:00+08:00", fixed)
    ]
    for session in (*sessions, *others):
        session.close(failed=True)
