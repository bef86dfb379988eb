from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from msgspec import UNSET

from bpmax_sim.simulator.model import is_login
from bpmax_sim.simulator.simulator import read_table
from tests.simulator.bench import Bench, bench, log_in, logged_in

LIST = "GET /cgi-bin/user/list?access_token={token}"
SEND = "POST /cgi-bin/message/send?access_token={token}"
TEXT = {"touser": "zhangsan", "agentid": 1000002, "msgtype": "text", "text": {"content": "您好"}}
ROBOT = "POST /cgi-bin/webhook/send?key=rk-1"
TO_ROBOT = {"msgtype": "text", "text": {"content": "您好"}}
IM = "POST /open-apis/im/v1/messages?receive_id_type=open_id"
POST = {"receive_id": "ou_lisi", "msg_type": "text", "content": '{"text": "您好"}'}
CHILDREN = "GET /open-apis/contact/v3/departments/0/children"
DEPARTMENTS = "POST /topapi/v2/department/listsub?access_token={token}"
MEMBERS = "GET /open-apis/contact/v3/users/find_by_department"
HOOK = "POST /open-apis/bot/v2/hook/h-1"
BATCH = "POST /v1.0/robot/oToMessages/batchSend"
TO_ONE = {"robotCode": "robot-1", "userIds": ["lisi"], "msgKey": "sampleText", "msgParam": "{}"}
WORK = "POST /topapi/message/corpconversation/asyncsend_v2?access_token={token}"
NOTICE = {"agent_id": 77, "userid_list": "lisi", "msg": {"msgtype": "text"}}

Case = tuple[str, str, Any, str]

