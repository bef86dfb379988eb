"""What `record` says where the third party's response is not HTTP, and how it is counted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cli.project import Command, Project
from tests.loopback import answer_json, loopback

TOKEN = '{"access_token": "Kx81mZpqT7wB", "expires_in": 7200}'


def answer(request: bytes) -> bytes | Iterator[bytes]:
    """Log in as it should be, and answer the call with two lengths."""
    if request.startswith(b"POST /oauth/token"):
        return answer_json(TOKEN)
    return iter([b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}x"])


def test_a_response_that_is_not_http_is_the_third_partys_fault(
    project: Project, bs: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CRM_CLIENT_ID", "CRM_CLIENT_SECRET"):
        monkeypatch.setenv(name, f"{name.lower()}-s3cret-s3cret")
    with loopback(answer) as server:
        address = server.url
        monkeypatch.setenv("CRM_URL", address)
        english, chinese = bs("record", "--record=rewrite"), bs("--lang", "zh", "record")

    assert english.code == 4
    assert (
        "crm_system.get_customer_detail: the response cannot be read: it has two different "
        "Content-Length headers; the server, or a proxy or gateway before it, has to be corrected "
        "(curl -v shows what it sends)"
    ) in english.out
    assert f"{address} was tried, from the variable CRM_URL" in english.out
    assert "h11" not in english.out + english.err + chinese.out + chinese.err
    assert not project.cassette.exists()
