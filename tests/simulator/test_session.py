from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import bpmax_sim as bs
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.clock import Instant
from bpmax_sim.errors import ConfigError, HttpStatusError, TransportError
from bpmax_sim.messages import Request, Response
from bpmax_sim.scenario.events import ScenarioFinished
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.runner import open_session, run_item
from bpmax_sim.session.options import Mode
from bpmax_sim.session.settings import Settings
from bpmax_sim.starter import demo
from bpmax_sim.transport.protocol import Handler

FILES = Path(demo.__file__).parent / "demo_files/scenarios"
INSTANCES = """\
- platform: qywx
  instance_key: default
  default: true
  credentials: {corpid: ww1, corpsecret: {env: QYWX_SECRET}, agentid: 1000002}
- platform: feishu
  instance_key: default
  credentials: {app_id: cli_1, app_secret: {env: FEISHU_SECRET}}
"""
APPROVED = """\
const wecom = $proxy('qywx');
const sent = await wecom.sendTextMessage('zhangsan|sunqi', '合同已批准');
console.log(sent.invaliduser);
const person = await wecom.getUser('zhangsan');
console.log(person.name);
"""
SCENARIO = """\
version: 1
scenario: 合同批准后通知
form:
  scripts: {click.approve: approved.js}
proxy: {mode: simulate, instances: instances.yaml}
clock: "2026-03-02T09:00:00+08:00"
steps:
  - click: approve
    expect:
      console: [sunqi, 张三]
      proxy:
        - {call: qywx.sendTextMessage, source: simulated, response: {errcode: 0}}
        - {call: qywx.getUser}
  - advance: 2h
  - name: 令牌已过期，自动续期
    click: approve
    faults: [{on: qywx.getUser, call: 1, do: {token: expired}}]
    expect: {proxy: [{call: qywx.sendTextMessage}, {call: qywx.getUser, status: 200}]}
"""


@pytest.fixture(name="folder")
def written(tmp_path: Path) -> Path:
    (tmp_path / "instances.yaml").write_text(INSTANCES, encoding="utf-8")
    (tmp_path / "approved.js").write_text(APPROVED, encoding="utf-8")
    (tmp_path / "通知.scenario.yaml").write_text(SCENARIO, encoding="utf-8")
    return tmp_path


@pytest.fixture(name="session")
def opened(folder: Path) -> Iterator[bs.Session]:
    with simulated(folder) as session:
        yield session


def simulated(folder: Path, **options: Any) -> bs.Session:
    given = {"mode": "simulate", **options}
    return bs.Session.open(instances=folder / "instances.yaml", environ={}, **given)


def played(folder: Path) -> ScenarioFinished:
    (item,) = load_items(folder / "通知.scenario.yaml", environ={})
    last = list(run_item(item, open_session(item, environ={}), environ={}))[-1]
    assert isinstance(last, ScenarioFinished)
    return last


def test_a_scenario_runs_without_network_recording_and_credentials(folder: Path) -> None:
    first, second = played(folder), played(folder)

    assert first.failures == ()
    assert first.digest == second.digest
    assert not (folder / "cassettes").exists()


def test_a_script_runs_against_a_simulator(folder: Path, session: bs.Session) -> None:
    outcome = session.run_script(folder / "approved.js")

    assert outcome.error is None
    assert [(call.api, call.source) for call in session.calls] == [
        ("$token", "simulated"),
        ("sendTextMessage", "simulated"),
        ("getUser", "simulated"),
    ]
    assert [one.to for one in session.simulator("qywx").messages] == ["zhangsan"]
    assert session.is_closed


def test_tokens_live_in_virtual_time(session: bs.Session) -> None:
    wecom = session.proxy("qywx")
    wecom.getUser("lisi")
    session.advance(7100)
    wecom.getUser("lisi")  # the client's own margin: it asks again and gets the same token
    session.advance(200)
    wecom.getUser("lisi")

    assert len(session.simulator("qywx").state.grants) == 2
    assert [call.attempts for call in session.calls if call.api == "getUser"][-1] == 1


def test_an_expired_and_a_revoked_token_are_renewed_by_the_call(session: bs.Session) -> None:
    wecom, stand_in = session.proxy("qywx"), session.simulator("qywx")
    wecom.getUser("lisi")
    for knob in (stand_in.expire, stand_in.revoke):
        knob()
        assert wecom.getUser("lisi")["name"] == "李四"
        assert session.calls[-1].notes == ("token refused; logged in anew",)


def test_a_dropped_connection_reaches_the_script_and_the_message_is_sent(
    session: bs.Session,
) -> None:
    session.proxy("qywx").getUser("lisi")
    session.simulator("qywx").drop("after")

    with pytest.raises(TransportError) as error:
        session.proxy("qywx").sendTextMessage("lisi", "您好")

    assert error.value.code == "RESET"
    assert len(session.simulator("qywx").messages) == 1


