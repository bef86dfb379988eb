from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.errors import (
    AuthError,
    ConfigError,
    ExpectationError,
    HttpStatusError,
    NoMatchError,
    TransportError,
)
from bpmax_sim.messages import Request, Response
from bpmax_sim.proxy.builder import CallSpec
from bpmax_sim.script.failure import Script
from bpmax_sim.secret.pseudonym import make_pseudonym
from bpmax_sim.session.session import Session, describe_possible_secrets
from bpmax_sim.starter.demo import Crm, serve_crm
from bpmax_sim.strategies import perform
from bpmax_sim.transport.faults import BadToken, Fault, Reply
from bpmax_sim.transport.protocol import Handler
from tests import warm
from tests.systems import needs_signals

FILES = Path(__file__).parents[2] / "bpmax_sim/starter/demo_files/scenarios"
SCRIPT = FILES / "scripts/customer.js"
START = "2026-03-02T09:00:00+08:00"
TOOK = 1772413200.0
TICKET = "redacted.crm_system.default.ticket.1"


@pytest.fixture(name="crm")
def running() -> Iterator[Crm]:
    with serve_crm() as crm:
        yield crm


def opened(folder: Path, crm: Crm | None = None, **options: Any) -> Session:
    return Session.open(
        FILES / "platforms",
        cassette=folder / "cassettes/crm/客户.yaml",
        **{
            "clock": START,
            "owner": "选择客户",
            "mode": "record" if crm else "replay",
            "environ": crm.environment if crm else {},
        }
        | options,
    )


def record(folder: Path, crm: Crm, number: str = "12345", **options: Any) -> None:
    with opened(folder, crm, **options) as session:
        session.proxy("crm_system").getCustomerDetail(number)


def test_an_unmodified_script_is_recorded_and_replayed_without_credentials(
    tmp_path: Path, crm: Crm
) -> None:
    with opened(tmp_path, crm) as session:
        recorded = session.run_script(SCRIPT, form={"customerId": "12345"})
    with opened(tmp_path) as session:
        replayed = session.run_script(SCRIPT, form={"customerId": "12345"})

    assert [line.text for line in replayed.console] == ["客户名称: 张三", "联系电话: 13800138000"]
    assert replayed == recorded
    assert [(call.name, call.status, call.source) for call in session.calls] == [
        ("crm_system.$token", 200, "recorded"),
        ("crm_system.get_customer_detail", 200, "recorded"),
    ]


def test_nothing_that_is_written_holds_a_secret(tmp_path: Path, crm: Crm) -> None:
    with opened(tmp_path, crm) as session:
        session.run_script(SCRIPT, form={"customerId": "12345"})
        told = repr([(call, call.request, call.response) for call in session.calls])
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    written = "".join(path.read_text() for path in files) + told

    assert sorted(path.name for path in files) == ["crm_system.default.yaml", "客户.yaml"]
    for secret in (crm.client_secret, *crm.tokens, crm.url):
        assert secret not in written


def test_personal_data_in_a_path_is_not_written_and_replays(tmp_path: Path, crm: Crm) -> None:
    options: dict[str, Any] = {"redact": ["path.id"]}
    record(tmp_path, crm, "13800138000", **options)
    written = (tmp_path / "cassettes/crm/客户.yaml").read_text(encoding="utf-8")

    assert f"/api/customers/{make_pseudonym('13800138000')}" in written
    assert "customers/13800138000" not in written
    with opened(tmp_path, **options) as session:
        session.proxy("crm_system").getCustomerDetail("13800138000")
    with pytest.raises(NoMatchError), opened(tmp_path) as session:
        session.proxy("crm_system").getCustomerDetail("13800138000")


def test_recording_again_changes_nothing(tmp_path: Path, crm: Crm) -> None:
    record(tmp_path, crm)
    first = {path: path.read_bytes() for path in tmp_path.rglob("*.yaml")}
    record(tmp_path, crm, record="rewrite")

    assert {path: path.read_bytes() for path in tmp_path.rglob("*.yaml")} == first