# platform, request, body, code
REFUSED: tuple[Case, ...] = (
    ("qywx", "GET /cgi-bin/gettoken?corpsecret=x", None, "41002"),
    ("qywx", "GET /cgi-bin/gettoken?corpid=ww1", None, "41004"),
    ("qywx", "GET /cgi-bin/gettoken?corpid=no&corpsecret=corp-secret", None, "40013"),
    ("qywx", "GET /cgi-bin/gettoken?corpid=ww1&corpsecret=no", None, "40001"),
    ("qywx", "GET /cgi-bin/user/get?userid=lisi", None, "41001"),
    ("qywx", "GET /cgi-bin/user/get?access_token=no&userid=lisi", None, "40014"),
    ("qywx", "GET /cgi-bin/user/get?access_token={token}&userid=nobody", None, "60111"),
    ("qywx", "GET /cgi-bin/user/simplelist?access_token={token}", None, "40058"),
    ("qywx", "GET /cgi-bin/department/get?access_token={token}&id=9", None, "60003"),
    ("qywx", f"{LIST}&department_id=9", None, "60003"),
    ("qywx", "GET /cgi-bin/department/list?access_token={token}&id=99", None, "60003"),
    ("qywx", "POST /cgi-bin/user/getuserid?access_token={token}", {"mobile": "1"}, "46004"),
    ("qywx", "POST /cgi-bin/message/recall?access_token={token}", {}, "40058"),
    ("qywx", SEND, [], "47001"),
    ("qywx", SEND, TEXT | {"agentid": 1}, "301002"),
    ("qywx", SEND, TEXT | {"msgtype": "letter"}, "40008"),
    ("qywx", SEND, {k: v for k, v in TEXT.items() if k != "text"}, "44004"),
    ("qywx", SEND, TEXT | {"text": {"content": ""}}, "44004"),
    ("qywx", SEND, TEXT | {"text": {"content": "好" * 683}}, "45002"),
    ("qywx", SEND, TEXT | {"touser": "nobody|noone"}, "81013"),
    ("qywx", "POST /cgi-bin/webhook/send?key=no", TEXT, "93000"),
    ("qywx", ROBOT, {"msgtype": "text"}, "44004"),
    ("qywx", ROBOT, TO_ROBOT | {"touser": "lisi"}, "40058"),
    ("qywx", SEND, TEXT | {"toall": 1}, "40058"),
    ("qywx", SEND, TEXT | {"touser": "", "toparty": "9", "totag": "9"}, "81013"),
    ("qywx", f"{LIST}&department_id=1&fetch_child=1", None, "40058"),
    ("qywx", f"{LIST}&department_id=1&status=1", None, "40058"),
    ("qywx", f"{LIST}&department_id=1&size=1", None, "40058"),
    ("qywx", "GET /cgi-bin/nothing?access_token={token}", None, "404"),
    ("feishu", "POST /open-apis/auth/v3/tenant_access_token/internal", {}, "10003"),
    (
        "feishu",
        "POST /open-apis/auth/v3/tenant_access_token/internal",
        {"app_id": "cli_1", "app_secret": "no"},
        "10014",
    ),
    ("feishu", "GET /open-apis/contact/v3/users/nobody", None, "41012"),
    ("feishu", "GET /open-apis/contact/v3/departments/od-no/children", None, "99992402"),
    ("feishu", f"{MEMBERS}?department_id=od-no", None, "99992402"),
    ("feishu", "POST /open-apis/im/v1/messages", POST, "99992402"),
    ("feishu", IM, {"receive_id": "ou_lisi"}, "99992402"),
    ("feishu", IM, POST | {"uuid": "u" * 51}, "99992402"),
    ("feishu", IM, POST | {"msg_type": "letter"}, "230001"),
    ("feishu", IM, POST | {"content": "您好"}, "230001"),
    ("feishu", IM, POST | {"receive_id": "ou_nobody"}, "230001"),
    ("feishu", IM, POST | {"receive_id": "lisi"}, "230001"),
    ("feishu", IM, POST | {"reply_in_thread": True}, "99992402"),
    ("feishu", "GET /open-apis/contact/v3/users/lisi", None, "41012"),
    ("feishu", "GET /open-apis/contact/v3/users/ou_lisi?user_id_type=mail", None, "99992402"),
    ("feishu", f"{CHILDREN}?department_id_type=name", None, "99992402"),
    ("feishu", f"{CHILDREN}?fetch_child=true", None, "99992402"),
    ("feishu", f"{CHILDREN}?page_size=51", None, "99992402"),
    ("feishu", f"{CHILDREN}?page_size=0", None, "99992402"),
    ("feishu", f"{CHILDREN}?page_size=ten", None, "99992402"),
    ("feishu", f"{CHILDREN}?pageSize=1", None, "99992402"),
    ("feishu", "GET /open-apis/nothing", None, "404"),
    ("feishu", "POST /open-apis/contact/v3/users/batch_get_id", {}, "99992402"),
    ("feishu", "GET /open-apis/contact/v3/users/find_by_department", None, "99992402"),
    ("feishu", "POST /open-apis/bot/v2/hook/no", {"msg_type": "text"}, "19001"),
    ("feishu", HOOK, {"msg_type": "text", "content": {"text": "hi"}}, "19021"),
    ("feishu", HOOK, [], "9499"),
    ("dingtalk", "POST /v1.0/oauth2/accessToken", None, "Missingbody"),
    (
        "dingtalk",
        "POST /v1.0/oauth2/accessToken",
        {"appKey": "dk", "appSecret": "no"},
        "invalidClientIdOrSecret",
    ),
    ("dingtalk", "POST /v1.0/oauth2/corp-1/token", {"client_id": "dk"}, "MissingParameter"),
    ("dingtalk", "GET /v1.0/contact/users/nobody", None, "userNotExist"),
    ("dingtalk", "POST /v1.0/contact/users/search", {}, "MissingParameter"),
    ("dingtalk", BATCH, {}, "MissingParameter"),
    ("dingtalk", BATCH, TO_ONE | {"robotCode": "no"}, "invalidRequest.robotCode.notFound"),
    ("dingtalk", BATCH, TO_ONE | {"msgParam": "您好"}, "invalidRequest.msgParam"),
    ("dingtalk", BATCH, TO_ONE | {"userIds": ["nobody"]}, "staffId.notExisted"),
    ("dingtalk", BATCH, TO_ONE | {"msgKey": "sampleLetter"}, "invalidParameter.msgKey.invalid"),
    ("dingtalk", BATCH, TO_ONE | {"to": "lisi"}, "invalidParameter.param.invalid"),
    ("dingtalk", "GET /v1.0/nothing", None, "InvalidAction.NotFound"),
    ("dingtalk_v1", "GET /gettoken?appkey=dk", None, "40035"),
    ("dingtalk_v1", "GET /gettoken?appkey=dk&appsecret=no", None, "40096"),
    ("dingtalk_v1", "POST /topapi/v2/user/get", {"userid": "lisi"}, "88"),
    ("dingtalk_v1", "POST /topapi/v2/user/get?access_token=no", {"userid": "lisi"}, "88"),
    ("dingtalk_v1", "POST /topapi/v2/user/get?access_token={token}", {}, "40035"),
    ("dingtalk_v1", "POST /topapi/v2/user/get?access_token={token}", {"userid": "no"}, "60121"),
    ("dingtalk_v1", "POST /topapi/v2/department/get?access_token={token}", {"dept_id": 9}, "60003"),
    ("dingtalk_v1", DEPARTMENTS, {"dept_id": 9}, "60003"),
    ("dingtalk_v1", "POST /topapi/v2/user/list?access_token={token}", {"dept_id": 9}, "60003"),
    ("dingtalk_v1", WORK, NOTICE | {"agent_id": 1}, "40035"),
    ("dingtalk_v1", WORK, NOTICE | {"userid_list": "nobody"}, "33012"),
    ("dingtalk_v1", WORK, NOTICE | {"userid_list": "", "dept_id_list": "9"}, "33012"),
    ("dingtalk_v1", WORK, NOTICE | {"to": "lisi"}, "40035"),
    ("dingtalk_v1", "POST /robot/send?access_token=no", {"msgtype": "text"}, "300001"),
    ("dingtalk_v1", "POST /robot/send?access_token=rt-1", {"msgtype": "text"}, "310000"),
    ("dingtalk_v1", "GET /nothing", None, "22"),
)
# what needs a history of its own: see the tests by name below, of tokens and of signatures
ELSEWHERE = {
    "42001", "45009", "40000", "40014", "410100", "130101", "99991400", "99991661", "99991663",
    "11232", "InvalidAuthentication", "AuthenticationFailed.MissingParameter",
    "Forbidden.AccessDenied.QpsLimitForApi", "invalidRequest.duplicateClientToken",
}  # fmt: skip


