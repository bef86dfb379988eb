"""Each tool behind one door: ``opened(tool, file, mode)`` yields a client that sends.

It runs in the peers' environment, so it knows nothing of bpmax_sim unless that is the tool.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

Send = Callable[[dict[str, Any]], bytes]
Opened = Callable[[Path, str, Sequence[dict[str, Any]]], AbstractContextManager[Send]]

PLATFORM = """\
platform_key: crm
base_url: "{base}"
credentials:
  key: {{secret: true}}
  own: {{secret: true}}
  token: {{secret: true}}
  password: {{secret: true}}
  client_secret: {{secret: true}}
auth:
  apply:
    - {{in: header, name: Authorization, value: "Bearer {{{{ key }}}}"}}
    - {{in: header, name: X-Acme, value: "{{{{ own }}}}"}}
    - {{in: query, name: access_token, value: "{{{{ token }}}}"}}
    - {{in: body, name: password, value: "{{{{ password }}}}"}}
    - {{in: body, name: client_secret, value: "{{{{ client_secret }}}}"}}
secret: [body.access_token]
apis:
  get: {{method: GET, path: "/get/{{n}}", parameters: [{{name: n, in: path, required: true}}]}}
  post: {{method: POST, path: "/post/{{n}}", parameters: [{{name: n, in: path, required: true}}]}}
"""
NAMES = ("key", "own", "token", "password", "client_secret")
INSTANCE = f"""\
- platform: crm
  instance_key: test
  credentials: {{{", ".join(f"{name}: {{env: {name.upper()}}}" for name in NAMES)}}}
"""


def httpx_send(client: Any) -> Send:
    """Return what sends by an httpx client."""

    def send(call: dict[str, Any]) -> bytes:
        answer: bytes = client.request(
            call.get("method", "GET"), call["url"], headers=call.get("headers"),
            json=call.get("json"), data=call.get("form"),
        ).content  # fmt: skip
        return answer

    return send


def requests_send(session: Any) -> Send:
    """Return what sends by a session of requests."""

    def send(call: dict[str, Any]) -> bytes:
        answer: bytes = session.request(
            call.get("method", "GET"), call["url"], headers=call.get("headers"),
            json=call.get("json"), data=call.get("form"),
        ).content  # fmt: skip
        return answer

    return send


def urllib_send(call: dict[str, Any]) -> bytes:
    """Send by the standard library."""
    import urllib.request  # noqa: PLC0415

    with urllib.request.urlopen(call["url"]) as answer:
        data: bytes = answer.read()
    return data


def sender(client: str) -> Send:
    """Return what sends by a client that knows of no tool."""
    if client == "urllib":
        return urllib_send
    if client == "requests":
        import requests  # noqa: PLC0415

        return requests_send(requests.Session())
    import httpx  # noqa: PLC0415

    return httpx_send(httpx.Client())


@contextmanager
def _vcrpy(file: Path, mode: str, _calls: object, client: str = "httpx") -> Iterator[Send]:
    import vcr  # noqa: PLC0415

    with vcr.VCR().use_cassette(str(file), record_mode="once" if mode == "record" else "none"):
        yield sender(client)


@contextmanager
def _cassetter(file: Path, mode: str, _calls: object, client: str = "httpx") -> Iterator[Send]:
    import cassetter  # noqa: PLC0415

    with cassetter.use_cassette(str(file), record_mode="once" if mode == "record" else "none"):
        yield sender(client)


@contextmanager
def _betamax(file: Path, mode: str, _calls: object, client: str = "requests") -> Iterator[Send]:
    import betamax  # noqa: PLC0415
    import requests  # noqa: PLC0415

    if client != "requests":
        yield sender(client)  # it wraps a session of requests, and sees no other client
        return
    session = requests.Session()
    recorder = betamax.Betamax(session, cassette_library_dir=str(file.parent))
    with recorder.use_cassette(file.stem, record="once" if mode == "record" else "none"):
        yield requests_send(session)


@contextmanager
def _respx(_file: Path, _mode: str, calls: Sequence[dict[str, Any]]) -> Iterator[Send]:
    import httpx  # noqa: PLC0415
    import respx  # noqa: PLC0415

    with respx.mock() as router:
        for call in calls:
            answer = httpx.Response(200, content=b'{"code":200}')
            router.request(call.get("method", "GET"), call["url"]).mock(return_value=answer)
        yield httpx_send(httpx.Client())


@contextmanager
def _ours(file: Path, mode: str, _calls: object, client: str = "httpx") -> Iterator[Send]:
    import httpx  # noqa: PLC0415

    import bpmax_sim as bs  # noqa: PLC0415
    from bpmax_sim.session import Session  # noqa: PLC0415

    base = (file.parent / "base").read_text("utf-8")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "platforms").mkdir()
        (folder / "platforms/crm.yaml").write_text(PLATFORM.format(base=base), "utf-8")
        (folder / "instances.yaml").write_text(INSTANCE, "utf-8")
        with Session.open(
            folder / "platforms",
            cassette=file,
            owner="peers",
            mode="record" if mode == "record" else "replay",
            environ={name.upper(): value for name, value in zip(NAMES, SECRETS, strict=False)},
        ) as session:
            if client == "httpx":
                yield httpx_send(httpx.Client(transport=bs.httpx_transport(session)))
            else:
                with session.listen():
                    yield sender(client)


class FailedError(Exception):
    """What pytest said of a test."""


@contextmanager
def through_pytest(options: Sequence[str], test: str, calls: Sequence[Any]) -> Iterator[Send]:
    """Collect calls, and make them in a test of pytest when the context ends."""
    made: list[dict[str, Any]] = []

    def send(call: dict[str, Any]) -> bytes:
        made.append(call)
        return b"{}"

    yield send
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "pytest.ini").write_text("[pytest]\n", "utf-8")
        said = {"MADE": made, "KNOWN": list(calls)}
        head = "".join(f"{key} = {value!r}\n" for key, value in said.items())
        (folder / "test_it.py").write_text(head + test, "utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "--tb=short", *options, name]
        ran = subprocess.run(command, check=False, capture_output=True, text=True)
        if ran.returncode:
            raise FailedError(ran.stdout)


_MADE = """
    with httpx.Client() as client:
        for call in MADE:
            client.request(call.get("method", "GET"), call["url"], headers=call.get("headers"),
                           json=call.get("json"), data=call.get("form"))