def test_recording_once_replays_what_is_recorded(tmp_path: Path, crm: Crm) -> None:
    record(tmp_path, crm)

    with opened(tmp_path, crm) as session:
        session.proxy("crm_system").getCustomerDetail("12345")

    assert session.mode == "replay"
    assert len(crm.tokens) == 1


def test_recording_new_sends_only_what_is_missing(tmp_path: Path, crm: Crm) -> None:
    record(tmp_path, crm)
    with opened(tmp_path, crm, record="new") as session:
        first = session.proxy("crm_system").getCustomerDetail("12345")
        second = session.proxy("crm_system").getCustomerDetail("12346")
    with opened(tmp_path) as replay:
        replay.proxy("crm_system").getCustomerDetail("12345")
        replay.proxy("crm_system").getCustomerDetail("12346")

    assert [call.source for call in session.calls if not call.is_login] == ["recorded", "live"]
    assert (first["data"]["name"], second["data"]["name"]) == ("张三", "李四")


def test_recording_new_can_add_one_more_of_a_call_that_was_played(tmp_path: Path, crm: Crm) -> None:
    record(tmp_path, crm)
    with opened(tmp_path, crm, record="new", extra=True) as session:
        proxy = session.proxy("crm_system")
        answers = [proxy.getCustomerDetail("12345") for _ in range(2)]
    with opened(tmp_path) as replay:
        proxy = replay.proxy("crm_system")
        again = [proxy.getCustomerDetail("12345") for _ in range(2)]

    assert [call.source for call in session.calls if not call.is_login] == ["recorded", "live"]
    assert again == answers


def test_recording_new_adds_nothing_if_a_script_swallows_a_miss(tmp_path: Path, crm: Crm) -> None:
    record(tmp_path, crm)
    cassette = tmp_path / "cassettes/crm/客户.yaml"
    before = cassette.read_bytes()
    script = tmp_path / "多一次.js"
    script.write_text(
        "const crm = $proxy('crm_system'); await crm.getCustomerDetail('12346');"
        "await crm.getCustomerDetail('12345');"
        "try { await crm.getCustomerDetail('12345') } catch (e) {}"
    )
    session = opened(tmp_path, crm, record="new")
    outcome = session.run_script(script)

    assert outcome.error is None
    with pytest.raises(NoMatchError):
        session.close()
    assert cassette.read_bytes() == before


@pytest.mark.parametrize(
    "steps",
    [
        (("path", {"id": TICKET}),),
        (("path", {"id": "1"}), ("header", {"X-Ticket": f"no. {TICKET}"})),
        (("path", {"id": "1"}), ("body", {"票据": [TICKET]})),
    ],
)
def test_what_a_recorded_answer_stands_in_for_is_never_sent(
    tmp_path: Path, crm: Crm, steps: Any
) -> None:
    record(tmp_path, crm)
    program = CallSpec(platform="crm_system", api="getCustomerDetail", steps=steps)
    with opened(tmp_path, crm, record="new") as session, pytest.raises(ConfigError) as caught:
        perform(program, session)

    assert str(caught.value) == (
        "crm_system.get_customer_detail: the live request would carry a value that a recorded "
        "answer only stands in for; record afresh: bpmax-sim record, or pytest with "
        "--bpmax-record=rewrite"
    )


def test_a_miss_that_a_script_swallows_still_fails(tmp_path: Path, crm: Crm) -> None:
    record(tmp_path, crm)
    script = tmp_path / "吞掉.js"
    script.write_text("try { await $proxy('crm_system').getCustomerDetail('1') } catch (e) {}")
    session = opened(tmp_path, unused="ignore")
    outcome = session.run_script(script)

    assert outcome.error is None
    with pytest.raises(NoMatchError) as caught:
        session.close()
    assert caught.value.case == "no such call"


def test_without_a_cassette_every_call_is_a_miss(tmp_path: Path) -> None:
    session = opened(tmp_path)

    with pytest.raises(NoMatchError) as caught:
        session.proxy("crm_system").getCustomerDetail("12345")
    assert caught.value.case == "no cassette"
    with pytest.raises(NoMatchError):
        session.close()


