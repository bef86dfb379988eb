"""WeCom's wire behaviour for tokens, text messages and users, after its public documents.

Pages 91039 (gettoken), 90236 (message/send) and 90196 (user/get) of developer.work.weixin.qq.com:
failures are HTTP 200 with ``errcode``, the token counts only in the query, it is checked before
anything else, and asking again while it is valid yields the same one. ``/_control/expire`` and
``/_control/messages`` are ours: they expire the token, and list what was accepted.
"""

from __future__ import annotations

import json
import os
import secrets
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from tests.third_parties.servers.wsgi import serve

AGENT = 1000002
LIFETIME = 7200
USERS = {"userid": "演示用户", "zhangsan": "张三", "lisi": "李四", "wangwu": "王五"}
TEXTS = {
    40001: "invalid credential",
    40008: "invalid message type",
    40013: "invalid corpid",
    40014: "invalid access_token",
    41001: "access_token missing",
    41002: "corpid missing",
    41004: "corpsecret missing",
    42001: "access_token expired",
    44004: "empty content",
    47001: "data format error",
    60111: "userid not found",
    81013: "user & party & tag all invalid",
    301002: "not allow operate another agent with this accesstoken",
}
Answer = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request as far as WeCom looks at it."""

    query: Mapping[str, str]
    body: bytes


def refuse(code: int) -> Answer:
    """Return the failure *code* in WeCom's own phrasing, caller's address included."""
    link = f"https://open.work.weixin.qq.com/devtool/query?e={code}"
    hint = f"hint: [{secrets.token_hex(10)}], from ip: 127.0.0.1, more info at {link}"
    return {"errcode": code, "errmsg": f"{TEXTS[code]}, {hint}"}


@dataclass(slots=True)
class WeCom:
    """One application of one corporation: its live token, and what it has accepted."""

    corpid: str
    secret: str
    token: str = ""
    expired: set[str] = field(default_factory=set)
    messages: list[Answer] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def get_token(self, asked: Asked) -> Answer:
        """Log in (91039)."""
        given = asked.query
        checks = (
            (not given.get("corpid"), 41002),
            (not given.get("corpsecret"), 41004),
            (given.get("corpid") != self.corpid, 40013),
            (given.get("corpsecret") != self.secret, 40001),
        )
        for failed, code in checks:
            if failed:
                return refuse(code)
        with self.lock:
            self.token = self.token or secrets.token_urlsafe(96)
            token = self.token
        return {"errcode": 0, "errmsg": "ok", "access_token": token, "expires_in": LIFETIME}

    def guarded(self, answer: Callable[[Asked], Answer], asked: Asked) -> Answer:
        """Answer only a caller whose query carries the live token."""
        token = asked.query.get("access_token", "")
        if not token:
            return refuse(41001)
        if token in self.expired:
            return refuse(42001)
        return answer(asked) if token == self.token else refuse(40014)

    def send(self, asked: Asked) -> Answer:
        """Accept a text message; unknown receivers are named, not refused (90236)."""
        try:
            message = json.loads(asked.body)
        except ValueError:
            return refuse(47001)
        receivers = [name.lower() for name in str(message.get("touser", "")).split("|") if name]
        unknown = [name for name in receivers if name not in {*USERS, "@all"}]
        checks = (
            (message.get("agentid") != AGENT, 301002),
            (message.get("msgtype") != "text", 40008),
            (not message.get("text", {}).get("content"), 44004),
            (len(unknown) == len(receivers), 81013),
        )
        for failed, code in checks:
            if failed:
                return refuse(code)
        with self.lock:
            self.messages.append(message)
        invalid = {"invaliduser": "|".join(unknown), "invalidparty": "", "invalidtag": ""}
        return {"errcode": 0, "errmsg": "ok", **invalid, "msgid": secrets.token_urlsafe(32)}

    def get_user(self, asked: Asked) -> Answer:
        """Return a member of the corporation (90196)."""
        name = USERS.get(asked.query.get("userid", "").lower())
        if name is None:
            return refuse(60111)
        member = {"userid": asked.query["userid"], "name": name, "department": [1], "status": 1}
        return {"errcode": 0, "errmsg": "ok", **member}

    def expire(self, _: Asked) -> Answer:
        """Expire the live token now."""
        with self.lock:
            self.expired.add(self.token)
            self.token = ""
        return {"errcode": 0, "errmsg": "ok"}

    def answer(self, method: str, path: str, asked: Asked) -> Answer | None:
        """Return the answer to one request, or None where WeCom has no such path."""
        routes: dict[tuple[str, str], Callable[[Asked], Answer]] = {
            ("GET", "/cgi-bin/gettoken"): self.get_token,
            ("POST", "/cgi-bin/message/send"): lambda asked: self.guarded(self.send, asked),
            ("GET", "/cgi-bin/user/get"): lambda asked: self.guarded(self.get_user, asked),
            ("POST", "/_control/expire"): self.expire,
            ("GET", "/_control/messages"): lambda _: {"messages": self.messages},
        }
        route = routes.get((method, path))
        return route(asked) if route else None

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        asked = Asked(
            query=dict(parse_qsl(environ.get("QUERY_STRING", ""))),
            body=environ["wsgi.input"].read(),
        )
        found = self.answer(environ["REQUEST_METHOD"], environ["PATH_INFO"], asked)
        if found is None:
            start_response("404 Not Found", [("Content-Length", "0")])
            return [b""]
        body = json.dumps(found, ensure_ascii=False).encode()
        kind = ("Content-Type", "application/json; charset=UTF-8")
        start_response("200 OK", [kind, ("Content-Length", str(len(body)))])
        return [body]


if __name__ == "__main__":
    serve(WeCom(corpid=os.environ["QYWX_CORPID"], secret=os.environ["QYWX_SECRET"]))
