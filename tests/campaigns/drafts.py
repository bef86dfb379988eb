"""Drafts of real traffic, and how well paths are told: ``python -m tests.campaigns.drafts``.

Chromium, driven by Playwright, uses a Kinto on loopback; its archive becomes a project by one
command, which passes, and holds neither the address nor the password.

Five public OpenAPI documents, of npm's ``@readme/oas-examples``, are served by Prism and asked by
schemathesis, which makes the values. Of placeholders for which it sent three values or more,
95 % have to be found, and 95 % of what is found has to be one. Those with fewer are counted apart.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import subprocess
import sys
import tempfile
import time
import venv
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import httpx

from bpmax_sim.starter.path_patterns import ObservedPath, find_templates, make_json_shape_key
from tests.report.viewer import browser
from tests.third_parties.kinto import USER, crm

DOCUMENTS: Final = (
    "3.0/json/petstore", "3.0/json/petstore-expanded", "3.0/json/link-example", "3.1/json/readme",
    "3.1/json/train-travel",
)  # fmt: skip
NPM: Final = ("@readme/oas-examples", "@stoplight/prism-cli")
SCHEMATHESIS: Final = "schemathesis"
GOAL: Final = 0.95
FEW: Final = 3
_GOOD: Final = range(200, 300)
_PLACEHOLDER: Final = re.compile(r"\{[^{}]*\}")

_CALLS: Final = """async ([user, password]) => {
  const bytes = new TextEncoder().encode(`${user}:${password}`);
  const headers = {Authorization: 'Basic ' + btoa(String.fromCharCode(...bytes)), 'Content-Type': 'application/json'};
  const records = '/v1/buckets/crm/collections/';
  const call = (method, path, body) => fetch(records + path, {method, headers, body: body && JSON.stringify(body)}).then(reply => reply.text());
  for (const id of ['12345', '67890', '99999']) await call('GET', 'customers/records/' + id);
  await call('GET', 'customers/records?_limit=1&_sort=name');
  for (const amount of [80000, 260000.5]) await call('POST', 'orders/records', {data: {customer: '12345', amount, remark: '加急'}});
  for (const id of ['HT-1', 'HT-2', 'HT-3']) await call('PUT', 'orders/records/' + id, {data: {customer: '67890', amount: 1}});
  await call('DELETE', 'orders/records/HT-2');
}"""  # noqa: E501 - JavaScript


def draft_of_chromium() -> Iterator[str]:
    """Yield what is wrong with the project that is drafted of Chromium's archive."""
    with crm() as third, tempfile.TemporaryDirectory() as place, browser() as running:
        archive, project = Path(place, "crm.har"), Path(place, "project")
        context = running.new_context(record_har_path=archive, bypass_csp=True)
        page = context.new_page()
        page.goto(f"{third.url}/v1/")
        password = third.environment["CRM_PASSWORD"]
        page.evaluate(_CALLS, [USER, password])
        context.close()
        command = [sys.executable, "-m", "bpmax_sim"]
        subprocess.run([*command, "init", project, "--from", archive], check=True)
        done = subprocess.run([*command, "run"], cwd=project, check=False, capture_output=True)
        print(done.stdout.decode())  # noqa: T201
        if done.returncode or b"11 calls" not in done.stdout + done.stderr:
            yield f"chromium: {done.stdout.decode()} {done.stderr.decode()}"
        files = b"".join(path.read_bytes() for path in project.rglob("*") if path.is_file())
        platforms = b"".join(path.read_bytes() for path in project.rglob("platforms/*.yaml"))
        for text, where in ((password, files), (third.url.partition("//")[2], platforms)):
            if text.encode() in where:
                yield f"chromium: {text} is in the project"


def install(folder: Path) -> tuple[Path, Path, Path]:
    """Return Prism, the folder of documents, and schemathesis, installed below *folder*."""
    npm = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), *NPM]
    subprocess.run(npm, check=True)
    venv.create(folder / "env", with_pip=True)
    pip = [str(folder / "env/bin/python"), "-m", "pip", "install", "-q", SCHEMATHESIS]
    subprocess.run(pip, check=True)
    modules = folder / "node_modules"
    documents = modules / "@readme/oas-examples"
    return (
        modules / "@stoplight/prism-cli/dist/index.js",
        documents,
        folder / "env/bin/schemathesis",
    )