def test_a_recording_that_is_not_played_fails(tmp_path: Path, crm: Crm) -> None:
    record(tmp_path, crm)
    with pytest.raises(ExpectationError) as caught:
        opened(tmp_path).close()

    assert str(caught.value) == (
        f"{tmp_path}/cassettes/crm/客户.yaml: 1 recorded exchange was not played: "
        "[1] crm_system.get_customer_detail GET https://crm.example.test/api/customers/12345; "
        "record afresh, or write proxy: {unused: warn}"
    )


@pytest.mark.parametrize("unused", ["warn", "ignore"])
def test_or_does_not_where_that_is_asked_for(tmp_path: Path, crm: Crm, unused: str) -> None:
    record(tmp_path, crm)
    session = opened(tmp_path, unused=unused)
    session.close()

    assert len(session.unplayed_exchanges) == 1


def test_a_failed_run_leaves_the_old_recording_and_sets_the_new_one_aside(
    tmp_path: Path, crm: Crm
) -> None:
    record(tmp_path, crm)
    cassette = tmp_path / "cassettes/crm/客户.yaml"
    before = cassette.read_bytes()
    session = opened(tmp_path, crm, record="rewrite")
    session.proxy("crm_system").getCustomerDetail("12346")
    session.close(failed=True)

    assert cassette.read_bytes() == before
    assert "李四" in cassette.with_name("客户.yaml.new").read_text()


KILLED = """
import os, sys
from pathlib import Path
from tests.session.test_session import opened
from bpmax_sim.starter.demo import serve_crm
with serve_crm() as crm:
    opened(Path(sys.argv[1]), crm).proxy("crm_system").getCustomerDetail("12345")
    os.kill(os.getpid(), 9)
"""


@needs_signals
def test_what_a_killed_recording_left_is_sealed_by_the_next(tmp_path: Path, crm: Crm) -> None:
    root = Path(__file__).parents[2]
    killed = subprocess.run([warm.python(), "-c", KILLED, tmp_path], cwd=root, check=False)
    with opened(tmp_path, crm) as session:
        session.proxy("crm_system").getCustomerDetail("12345")

    assert killed.returncode == -9
    assert session.mode == "replay"
    assert crm.tokens == []


def test_an_expired_token_is_renewed_once_in_virtual_time(tmp_path: Path, crm: Crm) -> None:
    record(tmp_path, crm)
    expired = Fault(on="crm_system.get_customer_detail", action=BadToken(), last=1)
    with opened(tmp_path, faults=[expired]) as session:
        result = session.proxy("crm_system").getCustomerDetail("12345")

    assert result["data"]["name"] == "张三"
    assert [call.name for call in session.calls] == [
        "crm_system.$token",
        "crm_system.$token",
        "crm_system.get_customer_detail",
    ]


def test_a_faulted_call_rejects_and_consumes_nothing(tmp_path: Path, crm: Crm) -> None:
    record(tmp_path, crm)
    busy = Fault(on="crm_system.*", action=Reply(status=503, body=b"{}"), last=1)
    with opened(tmp_path, faults=[busy]) as session:
        with pytest.raises(HttpStatusError) as caught:
            session.proxy("crm_system").getCustomerDetail("12345")
        session.proxy("crm_system").getCustomerDetail("12345")

    assert caught.value.status == 503
    assert session.disarm([busy]) == ()


def test_time_starts_where_the_recording_does(tmp_path: Path, crm: Crm) -> None:
    record(tmp_path, crm)
    with opened(tmp_path, clock=None) as session:
        assert session.clock.now() == TOOK
        session.proxy("crm_system").getCustomerDetail("12345")
        before = session.clock.now()
        session.advance(600)

    assert session.clock.now() == before + 600


def test_a_login_that_could_not_connect_is_not_kept(tmp_path: Path, crm: Crm) -> None:
    environ = {**crm.environment, "CRM_URL": "http://127.0.0.1:9"}
    session = opened(tmp_path, crm, environ=environ)
    with pytest.raises(TransportError):
        session.proxy("crm_system").getCustomerDetail("12345")
    session.close(failed=True)

    assert not (tmp_path / "cassettes/auth/crm_system.default.yaml").exists()


