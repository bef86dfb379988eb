"""Each tool behind one door: ``TOOLS[tool](file, mode, calls)`` yields what sends.

With ``declared`` each tool is told of every secret as its documentation says; without it, of none.
It runs in the peers' environment, so it knows nothing of bpmax_sim unless that is the tool.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

Send = Callable[[dict[str, Any]], bytes]
Opened = Callable[..., AbstractContextManager[Send]]
"""Takes the file, ``record`` or ``replay``, the calls that are known, and perhaps ``client``, and
``declared``."""

SECRETS = tuple(f"Zq{number}vKx8Lw3Tn5Rb7Yd2Hm" for number in range(6))
"""One for each place: Authorization, own header, query, JSON, form, and one that is minted."""

_PLATFORM = """\
platform_key: crm
base_url: "{base}"
apis:
  get: {{method: GET, path: "/get/{{n}}", parameters: [{{name: n, in: path, required: true}}]}}
  post: {{method: POST, path: "/post/{{n}}", parameters: [{{name: n, in: path, required: true}}]}}
"""
_DECLARED = """\
credentials:
  key: {secret: true}
  own: {secret: true}
  token: {secret: true}
  password: {secret: true}
  client_secret: {secret: true}
auth:
  apply:
    - {in: header, name: Authorization, value: "Bearer {{ key }}"}
    - {in: header, name: X-Acme, value: "{{ own }}"}
    - {in: query, name: access_token, value: "{{ token }}"}
    - {in: body, name: password, value: "{{ password }}"}
    - {in: body, name: client_secret, value: "{{ client_secret }}"}
secret: [body.access_token]
"""
_NAMES = ("key", "own", "token", "password", "client_secret")
_INSTANCE = "- platform: crm\n  instance_key: test\n"
_CREDENTIALS = f"""\
  credentials: {{{", ".join(f"{name}: {{env: {name.upper()}}}" for name in _NAMES)}}}
"""


def _minted(_request: object, response: Mapping[str, Any]) -> str | None:
    """Return the token in an answer of vcrpy's."""
    token: str | None = json.loads(response["body"]["string"]).get("access_token")
    return token


VCRPY_NAMES = {
    "filter_headers": ["authorization", "x-acme"],
    "filter_query_parameters": ["access_token"],
    "filter_post_data_parameters": ["password", "client_secret"],
}
VCRPY_FILTERS = {**VCRPY_NAMES, "filter_sensitive_data": {"<TOKEN>": _minted}}
CASSETTER_FILTERS = {"filter_headers": ["x-acme"]}
"""The other places are in its own lists."""
BETAMAX_PLACEHOLDERS = [
    {"placeholder": f"<{name.upper()}>", "replace": secret}
    for name, secret in zip(_NAMES, SECRETS, strict=False)
]


def _betamax_minted(interaction: Any, cassette: Any) -> None:
    """Declare the token in an answer, as the documentation of betamax's hooks shows."""
    from betamax.cassette.cassette import Placeholder  # noqa: PLC0415

    token = interaction.recorded_response.json().get("access_token")
    if token:
        cassette.placeholders.append(Placeholder(placeholder="<TOKEN>", replace=token))