def code_of(answer: Any) -> str:
    return str(answer.get("errcode", answer.get("code")))


@pytest.mark.parametrize(
    ("platform", "line", "body", "code"),
    REFUSED,
    ids=[f"{number}-{case[0]}-{case[3]}" for number, case in enumerate(REFUSED)],
)
def test_a_refusal_has_the_vendors_code(platform: str, line: str, body: Any, code: str) -> None:
    made = logged_in(platform)

    assert code_of(made.ask(line, body)) == code


@pytest.mark.parametrize("platform", ["qywx", "feishu", "dingtalk", "dingtalk_v1"])
def test_every_error_of_a_table_is_tried(platform: str) -> None:
    tried = {code for key, _, _, code in REFUSED if key == platform} | ELSEWHERE

    assert set(read_table(platform).errors) - tried == set()


def test_wecom_tells_failures_with_http_200_and_its_own_phrasing() -> None:
    made = bench("qywx")
    response = made.send("GET /cgi-bin/user/get?userid=lisi")

    assert response.status == 200
    assert json.loads(response.body) == {
        "errcode": 41001,
        "errmsg": "access_token missing, hint: [WZM2a9jMZO45dmb3yuXH], from ip: 127.0.0.1, more "
        "info at https://open.work.weixin.qq.com/devtool/query?e=41001",
    }


