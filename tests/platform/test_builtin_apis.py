"""Every API of the shipped platforms: a direct call with its arguments in order, and what is sent.

The simulators judge each request by rules of their own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from bpmax_sim.platform.load import load_platforms
from bpmax_sim.proxy.response import RedactedResponse
from bpmax_sim.session.session import Session

INSTANCES = """
- platform: qywx
  instance_key: a
  credentials: {corpid: ww1, corpsecret: {env: S}, agentid: 7, robot_key: {env: S}}
- platform: feishu
  instance_key: a
  credentials: {app_id: c, app_secret: {env: S}, robot_hook: {env: S}, robot_secret: {env: S}}
- platform: dingtalk
  instance_key: a
  credentials: {appkey: d, appsecret: {env: S}, robot_code: r}
- platform: dingtalk_v1
  instance_key: a
  credentials:
    {appkey: d, appsecret: {env: S}, agentid: 7, robot_token: {env: S}, robot_secret: {env: S}}
"""
OF_AUTH = {"access_token", "key", "timestamp", "sign"}
URL = "https://e.example/合同"
ARTICLES = [{"title": "合同", "url": URL}]
CARD = {"card_type": "text_notice", "main_title": {"title": "合同待审批"}}

Call = tuple[str, tuple[Any, ...], str, Any]  # API, arguments, address, body


def wecom(api: str, kind: str, content: Mapping[str, Any], *args: Any) -> Call:
    body = {"touser": "zhangsan", "msgtype": kind, "agentid": 7, kind: content}
    return api, ("zhangsan", *args), "/cgi-bin/message/send", body


def wecom_robot(api: str, kind: str, content: Mapping[str, Any], *args: Any) -> Call:
    return api, args, "/cgi-bin/webhook/send", {"msgtype": kind, kind: content}


QYWX: tuple[Call, ...] = (
    wecom("sendTextMessage", "text", {"content": "您好"}, "您好"),
    wecom("sendMarkdownMessage", "markdown", {"content": "**好**"}, "**好**"),
    wecom(
        "sendTextCardMessage",
        "textcard",
        {"title": "合同", "description": "待审批", "url": URL, "btntxt": "详情"},
        *("合同", "待审批", URL, "详情"),
    ),
    wecom("sendImageMessage", "image", {"media_id": "M1"}, "M1"),
    wecom("sendFileMessage", "file", {"media_id": "M1"}, "M1"),
    wecom("sendVoiceMessage", "voice", {"media_id": "M1"}, "M1"),
    wecom("sendVideoMessage", "video", {"media_id": "M1", "title": "签约"}, "M1", "签约"),
    wecom("sendNewsMessage", "news", {"articles": ARTICLES}, ARTICLES),
    wecom("sendMpNewsMessage", "mpnews", {"articles": ARTICLES}, ARTICLES),
    wecom("sendMiniProgramNotice", "miniprogram_notice", {"title": "合同"}, {"title": "合同"}),
    wecom("sendTemplateCardMessage", "template_card", CARD, CARD),
    (
        "sendMessage",
        ({"toparty": "2", "touser": "lisi", "msgtype": "text", "text": {"content": "好"}},),
        "/cgi-bin/message/send",
        {
            "agentid": 7,
            "toparty": "2",
            "touser": "lisi",
            "msgtype": "text",
            "text": {"content": "好"},
        },
    ),
    ("recallMessage", ("m1",), "/cgi-bin/message/recall", {"msgid": "m1"}),
    ("getUser", ("lisi",), "/cgi-bin/user/get?userid=lisi", None),
    (
        "getUserIdByMobile",
        ("13800138000",),
        "/cgi-bin/user/getuserid",
        {"mobile": "13800138000"},
    ),
    (
        "getUserIdByEmail",
        ("lisi@example.com",),
        "/cgi-bin/user/get_userid_by_email",
        {"email": "lisi@example.com"},
    ),
    ("getDepartment", (2,), "/cgi-bin/department/get?id=2", None),
    ("listDepartments", (), "/cgi-bin/department/list", None),
    ("listDepartmentUsers", (2,), "/cgi-bin/user/simplelist?department_id=2", None),
    ("listDepartmentUserDetails", (2,), "/cgi-bin/user/list?department_id=2", None),
    wecom_robot(
        "sendRobotText",
        "text",
        {"content": "好", "mentioned_list": ["@all"]},
        *("好", ["@all"]),
    ),
    wecom_robot("sendRobotMarkdown", "markdown", {"content": "# 好"}, "# 好"),
    wecom_robot("sendRobotImage", "image", {"base64": "aQ==", "md5": "0cc1"}, "aQ==", "0cc1"),
    wecom_robot("sendRobotNews", "news", {"articles": ARTICLES}, ARTICLES),
    wecom_robot("sendRobotFile", "file", {"media_id": "M1"}, "M1"),
    wecom_robot("sendRobotTemplateCard", "template_card", CARD, CARD),
)


def feishu(api: str, kind: str, content: Mapping[str, Any]) -> Call:
    text = json.dumps(content, ensure_ascii=False)
    body = {"receive_id": "lisi", "msg_type": kind, "content": text}
    return api, ("lisi", text, "user_id"), "/open-apis/im/v1/messages?receive_id_type=user_id", body


def feishu_robot(api: str, kind: str, said: Any, body: Mapping[str, Any]) -> Call:
    return api, (said,), "/open-apis/bot/v2/hook/{hook}", {"msg_type": kind, **body}


POSTED = {"zh_cn": {"title": "合同", "content": [[{"tag": "text", "text": "待审批"}]]}}
CONTACT = "/open-apis/contact/v3"
FEISHU: tuple[Call, ...] = (
    feishu("sendTextMessage", "text", {"text": "您好"}),
    feishu("sendPostMessage", "post", POSTED),
    feishu("sendCardMessage", "interactive", {"elements": []}),
    feishu("sendImageMessage", "image", {"image_key": "k"}),
    feishu("sendFileMessage", "file", {"file_key": "k"}),
    feishu("sendAudioMessage", "audio", {"file_key": "k"}),
    feishu("sendVideoMessage", "media", {"file_key": "k", "image_key": "i"}),
    feishu("sendStickerMessage", "sticker", {"file_key": "k"}),
    feishu("shareChat", "share_chat", {"chat_id": "oc_1"}),
    feishu("shareUser", "share_user", {"user_id": "ou_lisi"}),
    (
        "sendMessage",
        ("ou_lisi", "text", '{"text":"好"}'),
        "/open-apis/im/v1/messages?receive_id_type=open_id",
        {"receive_id": "ou_lisi", "msg_type": "text", "content": '{"text":"好"}'},
    ),
    ("getUser", ("ou_lisi", "open_id"), f"{CONTACT}/users/ou_lisi?user_id_type=open_id", None),
    (
        "getUserIds",
        (["13800138000"],),
        f"{CONTACT}/users/batch_get_id",
        {"mobiles": ["13800138000"]},
    ),
    ("getDepartment", ("od-finance",), f"{CONTACT}/departments/od-finance", None),
    ("listDepartments", ("0",), f"{CONTACT}/departments/0/children", None),
    (
        "listDepartmentUsers",
        ("od-finance",),
        f"{CONTACT}/users/find_by_department?department_id=od-finance",
        None,
    ),
    feishu_robot("sendRobotText", "text", "好", {"content": {"text": "好"}}),
    feishu_robot("sendRobotPost", "post", POSTED, {"content": {"post": POSTED}}),
    feishu_robot("sendRobotImage", "image", "k", {"content": {"image_key": "k"}}),
    feishu_robot(
        "sendRobotShareChat", "share_chat", "oc_1", {"content": {"share_chat_id": "oc_1"}}
    ),
    feishu_robot("sendRobotCard", "interactive", {"elements": []}, {"card": {"elements": []}}),
)


def dingtalk(api: str, kind: str, content: Mapping[str, Any]) -> Call:
    text = json.dumps(content, ensure_ascii=False)
    body = {"robotCode": "r", "userIds": ["lisi"], "msgKey": kind, "msgParam": text}
    return api, (["lisi"], text), "/v1.0/robot/oToMessages/batchSend", body


PAGE = {"queryWord": "李", "offset": 0, "size": 10}
DINGTALK: tuple[Call, ...] = (
    (
        "sendRobotMessage",
        (["lisi"], "sampleText", "{}"),
        "/v1.0/robot/oToMessages/batchSend",
        {"robotCode": "r", "userIds": ["lisi"], "msgKey": "sampleText", "msgParam": "{}"},
    ),
    dingtalk("sendTextMessage", "sampleText", {"content": "好"}),
    dingtalk("sendMarkdownMessage", "sampleMarkdown", {"title": "合同", "text": "**好**"}),
    dingtalk("sendImageMessage", "sampleImageMsg", {"photoURL": URL}),
    dingtalk("sendLinkMessage", "sampleLink", {"title": "合同", "messageUrl": URL}),
    dingtalk("sendActionCardMessage", "sampleActionCard", {"title": "合同", "singleURL": URL}),
    dingtalk("sendAudioMessage", "sampleAudio", {"mediaId": "@1", "duration": "3000"}),
    dingtalk("sendFileMessage", "sampleFile", {"mediaId": "@1", "fileType": "pdf"}),
    (
        "sendGroupMessage",
        ("cid1", "sampleText", "{}"),
        "/v1.0/robot/groupMessages/send",
        {"robotCode": "r", "openConversationId": "cid1", "msgKey": "sampleText", "msgParam": "{}"},
    ),
    ("getUser", ("union_lisi",), "/v1.0/contact/users/union_lisi", None),
    ("searchUsers", ("李",), "/v1.0/contact/users/search", PAGE),
    ("searchDepartments", ("李",), "/v1.0/contact/departments/search", PAGE),
)


def notice(api: str, kind: str, content: Mapping[str, Any], *args: Any) -> Call:
    body = {"agent_id": 7, "userid_list": "lisi", "msg": {"msgtype": kind, kind: content}}
    return api, ("lisi", *args), "/topapi/message/corpconversation/asyncsend_v2", body


def old_robot(api: str, kind: str, content: Mapping[str, Any], *args: Any, **more: Any) -> Call:
    return api, args, "/robot/send", {"msgtype": kind, kind: content, **more}


LINK = {"title": "合同", "text": "待审批", "messageUrl": URL, "picUrl": "@1"}
OA = {"message_url": URL, "head": {"text": "合同"}, "body": {"title": "待审批"}}
DINGTALK_V1: tuple[Call, ...] = (
    notice("sendTextMessage", "text", {"content": "好"}, "好"),
    notice("sendMarkdownMessage", "markdown", {"title": "合同", "text": "好"}, "合同", "好"),
    notice("sendLinkMessage", "link", LINK, *LINK.values()),
    notice("sendImageMessage", "image", {"media_id": "@1"}, "@1"),
    notice("sendVoiceMessage", "voice", {"media_id": "@1", "duration": "3"}, "@1", "3"),
    notice("sendFileMessage", "file", {"media_id": "@1"}, "@1"),
    notice("sendOaMessage", "oa", OA, OA),
    notice(
        "sendActionCardMessage",
        "action_card",
        {"title": "合同", "markdown": "好", "single_title": "看", "single_url": URL},
        *("合同", "好", "看", URL),
    ),
    (
        "sendMessage",
        ("lisi", {"msgtype": "text", "text": {"content": "好"}}),
        "/topapi/message/corpconversation/asyncsend_v2",
        {
            "agent_id": 7,
            "userid_list": "lisi",
            "msg": {"msgtype": "text", "text": {"content": "好"}},
        },
    ),
    ("getUser", ("lisi",), "/topapi/v2/user/get", {"userid": "lisi"}),
    (
        "getUserByMobile",
        ("13800138000",),
        "/topapi/v2/user/getbymobile",
        {"mobile": "13800138000"},
    ),
    ("getDepartment", (2,), "/topapi/v2/department/get", {"dept_id": 2}),
    ("listDepartments", (), "/topapi/v2/department/listsub", {"dept_id": 1}),
    (
        "listDepartmentUsers",
        (2,),
        "/topapi/v2/user/list",
        {"dept_id": 2, "cursor": 0, "size": 100},
    ),
    old_robot("sendRobotText", "text", {"content": "好"}, "好", ["138"], at={"atMobiles": ["138"]}),
    old_robot("sendRobotMarkdown", "markdown", {"title": "合同", "text": "好"}, "合同", "好"),
    old_robot("sendRobotLink", "link", LINK, *LINK.values()),
    old_robot(
        "sendRobotActionCard",
        "actionCard",
        {"title": "合同", "text": "好", "singleTitle": "看", "singleURL": URL},
        *("合同", "好", "看", URL),
    ),
    old_robot("sendRobotFeedCard", "feedCard", {"links": ARTICLES}, ARTICLES),
)
CALLS = {"qywx": QYWX, "feishu": FEISHU, "dingtalk": DINGTALK, "dingtalk_v1": DINGTALK_V1}


@pytest.fixture(name="session")
def session_of(tmp_path: Path) -> Session:
    (tmp_path / "platforms").mkdir()
    (tmp_path / "instances.yaml").write_text(INSTANCES, encoding="utf-8")
    return Session.open(tmp_path / "platforms", mode="simulate", environ={})


@pytest.mark.parametrize("key", CALLS)
def test_the_table_has_every_api(key: str) -> None:
    assert [call[0] for call in CALLS[key]] == list(load_platforms(None).platform(key).apis)


@pytest.mark.parametrize(
    ("key", "call"),
    [(key, call) for key, calls in CALLS.items() for call in calls],
    ids=[f"{key}.{call[0]}" for key, calls in CALLS.items() for call in calls],
)
def test_a_direct_call_sends_its_arguments_in_order(key: str, call: Call, session: Session) -> None:
    api, args, address, body = call

    with session:
        session.proxy(key).direct(api, *args)

    record = session.calls[-1]
    assert record.request
    sent = urlsplit(record.request.url)
    own = [pair for pair in parse_qsl(sent.query) if pair[0] not in OF_AUTH]
    wanted = urlsplit(address.replace("{hook}", "redacted.feishu.a.robot_hook.1"))
    assert (sent.path, own) == (wanted.path, parse_qsl(wanted.query))
    told = json.loads(record.request.body or "null")
    for name in {"uuid", "timestamp", "sign"} & set(told or ()):
        del told[name]
    assert told == body
    assert is_success(key, record.response)


def is_success(key: str, response: RedactedResponse | None) -> bool:
    assert response
    code = {"feishu": "code", "dingtalk": "code"}.get(key, "errcode")
    return bool(response.status == 200 and response.body.get(code, 0) == 0)