@contextlib.contextmanager
def mock_server(prism: Path, document: Path) -> Iterator[str]:
    """Serve *document* by Prism, and yield its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["node", str(prism), "mock", "-h", "127.0.0.1", "-p", str(port), str(document)]
    url = f"http://127.0.0.1:{port}"
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        try:
            for _ in range(300):
                with contextlib.suppress(httpx.TransportError):
                    httpx.get(url, trust_env=False)
                    break
                time.sleep(0.2)
            yield url
        finally:
            child.terminate()


def record(schemathesis: Path, document: Path, url: str, archive: Path) -> list[Mapping[str, Any]]:
    """Return the entries of the archive that *schemathesis* writes of its requests to *url*."""
    command = [
        str(schemathesis), "run", str(document), "--url", url, "--phases", "fuzzing", "--mode",
        "positive", "--max-examples", "6", "--report", "har", "--report-har-path", str(archive),
        "--checks", "not_a_server_error", "--generation-deterministic", "--no-color",
    ]  # fmt: skip
    subprocess.run(command, cwd=archive.parent, check=False, stdout=subprocess.DEVNULL)
    entries: list[Mapping[str, Any]] = json.loads(archive.read_text("utf-8"))["log"]["entries"]
    return entries


def observe(entries: list[Mapping[str, Any]]) -> list[ObservedPath]:
    """Return the paths of *entries*."""
    return [
        ObservedPath(
            entry["request"]["method"],
            "/" + entry["request"]["url"].partition("://")[2].partition("/")[2].partition("?")[0],
            _shape(entry["response"]),
        )
        for entry in entries
    ]


def _shape(response: Mapping[str, Any]) -> str:
    if response["status"] not in _GOOD:
        return ""
    content = response["content"]
    try:
        return make_json_shape_key(json.loads(content.get("text") or ""))
    except ValueError:
        return str(content.get("mimeType", ""))


def score(document: Mapping[str, Any], observed: list[ObservedPath]) -> Counter[str]:
    """Return how many placeholders were found, missed, made up, and seen with few values."""
    declared = sorted(document["paths"], key=lambda path: path.count("{"))
    patterns = [
        (path, re.compile("[^/]*".join(map(re.escape, _PLACEHOLDER.split(path)))))
        for path in declared
    ]
    truth = {
        one.path: next((path for path, pattern in patterns if pattern.fullmatch(one.path)), "")
        for one in observed
    }
    values: dict[tuple[str, int], set[str]] = defaultdict(set)
    for path, template in truth.items():
        for number, segment in enumerate(path.split("/")):
            values[template, number].add(segment)
    counted: Counter[str] = Counter()
    for (_, path), found in find_templates(observed).items():
        template = truth[path]
        for number, part in enumerate(template.split("/") if template else ()):
            is_declared, is_found = "{" in part, "{" in found.split("/")[number]
            if is_declared and len(values[template, number]) < FEW:
                counted["few"] += 1
            elif is_declared or is_found:
                kind = {(True, True): "found", (True, False): "missed", (False, True): "made up"}
                counted[kind[is_declared, is_found]] += 1
    return counted


def template_problems() -> Iterator[str]:
    """Yield the documents in whose traffic too few placeholders are found, or too many."""
    with tempfile.TemporaryDirectory() as place:
        prism, documents, schemathesis = install(Path(place))
        for name in DOCUMENTS:
            document = documents / f"{name}.json"
            with mock_server(prism, document) as url:
                entries = record(schemathesis, document, url, Path(place, "traffic.har"))
            counted = score(json.loads(document.read_text("utf-8")), observe(entries))
            found = counted["found"]
            precision = found / max(1, found + counted["made up"])
            recall = found / max(1, found + counted["missed"])
            print(f"{name}: precision {precision:.1%}, recall {recall:.1%}, {dict(counted)}")  # noqa: T201
            if not found or min(precision, recall) < GOAL:
                yield f"{name}: precision {precision:.1%}, recall {recall:.1%}"


def main() -> int:
    """Print what is wrong; the exit code is 1 if anything is."""
    problems = [*draft_of_chromium(), *template_problems()]
    print("\n".join(problems) or "nothing is wrong")  # noqa: T201
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