def test_wecom_does_not_see_a_token_in_a_header() -> None:
    made = logged_in("qywx")
    bearer = {"Authorization": f"Bearer {made.token}"}

    assert made.ask("GET /cgi-bin/user/get?userid=lisi", headers=bearer)["errcode"] == 41001


def test_wecom_names_receivers_that_it_does_not_know_in_lower_case() -> None:
    made = logged_in("qywx")
    answer = made.ask(SEND, TEXT | {"touser": "zhangsan|NoBody|Lisi"})

    assert (answer["errcode"], answer["invaliduser"]) == (0, "nobody")
    assert [one.to for one in made.simulator.messages] == ["zhangsan", "Lisi"]


def test_wecom_sends_to_all() -> None:
    made = logged_in("qywx")
    made.ask(SEND, TEXT | {"touser": "@all"})

    assert [one.to for one in made.simulator.messages] == [
        "zhangsan", "lisi", "wangwu", "zhaoliu", "ceo",
    ]  # fmt: skip


def test_wecom_drops_the_thirty_first_message_to_one_member_in_silence() -> None:
    made = logged_in("qywx")
    answers = [made.ask(SEND, TEXT)["errcode"] for _ in range(31)]

    assert answers == [0] * 31
    assert [one.dropped for one in made.simulator.messages] == [*[""] * 30, "more than 30 in 60 s"]


@pytest.mark.parametrize("asked", [1, True, "1", "true"])
def test_wecom_delivers_a_repetition_once_only_where_the_message_asks_for_that(asked: Any) -> None:
    made = logged_in("qywx")
    checked = TEXT | {"enable_duplicate_check": asked, "duplicate_check_interval": 600}
    first, second = made.ask(SEND, checked), made.ask(SEND, checked)
    made.clock.advance(600)
    third = made.ask(SEND, checked)

    assert first == second
    assert third["msgid"] != first["msgid"]
    assert len(made.simulator.messages) == 2
    for not_asked in ({}, {"enable_duplicate_check": 0}, {"enable_duplicate_check": False}):
        sent = len(made.simulator.messages)
        made.ask(SEND, TEXT | not_asked)
        made.ask(SEND, TEXT | not_asked)
        assert len(made.simulator.messages) == sent + 2


@pytest.mark.parametrize(
    ("interval", "window"),
    [
        (None, 1800), (600, 600), (1, 1), (0, 0), (-5, 0), (True, 1800), ("600", 1800),
        (14_399, 14_399), (14_400, 14_400), (14_401, 14_400), (10**9, 14_400),
    ],
)  # fmt: skip
def test_wecom_knows_a_repetition_for_as_long_as_the_message_says_and_four_hours_at_most(
    interval: Any, window: float
) -> None:
    """Sent at once, a second before the end of the window, and at its end."""
    made, told = logged_in("qywx"), {"duplicate_check_interval": interval}
    checked = TEXT | {"enable_duplicate_check": 1} | (told if interval is not None else {})
    ids = []
    for seconds in (0, max(window - 1, 0), min(window, 1)):
        made.clock.advance(seconds)
        if made.clock.now() > 1772413200.0 + 7000:
            log_in(made)
        ids.append(made.ask(SEND, checked)["msgid"])

    assert (ids[0] == ids[1], ids[0] == ids[2]) == (window > 0, False)


@pytest.mark.parametrize(
    ("after", "wait"), [(0.0, 60), (0.5, 60), (1.0, 59), (58.9, 2), (59.0, 1), (59.999, 1)]
)
def test_whoever_waits_as_he_is_told_is_let_in(after: float, wait: int) -> None:
    made = logged_in("feishu")
    made.simulator.limit(1, 60)
    made.send(IM, POST)
    made.clock.advance(after)
    refused = made.send(IM, POST)
    made.clock.advance(wait)

    assert (refused.status, refused.header("x-ogw-ratelimit-reset")) == (429, str(wait))
    assert made.send(IM, POST).status == 200


