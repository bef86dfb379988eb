"""The shipped platforms, as data."""

from __future__ import annotations

import pytest

from bpmax_sim.platform.load import find_built_in_platform, list_built_in_keys, load_platforms
from bpmax_sim.platform.model import Auth, Platform


def shipped(key: str) -> Platform:
    return load_platforms(None).platform(key)


def test_four_platforms_are_shipped() -> None:
    assert list_built_in_keys() == ("dingtalk", "dingtalk_v1", "feishu", "qywx")
    assert [platform.platform_key for platform in load_platforms(None)] == list(
        list_built_in_keys()
    )
    assert find_built_in_platform("crm") is None


@pytest.mark.parametrize("key", list_built_in_keys())
def test_each_sends_messages_and_looks_up_users(key: str) -> None:
    platform = shipped(key)
    assert {"sendTextMessage", "sendMarkdownMessage", "sendPostMessage"} & platform.apis.keys()
    assert "getUser" in platform.apis
    assert platform.title
    assert platform.base_url.startswith("https://")
    assert all(api.title for api in platform.apis.values())
    assert platform.auth.recover["token"].refresh == 1


@pytest.mark.parametrize("key", list_built_in_keys())
def test_every_api_that_sends_declares_what_it_needs(key: str) -> None:
    platform = shipped(key)
    for api in platform.apis.values():
        assert api.parameters[0].required or api.method == "GET" or api.is_idempotent, api.key


def test_wecom_sends_a_text_to_a_user_with_two_arguments() -> None:
    """The documentation page's own example: sendTextMessage('UserID', 'text')."""
    platform = shipped("qywx")
    api = platform.apis["sendTextMessage"]
    assert [(one.place, one.wire_name, one.required) for one in api.parameters] == [
        ("body", "touser", True),
        ("body", "text.content", True),
    ]
    assert api.body == {"msgtype": "text", "agentid": {"$credential": "agentid"}}
    assert not api.is_idempotent
    assert platform.response.classes["token"].code == (40014, 42001, 40001)
    acquire = platform.auth.acquire
    assert acquire is not None
    assert acquire.share == ("corpid", "corpsecret")
    assert (acquire.ttl.default, acquire.ttl.margin) == (7200, 60)


def test_dingtalk_looks_for_the_code_in_sub_code_first() -> None:
    assert shipped("dingtalk_v1").response.code == ("$.sub_code", "$.errcode")
    assert shipped("dingtalk").auth.apply[0].name == "x-acs-dingtalk-access-token"


def test_robots_of_dingtalk_and_feishu_swap_key_and_message() -> None:
    ding = shipped("dingtalk_v1").apis["sendRobotText"].auth
    feishu = shipped("feishu").apis["sendRobotText"].auth
    assert isinstance(ding, Auth)
    assert isinstance(feishu, Auth)
    assert ding.sign is not None
    assert feishu.sign is not None
    assert (ding.sign.key, ding.sign.message) == (
        "{{ robot_secret }}",
        "{{ timestamp }}\n{{ robot_secret }}",
    )
    assert (feishu.sign.key, feishu.sign.message) == ("{{ timestamp }}\n{{ bot_secret }}", "")
    assert feishu.apply[0].place == "path"
    assert shipped("feishu").apis["sendRobotText"].parameters[0].name == "text"


def test_feishu_keys_each_message_so_that_a_retry_is_not_sent_twice() -> None:
    api = shipped("feishu").apis["sendTextMessage"]
    assert api.is_idempotent
    assert api.query == {"receive_id_type": "open_id"}
