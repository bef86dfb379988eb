"""Others' clients through the recording proxy: ``python -m tests.campaigns.recording_proxy``.

``fetch`` of Node and curl use a Kinto on loopback, and the vendor's SDK for Node, which logs in by
itself, a stand-in of Feishu. What was recorded replays without the third party: as a scenario, over
HTTP, and as a draft of a project; the commands for recordings work on it. A proxy that is killed
leaves what its clients had seen. It ends with 1 where something else comes of that; the last lines
are what a request costs, and the memory of 2,000.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.journal import JournalWriter, create
from bpmax_sim.file_system import lock_folder
from bpmax_sim.messages import FailedExchange, Response
from tests.campaigns.importers import DATA, install_node_modules
from tests.campaigns.node_sdks import PACKAGE
from tests.campaigns.vendor_sdks import simulate
from tests.loopback import answer_json, loopback
from tests.third_parties.kinto import USER, crm

PLATFORM: Final = """\
platform_key: crm_system
base_url: https://crm.example.test/v1
credentials: {user: {}, password: {secret: true}}
auth: {preset: basic, username: "{{ user }}", password: "{{ password }}"}
apis:
  getCustomer:
    path: /buckets/crm/collections/customers/records/{id}
    parameters: [{name: id, in: path, required: true}]
  createOrder:
    method: POST
    path: /buckets/crm/collections/orders/records
    parameters: [{name: data, in: body}]
"""
INSTANCES: Final = """\
- platform: crm_system
  instance_key: default
  credentials: {user: {env: CRM_USER}, password: {env: CRM_PASSWORD}}
"""
SCENARIO: Final = """\
version: 1
scenario: 下单前查客户
form:
  scripts: {click.下单: scripts/order.js}
  fields: {级别: text, 金额: number}
proxy: {platforms: platforms/, cassette: crm_system}
steps:
  - click: 下单
    expect: {form: {级别: VIP, 金额: 80000}}
"""
SCRIPT: Final = """\
const crm = $proxy('crm_system');
const customer = await crm.getCustomer('12345');
const order = await crm.createOrder({customer: '12345', amount: 80000});
form.级别 = customer.data.level;
form.金额 = order.data.amount;
"""
FETCH: Final = """\
const [url, user, password] = process.argv.slice(2);
const bytes = Buffer.from(`${user}:${password}`).toString('base64');
const headers = {Authorization: 'Basic ' + bytes, 'Content-Type': 'application/json'};
const records = url + '/v1/buckets/crm/collections/';
const order = JSON.stringify({data: {customer: '12345', amount: 80000}});
(async () => {
  for (const [path, init] of [
    ['customers/records/12345', {}], ['orders/records', {method: 'POST', body: order}],
  ]) {
    const reply = await fetch(records + path, {headers, ...init});
    console.log(JSON.stringify([reply.status, (await reply.json()).data]));
  }
})();
"""
PARALLEL: Final = 50
REQUESTS: Final = 2000


@contextmanager
def recording(
    folder: Path, upstream: str, *options: str, end: signal.Signals = signal.SIGTERM
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run the proxy in *folder*, and yield its address and process; *end* ends it."""
    command = [sys.executable, "-m", "bpmax_sim", "serve", "--json", *options]
    with Path(folder, "calls.txt").open("a", encoding="utf-8") as sink:
        process = subprocess.Popen(
            [*command, "--record", "--upstream", upstream],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=sink,
            text=True,
        )
    assert process.stdout
    try:
        yield json.loads(process.stdout.readline())["url"], process
    finally:
        process.send_signal(end)
        process.wait(30)