REFUSALS = (
    b'{"errcode":40001,"errmsg":"invalid credential"}',
    b'{"code":200,"message":"ok"}',
)


@pytest.mark.parametrize("refusal", REFUSALS, ids=["no token, but a code", "no token"])
def test_a_login_that_is_refused_with_status_200_does_not_replace_the_recorded_one(
    tmp_path: Path, crm: Crm, refusal: bytes
) -> None:
    record(tmp_path, crm)
    logins = tmp_path / "cassettes/auth/crm_system.default.yaml"
    before = logins.read_bytes()
    refuse = Handler(lambda _request: Response(status=200, headers=(), body=refusal))
    session = opened(tmp_path, crm, record="rewrite", transport=refuse)
    with pytest.raises(AuthError):
        session.proxy("crm_system").getCustomerDetail("12345")
    session.close(failed=True)

    assert logins.read_bytes() == before
    with opened(tmp_path) as replayed:
        assert replayed.proxy("crm_system").getCustomerDetail("12345")["code"] == 200


def test_login_recordings_are_not_needed(tmp_path: Path, crm: Crm) -> None:
    record(tmp_path, crm)
    shutil.rmtree(tmp_path / "cassettes/auth")
    with opened(tmp_path) as session:
        result = session.proxy("crm_system").getCustomerDetail("12345")

    assert result["data"]["name"] == "张三"
    assert [call.name for call in session.calls] == ["crm_system.get_customer_detail"]


def test_the_request_is_built_without_being_sent(tmp_path: Path) -> None:
    with opened(tmp_path) as session:
        built = session.proxy("crm_system").api("get_customer_detail").path(id="张三").build()

    assert built.url == "https://crm.example.test/api/customers/%E5%BC%A0%E4%B8%89"
    assert session.calls == []
    assert session.template("crm_system", "getCustomerDetail") == "/api/customers/{id}"
    assert session.template("crm_system", "unknown") == ""


def test_a_missing_variable_is_named_before_anything_is_sent(tmp_path: Path, crm: Crm) -> None:
    environ = {"CRM_URL": crm.url, "CRM_CLIENT_ID": crm.client_id}
    with pytest.raises(ConfigError) as caught, opened(tmp_path, crm, environ=environ) as session:
        session.proxy("crm_system").getCustomerDetail("12345")

    assert str(caught.value).endswith(
        "scenarios/instances.yaml:8:20: credentials.client_secret: environment variable "
        "CRM_CLIENT_SECRET is not set; set it, or run in replay mode "
        "(instance 'default' of 'crm_system')"
    )
    assert not (tmp_path / "cassettes").exists()


def test_what_looks_like_a_secret_and_is_none_that_we_know_is_told_by_its_place(
    tmp_path: Path,
) -> None:
    def answer(request: Request) -> Response:
        said = {
            "code": 200,
            "data": {"票据": "sk3ZtV9qLw7YxB2nPm5RkD8f", "token": "t0k3n-of-login"},
        }
        login = {"access_token": "t0k3n9qLw7YxB2nPm5RkD8f", "expires_in": 7200}
        body = json.dumps(login if request.method == "POST" else said).encode()
        return Response(status=200, headers=(("content-type", "application/json"),), body=body)

    environ = {"CRM_URL": "http://crm", "CRM_CLIENT_ID": "i", "CRM_CLIENT_SECRET": "s3cr3t-1"}
    options: dict[str, Any] = {"transport": Handler(answer), "environ": environ}
    with opened(tmp_path, mode="record", **options) as session:
        session.proxy("crm_system").getCustomerDetail("1")
        session.proxy("crm_system").getCustomerDetail("2")
    with opened(tmp_path) as replay:
        replay.proxy("crm_system").getCustomerDetail("1")
        replay.proxy("crm_system").getCustomerDetail("2")

    place = "crm_system.get_customer_detail.body.data.票据"
    assert session.possible_secrets == (place,)
    assert replay.possible_secrets == ()
    assert describe_possible_secrets([place]) == (
        f"recorded as it is, and looks like a secret: {place}; if it is one, declare its place "
        "with `secret:` in the platform file and record again, else answer with "
        f"`bpmax-sim review --not-secret {place}`"
    )