def test_twenty_threads_log_in_once(session: bs.Session) -> None:
    def once(_number: int) -> str:
        return str(session.proxy("qywx").getUser("lisi")["name"])

    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(once, range(20))) == {"李四"}

    assert [call.api for call in session.calls].count("$token") == 1
    assert len(session.simulator("qywx").state.grants) == 1


def test_a_feishu_message_that_is_retried_is_delivered_once(session: bs.Session) -> None:
    feishu = session.proxy("feishu")
    feishu.getUser("ou_lisi")
    session.simulator("feishu").limit(1, 30)
    feishu.sendTextMessage("ou_lisi", '{"text":"您好"}')
    feishu.sendTextMessage("ou_lisi", '{"text":"再次"}')

    assert session.calls[-1].attempts == 2
    assert len(session.simulator("feishu").messages) == 2


def test_another_client_is_answered_too(session: bs.Session) -> None:
    wrong = Request(method="GET", url="https://qyapi.weixin.qq.com/cgi-bin/user/get?userid=lisi")
    unknown = Request(method="GET", url="https://nobody.example.test/x?token=1")

    assert session.handle(wrong).status == 200
    with pytest.raises(TransportError) as error:
        session.handle(unknown)
    assert error.value.message == (
        "no platform has the address of GET https://nobody.example.test/x, so nothing simulates "
        "it; declare it"
    )


def test_a_recording_of_a_simulator_says_so_and_replays_the_same(tmp_path: Path) -> None:
    def session(mode: Mode) -> bs.Session:
        return bs.Session.open(
            FILES / "platforms",
            mode=mode,
            against="simulator",
            cassette=tmp_path / "cassettes/crm/客户.yaml",
            clock="2026-03-02T09:00:00+08:00",
            environ={},
        )

    def use(mode: Mode) -> list[object]:
        with session(mode) as opened:
            crm = opened.proxy("crm_system")
            found = [crm.getCustomerDetail(number) for number in ("12345", "99999")]
            return [*found, *((call.at, call.duration) for call in opened.calls)]

    recorded = use("record")
    cassette = Cassette.load(tmp_path / "cassettes/crm/客户.yaml")
    text = (tmp_path / "cassettes/crm/客户.yaml").read_text(encoding="utf-8")

    assert cassette.head.simulated is True
    assert '"simulated":true' in text.splitlines()[1]
    assert cassette.line(0).source == "simulated"
    assert use("replay") == recorded
    login = (tmp_path / "cassettes/auth/crm_system.default.yaml").read_text(encoding="utf-8")
    assert "redacted.crm_system.default.token.1" in login


def test_without_a_simulator_there_are_no_knobs(folder: Path) -> None:
    with (
        simulated(
            folder, mode="live", transport=Handler(lambda _: Response(status=500))
        ) as session,
        pytest.raises(ConfigError) as error,
    ):
        session.simulator("qywx")

    assert str(error.value) == (
        'nothing is simulated in mode live; open the session with mode="simulate", or record with '
        'against="simulator"'
    )


def test_a_seed_changes_ids_and_a_start_of_its_own_is_the_same_every_day(folder: Path) -> None:
    def sent(seed: int) -> tuple[str, float]:
        with simulated(folder, seed=seed) as session:
            answer = session.proxy("qywx").sendTextMessage("lisi", "您好")
            return answer["msgid"], session.calls[0].at

    assert sent(1) == sent(1)
    assert sent(1)[0] != sent(2)[0]
    assert sent(1)[1] == Instant.parse("2026-01-01T00:00:00+08:00").seconds


def test_an_unknown_opposite_is_told() -> None:
    with pytest.raises(ConfigError) as error:
        Settings(mode="record", against="simulater", environ={})  # type: ignore[arg-type]

    assert str(error.value) == "against: there is no 'simulater'; did you mean 'simulator'?"


def test_a_refused_call_is_an_error_of_the_script(tmp_path: Path) -> None:
    with bs.Session.open(FILES / "platforms", mode="simulate", environ={}) as session:
        session.simulator("crm_system").limit(0, 60)
        with pytest.raises(HttpStatusError) as error:
            session.proxy("crm_system").getCustomerDetail("12345")

    assert error.value.status == 429


@pytest.mark.parametrize(
    ("platform", "api", "arguments"),
    [
        ("qywx", "sendTextMessage", ("zhangsan", "你好")),
        ("feishu", "sendTextMessage", ("ou_zhangsan", '{"text": "你好"}', "open_id")),
        ("dingtalk", "sendTextMessage", (["zhangsan"], '{"content": "你好"}')),
        ("dingtalk_v1", "sendTextMessage", ("zhangsan", "你好")),
    ],
)
def test_a_shipped_platform_that_no_file_names_is_simulated(
    tmp_path: Path, platform: str, api: str, arguments: tuple[Any, ...]
) -> None:
    with bs.Session.open(tmp_path, mode="simulate", environ={}) as session:
        session.proxy(platform).direct(api, *arguments)

        assert len(session.simulator(platform).messages) == 1