def test_a_wecom_robot_takes_twenty_messages_a_minute() -> None:
    made = bench("qywx")
    codes = [made.ask(ROBOT, TO_ROBOT)["errcode"] for _ in range(21)]

    assert codes == [*[0] * 20, 45009]
    made.clock.advance(60)
    assert made.ask(ROBOT, TO_ROBOT)["errcode"] == 0


@pytest.mark.parametrize("platform", ["qywx", "feishu", "dingtalk", "dingtalk_v1"])
def test_an_unknown_path_is_told_in_the_vendors_envelope(platform: str) -> None:
    response = bench(platform).send("GET /nothing")

    assert response.header("content-type") == "application/json; charset=utf-8"
    assert code_of(json.loads(response.body)) not in ("0", "None")


@pytest.mark.parametrize("platform", ["qywx", "feishu", "dingtalk", "dingtalk_v1"])
def test_every_route_says_which_parameters_it_goes_by(platform: str) -> None:
    routes = [route for route in read_table(platform).routes if not is_login(route)]
    silent = [route.on for route in routes if all(check.known is UNSET for check in route.checks)]

    assert routes
    assert silent == []


def test_wecom_sends_to_departments_and_tags() -> None:
    made = logged_in("qywx")
    answer = made.ask(SEND, TEXT | {"touser": "lisi", "toparty": "2|9", "totag": "1|8"})

    assert [one.to for one in made.simulator.messages] == ["lisi", "zhangsan", "wangwu", "ceo"]
    assert (answer["errcode"], answer["invalidparty"], answer["invalidtag"]) == (0, "9", "8")


def test_wecom_lists_a_department_and_those_below_it() -> None:
    made = logged_in("qywx")
    found = made.ask("GET /cgi-bin/department/list?access_token={token}&id=2")["department"]

    assert found == [{"id": 2, "name": "销售部", "parentid": 1, "order": 100000000}]


def test_wecom_finds_members_and_departments() -> None:
    made = logged_in("qywx")

    assert (
        made.ask("POST /cgi-bin/user/getuserid?access_token={token}", {"mobile": "13900139000"})[
            "userid"
        ]
        == "lisi"
    )
    listed = made.ask("GET /cgi-bin/user/simplelist?access_token={token}&department_id=2")
    assert [one["name"] for one in listed["userlist"]] == ["张三", "李四"]
    departments = made.ask("GET /cgi-bin/department/list?access_token={token}")["department"]
    assert [one["name"] for one in departments] == ["演示公司", "销售部", "采购部", "财务部"]
    message = {"msgid": "m"}
    assert made.ask("POST /cgi-bin/message/recall?access_token={token}", message)["errcode"] == 0


def test_feishu_refuses_a_login_with_http_200_and_a_call_with_http_400() -> None:
    made = bench("feishu")
    login = made.send("POST /open-apis/auth/v3/tenant_access_token/internal", {})
    call = made.send("GET /open-apis/contact/v3/users/lisi")

    assert (login.status, json.loads(login.body)["code"]) == (200, 10003)
    assert (call.status, json.loads(call.body)["code"]) == (400, 99991661)
    assert json.loads(call.body)["error"]["log_id"]


def test_feishu_wants_bearer_before_the_token() -> None:
    made = logged_in("feishu")
    bare, wrong = {"Authorization": made.token}, {"Authorization": "Bearer no"}

    assert made.ask("GET /open-apis/contact/v3/users/lisi", headers=bare)["code"] == 99991661
    assert made.ask("GET /open-apis/contact/v3/users/lisi", headers=wrong)["code"] == 99991663


