from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from bpmax_sim.errors import ConfigError, TransportError
from tests.simulator.bench import Bench, log_in, logged_in

USER = "GET /cgi-bin/user/get?access_token={token}&userid=lisi"
FEISHU_USER = "GET /open-apis/contact/v3/users/ou_lisi"


def test_wecom_hands_out_the_same_token_until_it_ends() -> None:
    made = logged_in("qywx")
    first = made.token
    made.clock.advance(7100)
    again = log_in(made)

    assert (again["access_token"], again["expires_in"]) == (first, 100)
    made.clock.advance(100)
    assert made.ask(USER)["errcode"] == 42001
    renewed = log_in(made)
    assert renewed["access_token"] != first
    assert renewed["expires_in"] == 7200
    assert made.ask(USER)["name"] == "李四"


def test_feishu_renews_when_less_than_thirty_minutes_are_left_and_keeps_both_valid() -> None:
    made = logged_in("feishu")
    first, old = made.token, dict(made.headers)
    made.clock.advance(5399)
    same = log_in(made)
    made.clock.advance(1)
    renewed = log_in(made)

    assert (same["tenant_access_token"], same["expire"]) == (first, 1801)
    assert renewed["tenant_access_token"] != first
    assert renewed["expire"] == 7200
    assert made.ask(FEISHU_USER, headers=old)["code"] == 0
    assert made.ask(FEISHU_USER)["code"] == 0
    made.clock.advance(1800)
    assert made.ask(FEISHU_USER, headers=old)["code"] == 99991663
    assert made.ask(FEISHU_USER)["code"] == 0


@pytest.mark.parametrize("platform", ["dingtalk", "dingtalk_v1"])
def test_dingtalk_lets_the_same_token_live_its_whole_life_again(platform: str) -> None:
    made = logged_in(platform)
    first = made.token
    made.clock.advance(7199)
    again = log_in(made)

    assert made.token == first
    assert again.get("expireIn", again.get("expires_in")) == 7200


def test_a_token_that_is_expired_now_is_told_from_one_that_is_revoked() -> None:
    made = logged_in("qywx")
    made.simulator.expire()
    expired = made.ask(USER)["errcode"]
    log_in(made)
    made.simulator.revoke()

    assert (expired, made.ask(USER)["errcode"]) == (42001, 40014)


def test_what_expired_before_is_not_prolonged_by_letting_all_expire() -> None:
    made = logged_in("qywx")
    start = made.clock.now()
    made.clock.advance(7300)
    log_in(made)
    made.simulator.expire()
    made.clock.advance(100)
    made.simulator.expire()

    ends = [one.expires - start for one in made.simulator.state.grants]
    assert ends == [7200, 7300]
    made.simulator.skew(-150)  # by its clock, it is 7250
    assert made.ask(USER)["name"] == "李四"
    made.simulator.skew(-100)
    assert made.ask(USER)["errcode"] == 42001


def test_a_knob_makes_every_login_yield_a_new_token_and_another_ends_the_old_one() -> None:
    made = logged_in("qywx")
    made.simulator.renewal("new")
    made.simulator.overlap(300)
    first = Bench(made.simulator, made.clock, made.token)
    log_in(made)

    assert made.token != first.token
    assert first.ask(USER)["errcode"] == 0
    made.clock.advance(300)
    assert first.ask(USER)["errcode"] == 42001
    assert made.ask(USER)["errcode"] == 0


@pytest.mark.parametrize(
    ("life", "again", "overlap", "ends"),
    [(100, 50, 300, 100), (100, 50, 10, 60), (100, 50, 50, 100), (100, 0, 0, 0), (100, 99, 1, 100)],
)
def test_an_old_token_ends_with_the_overlap_and_with_its_own_life(
    life: float, again: float, overlap: float, ends: float
) -> None:
    made = logged_in("qywx")
    made.simulator.renewal("new")
    made.simulator.life(life)
    log_in(made)
    made.simulator.overlap(overlap)
    first = Bench(made.simulator, made.clock, made.token)
    made.clock.advance(again)
    log_in(made)

    if ends > again:
        made.clock.advance(ends - again - 0.5)
        assert first.ask(USER)["errcode"] == 0
        made.clock.advance(0.5)
    assert first.ask(USER)["errcode"] == 42001


def test_a_knob_lets_feishu_extend_and_another_shortens_life() -> None:
    made = logged_in("feishu")
    made.simulator.renewal("extend")
    made.simulator.life(60)

    assert log_in(made)["expire"] == 60
    made.clock.advance(59)
    assert log_in(made)["expire"] == 60
    made.clock.advance(60)
    assert made.ask(FEISHU_USER)["code"] == 99991663


def test_a_clock_ahead_ends_tokens_earlier() -> None:
    made = logged_in("qywx")
    made.simulator.skew(7200)

    assert made.ask(USER)["errcode"] == 42001
    assert made.send(USER).header("date") == "Mon, 02 Mar 2026 03:00:00 GMT"


