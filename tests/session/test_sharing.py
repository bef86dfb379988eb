"""Several sessions of one owner are one recording: what they record, they replay."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, nullcontext
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.errors import CassetteError, ConfigError, ExpectationError, LeakError, NoMatchError
from bpmax_sim.messages import Request, Response
from bpmax_sim.script.failure import Script
from bpmax_sim.session.session import Session
from bpmax_sim.session.shared_recording import RunRecordings
from bpmax_sim.transport.adapters import httpx_transport
from bpmax_sim.transport.protocol import Handler, Transport
from tests.session.test_concurrent import ENVIRON
from tests.session.test_session import opened

Asked = list[list[str]]


@pytest.fixture(name="crm")
def stateful() -> Transport:
    """Return a third party that tells who asks how often it was asked for each customer."""
    numbers: dict[str, Iterator[int]] = {}

    def answer(request: Request) -> Response:
        if request.is_login:
            body = '{"access_token":"Tk-9d2Lq7Vx0aZ4","expires_in":7200}'
        else:
            customer = request.url.partition("?")[0].rpartition("/")[2]
            body = f'{{"data":{{"{customer}":{next(numbers.setdefault(customer, count(1)))}}}}}'
        headers = (("content-type", "application/json"),)
        return Response(status=200, headers=headers, body=body.encode(), elapsed=0.01)

    return Handler(answer)


@pytest.fixture(name="steady")
def stateless() -> Transport:
    """Return a third party that always says the same of a customer."""

    def answer(request: Request) -> Response:
        body = '{"access_token":"Tk-9d2Lq7Vx0aZ4","expires_in":7200}'
        if not request.is_login:
            body = f'{{"data":"{request.url.partition("?")[0].rpartition("/")[2]}"}}'
        headers = (("content-type", "application/json"),)
        return Response(status=200, headers=headers, body=body.encode(), elapsed=0.01)

    return Handler(answer)


def ask(session: Session, customer: str) -> Any:
    return session.proxy("crm_system").getCustomerDetail(customer)["data"]


def options(transport: Transport | None, **more: Any) -> dict[str, Any]:
    recording = {"mode": "record", "transport": transport, "environ": ENVIRON, "allow_ci": True}
    return {**(recording if transport else {"environ": {}}), **more}


def one_after_the_other(folder: Path, asked: Asked, transport: Transport | None) -> list[Any]:
    told, run = [], RunRecordings()
    for customers in asked:
        with opened(folder, **options(transport, run=run)) as session:
            told.append([ask(session, one) for one in customers])
    judge(run, session)
    return told


def nested(folder: Path, asked: Asked, transport: Transport | None) -> list[Any]:
    """Let each session ask while all before it are open, and close the last one first."""
    with ExitStack() as stack:
        told = []
        for customers in asked:
            session = stack.enter_context(opened(folder, **options(transport)))
            told.append([ask(session, one) for one in customers])
        return told


def at_once(folder: Path, asked: Asked, transport: Transport | None) -> list[Any]:
    """Open all first, then let each ask in turn, and close the first one first."""
    sessions = [opened(folder, **options(transport)) for _ in asked]
    told: list[list[Any]] = [[] for _ in asked]
    for turn in range(max(map(len, asked))):
        for number, customers in enumerate(asked):
            if turn < len(customers):
                told[number].append(ask(sessions[number], customers[turn]))
    for session in sessions:
        session.close()
    return told


def judge(run: RunRecordings, session: Session) -> None:
    run.finish(failed=False)
    session.judge_unplayed()


def cassette(folder: Path) -> Cassette:
    return Cassette.load(folder / "cassettes/crm/客户.yaml")


@pytest.mark.parametrize("play", [one_after_the_other, nested, at_once])
@pytest.mark.parametrize(
    "asked",
    [
        [["1"], ["1"]],
        [["1", "2"], ["1"], ["1", "2", "1"]],
        [["1"], ["2"], ["1"], ["2"]],
        [[], ["1"], ["1", "1"]],
    ],
)
def test_what_is_recorded_is_replayed(
    tmp_path: Path, crm: Transport, play: Callable[..., list[Any]], asked: Asked
) -> None:
    told = play(tmp_path, asked, crm)

    assert play(tmp_path, asked, None) == told
    assert len(cassette(tmp_path)) == sum(map(len, asked))


def test_neither_of_two_open_sessions_drops_what_the_other_recorded(
    tmp_path: Path, crm: Transport
) -> None:
    first, second = (opened(tmp_path, **options(crm)) for _ in range(2))
    ask(first, "1")
    ask(second, "2")
    second.close()
    first.close()

    found = cassette(tmp_path)
    assert [entry.line.session for entry in found.entries()] == [1, 2]
    assert [entry.line.n for entry in found.entries()] == [1, 2]
    assert list(found.path.parent.iterdir()) == [found.path]


def test_a_rewrite_replaces_once_what_was_there_before(tmp_path: Path, crm: Transport) -> None:
    for _ in range(2):
        run = RunRecordings()
        for customer in ("1", "2"):
            with opened(tmp_path, **options(crm, run=run, record="rewrite")) as session:
                ask(session, customer)
        run.finish(failed=False)

        urls = [one.request.url.partition("?")[0] for one in cassette(tmp_path).exchanges()]
        assert [url.rpartition("/")[2] for url in urls] == ["1", "2"]


def test_the_same_recorded_again_leaves_the_file_as_it_is(
    tmp_path: Path, steady: Transport
) -> None:
    asked = [["1", "2"], ["3"]]
    one_after_the_other(tmp_path, asked, steady)
    before = cassette(tmp_path).path.read_bytes()
    run = RunRecordings()
    for customers in asked:
        given = options(steady, run=run, record="rewrite", clock="2027-01-01T08:00:00+08:00")
        with opened(tmp_path, **given) as session:
            for one in customers:
                ask(session, one)
    run.finish(failed=False)

    assert cassette(tmp_path).path.read_bytes() == before


def test_equal_sessions_share_an_exchange_in_whatever_order_they_come(
    tmp_path: Path, steady: Transport
) -> None:
    one_after_the_other(tmp_path, [["1"], ["2"], ["1"], ["1", "2"], ["1"]], steady)

    assert len(cassette(tmp_path)) == 4
    for asked in ([["1", "2"], ["2"], ["1"]], [["2"], ["2"], ["1", "2"], ["1"], ["1", "2"]]):
        assert one_after_the_other(tmp_path, asked, None) == asked


def test_what_no_session_played_is_judged_with_the_last_one(
    tmp_path: Path, steady: Transport
) -> None:
    one_after_the_other(tmp_path, [["1"], ["2"], ["3"]], steady)

    with pytest.raises(ExpectationError, match=r"1 recorded exchange was not played: \[3\]"):
        one_after_the_other(tmp_path, [["1"], ["2"]], None)
    with pytest.raises(NoMatchError, match="no such call"):
        one_after_the_other(tmp_path, [["1"], ["4"]], None)


def test_a_recording_of_one_session_serves_two(tmp_path: Path, crm: Transport) -> None:
    one_after_the_other(tmp_path, [["1", "2", "3"]], crm)

    assert at_once(tmp_path, [["1"], ["2", "3"]], None) == [[{"1": 1}], [{"2": 1}, {"3": 1}]]


def test_a_session_that_fails_sets_all_of_its_owner_aside(tmp_path: Path, crm: Transport) -> None:
    first, second = (opened(tmp_path, **options(crm)) for _ in range(2))
    ask(first, "1")
    ask(second, "2")
    first.close(failed=True)
    second.close()

    path = tmp_path / "cassettes/crm/客户.yaml"
    assert not path.exists()
    assert len(Cassette.load(path.with_name("客户.yaml.new"))) == 2


def test_the_secrets_of_each_session_are_looked_for_in_all(
    tmp_path: Path, steady: Transport
) -> None:
    first, second = (opened(tmp_path, **options(steady)) for _ in range(2))
    ask(first, "1")
    ask(second, "2")
    first.close()
    second.close()

    data = b"".join(one.read_bytes() for one in tmp_path.rglob("*") if one.is_file())
    assert b"Tk-9d2Lq7Vx0aZ4" not in data


@pytest.mark.parametrize(
    ("knows", "asking", "closing", "found"),
    [
        ("-+", [0, 1], [0, 1], False),  # what was recorded before is redacted once it is known
        ("+-", [0, 1], [0, 1], True),
        ("-+", [1, 0], [0, 1], True),
        ("-+", [0, 1, 0], [0, 1], True),
        ("-+", [0, 1, 0], [1, 0], True),
        ("+-", [0, 1, 0], [1, 0], True),
        ("++", [0, 1, 0], [0, 1], False),
        ("--", [0, 1, 0], [0, 1], False),
        ("-+-", [0, 1, 2], [0, 1, 2], True),
        ("--+", [0, 1, 2, 0], [2, 0, 1], True),
        ("--+", [0, 1, 2], [2, 1, 0], False),
        ("+", [0, 0], [0], False),
    ],
)
def test_a_secret_that_one_session_knows_is_in_nothing_that_another_recorded(
    tmp_path: Path, knows: str, asking: list[int], closing: list[int], *, found: bool
) -> None:
    """It is a credential of the sessions with a ``+``, which is read when they ask first."""
    secret = "Xq9-LmZ27-vbT4"

    def answer(request: Request) -> Response:
        body = f'{{"data":"回访备注 {secret}"}}'
        if request.is_login:
            body = '{"access_token":"Tk-9d2Lq7Vx0aZ4","expires_in":7200}'
        headers = (("content-type", "application/json"),)
        return Response(status=200, headers=headers, body=body.encode(), elapsed=0.01)

    environs = [ENVIRON | {"CRM_CLIENT_SECRET": secret} if one == "+" else ENVIRON for one in knows]
    sessions = [
        opened(tmp_path, **{**options(Handler(answer)), "environ": environ}) for environ in environs
    ]
    for number, turn in enumerate(asking):
        ask(sessions[turn], f"1234{number}")
    with pytest.raises(LeakError, match="client_secret") if found else nullcontext():
        for turn in closing:
            sessions[turn].close()

    path = tmp_path / "cassettes/crm/客户.yaml"
    assert path.exists() is not found
    left = b"".join(one.read_bytes() for one in tmp_path.rglob("*") if one.is_file())
    assert (secret.encode() in left) is ("+" not in knows)


USES: dict[str, Callable[[Session, Any], object]] = {
    "kept builder": lambda _session, kept: kept.getCustomerDetail("1"),
    "proxy": lambda session, _: session.proxy("crm_system"),
    "script": lambda session, _: session.run_script(Script("1", "空.js")),
    "client": lambda session, _: httpx.Client(transport=httpx_transport(session)).get(
        "https://crm.example.test/api/customers/1"
    ),
    "listen": lambda session, _: session.listen(),
    "advance": lambda session, _: session.advance(1),
    "wait": lambda session, _: session.wait(0),
    "faults": lambda session, _: session.arm(()),
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("recording", [True, False])
def test_a_closed_session_refuses_every_use(
    tmp_path: Path, crm: Transport, use: str, *, recording: bool
) -> None:
    one_after_the_other(tmp_path, [["1"]], crm)
    path = cassette(tmp_path).path
    before = path.read_bytes()
    given = options(crm if recording else None, record="rewrite", unused="ignore")
    with opened(tmp_path, **given) as session:
        kept = session.proxy("crm_system")
        kept.getCustomerDetail("1")
    sealed = path.read_bytes()
    session.close()

    with pytest.raises(ConfigError, match="the session is closed, so it neither calls nor records"):
        USES[use](session, kept)

    assert path.read_bytes() == sealed
    assert recording or sealed == before
    assert list(path.parent.iterdir()) == [path]


def test_what_a_closed_session_shows_stays(tmp_path: Path, crm: Transport) -> None:
    with opened(tmp_path, **options(crm)) as session:
        ask(session, "1")

    assert [call.api for call in session.calls if not call.is_login] == ["get_customer_detail"]
    assert session.unplayed_exchanges == ()
    assert session.redact("Tk-9d2Lq7Vx0aZ4").startswith("redacted.")


@pytest.mark.parametrize("is_open", [True, False])
def test_a_recording_of_a_run_that_is_open_goes_on_beside_a_replay(
    tmp_path: Path, steady: Transport, *, is_open: bool
) -> None:
    """Where it is closed it is written for the replay, and what is recorded later is another."""
    run = RunRecordings()
    how: dict[str, Any] = {"mode": "record", "environ": ENVIRON, "record": "rewrite"}
    first = opened(tmp_path, transport=steady, run=run, **how)
    ask(first, "12345")
    if not is_open:
        first.close()
    beside = opened(tmp_path, run=run)
    assert (tmp_path / "cassettes/crm/客户.yaml").exists() is not is_open
    second = opened(tmp_path, transport=steady, run=run, **how)
    ask(second, "12346")
    beside.close(failed=True)
    second.close()
    first.close()
    run.finish(failed=False)

    found = Cassette.load(tmp_path / "cassettes/crm/客户.yaml").exchanges()
    urls = [one.request.url.partition("?")[0][-5:] for one in found]
    assert urls == (["12345", "12346"] if is_open else ["12346"])


@pytest.mark.parametrize("failed", [False, True])
@pytest.mark.parametrize(
    "broken",
    [
        [],
        ["合同"],
        ["订单"],
        ["发票"],
        ["合同", "订单"],
        ["订单", "发票"],
        ["合同", "订单", "发票"],
    ],
)
def test_a_run_writes_every_recording_that_can_be_written(
    tmp_path: Path, steady: Transport, broken: list[str], *, failed: bool
) -> None:
    """A folder stands where one that is broken should be written; the first of them is named."""
    run, ending = RunRecordings(), ".new" if failed else ""
    paths = {
        owner: tmp_path / owner / f"cassettes/crm/客户.yaml{ending}"
        for owner in ("合同", "订单", "发票")
    }
    for owner in paths:
        with opened(tmp_path / owner, **options(steady, run=run, owner=owner)) as session:
            ask(session, "12345")
    for owner in broken:
        paths[owner].mkdir()

    if broken:
        with pytest.raises(CassetteError) as caught:
            run.finish(failed=failed)
        assert [owner for owner in paths if owner in str(caught.value)] == broken[:1]
    else:
        assert [one.owner for one in run.finish(failed=failed)] == [*paths]

    assert [owner for owner, path in paths.items() if not path.is_file()] == broken
    assert run.finish(failed=failed) == ()
    found = [Cassette.load(path).owners for path in paths.values() if path.is_file()]
    assert found == [(owner,) for owner in paths if owner not in broken]