def test_feishu_sends_a_message_of_one_uuid_once_within_an_hour() -> None:
    made = logged_in("feishu")
    first, second = (made.ask(IM, POST | {"uuid": "u-1"}) for _ in range(2))
    made.clock.advance(3600)
    third = made.ask(IM, POST | {"uuid": "u-1"})

    assert first == second
    assert first["data"]["body"]["content"] == '{"text": "您好"}'
    assert third["data"]["message_id"] != first["data"]["message_id"]
    assert len(made.simulator.messages) == 2


def test_feishu_tells_how_long_to_wait() -> None:
    made = logged_in("feishu")
    answers = [made.send(IM, POST) for _ in range(6)]

    assert [one.status for one in answers] == [*[200] * 5, 429]
    assert answers[-1].header("x-ogw-ratelimit-reset") == "1"
    assert json.loads(answers[-1].body)["code"] == 99991400


def test_feishu_finds_users_by_mobile_and_mail_and_names_those_that_it_lacks() -> None:
    made = logged_in("feishu")
    asked = {"mobiles": ["13800138000", "1"], "emails": ["lisi@example.test"]}

    assert made.ask("POST /open-apis/contact/v3/users/batch_get_id", asked)["data"] == {
        "user_list": [
            {"mobile": "13800138000", "user_id": "ou_zhangsan"},
            {"mobile": "1"},
            {"email": "lisi@example.test", "user_id": "ou_lisi"},
        ]
    }
    found = made.ask("GET /open-apis/contact/v3/users/find_by_department?department_id=od-sales")
    assert [one["name"] for one in found["data"]["items"]] == ["张三", "李四"]
    children = made.ask("GET /open-apis/contact/v3/departments/0/children")["data"]["items"]
    assert [one["name"] for one in children] == ["销售部", "采购部", "财务部"]


def test_feishu_pages_a_list() -> None:
    made = logged_in("feishu")
    first = made.ask(f"{CHILDREN}?page_size=2")["data"]
    second = made.ask(f"{CHILDREN}?page_size=2&page_token={first['page_token']}")["data"]

    assert [one["name"] for one in first["items"]] == ["销售部", "采购部"]
    assert first["has_more"] is True
    assert [one["name"] for one in second["items"]] == ["财务部"]
    assert second["has_more"] is False
    assert "page_token" not in second


def test_feishu_speaks_in_ids_of_the_type_that_is_asked_for() -> None:
    made = logged_in("feishu")
    user = made.ask(
        "GET /open-apis/contact/v3/users/lisi?user_id_type=user_id&department_id_type=department_id"
    )["data"]["user"]
    ids = made.ask(
        "POST /open-apis/contact/v3/users/batch_get_id?user_id_type=union_id",
        {"mobiles": ["13900139000"]},
    )["data"]["user_list"]
    found = made.ask(
        "GET /open-apis/contact/v3/users/find_by_department"
        "?department_id=sales&department_id_type=department_id&page_size=1"
    )["data"]

    assert (user["open_id"], user["department_ids"]) == ("ou_lisi", ["sales"])
    assert ids == [{"mobile": "13900139000", "user_id": "on_lisi"}]
    assert [one["name"] for one in found["items"]] == ["张三"]


def test_dingtalk_tells_a_token_that_is_absent_from_one_that_is_wrong() -> None:
    made = bench("dingtalk")
    absent = made.send("GET /v1.0/contact/users/union_lisi", headers={"Authorization": "Bearer x"})
    wrong = made.send(
        "GET /v1.0/contact/users/union_lisi", headers={"x-acs-dingtalk-access-token": "no"}
    )

    assert (absent.status, wrong.status) == (400, 400)
    assert json.loads(absent.body)["code"] == "AuthenticationFailed.MissingParameter"
    assert json.loads(wrong.body)["code"] == "InvalidAuthentication"
    assert json.loads(wrong.body)["requestid"]


def test_dingtalk_refuses_the_forty_first_call_of_a_second_with_http_403() -> None:
    made = logged_in("dingtalk")
    answers = [made.send("GET /v1.0/contact/users/union_lisi") for _ in range(41)]

    assert [one.status for one in answers] == [*[200] * 40, 403]
    assert json.loads(answers[-1].body)["code"] == "Forbidden.AccessDenied.QpsLimitForApi"


