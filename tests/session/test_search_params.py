"""A URLSearchParams in ``$body`` and ``$query``: sent as `fetch` sends it, or refused by name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bpmax_sim.errors import ScriptError
from bpmax_sim.script.failure import Script
from bpmax_sim.session.session import Session
from tests.loopback import Loopback, answer_json, loopback

PLATFORM = """\
platform_key: oa
base_url: {url}
apis:
  plain: {{method: POST, path: /plain}}
  form: {{method: POST, path: /form, encoding: form}}
  text: {{method: POST, path: /text, encoding: text}}
  parts: {{method: POST, path: /parts, encoding: multipart}}
  json: {{method: POST, path: /json, encoding: json}}
  search: {{path: /search, query: {{size: 20, page: 1}}}}
"""
PARAMS = "new URLSearchParams([['客户', '王 喆&'], ['id', '2'], ['id', '1'], ['客户', '李堃']])"
SENT = "%E5%AE%A2%E6%88%B7=%E7%8E%8B+%E5%96%86%26&id=2&id=1&%E5%AE%A2%E6%88%B7=%E6%9D%8E%E5%A0%83"


@pytest.fixture(name="server")
def running() -> Iterator[Loopback]:
    with loopback(lambda _raw: answer_json("{}")) as server:
        yield server


@pytest.fixture(name="session")
def live(tmp_path: Path, server: Loopback) -> Iterator[Session]:
    (tmp_path / "platforms").mkdir()
    text = PLATFORM.format(url=server.url)
    (tmp_path / "platforms/oa.yaml").write_text(text, encoding="utf-8")
    with Session.open(tmp_path / "platforms", mode="live", environ={}) as session:
        yield session


def run(session: Session, source: str) -> None:
    session.run_script(Script(source)).unwrap()


@pytest.mark.parametrize(
    ("api", "kind"),
    [
        ("plain", "application/x-www-form-urlencoded"),
        ("form", "application/x-www-form-urlencoded"),
        ("text", "text/plain; charset=utf-8"),
    ],
)
def test_a_body_is_sent_as_the_text_of_its_pairs(
    session: Session, server: Loopback, api: str, kind: str
) -> None:
    run(session, f"await $proxy('oa').$api('{api}').$body({PARAMS}).$call()")

    head, _, body = server.received[0].decode().partition("\r\n\r\n")
    assert body == SENT
    assert f"content-type: {kind}\r\n" in f"{head}\r\n".lower()


def test_each_pair_is_a_part_of_a_multipart_body(session: Session, server: Loopback) -> None:
    run(session, f"await $proxy('oa').$api('parts').$body({PARAMS}).$call()")

    body = server.received[0].decode()
    assert [body.count(name) for name in ('name="客户"\r\n\r\n', 'name="id"\r\n\r\n')] == [2, 2]


def test_a_query_is_sent_as_its_pairs_over_the_declared_ones(
    session: Session, server: Loopback
) -> None:
    source = "new URL('https://oa.example.test/?page=3&dept=a&dept=b').searchParams"
    run(session, f"await $proxy('oa').$api('search').$query({source}).$call()")

    assert server.received[0].startswith(b"GET /search?size=20&page=3&dept=a&dept=b HTTP")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (f"$api('json').$body({PARAMS})", "body is a URLSearchParams"),
        (f"$api('plain').$body({{a: [{PARAMS}]}})", r"body.a\[0\] is a URLSearchParams"),
        (f"$api('form').$body({{a: {PARAMS}}})", "body.a is a URLSearchParams"),
        (f"$api('search').$query({{a: {PARAMS}}})", "query.a is a URLSearchParams"),
        (f"$api('search').$header({PARAMS})", "got an object"),
    ],
)
def test_elsewhere_it_is_refused_by_name(
    session: Session, server: Loopback, source: str, message: str
) -> None:
    with pytest.raises(ScriptError, match=message):
        run(session, f"await $proxy('oa').{source}.$call()")
    assert server.received == []
