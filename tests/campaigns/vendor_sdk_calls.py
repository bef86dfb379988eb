"""Everyday calls by the vendors' SDKs; run by `tests.campaigns.vendor_sdks` where they are installed.

``python vendor_sdk_calls.py PLATFORM SERVED`` prints a line of JSON for each call: the SDK, the
call, what it has to come back with, and what it did.
"""

# mypy: ignore-errors
# ruff: noqa: ANN001, ANN002, ANN003, ANN201, ANN202, ARG005, BLE001, C901, E501, E731, I001, I002, PLC0415, PLR0915, T201

import json
import sys
import warnings
from importlib.metadata import version

warnings.simplefilter("ignore")


def feishu(url, secrets):
    import lark_oapi as lark
    from lark_oapi.api.contact import v3 as contact
    from lark_oapi.api.im import v1 as im

    client = (
        lark.Client.builder()
        .app_id(secrets["app_id"])
        .app_secret(secrets["app_secret"])
        .domain(url)
        .build()
    )

    def told(response, of=lambda data: "ok"):
        return f"code {response.code}" if response.code else of(response.data)

    def send(kind, receiver, message="text"):
        body = (
            im.CreateMessageRequestBody.builder()
            .receive_id(receiver)
            .msg_type(message)
            .content('{"text": "合同已批准"}')
            .build()
        )
        request = im.CreateMessageRequest.builder().receive_id_type(kind).request_body(body)
        return told(client.im.v1.message.create(request.build()))

    def user(key, kind=None):
        request = contact.GetUserRequest.builder().user_id(key)
        request = request.user_id_type(kind) if kind else request
        return told(client.contact.v3.user.get(request.build()), lambda data: data.user.name)

    def department(key, kind):
        request = contact.GetDepartmentRequest.builder().department_id(key).department_id_type(kind)
        response = client.contact.v3.department.get(request.build())
        return told(response, lambda data: data.department.name)

    def children(size, token=None, child=None):
        request = contact.ChildrenDepartmentRequest.builder().department_id("0").page_size(size)
        request = request.page_token(token) if token else request
        request = request.fetch_child(child) if child is not None else request
        response = client.contact.v3.department.children(request.build())
        return told(
            response,
            lambda data: " ".join([*(item.name for item in data.items), str(data.has_more)]),
        )

    def members(key, kind=None):
        request = contact.FindByDepartmentUserRequest.builder().department_id(key)
        request = request.department_id_type(kind) if kind else request
        response = client.contact.v3.user.find_by_department(request.build())
        return told(response, lambda data: " ".join(item.name for item in data.items))

    def ids(kind):
        body = contact.BatchGetIdUserRequestBody.builder().mobiles(["13900139000"]).build()
        request = contact.BatchGetIdUserRequest.builder().user_id_type(kind).request_body(body)
        response = client.contact.v3.user.batch_get_id(request.build())
        return told(response, lambda data: data.user_list[0].user_id)

    def unknown():
        request = im.ListChatRequest.builder().build()
        return told(client.im.v1.chat.list(request))

    name = "lark-oapi"
    for call, expected, function, args in (
        ("im.message.create open_id", "ok", send, ("open_id", "ou_lisi")),
        ("im.message.create user_id", "ok", send, ("user_id", "lisi")),
        ("im.message.create chat_id", "ok", send, ("chat_id", "oc_sales")),
        ("im.message.create open_id=lisi", "code 230001", send, ("open_id", "lisi")),
        (
            "im.message.create msg_type=letter",
            "code 230001",
            send,
            ("open_id", "ou_lisi", "letter"),
        ),
        ("contact.user.get", "李四", user, ("ou_lisi",)),
        ("contact.user.get user_id_type=user_id", "李四", user, ("lisi", "user_id")),
        ("contact.user.get lisi", "code 41012", user, ("lisi",)),
        ("contact.user.get user_id_type=lark_id", "code 99992402", user, ("lisi", "lark_id")),
        ("contact.user.batch_get_id union_id", "on_lisi", ids, ("union_id",)),
        ("contact.user.find_by_department", "张三 李四", members, ("od-sales",)),
        (
            "contact.user.find_by_department department_id",
            "张三 李四",
            members,
            ("sales", "department_id"),
        ),
        ("contact.department.get department_id", "销售部", department, ("sales", "department_id")),
        (
            "contact.department.get department_id_type=name",
            "code 99992402",
            department,
            ("sales", "name"),
        ),
        ("contact.department.children page_size=2", "销售部 采购部 True", children, (2,)),
        ("contact.department.children page_size=2 page_token", "财务部 False", children, (2, "2")),
        ("contact.department.children page_size=500", "code 99992402", children, (500,)),
        (
            "contact.department.children fetch_child=true",
            "code 99992402",
            children,
            (2, None, True),
        ),
        ("im.chat.list", "code 404", unknown, ()),
    ):
        yield name, call, expected, function, args


