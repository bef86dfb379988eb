"""``python -m tests.campaigns.importers``: what other people's tools write, imported and replayed.

Real traffic of one server is recorded by mitmproxy (its flows, and the HAR that it exports), by a
Chromium (Playwright's HAR, zipped and not, and the DevTools' by ``chrome-har``), and by newman with
Postman's own SDK, which exports a collection with saved responses. Each file is imported by the
command and replayed without the server: the same bytes have to come, and no password or token may
be in it. `init --from` makes a project of it, too, which has to pass and to hide the same.
mitmproxy comes from PyPI, the others from npm, into temporary folders or those that ``MITMPROXY``
(a ``bin``) and ``NODE_MODULES`` name.
"""

from __future__ import annotations

import gzip
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

from bpmax_sim.messages import Request
from bpmax_sim.session.session import Session
from tests.loopback import serving

NPM = ("newman@6", "postman-collection@4", "chrome-har@1")
DATA = Path(__file__).parents[1] / "data/node"
_PASSWORD, _TOKEN = f"Zhejiang#{secrets.token_hex(8)}", secrets.token_urlsafe(24)
_PATIENCE = 30

Answer = tuple[int, str, bytes]
_JSON = "application/json; charset=utf-8"
_PAGE = '<html><meta charset="gbk"><title>客户</title>王喆、李堃</html>'
ANSWERS: dict[str, Answer] = {
    "GET /": (200, "text/html; charset=utf-8", "<title>首页</title>".encode()),
    "GET /contracts.json": (200, _JSON, '{"客户": "王喆", "合同编号": "HT-007"}'.encode()),
    "GET /old.html": (200, "text/html", _PAGE.encode("gbk")),
    "GET /names.txt": (200, "text/plain; charset=GB18030", "李堃、𠮷野".encode("gb18030")),
    "GET /liar.txt": (200, "text/plain; charset=utf-8", "王喆".encode("gbk")),
    "GET /packed.json": (200, _JSON, '{"金额": 1280.5}'.encode()),
    "GET /photo.png": (200, "image/png", bytes(range(256)) * 4),
    "GET /missing": (404, _JSON, '{"message": "没有"}'.encode()),
    "DELETE /contracts.json": (204, "", b""),
    "POST /login": (200, _JSON, json.dumps({"token": _TOKEN, "user": "liuyang"}).encode()),
    "POST /contracts": (201, _JSON, '{"编号": 8}'.encode()),
}
_FORM = f"username=liuyang&password={_PASSWORD.replace('#', '%23')}"
SENT = {
    "POST /login": ("application/x-www-form-urlencoded", _FORM),
    "POST /contracts": ("application/json", '{"客户": "王喆", "amount": 1280.5}'),
}

_LOST = "characters of its body were lost when it was saved (U+FFFD)"
LEFT_OUT = {
    "devtools.har": {"POST /contracts": "the archive has the parts of its body"},
    "客户.postman_collection.json": dict.fromkeys(
        ("GET /old.html", "GET /names.txt", "GET /liar.txt", "GET /photo.png"), _LOST
    ),
}
"""What a file does not have, and the words that say so: chrome-har takes a JSON body apart, and
Postman keeps a response as text in UTF-8."""


class Party(BaseHTTPRequestHandler):
    """Answers as `ANSWERS` says; a header of each answer is no UTF-8."""

    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        status, kind, body = ANSWERS.get(f"{self.command} {self.path}", (404, "", b""))
        self.send_response(status)
        if self.path == "/packed.json":
            body = gzip.compress(body)
            self.send_header("Content-Encoding", "gzip")
        if self.path == "/login":
            self.send_header("Set-Cookie", f"SESSION={_TOKEN}; HttpOnly")
        if kind:
            self.send_header("Content-Type", kind)
        self.send_header("X-Owner", "刘洋".encode("gbk").decode("latin-1"))
        if status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_DELETE = _answer  # noqa: N815 - as http.server calls them

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@contextmanager
def _serve() -> Iterator[str]:
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Party)) as url:
        yield url


# ---------------------------------------------------------------------------- the tools