def client_send(client: Any) -> Send:
    """Return what sends by a client of httpx or a session of requests, which take the same."""

    def send(call: dict[str, Any]) -> bytes:
        answer: bytes = client.request(
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

        return client_send(requests.Session())
    import httpx  # noqa: PLC0415

    return client_send(httpx.Client())


@contextmanager
def _vcrpy(
    file: Path, mode: str, _calls: object, client: str = "httpx", *, declared: bool = False
) -> Iterator[Send]:
    import vcr  # noqa: PLC0415

    tool = vcr.VCR(**VCRPY_FILTERS if declared else {})
    with tool.use_cassette(str(file), record_mode="once" if mode == "record" else "none"):
        yield sender(client)


@contextmanager
def _cassetter(
    file: Path, mode: str, _calls: object, client: str = "httpx", *, declared: bool = False
) -> Iterator[Send]:
    import cassetter  # noqa: PLC0415

    filters = CASSETTER_FILTERS if declared else {}
    recording = "once" if mode == "record" else "none"
    with cassetter.use_cassette(str(file), record_mode=recording, **filters):
        yield sender(client)


@contextmanager
def _betamax(
    file: Path, mode: str, _calls: object, client: str = "requests", *, declared: bool = False
) -> Iterator[Send]:
    import betamax  # noqa: PLC0415
    import requests  # noqa: PLC0415

    if client != "requests":
        yield sender(client)  # it wraps a session of requests, and sees no other client
        return
    session = requests.Session()
    recorder = betamax.Betamax(session, cassette_library_dir=str(file.parent))
    if declared:
        recorder.config.before_record(callback=_betamax_minted)
    placeholders = BETAMAX_PLACEHOLDERS if declared else []
    recording = "once" if mode == "record" else "none"
    with recorder.use_cassette(file.stem, record=recording, placeholders=placeholders):
        yield client_send(session)


@contextmanager
def _respx(_file: Path, _mode: str, calls: Sequence[dict[str, Any]]) -> Iterator[Send]:
    import httpx  # noqa: PLC0415
    import respx  # noqa: PLC0415

    with respx.mock() as router:
        for call in calls:
            answer = httpx.Response(200, content=b'{"code":200}')
            router.request(call.get("method", "GET"), call["url"]).mock(return_value=answer)
        yield client_send(httpx.Client())


@contextmanager
def _ours(
    file: Path, mode: str, _calls: object, client: str = "httpx", *, declared: bool = False
) -> Iterator[Send]:
    import httpx  # noqa: PLC0415

    import bpmax_sim as bs  # noqa: PLC0415
    from bpmax_sim.session.session import Session  # noqa: PLC0415

    base = (file.parent / "base").read_text("utf-8")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "platforms").mkdir()
        platform, instance = _PLATFORM.format(base=base), _INSTANCE
        if declared:
            platform, instance = platform + _DECLARED, instance + _CREDENTIALS
        (folder / "platforms/crm.yaml").write_text(platform, "utf-8")
        (folder / "instances.yaml").write_text(instance, "utf-8")
        with Session.open(
            folder / "platforms",
            cassette=file,
            owner="peers",
            mode="record" if mode == "record" else "replay",
            environ={name.upper(): value for name, value in zip(_NAMES, SECRETS, strict=False)},
        ) as session:
            if client == "httpx":
                yield client_send(httpx.Client(transport=bs.httpx_transport(session)))
            else:
                with session.listen():
                    yield sender(client)


class FailedError(Exception):
    """What pytest reported that was raised: neither source lines nor captured output."""


@contextmanager
def through_pytest(options: Sequence[str], test: str, calls: Sequence[Any]) -> Iterator[Send]:
    """Collect calls, and make them in a test of pytest when the context ends.

    The calls are in a file beside the test, so that no line of its source shows one.
    """
    made: list[dict[str, Any]] = []

    def send(call: dict[str, Any]) -> bytes:
        made.append(call)
        return b"{}"

    yield send
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "pytest.ini").write_text("[pytest]\n", "utf-8")
        both = {"made": made, "known": list(calls)}
        (folder / "calls.json").write_text(json.dumps(both), "utf-8")
        (folder / "test_it.py").write_text(_HEAD + test, "utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "--tb=short", *options, name]
        ran = subprocess.run(command, check=False, capture_output=True, text=True)
        if ran.returncode:
            raised = [line for line in ran.stdout.splitlines() if line.startswith("E  ")]
            raise FailedError("\n".join(raised) or ran.stdout + ran.stderr)


_HEAD = """\
import json, pathlib
import httpx, pytest

CALLS = json.loads(pathlib.Path(__file__).with_name("calls.json").read_text("utf-8"))
"""
_MADE = """
    with httpx.Client() as client:
        for call in CALLS["made"]:
            client.request(call.get("method", "GET"), call["url"], headers=call.get("headers"),
                           json=call.get("json"), data=call.get("form"))
"""
_CONFIGURED = """
@pytest.fixture(scope="module")
def vcr_config():
    return {filters!r}
"""
_MARKED = """
@pytest.mark.default_cassette({file!r})
@pytest.mark.vcr
def test_it():"""
_MOCKED = """
def test_it(httpx_mock):
    for call in CALLS["known"]:
        httpx_mock.add_response(method=call.get("method", "GET"), url=call["url"], json={})"""


@contextmanager
def _pytest_recording(
    file: Path, mode: str, calls: Sequence[Any], *, declared: bool = False
) -> Iterator[Send]:
    recording = "once" if mode == "record" else "none"
    options = ("-p", "no:cassetter", "-p", "no:pytest_httpx", "-p", "no:respx")
    configured = _CONFIGURED.format(filters=VCRPY_NAMES) if declared else ""
    test = configured + _MARKED.format(file=str(file)) + _MADE
    with through_pytest((*options, f"--record-mode={recording}"), test, calls) as send:
        yield send


@contextmanager
def _pytest_httpx(_file: Path, _mode: str, calls: Sequence[Any]) -> Iterator[Send]:
    options = ("-p", "no:cassetter", "-p", "no:recording")
    with through_pytest(options, _MOCKED + _MADE, calls) as send:
        yield send


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