"""
_MARKED = """
import httpx, pytest

@pytest.mark.default_cassette({file!r})
@pytest.mark.vcr
def test_it():"""
_MOCKED = """
import httpx

def test_it(httpx_mock):
    for call in KNOWN:
        httpx_mock.add_response(method=call.get("method", "GET"), url=call["url"], json={})"""


@contextmanager
def _pytest_recording(file: Path, mode: str, calls: Sequence[Any]) -> Iterator[Send]:
    recording = "once" if mode == "record" else "none"
    options = ("-p", "no:cassetter", "-p", "no:pytest_httpx", "-p", "no:respx")
    test = _MARKED.format(file=str(file)) + _MADE
    with through_pytest((*options, f"--record-mode={recording}"), test, calls) as send:
        yield send


@contextmanager
def _pytest_httpx(_file: Path, _mode: str, calls: Sequence[Any]) -> Iterator[Send]:
    options = ("-p", "no:cassetter", "-p", "no:recording")
    with through_pytest(options, _MOCKED + _MADE, calls) as send:
        yield send


SECRETS = tuple(f"Zq{number}vKx8Lw3Tn5Rb7Yd2Hm" for number in range(6))
"""One for each place: Authorization, own header, query, JSON, form, and one that is minted."""

TOOLS: dict[str, Opened] = {
    "bpmax_sim": _ours,
    "vcrpy": _vcrpy,
    "cassetter": _cassetter,
    "betamax": _betamax,
    "respx": _respx,
    "pytest-recording": _pytest_recording,
    "pytest-httpx": _pytest_httpx,
}
SUFFIX = {"vcrpy": ".yaml", "cassetter": ".toml", "betamax": ".json"}