def run(folder: Path, *words: str, **environment: str) -> str:
    """Return what a command of ours prints, its exit code in front."""
    done = subprocess.run(
        [sys.executable, "-m", "bpmax_sim", *words],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    return f"{done.returncode} {done.stdout}{done.stderr}"


def _make_project(folder: Path) -> None:
    places = folder / "scenarios/platforms"
    places.mkdir(parents=True)
    (places / "crm_system.yaml").write_text(PLATFORM, "utf-8")
    (folder / "scenarios/instances.yaml").write_text(INSTANCES, "utf-8")
    (folder / "scenarios/order.scenario.yaml").write_text(SCENARIO, "utf-8")
    (folder / "scenarios/scripts").mkdir()
    (folder / "scenarios/scripts/order.js").write_text(SCRIPT, "utf-8")
    (folder / "pyproject.toml").write_text("[tool.bpmax_sim]\n", "utf-8")
    (folder / "fetch.js").write_text(FETCH, "utf-8")


def find_faults_with_kinto(folder: Path) -> Iterator[str]:
    """Yield what is wrong when Node and curl use a Kinto through the proxy."""
    _make_project(folder)
    with crm() as third, recording(folder, third.url, "--platform", "crm_system") as (url, _):
        login = (USER, third.environment["CRM_PASSWORD"])
        by_node = _output("node", str(folder / "fetch.js"), url, *login)
        path = "/v1/buckets/crm/collections/customers/records/67890"
        by_curl = _output("curl", "-s", "--compressed", "-u", ":".join(login), f"{url}{path}")
    answers = [json.loads(line)[0] for line in by_node.splitlines()]
    if answers != [200, 201] or json.loads(by_curl)["data"]["name"] != "李四":
        yield f"a client got something else: {by_node} {by_curl}"
    cassette = folder / "cassettes/crm_system.yaml"
    told = [path.read_text("utf-8") for path in (cassette, folder / "calls.txt")]
    if [text for text in told if login[1] in text]:
        yield "the password is in the cassette or in the list of calls"
    names = [line.line.call for line in Cassette.load(cassette).entries()]
    if names != ["crm_system.getCustomer", "crm_system.createOrder", "crm_system.getCustomer"]:
        yield f"recorded as {names}"
    yield from _find_faults_of_commands(folder)
    yield from _find_faults_of_replay(folder)


def _find_faults_of_commands(folder: Path) -> Iterator[str]:
    cassette = "cassettes/crm_system.yaml"
    for words in (
        ("run", "--unused=warn"),
        ("cassette", "inspect", cassette),
        ("cassette", "fmt", cassette),
        ("cassette", "diff", cassette, cassette),
        ("lint",),
        ("init", "drafted", "--from", cassette),
    ):
        if not (printed := run(folder, *words)).startswith("0 "):
            yield f"{' '.join(words)}: {printed}"
    if not (printed := run(folder / "drafted", "run")).startswith("0 "):
        yield f"the draft: {printed}"


def _find_faults_of_replay(folder: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "bpmax_sim", "serve", "--json", "cassettes/crm_system.yaml"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        url = json.loads(server.stdout.readline())["url"]
        got = _output("node", str(folder / "fetch.js"), url, "anybody", "x")
        server.terminate()
    if [json.loads(line)[0] for line in got.splitlines()] != [200, 201]:
        yield f"what was recorded is not served: {got}"


def find_faults_with_sdk(folder: Path) -> Iterator[str]:
    """Yield what is wrong when the vendor's SDK logs in and calls through the proxy."""
    modules = install_node_modules(folder, PACKAGE)
    with simulate("feishu") as served:
        for _turn in range(2):  # the second is answered from what the first recorded
            words = ("--platform", "feishu", "--fallback")
            with recording(folder, served["url"], *words) as (url, _):
                given = json.dumps({**served, "url": url})
                printed = _output("node", str(DATA / "feishu.js"), given, NODE_PATH=str(modules))
            outcomes = [json.loads(line) for line in printed.splitlines() if line[:2] == '["']
            if not outcomes or [one for one in outcomes if one[1] != one[2]]:
                yield f"the SDK: {printed}"
    calls = (folder / "calls.txt").read_text("utf-8")
    if "from the recording" not in calls or "feishu.$token" not in calls:
        yield f"the list of calls: {calls}"
    if logins := [line for line in calls.splitlines() if "$token" in line and "from the" in line]:
        yield f"a login was replayed: {logins}"
    credentials = [one for each in served["instances"] for one in each["credentials"]]
    text = "".join(path.read_text("utf-8") for path in folder.rglob("*.yaml"))
    if [one for one in credentials if "secret" in one["name"] and one["value"] in text]:
        yield "the SDK's secret is in a cassette"


def find_faults_of_kill(folder: Path) -> Iterator[str]:
    """Yield what is wrong with what a killed proxy leaves."""
    hold = threading.Event()

    def answer(request: bytes) -> bytes | Iterator[bytes]:
        if b"GET /whole" in request:
            return answer_json('{"whole": true}')
        return stream()

    def stream() -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 999\r\n\r\n"
        yield b'{"items": [{"id": 1}, {"id": 2}, {"na'
        hold.wait(20)

    with (
        loopback(answer) as server,
        recording(folder, server.url, "--platform", "crm", end=signal.SIGKILL) as (url, process),
        httpx.stream("GET", f"{url}/whole") as whole,
        httpx.stream("GET", f"{url}/half") as half,
    ):
        whole.read()
        next(half.iter_raw())
        process.kill()
        process.wait(10)
    hold.set()
    printed = run(folder, "cassette", "recover", "cassettes/crm.yaml")
    outcomes = [
        exchange.outcome for exchange in Cassette.load(folder / "cassettes/crm.yaml").exchanges()
    ]
    kept = [o.body if isinstance(o, Response) else o.received for o in outcomes]
    if kept != [b'{"whole": true}', b'{"items": [{"id": 1}, {"id": 2}, {']:
        yield f"a killed proxy left {kept}: {printed}"
    if not isinstance(outcomes[-1], FailedExchange):
        yield "half a response counts as a whole one"


def measure(folder: Path) -> Iterator[str]:
    """Yield lines of what requests cost, and what is wrong with their number."""
    body = json.dumps({"items": [{"id": n, "name": "华东机械"} for n in range(10)]})
    with (
        loopback(lambda _request: answer_json(body)) as server,
        recording(folder, server.url, "--platform", "crm") as (url, process),
        httpx.Client(
            base_url=url, timeout=60, limits=httpx.Limits(max_connections=PARALLEL)
        ) as client,
    ):
        for number in range(100):
            client.get(f"/warm/{number}")
        memory, begun = _resident(process.pid), _processor(process.pid)
        for number in range(REQUESTS):
            client.get(f"/customers/{number}")
        spent = _processor(process.pid) - begun
        grown = _resident(process.pid) - memory
        with ThreadPoolExecutor(PARALLEL) as pool:
            got = list(pool.map(lambda n: client.get(f"/many/{n}").status_code, range(500)))
    recorded = len(Cassette.load(folder / "cassettes/crm.yaml"))
    if set(got) != {200} or recorded != 100 + REQUESTS + 500:
        yield f"{recorded} are recorded; {PARALLEL} at once got {set(got)}"
    size = (folder / "cassettes/crm.yaml").stat().st_size // recorded
    bare = _measure_bare_append(folder, bytes(size))
    print(  # noqa: T201
        f"| {REQUESTS} requests | {1000 * spent / REQUESTS:.2f} ms of processor each | a bare "
        f"append and fdatasync of {size} bytes {1000 * bare:.2f} ms | {grown / 1024:.1f} MB more |"
    )


def _measure_bare_append(folder: Path, data: bytes) -> float:
    with lock_folder(folder):
        log = JournalWriter(create(folder / "bare"))
    begun = time.process_time()
    for _ in range(REQUESTS):
        log.append(data)
    spent = time.process_time() - begun
    log.close()
    return spent / REQUESTS


def _resident(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def _processor(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _output(*command: str, **environment: str) -> str:
    variables: Mapping[str, Any] = {**os.environ, **environment}
    done = subprocess.run(
        command, env=variables, capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout


def main() -> int:
    """Run all, print what is wrong, and return the exit status."""
    faults = []
    for find in (find_faults_with_kinto, find_faults_with_sdk, find_faults_of_kill, measure):
        with tempfile.TemporaryDirectory() as folder:
            found = list(find(Path(folder)))
        print(f"| {find.__name__} | {len(found)} faults |", *found, sep="\n")  # noqa: T201
        faults += found
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