def test_dingtalk_refuses_a_client_token_that_was_used_before() -> None:
    made = logged_in("dingtalk")
    first, second = (made.send(BATCH, TO_ONE | {"clientToken": "c-1"}) for _ in range(2))

    assert (first.status, second.status) == (200, 409)
    assert json.loads(second.body)["code"] == "invalidRequest.duplicateClientToken"
    assert len(made.simulator.messages) == 1


def test_dingtalk_accepts_a_client_token_once_for_each_of_its_apis() -> None:
    made = logged_in("dingtalk")
    group = {name: value for name, value in TO_ONE.items() if name != "userIds"}
    notices = {
        BATCH: TO_ONE,
        "POST /v1.0/robot/groupMessages/send": group | {"openConversationId": "cid-1"},
    }

    for token, statuses in (("HT-0007", [200, 200]), ("HT-0007", [409, 409]), ("", [200, 200])):
        sent = [made.send(to, body | {"clientToken": token}) for to, body in notices.items()]
        assert [response.status for response in sent] == statuses

    assert [message.route for message in made.simulator.messages] == [*notices, *notices]


def test_dingtalk_names_the_users_that_it_does_not_know() -> None:
    answer = logged_in("dingtalk").ask(BATCH, TO_ONE | {"userIds": ["lisi", "nobody"]})

    assert answer["invalidStaffIdList"] == ["nobody"]


def test_dingtalk_searches_by_part_of_a_name() -> None:
    made = logged_in("dingtalk")

    assert made.ask("POST /v1.0/contact/users/search", {"queryWord": "李"})["list"] == ["lisi"]
    found = made.ask("POST /v1.0/contact/departments/search", {"queryWord": "部"})
    assert found["list"] == [2, 3, 4]


def test_dingtalks_other_login_gives_the_same_token() -> None:
    made = logged_in("dingtalk")
    body = {"client_id": "dk", "client_secret": "ds-1", "grant_type": "client_credentials"}

    assert made.ask("POST /v1.0/oauth2/corp-1/token", body)["access_token"] == made.token


def test_the_old_dingtalk_wraps_a_refused_token_in_code_88() -> None:
    answer = logged_in("dingtalk_v1").ask("POST /topapi/v2/user/get?access_token=no", {})

    assert (answer["errcode"], answer["sub_code"]) == (88, "40014")
    assert answer["errmsg"] == "ding talk error[subcode=40014,submsg=不合法的access_token]"


def test_the_old_dingtalk_drops_the_same_notice_to_one_user_within_a_day() -> None:
    made = logged_in("dingtalk_v1")
    codes = [made.ask(WORK, NOTICE)["errcode"] for _ in range(2)]
    made.clock.advance(86400)
    log_in(made)
    made.ask(WORK, NOTICE)

    assert codes == [0, 0]
    dropped = [one.dropped for one in made.simulator.messages]
    assert dropped == ["", "the same message within 86400 s", ""]


@pytest.mark.parametrize(
    ("again", "arrived"),
    [
        ({}, {"lisi": False}),
        ({"agent_id": "77"}, {"lisi": False}),
        ({"userid_list": "zhangsan"}, {"zhangsan": True}),
        (
            {"userid_list": "zhangsan,lisi,wangwu"},
            {"zhangsan": True, "lisi": False, "wangwu": True},
        ),
        ({"userid_list": "", "dept_id_list": "2"}, {"zhangsan": True, "lisi": False}),
        (
            {"to_all_user": True},
            {"lisi": False, "zhangsan": True, "wangwu": True, "zhaoliu": True},
        ),
        ({"msg": {"text": {"content": "合同已审批"}, "msgtype": "text"}}, {"lisi": False}),
        ({"msg": {"msgtype": "text", "text": {"content": "合同已归档"}}}, {"lisi": True}),
    ],
)
def test_whom_else_a_notice_goes_to_makes_it_no_other_one(
    again: dict[str, Any], arrived: dict[str, bool]
) -> None:
    made = logged_in("dingtalk_v1")
    notice = NOTICE | {"msg": {"msgtype": "text", "text": {"content": "合同已审批"}}}
    made.ask(WORK, notice)

    assert made.ask(WORK, notice | again)["errcode"] == 0

    _, *later = made.simulator.messages
    assert {one.to: not one.dropped for one in later} == arrived


