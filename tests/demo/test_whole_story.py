# ruff: noqa: E501 - what a person reads
"""All that the demonstration says, line by line, and what would end it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.errors import ExpectationError
from bpmax_sim.messages import Request
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.outcome import make_unrun_events
from bpmax_sim.starter.demo import (
    Crm,
    _check_and_show_standins,
    _require,
    play_demo,
    serve_crm,
    write_demo,
)
from bpmax_sim.transport.live import LiveTransport

STORY = r"""1  A project in 演示
     scenarios/customer.scenario.yaml
     scenarios/instances.yaml
     scenarios/platforms/crm_system.yaml
     scenarios/scripts/customer.js

2  Recorded against a CRM that ran at http://127.0.0.1:1 meanwhile, in 7 ms
     200  crm_system.$token  POST https://crm.example.test/oauth/token
     200  crm_system.get_customer_detail  GET https://crm.example.test/api/customers/12345
     console: 客户名称: 张三
     console: 联系电话: 13800138000

3  What a person can read and review: 演示/cassettes/crm/customer.yaml
     - bpmax: {"key":"k","n":1,"call":"crm_system.get_customer_detai…
       request:
         method: GET
         uri: https://crm.example.test/api/customers/12345
         headers:
           Authorization: ["Bearer redacted.crm_system.default.token.1"]
         body: null
       response:
         status: {code: 200, message: OK}
         headers:
           server: ["x"]
           date: ["x"]
           content-type: ["application/json; charset=utf-8"]
           content-length: ["162"]
         body:
           string: "{\
               \"code\":200,\
               \"message\":\"ok\",\
               \"data\":{\
                 \"name\":\"张三\",\
                 \"phone\":\"13800138000\",\
                 \"email\":\"zhangsan@crm.example.test\",\
                 \"address\":\"上海市浦东新区世纪大道 1 号\"}}"

4  What stands there instead of the real values
     redacted.crm_system.default.client_id.1
     redacted.crm_system.default.client_secret.1
     redacted.crm_system.default.token.1
   2 files searched for the client secret and 1 token, plain and encoded: 0 found

5  Replayed in 7 ms: no CRM, no credentials, the network closed
     0 connections, 2 calls, the same console:
     console: 客户名称: 张三
     console: 联系电话: 13800138000

6  Changed one field, customerId to 12346: nothing is guessed, the miss is explained
     × no such call: crm_system.get_customer_detail is not recorded like this: path.id sent "12346", recorded "12345"
       script    演示/scenarios/scripts/customer.js:4:65
       call      GET /api/customers/12346 (instance default)
       nearest   exchange 1 at 演示/cassettes/crm/customer.yaml:4
                 √ platform  √ instance  √ api  √ method  × path  √ query  √ header  √ body
                 × path.id: recorded "12345", sent "12346"
       mend      the script, if it should send what was recorded
       record    bpmax-sim record 演示/scenarios/customer.scenario.yaml --var customer=12346 --record=rewrite
       or add    bpmax-sim record 演示/scenarios/customer.scenario.yaml --var customer=12346 --record=new
       compare   bpmax-sim cassette inspect 演示/cassettes/crm/customer.yaml:4

Now you
     bpmax-sim run 演示/scenarios
     bpmax-sim run 演示/scenarios --var customer=12346
   Your own system: declare it in 演示/scenarios/platforms/crm_system.yaml,
   set CRM_URL, CRM_CLIENT_ID and CRM_CLIENT_SECRET, and record:
     bpmax-sim record 演示/scenarios
"""
_DIFFERS = (
    (re.compile(r"http://127\.0\.0\.1:\d+"), "http://127.0.0.1:1"),
    (re.compile(r"\b\d+ ms"), "7 ms"),
    (re.compile(r'"key":"[0-9a-f]{32}"'), '"key":"k"'),
    (re.compile(r'(server|date): \[".*"\]'), r'\1: ["x"]'),
)


def test_the_whole_story_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/bpmax-sim").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.chdir(tmp_path)
    told = "\n".join(play_demo(Path("演示")))
    for pattern, text in _DIFFERS:
        told = pattern.sub(text, told)

    assert f"{told}\n" == STORY


def test_each_token_stays_valid_and_a_number_may_be_encoded() -> None:
    def ask(path: str, authorization: str) -> Any:
        headers = (("authorization", authorization),)
        answer: Any = live.handle(Request(method="GET", url=f"{crm.url}{path}", headers=headers))
        return answer.status, json.loads(answer.body)

    with serve_crm() as crm, LiveTransport() as live:
        crm.tokens.extend(["first", "second"])
        answers = [
            ask("/api/customers/1234%36?x=/9", "Bearer first"),
            ask("/api/customers/9%20?x=/12345", "Bearer second"),
            ask("/api/customers/12345", "Basic second"),
            ask("/api/customer/12345", "Bearer second"),
        ]

    first = {"name": "李四", "phone": "13900139000", "email": "lisi@crm.example.test"}
    assert answers == [
        (200, {"code": 200, "message": "ok",
               "data": first | {"address": "北京市海淀区中关村大街 2 号"}}),
        (200, {"code": 404, "message": "客户 9  不存在", "data": None}),
        (401, {"code": 401, "message": "令牌无效"}),
        (404, {"code": 404, "message": "没有这个接口"}),
    ]  # fmt: skip


def test_what_ends_it_is_told_with_every_failure_and_without_the_secret(tmp_path: Path) -> None:
    written = write_demo(tmp_path / "一" / "二")
    crm = Crm("http://127.0.0.1:1", "demo", "s3cret-one-1", ["t0ken-one-1", "t0ken-two-2"])
    names = [path.relative_to(tmp_path / "一/二").as_posix() for path in written]
    (tmp_path / "漏.yaml").write_text("a: t0ken-two-2\nb: s3cret-one-1\n", "utf-8")
    (item,) = load_items(
        written[names.index("scenarios/customer.scenario.yaml")], environ=crm.environment
    )
    failures = [
        make_unrun_events(item, error=ValueError(text))[1].failures[0]
        for text in ("甲坏了", "乙坏了")
    ]

    with pytest.raises(ExpectationError) as leaking:
        [*_check_and_show_standins([tmp_path / "漏.yaml"], crm)]
    with pytest.raises(ExpectationError) as failing:
        _require(False, "录制失败", failures)
    _require(True, "录制失败", failures)
    assert str(failing.value).splitlines() == ["录制失败", *(one.headline for one in failures)]
    assert names == [
        "README.md", "scenarios/customer.scenario.yaml", "scenarios/instances.yaml",
        "scenarios/platforms/crm_system.yaml", "scenarios/scripts/customer.js",
    ]  # fmt: skip
    assert str(leaking.value) == (
        "a secret was written: 漏.yaml: value 1 (raw) at byte 18, 漏.yaml: value 3 (raw) at byte 3"
    )