def test_a_connection_can_break_before_or_after_the_request_is_executed() -> None:
    made = logged_in("dingtalk_v1")
    line = "POST /topapi/message/corpconversation/asyncsend_v2?access_token={token}"
    notice = {"agent_id": 77, "userid_list": "lisi", "msg": {"msgtype": "text"}}
    made.simulator.drop("before")
    made.simulator.drop("after")

    with pytest.raises(TransportError) as before:
        made.ask(line, notice)
    assert made.simulator.messages == ()
    log_in(made)  # a login goes through
    with pytest.raises(TransportError) as after:
        made.ask(line, notice)
    assert len(made.simulator.messages) == 1
    assert made.ask(line, notice)["errcode"] == 0
    told = "the connection was reset {} the request was executed (simulated)"
    assert (before.value.message, after.value.message) == (
        told.format("before"),
        told.format("after"),
    )
    assert (before.value.code, before.value.sent) == ("RESET", True)
    assert before.value.elapsed == after.value.elapsed == made.simulator.table.latency > 0


@pytest.mark.parametrize(
    ("count", "per", "later", "codes"),
    [
        (2, 60, 60, [0, 0, 45009, 0]),
        (2, 60, 59, [0, 0, 45009, 45009]),
        (2, 0, 1, [0, 0, 45009, 0]),  # in no time at all would be never: a second
        (2, 0, 0.5, [0, 0, 45009, 45009]),
        (2, 0.5, 0.5, [0, 0, 45009, 0]),
        (0, 60, 60, [45009] * 4),
        (3, 60, 0, [0, 0, 0, 45009]),
    ],
)
def test_a_knob_limits_every_api(count: int, per: float, later: float, codes: list[int]) -> None:
    made = logged_in("qywx")
    made.simulator.limit(count, per)
    first = [made.ask(USER)["errcode"] for _ in range(3)]
    made.clock.advance(later)

    assert [*first, made.ask(USER)["errcode"]] == codes
    assert [log_in(made)["errcode"] for _ in range(4)] == [0] * 4  # logins do not count


def test_records_can_be_added_and_everything_set_back() -> None:
    made = logged_in("qywx")
    line = "GET /cgi-bin/user/get?access_token={token}&userid=sunqi"
    missing = made.ask(line)["errcode"]
    made.simulator.add("users", {"userid": "sunqi", "name": "孙七"})

    assert (missing, made.ask(line)["name"]) == (60111, "孙七")
    made.simulator.reset()
    assert made.ask(line)["errcode"] == 40014


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"email": "sunqi@example.test"}, "SunQi"),
        ({"email": "SUNQI@EXAMPLE.TEST"}, "SunQi"),
        ({"email": "Zhouba@Example.Test"}, "ZhouBa"),
        ({"email": "sunqi@example.tes"}, None),
        ({"email": "unset"}, None),
        ({"email": "none"}, None),
        ({"email": ""}, None),
        ({"email": None}, None),
        ({}, None),
    ],
)
def test_a_record_is_found_in_any_case_and_never_by_a_value_that_it_lacks(
    body: dict[str, Any], found: str | None
) -> None:
    made = logged_in("qywx")
    made.simulator.add(
        "users",
        {"userid": "WuJiu"},
        {"userid": "ZhengShi", "email": None},
        {"userid": "FengShiyi", "email": ""},
        {"userid": "SunQi", "email": "SunQi@example.test"},
        {"userid": "ZhouBa", "email": "zhouba@example.test"},
    )
    told = made.ask("POST /cgi-bin/user/get_userid_by_email?access_token={token}", body)

    assert told.get("userid") == found
    assert told["errcode"] == (46004 if found is None else 0)


@pytest.mark.parametrize(
    ("knob", "arguments", "told"),
    [
        ("renewal", ["sane"], "renewal: unknown value 'sane'; did you mean 'same'?"),
        ("renewal", ["x"], "renewal: unknown value 'x'; choose one of same, new, extend"),
        ("drop", ["befor"], "drop: there is no 'befor'; did you mean 'before'?"),
        ("life", [-1], "life: -1 is less than nothing; give a number from 0 on"),
        ("overlap", [-0.5], "overlap: -0.5 is less than nothing; give a number from 0 on"),
        ("limit", [-2, 1], "limit: -2 is less than nothing; give a number from 0 on"),
        (
            "add",
            ["user", {}],
            "the simulator of 'qywx' has no rows 'user'; did you mean 'users'?",
        ),
    ],
    ids=["renewal-near", "renewal", "drop", "life", "overlap", "limit", "rows"],
)
def test_a_wrong_knob_is_told(knob: str, arguments: list[object], told: str) -> None:
    made = logged_in("qywx")

    with pytest.raises(ConfigError) as error:
        getattr(made.simulator, knob)(*arguments)

    assert str(error.value) == told


def test_twenty_callers_at_once_share_one_token() -> None:
    made = logged_in("qywx")

    def once(_number: int) -> str:
        own = Bench(made.simulator, made.clock)
        log_in(own)
        return f"{own.token} {own.ask(USER)['errcode']}"

    with ThreadPoolExecutor(20) as pool:
        told = set(pool.map(once, range(20)))

    assert told == {f"{made.token} 0"}
    assert len(made.simulator.state.grants) == 1