def qywx(url, secrets):
    from wechatpy.enterprise import WeChatClient
    from wechatpy.exceptions import WeChatClientException
    import requests

    class Client(WeChatClient):
        API_BASE_URL = f"{url}/cgi-bin/"

    query = {"corpid": secrets["corpid"], "corpsecret": secrets["corpsecret"]}
    login = requests.get(f"{url}/cgi-bin/gettoken", params=query, timeout=10).json()
    client = Client(secrets["corpid"], secrets["corpsecret"], access_token=login["access_token"])
    client.session.set(client.access_token_key, login["access_token"])
    agent = secrets["agentid"]

    def told(function):
        def call(*args, **more):
            try:
                return function(*args, **more)
            except WeChatClientException as error:
                if error.errcode is None:
                    return f"HTTP {error.response.status_code}"
                return f"errcode {error.errcode}"

        return call

    message, people, groups = client.message, client.user, client.department
    ok = lambda answer: "ok" if answer["errcode"] == 0 else str(answer)
    names = lambda rows: " ".join(row["name"] for row in rows)
    for call, expected, function in (
        ("message.send_text", "ok", lambda: ok(message.send_text(agent, "lisi", "您好"))),
        (
            "message.send_text party_ids=2",
            "ok",
            lambda: ok(message.send_text(agent, "", "您好", party_ids="2")),
        ),
        (
            "message.send_text tag_ids=1",
            "ok",
            lambda: ok(message.send_text(agent, "", "您好", tag_ids="1")),
        ),
        (
            "message.send_text party_ids=9",
            "errcode 81013",
            lambda: ok(message.send_text(agent, "", "您好", party_ids="9")),
        ),
        (
            "message.send_text_card",
            "ok",
            lambda: ok(
                message.send_text_card(agent, "lisi", "合同", "待审批", "https://e.example/")
            ),
        ),
        ("message.send_file", "ok", lambda: ok(message.send_file(agent, "lisi", "M1"))),
        ("user.get", "李四", lambda: people.get("lisi")["name"]),
        ("user.get nobody", "errcode 60111", lambda: people.get("nobody")["name"]),
        ("user.list", "张三 李四", lambda: names(people.list(2))),
        (
            "user.list fetch_child=True",
            "errcode 40058",
            lambda: names(people.list(1, fetch_child=True)),
        ),
        ("user.list status=1", "errcode 40058", lambda: names(people.list(2, status=1))),
        ("department.get", "演示公司 销售部 采购部 财务部", lambda: names(groups.get())),
        ("department.get 2", "销售部", lambda: names(groups.get(2))),
        ("department.get_users", "王五", lambda: names(groups.get_users(3))),
        ("tag.list", "HTTP 404", lambda: str(client.tag.list())),
    ):
        yield "wechatpy", call, expected, told(function), ()


def dingtalk_v1(url, secrets):
    from dingtalkchatbot.chatbot import ActionCard, CardItem, DingtalkChatbot, FeedLink

    address = f"{url}/robot/send?access_token={secrets['robot_token']}"
    robot = DingtalkChatbot(address, secret=secrets["robot_secret"])
    unsigned = DingtalkChatbot(address)
    stranger = DingtalkChatbot(f"{url}/robot/send?access_token=no", secret=secrets["robot_secret"])
    told = lambda answer: "ok" if answer["errcode"] == 0 else f"errcode {answer['errcode']}"
    link = "https://e.example/合同"
    card = ActionCard(title="合同", text="待审批", btns=[CardItem(title="同意", url=link)])
    feed = [FeedLink(title="合同", message_url=link, pic_url=link)]
    for call, expected, function in (
        ("send_text", "ok", lambda: robot.send_text(msg="合同已批准", is_at_all=True)),
        (
            "send_text at_mobiles",
            "ok",
            lambda: robot.send_text(msg="合同", at_mobiles=["13800138000"]),
        ),
        ("send_markdown", "ok", lambda: robot.send_markdown(title="合同", text="**已批准**")),
        ("send_link", "ok", lambda: robot.send_link(title="合同", text="待审批", message_url=link)),
        ("send_action_card", "ok", lambda: robot.send_action_card(card)),
        ("send_feed_card", "ok", lambda: robot.send_feed_card(feed)),
        ("send_image", "errcode 40035", lambda: robot.send_image(pic_url=link)),
        ("send_text without a secret", "errcode 310000", lambda: unsigned.send_text(msg="合同")),
        ("send_text of another robot", "errcode 300001", lambda: stranger.send_text(msg="合同")),
    ):
        yield "DingtalkChatbot", call, expected, lambda call=function: told(call()), ()


def main():
    platform, served = sys.argv[1], json.loads(sys.argv[2])
    pairs = served["instances"][0]["credentials"]
    secrets = {pair["name"]: pair["value"] for pair in pairs}
    makers = {"feishu": feishu, "qywx": qywx, "dingtalk_v1": dingtalk_v1}
    for name, call, expected, function, args in makers[platform](served["url"], secrets):
        try:
            got = function(*args)
        except Exception as error:
            got = f"{type(error).__name__}: {error}"[:120]
        print(json.dumps([f"{name} {version(name)}", call, expected, got], ensure_ascii=False))


main()