def test_live_mode_writes_nothing(tmp_path: Path, crm: Crm) -> None:
    with opened(tmp_path, crm, mode="live") as session:
        session.proxy("crm_system").getCustomerDetail("12345")

    assert session.calls[-1].source == "live"
    assert list(tmp_path.iterdir()) == []


def test_a_transport_of_ones_own_stands_for_the_network(tmp_path: Path) -> None:
    def answer(request: Request) -> Response:
        body = b'{"access_token":"t","expires_in":7200}' if request.method == "POST" else b'"ok"'
        return Response(status=200, headers=(("content-type", "application/json"),), body=body)

    with opened(
        tmp_path,
        mode="live",
        transport=Handler(answer),
        environ={"CRM_URL": "http://crm", "CRM_CLIENT_ID": "i", "CRM_CLIENT_SECRET": "s3cr3t-1"},
    ) as session:
        assert session.proxy("crm_system").getCustomerDetail("1") == "ok"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "replai"}, "mode: there is no 'replai'; did you mean 'replay'?"),
        (
            {"mode": "record", "record": "all"},
            "record: there is no 'all'; choose one of once, new, rewrite",
        ),
        ({"unused": "fial"}, "unused: there is no 'fial'; did you mean 'fail'?"),
        (
            {"mode": "record", "environ": {"CI": "true"}},
            (
                "recording is disabled because CI is set; pass allow_ci=True "
                "(pytest: --bpmax-allow-ci-record, bpmax-sim: --allow-ci-record)"
            ),
        ),
    ],
)
def test_a_wrong_option_says_which(tmp_path: Path, options: Any, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        opened(tmp_path, **options)

    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "the script cannot be read: No such file or directory"),
        ("客户".encode("gbk"), "the script is not UTF-8 text; save it as UTF-8"),
    ],
)
def test_a_script_that_cannot_be_read(tmp_path: Path, content: bytes | None, message: str) -> None:
    script = tmp_path / "x.js"
    if content is not None:
        script.write_bytes(content)
    with opened(tmp_path) as session, pytest.raises(ConfigError) as caught:
        session.run_script(script)

    assert str(caught.value) == f"{script}: {message}"


def test_scripts_share_time_and_write_their_objects(tmp_path: Path) -> None:
    script, library = tmp_path / "a.js", tmp_path / "lib.js"
    library.write_text("function double(x) { return 2 * x }")
    script.write_text("form.total = double(form.price); ctx.done = true; return form.total")
    form, ctx = {"price": 21}, {"done": False}
    with opened(tmp_path) as session:
        outcome = session.run_script(script, form=form, ctx=ctx, libraries=[library])

    assert (outcome.value, form["total"], ctx["done"]) == (42, 42, True)
    assert repr(session) == "<Session replay, 0 calls>"


def test_to_advance_waits_in_no_mode_and_scripts_see_it(tmp_path: Path) -> None:
    begun = time.monotonic()
    for mode in ("replay", "record", "live", "simulate"):
        with opened(tmp_path, mode=mode) as session:
            session.advance(3600)
            now = session.run_script(Script("return Date.now()", "时.js")).unwrap()
            assert now == (TOOK + 3600) * 1000

    assert time.monotonic() - begun < 60


def test_a_timer_that_was_planned_fires_before_time_is_advanced(tmp_path: Path) -> None:
    said: list[str] = []
    with opened(tmp_path, mode="live") as session:
        source = "setTimeout(() => console.log(Date.now()), 30)"
        session.start_script(
            Script(source, "时.js"), lambda end: said.extend(line.text for line in end.console)
        )
        session.advance(3600)

    assert said == [str(int(TOOK * 1000) + 30)]


def test_to_wait_takes_real_time_where_a_live_system_is_asked(tmp_path: Path) -> None:
    begun = time.monotonic()
    with opened(tmp_path, mode="live") as session:
        session.wait(0.2)
    with opened(tmp_path) as session:
        session.wait(600)

    assert 0.2 <= time.monotonic() - begun < 60
