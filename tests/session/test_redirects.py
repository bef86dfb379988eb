"""What a call makes of a redirect: real servers on two origins, recorded and replayed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.errors import HttpStatusError
from bpmax_sim.script.failure import Script
from bpmax_sim.session.session import Session
from tests.loopback import answer_json, loopback

SIGNATURE = "q7Zr0aK3vTn2XbW9mYcE"
PLATFORM = """\
platform_key: files
base_url: https://files.example.test
credentials: {{key: {{secret: true}}}}
auth: {{preset: bearer, token: "{{{{ key }}}}"}}
{redirects}
apis: {{download: {{method: GET, path: /download}}}}
"""
INSTANCES = """\
- {{platform: files, instance_key: test, base_url: "{url}", credentials: {{key: {{env: KEY}}}}}}
"""
Opened = Callable[..., Session]


@pytest.fixture
def storage() -> Iterator[Any]:
    with loopback(lambda _: answer_json('{"name":"合同.pdf"}')) as server:
        yield server


@pytest.fixture
def opened(tmp_path: Path, storage: Any) -> Iterator[Opened]:
    """Return what opens a session over files whose downloads lie on another host."""
    location = f"{storage.url}/合同?X-Amz-Signature={SIGNATURE}"
    moved = answer_json("0", status="302 Found", headers=f"Location: {location}\r\n")
    with loopback(lambda _: moved) as files:
        (tmp_path / "platforms").mkdir()
        (tmp_path / "instances.yaml").write_text(INSTANCES.format(url=files.url), "utf-8")

        def begin(mode: str, redirects: str = "") -> Session:
            line = f"redirects: {redirects}" if redirects else ""
            platform = PLATFORM.format(redirects=line)
            (tmp_path / "platforms/files.yaml").write_text(platform, encoding="utf-8")
            return Session.open(
                tmp_path / "platforms",
                cassette=tmp_path / "cassettes/files.yaml",
                mode=mode,  # type: ignore[arg-type]
                record="rewrite",
                environ={"KEY": "k-99887766"} if mode == "record" else {},
            )

        yield begin


def written(tmp_path: Path) -> str:
    return (tmp_path / "cassettes/files.yaml").read_text(encoding="utf-8")


def test_a_signed_download_on_another_host_is_recorded_and_replayed(
    opened: Opened, storage: Any, tmp_path: Path
) -> None:
    results = []
    for mode in ("record", "replay"):
        with opened(mode) as session:
            script = Script("return await $proxy('files').$api('download')"
                            ".$header({'X-Tenant': 't-1'}).$call()")  # fmt: skip
            results.append(session.run_script(script).value)

    assert results == [{"name": "合同.pdf"}] * 2
    assert len(storage.received) == 1
    assert SIGNATURE.encode() in storage.received[0]
    assert not any(name in storage.received[0].lower() for name in (b"authorization", b"x-tenant"))
    assert SIGNATURE not in written(tmp_path)


def test_a_script_gets_the_redirect_itself(opened: Opened, storage: Any, tmp_path: Path) -> None:
    results = []
    for mode in ("record", "replay"):
        with opened(mode, "result") as session:
            results.append(session.proxy("files").download())

    assert [result["status"] for result in results] == [302, 302]
    assert SIGNATURE in results[0]["headers"]["location"]
    assert "X-Amz-Signature=redacted." in results[1]["headers"]["location"]
    assert storage.received == []
    assert SIGNATURE not in written(tmp_path)


def test_a_redirect_can_be_an_error(opened: Opened, storage: Any) -> None:
    with opened("record", "error") as session, pytest.raises(HttpStatusError) as caught:
        session.proxy("files").download()

    assert caught.value.status == 302
    assert storage.received == []