def test_a_notice_in_a_form_is_told_from_another_one() -> None:
    made = logged_in("dingtalk_v1")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    notices = [
        {"agent_id": "77", "userid_list": "lisi", "msg": f'{{"content":"{text}"}}'}
        for text in ("合同已审批", "合同已归档", "合同已审批")
    ]
    for notice in notices:
        assert made.ask(WORK, raw=urlencode(notice).encode(), headers=form)["errcode"] == 0

    sent = made.simulator.messages
    assert [one.body for one in sent] == notices
    assert [bool(one.dropped) for one in sent] == [False, False, True]


def test_the_old_dingtalk_notifies_departments_and_everybody() -> None:
    made = logged_in("dingtalk_v1")
    made.ask(WORK, {"agent_id": 77, "dept_id_list": "2", "msg": {"msgtype": "text"}})
    some = [one.to for one in made.simulator.messages]
    made.ask(WORK, {"agent_id": 77, "to_all_user": True, "msg": {"msgtype": "markdown"}})

    assert some == ["zhangsan", "lisi"]
    assert len(made.simulator.messages) == 6


def test_the_old_dingtalk_reads_forms_too() -> None:
    made = logged_in("dingtalk_v1")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    line = "POST /topapi/v2/user/getbymobile?access_token={token}"

    assert made.ask(line, raw=b"mobile=13900139000", headers=form)["result"] == {"userid": "lisi"}


def test_the_old_dingtalk_lists_users_and_departments() -> None:
    made = logged_in("dingtalk_v1")
    users = made.ask("POST /topapi/v2/user/list?access_token={token}", {"dept_id": 2})
    departments = made.ask(
        "POST /topapi/v2/department/listsub?access_token={token}", {"dept_id": 1}
    )

    assert [one["name"] for one in users["result"]["list"]] == ["张三", "李四"]
    assert [one["name"] for one in departments["result"]] == ["销售部", "采购部", "财务部"]
    assert made.ask("GET /user/get?access_token={token}&userid=lisi")["name"] == "李四"


@pytest.mark.parametrize("platform", ["qywx", "feishu", "dingtalk", "dingtalk_v1"])
def test_ids_and_tokens_hang_on_the_seed_alone(platform: str) -> None:
    first, again, other = (logged_in(platform, seed=seed) for seed in (7, 7, 8))

    assert first.token == again.token != other.token


def state_of(made: Bench) -> Any:
    return made.simulator.state


def test_what_it_remembers_is_one_frozen_value() -> None:
    made = logged_in("qywx")
    before = state_of(made)
    made.ask(SEND, TEXT)

    assert before.messages == ()
    assert len(state_of(made).messages) == 1
    with pytest.raises(AttributeError):
        before.serial = 5
    assert repr(made.simulator) == "<Simulator of 'qywx', 1 tokens, 1 messages>"
    assert made.token not in repr(state_of(made).grants[0])


@pytest.mark.parametrize(
    ("size", "names", "more"),
    [(1, 1, True), (2, 2, True), (3, 3, False), (4, 3, False), (50, 3, False)],
)
def test_there_is_more_only_where_something_is_left(size: int, names: int, *, more: bool) -> None:
    page = logged_in("feishu").ask(f"{CHILDREN}?page_size={size}")["data"]

    assert (len(page["items"]), page["has_more"], "page_token" in page) == (names, more, more)