def _install(folder: Path) -> tuple[Path, Path]:
    """Return where mitmproxy's commands are, and the modules of npm."""
    commands = os.environ.get("MITMPROXY")
    if not commands:
        venv.create(folder / "venv", with_pip=True)
        commands = str(folder / "venv/bin")
        command = [f"{commands}/python", "-m", "pip", "install", "-q", "mitmproxy"]
        subprocess.run(command, check=True)
    return Path(commands), install_node_modules(folder, *NPM)


def install_node_modules(folder: Path, *packages: str) -> Path:
    """Return where Node finds *packages*."""
    if modules := os.environ.get("NODE_MODULES"):
        return Path(modules)
    command = ["npm", "install", "--silent", "--no-audit", "--no-fund", *packages]
    subprocess.run([*command, "--prefix", str(folder)], check=True)
    return folder / "node_modules"


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"nothing listens on {port}")


def record_by_mitmproxy(url: str, commands: Path, folder: Path) -> Iterator[Path]:
    """Yield the flows of mitmproxy, and the HAR that it makes of them."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    flows, har = folder / "flows.mitm", folder / "mitmproxy.har"
    command = [str(commands / "mitmdump"), "-q", "--listen-host", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen([*command, "-w", str(flows)]) as proxy:
        _wait_for(port)
        with httpx.Client(proxy=f"http://127.0.0.1:{port}", trust_env=False, timeout=60) as client:
            for name in ANSWERS:
                method, path = name.split()
                kind, body = SENT.get(name, ("", ""))
                headers = {"Content-Type": kind} if kind else {}
                client.request(method, url + path, content=body.encode(), headers=headers)
        proxy.terminate()
    yield flows
    export = [str(commands / "mitmdump"), "-q", "-n", "-r", str(flows), "--set", f"hardump={har}"]
    subprocess.run(export, check=True)
    yield har


_FETCH = """async ([name, kind, body]) => {
  const [method, path] = name.split(' ');
  const headers = kind ? {'Content-Type': kind} : {};
  const reply = await fetch(path, {method, headers, body: body || undefined});
  await reply.arrayBuffer();
}"""


def record_by_chromium(url: str, modules: Path, folder: Path) -> Iterator[Path]:
    """Yield what Playwright records of a Chromium, zipped and not, and the HAR of its DevTools."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - a browser's

    har, packed, events = folder / "pw.har", folder / "pw.har.zip", folder / "events.json"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
        for path in (har, packed):
            context = browser.new_context(record_har_path=path)
            _visit(context.new_page(), url)
            context.close()
        context = browser.new_context()
        page = context.new_page()
        session = context.new_cdp_session(page)
        log = _listen(session)
        _visit(page, url)
        page.wait_for_timeout(500)
        _add_bodies(session, log)
        context.close()
        browser.close()
    events.write_text(json.dumps(log), encoding="utf-8")
    yield har
    yield packed
    devtools = folder / "devtools.har"
    _run_node("devtools.js", modules, events, devtools)
    yield devtools


def _visit(page: Any, url: str) -> None:
    page.goto(url + "/")
    for name in list(ANSWERS)[1:]:
        page.evaluate(_FETCH, [name, *SENT.get(name, ("", ""))])


def _listen(devtools: Any) -> list[dict[str, Any]]:
    """Return the list that gets every event of the network."""
    log: list[dict[str, Any]] = []
    for name in (
        "Page.frameStartedLoading", "Page.frameAttached", "Page.domContentEventFired",
        "Page.loadEventFired", "Network.requestWillBeSent", "Network.responseReceived",
        "Network.responseReceivedExtraInfo", "Network.dataReceived", "Network.loadingFailed",
        "Network.requestWillBeSentExtraInfo", "Network.loadingFinished",
    ):  # fmt: skip
        devtools.on(name, lambda params, name=name: log.append({"method": name, "params": params}))

    devtools.send("Page.enable")
    devtools.send("Network.enable")
    return log


def _add_bodies(devtools: Any, log: list[dict[str, Any]]) -> None:
    """Add to each response its body, where it has one."""
    for event in [event for event in log if event["method"] == "Network.responseReceived"]:
        response, request = event["params"]["response"], event["params"]["requestId"]
        if response["status"] != HTTPStatus.NO_CONTENT:
            content = devtools.send("Network.getResponseBody", {"requestId": request})
            response["body"] = content["body"]
            response["encoding"] = "base64" if content["base64Encoded"] else None


