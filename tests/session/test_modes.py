"""Who answers in each mode, and what of it is recorded and replayed."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.errors import BadResponseError, ConfigError, TransportError, WeakSecretWarning
from bpmax_sim.messages import Request, Response
from bpmax_sim.session.session import Session

PLATFORM = """\
platform_key: crm_system
base_url: https://crm.example.test
apis: {detail: {method: GET, path: "/api/customers/{id}"}}
"""
ADDRESS = "https://crm.example.test/api/customers/7"
Answer = Callable[[Request], Response]


@pytest.fixture
def opened(tmp_path: Path) -> Callable[..., Session]:
    """Return what opens sessions over one recording; *answer* is the third party."""
    (tmp_path / "platforms").mkdir()
    (tmp_path / "platforms/crm_system.yaml").write_text(PLATFORM, encoding="utf-8")

    def begin(answer: Answer | None = None, **options: Any) -> Session:
        mode = "record" if answer else "replay"
        settings: dict[str, Any] = {
            "mode": mode,
            "transport": answer,
            "environ": {},
            "record": "rewrite",
        }
        cassette = tmp_path / "cassettes/客户.yaml"
        return Session.open(tmp_path / "platforms", cassette=cassette, **(settings | options))

    return begin


def ask(session: Session) -> Response:
    return session.handle(Request(method="GET", url=ADDRESS))


def test_latency_is_rounded_to_what_is_kept_and_replayed(opened: Callable[..., Session]) -> None:
    with opened(lambda _request: Response(status=204, elapsed=0.2506)) as session:
        live = ask(session)
    with opened() as session:
        replayed = ask(session)

    assert (live.elapsed, live.source) == (0.251, "live")
    assert (replayed.status, replayed.elapsed, replayed.source) == (204, 0.251, "recorded")


def test_an_exchange_that_fails_is_recorded_and_replayed(opened: Callable[..., Session]) -> None:
    def answer(_request: Request) -> Response:
        raise TransportError("no response within 30 s", code="TIMEOUT", elapsed=30.0004)

    for third_party in (answer, None):
        with opened(third_party) as session, pytest.raises(TransportError) as caught:
            ask(session)
        assert (caught.value.code, caught.value.elapsed) == ("TIMEOUT", 30.0)


def test_an_unreadable_response_is_recorded_and_replayed(opened: Callable[..., Session]) -> None:
    def answer(_request: Request) -> Response:
        raise BadResponseError("the body cannot be decoded: minted-token-77")

    for third_party in (answer, None):
        with (
            opened(third_party, secrets=["minted-token-77"]) as session,
            pytest.raises(BadResponseError) as caught,
        ):
            ask(session)
    assert caught.value.code == "BAD_RESPONSE"
    assert str(caught.value).endswith("the body cannot be decoded: redacted.scenario..secret.1")


def test_a_session_that_is_over_neither_calls_nor_records(opened: Callable[..., Session]) -> None:
    with opened(lambda _request: Response(status=204)) as session:
        ask(session)

    with pytest.raises(ConfigError, match="the session is closed"):
        ask(session)


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        ("", ""), ("密钥-k3", "has fewer than 6 characters"), ("密钥-k3y", ""), ("abcdef", ""),
        ("张三", "has fewer than 6 characters"), ("a", "has fewer than 6 characters"),
        ("scenario", "is a part of what stands for it"),
        ("secret", "is a part of what stands for it"), ("secret-2", ""),
    ],
    ids=itertools.count(),
)  # fmt: skip
def test_a_secret_text_that_is_not_hidden_is_warned_of(secret: str, why: str) -> None:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        session = Session.open(secrets=["第一个密钥-7f3k", secret])
    with session:
        shown = session.redact(f"第一个密钥-7f3k <{secret}>")

    assert "第一个" not in shown
    assert (f"<{secret}>" in shown) == (bool(why) or not secret)
    assert [one.category for one in told] == [WeakSecretWarning] * bool(why)
    assert all(why in str(one.message) and "`redact:`" in str(one.message) for one in told)


@pytest.mark.parametrize(
    ("record", "mode", "source"),
    [("once", "replay", "recorded"), ("rewrite", "record", "simulated")],
)
def test_what_was_recorded_of_a_simulator_is_played_where_it_is_recorded_once(
    opened: Callable[..., Session], record: str, mode: str, source: str
) -> None:
    options = {"mode": "record", "against": "simulator"}
    with opened(record="once", **options) as first:
        recorded = ask(first)
    with opened(record=record, **options) as second:
        answered = ask(second)

        assert (first.mode, second.mode, recorded.source) == ("record", mode, "simulated")
        assert (answered.source, answered.body) == (source, recorded.body)
        if mode == "replay":
            with pytest.raises(ConfigError, match="nothing is simulated in mode replay"):
                second.simulator("crm_system")
