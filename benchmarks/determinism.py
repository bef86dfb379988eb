"""One scenario, 1,000 runs over zones, locales, hash seeds, processes and Pythons: one digest.

``BPMAX_SIM_PYTHONS`` names further interpreters that can import the package, separated as in
``PATH``. ``python -m benchmarks.determinism FOLDER COUNT`` is one process of the trial.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice, product
from pathlib import Path

from bpmax_sim.messages import Request, Response
from bpmax_sim.scenario.events import ScenarioFinished
from bpmax_sim.scenario.runner import run_scenario
from bpmax_sim.transport.protocol import Handler

ROOT = Path(__file__).parents[1]
ZONES = ("UTC", "Asia/Shanghai", "America/New_York", "Pacific/Apia")
# Before 3.13, Python reads .pth files as ASCII in the locale C, as which one serves that is not
# installed: it does not start there where a checkout has another letter in its path.
_STARTS_ANYWHERE = sys.version_info >= (3, 13) or str(ROOT).isascii()
LANGUAGES = ("C", "C.UTF-8", "zh_CN.UTF-8") if _STARTS_ANYWHERE else ("C.UTF-8",)
HASH_SEEDS = ("0", "1", "20260302", "random")
PLATFORM = """\
platform_key: crm_system
base_url: https://crm.example.test
auth: bearer
apis:
  查询客户:
    path: /customers/{id}
    parameters: [{name: id, in: path, required: true}]
  下单: {method: POST, path: /orders}
"""
INSTANCES = "- {platform: crm_system, instance_key: test, credentials: {token: {env: CRM_TOKEN}}}\n"
SCENARIO = """\
version: 1
scenario: 每次都一样
form:
  scripts: {open: open.js, change.客户: change.js}
  fields: {客户: "", 级别: "", 合计: 0}
proxy: {platforms: platforms, instances: instances.yaml, cassette: 一样}
clock: "2026-03-02T09:00:00+08:00"
seed: 7
steps:
  - open: {}
  - set: {客户: "12345"}
    faults: [{on: crm_system.下单, call: 1, do: {status: 503, delay: 2s}}]
    expect: {form: {级别: VIP}}
"""
OPEN = """\
const 客户 = await Promise.all([1, 2, 3].map(id => $proxy('crm_system').查询客户(id)));
const 最快 = await Promise.race([4, 5].map(id => $proxy('crm_system').查询客户(id)));
console.log(客户, 最快, new Map([['b', 1], ['a', new Set([2])]]), new Date().toString());
form.合计 = Math.random();
form.$message = new Date().toLocaleString('zh-CN') + crypto.randomUUID();
for (const name in {b: 1, a: 2, 1: 3}) console.log(name);
try { null.x } catch (error) { console.log(error.stack) }
"""
CHANGE = """\
const {data} = await $proxy('crm_system').查询客户(form.客户);
let n = 0;
const 轮询 = setInterval(() => { n++; console.log('第', n, '次'); if (n === 3) clearInterval(轮询) }, 700);
for (let i = 0; i < 3; i++) {
  try { await $proxy('crm_system').$api('下单').$body({客户: form.客户, 行: [{数量: 1.5}]}).$call(); break }
  catch (error) { await new Promise(r => setTimeout(r, 1000 * 2 ** i)) }
}
form.级别 = data.level;
"""  # noqa: E501 - JavaScript
ENVIRON = {"CRM_TOKEN": "token-123456"}


def third_party(request: Request) -> Response:
    number = request.url.rpartition("/")[2]
    elapsed = {"4": 0.3, "5": 0.2}.get(number, 0.1)
    body = json.dumps({"code": 200, "data": {"level": "VIP", "id": number}}).encode()
    headers = (("content-type", "application/json"),)
    return Response(status=200, headers=headers, body=body, elapsed=elapsed, source="live")


def prepare(folder: Path) -> Path:
    """Write the project, record it once, and return the scenario's file."""
    (folder / "platforms").mkdir(parents=True)
    files = {
        "platforms/crm.yaml": PLATFORM,
        "instances.yaml": INSTANCES,
        "open.js": OPEN,
        "change.js": CHANGE,
        "一样.scenario.yaml": SCENARIO,
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    path = folder / "一样.scenario.yaml"
    recorded = finished(path, mode="record", transport=Handler(third_party), environ=ENVIRON)
    assert recorded.outcome == "passed", recorded.failures
    return path


def finished(path: Path, **options: object) -> ScenarioFinished:
    """Run the scenario and return its verdict."""
    *_, last = run_scenario(path, **{"environ": {}, **options}).events  # type: ignore[arg-type]
    assert isinstance(last, ScenarioFinished)
    return last


def pythons() -> tuple[str, ...]:
    """Return this interpreter and those that the environment names."""
    named = os.environ.get("BPMAX_SIM_PYTHONS", "").split(os.pathsep)
    return (sys.executable, *filter(None, named))


def variants() -> Iterator[tuple[str, dict[str, str]]]:
    """Yield interpreters and environments, over and over."""
    for python, zone, language, seed in cycle(product(pythons(), ZONES, LANGUAGES, HASH_SEEDS)):
        setting = {"TZ": zone, "LANG": language, "LC_ALL": language, "PYTHONHASHSEED": seed}
        yield python, setting


def digests(path: Path, python: str, setting: dict[str, str], count: int) -> list[str]:
    """Return the digests of *count* runs in a process of its own."""
    environ = {**os.environ, **setting, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    command = [python, "-m", "benchmarks.determinism", str(path), str(count)]
    done = subprocess.run(command, env=environ, check=False, capture_output=True, cwd=path.parent)
    assert not done.returncode, (setting, done.stderr.decode(errors="replace"))
    return done.stdout.decode().split()


def trial(path: Path, processes: int, each: int, *, at_once: int = 2) -> list[str]:
    """Return the digests of *processes* processes, spread over all variants."""
    every = len(pythons()) * len(ZONES) * len(LANGUAGES) * len(HASH_SEEDS)
    stride = next(n for n in (7, 11, 13, 1) if every % n)
    chosen = islice(variants(), 0, processes * stride, stride)
    with ThreadPoolExecutor(at_once) as pool:
        runs = pool.map(lambda one: digests(path, one[0], one[1], each), chosen)
        return [digest for found in runs for digest in found]


def measure() -> dict[str, float]:
    """Return how many runs there were and how many digests they gave."""
    with tempfile.TemporaryDirectory() as folder:
        found = trial(prepare(Path(folder)), processes=100, each=10)
    return {"runs": len(found), "Pythons": len(pythons()), "different digests": len(set(found))}


def main() -> None:
    path, count = sys.argv[1:]
    for _ in range(int(count)):
        print(finished(Path(path)).digest)


if __name__ == "__main__":
    main()