def record_by_newman(url: str, modules: Path, folder: Path) -> Iterator[Path]:
    """Yield the collection that Postman's SDK exports of what newman got."""
    wanted, collection = folder / "wanted.json", folder / "客户.postman_collection.json"
    requests = [[name, *SENT.get(name, ("", ""))] for name in ANSWERS]
    wanted.write_text(json.dumps({"url": url, "requests": requests}), encoding="utf-8")
    _run_node("postman.js", modules, wanted, collection)
    yield collection


def _run_node(script: str, modules: Path, source: Path, target: Path) -> None:
    environ = {**os.environ, "NODE_PATH": str(modules)}
    subprocess.run(["node", DATA / script, source, target], check=True, env=environ)


# ---------------------------------------------------------------------------- what comes of it


def prove(file: Path, url: str, project: Path) -> str:
    """Import *file* and replay it without the server; return a line about it."""
    cassette = project / f"cassettes/{file.name}.yaml"
    command = [sys.executable, "-m", "bpmax_sim", "import", str(file), "--to", str(cassette)]
    done = subprocess.run(
        [*command, "--yes"], cwd=project, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{file.name}: {done.stdout}{done.stderr}"
    text = cassette.read_text(encoding="utf-8")
    for secret in (_PASSWORD, _PASSWORD.replace("#", "%23"), _TOKEN):
        assert secret not in text, f"{file.name}: a secret is left in it"
    wrong, left_out = [], LEFT_OUT.get(file.name, {})
    with Session.open(mode="replay", cassette=cassette, unused="ignore") as session:
        for name, (status, _, body) in ANSWERS.items():
            method, path = name.split()
            kind, sent = SENT.get(name, ("", ""))
            if name in left_out:
                assert left_out[name] in done.stderr, done.stderr
                continue
            reply = session.handle(
                Request(
                    method=method,
                    url=url + path,
                    headers=(("Content-Type", kind),) if kind else (),
                    body=sent.encode() or None,
                )
            )
            token = json.loads(reply.body)["token"] if name == "POST /login" else _TOKEN
            if (reply.status, reply.body) != (
                status,
                body.replace(_TOKEN.encode(), token.encode()),
            ):
                wrong.append(f"{name}: {reply.status} {reply.body[:80]!r}")
    notes = done.stderr.strip().splitlines()
    assert not wrong, "\n".join([f"{file.name}:", *wrong, *notes])
    return "\n".join([f"{file.name}: {len(ANSWERS)} answers", *(f"  {note}" for note in notes)])


def prove_draft(file: Path, url: str, project: Path) -> str:
    """Make a project of *file* by one command, and run it; return a line about it."""
    command = [sys.executable, "-m", "bpmax_sim"]
    before = os.times()
    done = subprocess.run(
        [*command, "init", str(project), "--from", str(file)],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, f"{file.name}: {done.stdout}{done.stderr}"
    ran = subprocess.run(
        [*command, "run"], cwd=project, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, f"{file.name}: {ran.stdout}{ran.stderr}"
    spent = sum(os.times()[2:4]) - sum(before[2:4])
    for path in filter(Path.is_file, project.rglob("*")):
        data = path.read_bytes()
        for secret in (_PASSWORD, _PASSWORD.replace("#", "%23"), _TOKEN):
            assert secret.encode() not in data, f"{file.name}: a secret is left in {path}"
        is_platform = path.parent.name == "platforms"
        assert not is_platform or url.partition("//")[2].encode() not in data, f"{path}: {url}"
    calls = ran.stdout.strip().splitlines()[0]
    return f"{file.name}: drafted, {calls} ({spent:.1f} s of processor, both commands)"


def main() -> int:
    """Prove each tool's files; return the exit status."""
    failed = 0
    with tempfile.TemporaryDirectory() as folder, _serve() as url:
        commands, modules = _install(Path(folder))
        (project := Path(folder, "project")).mkdir()
        for record, tools in (
            (record_by_mitmproxy, commands),
            (record_by_chromium, modules),
            (record_by_newman, modules),
        ):
            for file in record(url, tools, Path(folder)):
                drafted = Path(folder, f"drafted_{file.name.replace('.', '_')}")
                for step, place in ((prove, project), (prove_draft, drafted)):
                    try:
                        line = step(file, url, place)
                    except AssertionError as error:
                        failed, line = failed + 1, f"FAILED {error}"
                    sys.stdout.write(f"{line}\n")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
