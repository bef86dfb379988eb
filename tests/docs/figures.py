"""Figures within sentences: ``<!-- = name -->64 kB<!-- / -->`` holds what the code has.

No other number stands in the prose, in digits or in words, but those of `_NAMES` (which are part
of a name, as in OAuth 2.0) and of `PHRASES` (which a reader is told as they are). See `unsourced`;
what was measured is in a table of `benchmarks.tables`.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.metadata import version

import yaml

from bpmax_sim import server
from bpmax_sim.cassette import remote
from bpmax_sim.explore import orders
from bpmax_sim.proxy.compiled_api import CLASS_STATUS
from bpmax_sim.pytest_plugin.options import OPTIONS
from bpmax_sim.report import document
from bpmax_sim.report.exit_codes import FIRST, ExitCode
from bpmax_sim.scenario.policies import MOST_MOVES
from bpmax_sim.script import interrupts, limits
from bpmax_sim.secret import vault
from bpmax_sim.transport import message_members
from tests.docs.pages import ROOT, Language
from tests.matrix.environments import VERSIONS

_SPAN = re.compile(r"(<!-- = (\w+) -->).*?(<!-- / -->)")
_FIGURE = re.compile(
    r"(?<![A-Za-z\d.-])\d(?:[\d.,]*\d)?"
    r"|(?<![几三四五六七八九十百千万])[三四五六七八九十百千万]+"
    r"(?=[倍秒分小天年个条段次种页项行层步类块张组字点成])"
    r"|(?i:\b(?<!some )(?:three|four|five|six|seven|eight|nine|ten"
    r"|eleven|twelve|twenty|fifty|hundred|thousand)\b)",
)
PHRASES = (
    *("十分钟的退避", "ten minutes of back-off", "三个响应里第二个", "second of three responses"),
    *("防抖三行", "debounce takes three lines"),
    *(
        "都用 0",
        "use 0",
        "从 1 起",
        "calls, from 1",
        "从 1 数起",
        "counted from 1,",
        "百分比",
    ),
    *("2026 年 11 月的文档", "November 2026", "2⁵³", "10⁶"),
    *(
        "状态码都是 200",
        "status 200 whatever",
        "不是 2xx",
        "非 2xx",
        "is not 2xx",
        "non-2xx",
        "5xx",
    ),
    *("故障表：429", "table of faults: 429"),
    *(
        "**2012 年起**",
        "2026 年起",
        "**2019 年起**",
        "**since 2012**",
        "since 2026",
        "**since 2019**",
    ),
)
"""Numbers that no code has: of a story, of a standard, of another program."""

_NAMES = re.compile(
    "|".join(map(re.escape, PHRASES))
    + r"|^ *\d+\. |https?://\S+|(?:RFC|OAuth|OpenAPI|Swagger|YAML) \d[\d.]*(?:(?:、|, )\d[\d.]*)?",
    re.MULTILINE,
)
_GENERATED = re.compile(
    r"\A---\n.*?^---$|<!-- table: .*?<!-- end -->|^```.*?^```$|<!-- = \w+ -->.*?<!-- / -->"
    r"|<!--.*?-->|`[^`\n]*`|\]\([^)]*\)",
    re.DOTALL | re.MULTILINE,
)

_RAN = {"whole_suite": "3.11", "sdist": "3.13", "most_of_it": "3.12", "longest_path": "259"}
"""What only those know who ran it: see `docs/zh/developers/systems.md`."""

_SCRIPT = ROOT / "bpmax_sim/script/v8_parity"
_ENDS = ("passed", "failed", "unreachable", "review")
_HOURS_OF_A_YEAR = 8766


def _size(number: int) -> str:
    for unit, size in (("MB", 1 << 20), ("kB", 1 << 10)):
        if number >= size and number % size == 0:
            return f"{number // size} {unit}"
    return f"{number} B"


def figures() -> Mapping[str, str]:
    """Return every figure by its name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    limit = dict(re.findall(r"(\w+)=(\w+)", OPTIONS["js_limits"].help))
    return {
        "python": str(project["requires-python"]).removeprefix(">="),
        "oldest_pytest": VERSIONS[0],
        "newest_pytest": VERSIONS[-1],
        "patience": f"{remote.PATIENCE:g}",
        "stack": _size(limits.MOST),
        "memory_room": _size(interrupts.ROOM),
        "vcrpy": version("vcrpy").partition(".")[0],
        "newest_python": max(_tested_pythons(), key=lambda one: int(one.partition(".")[2])),
        "json": str(document.VERSION),
        "not_recorded": str(server.MISS),
        "not_completed": str(server.BAD_GATEWAY),
        "timed_out": str(server.TIMED_OUT),
        "shortest_secret": str(vault.SHORTEST),
        "largest_searched": str(message_members.LARGEST // 1_000_000),
        "longest_approval": str(_longest("scenarios/approvals")),
        "most_moves": str(MOST_MOVES),
        "fully_ordered": str(orders.FULLY),
        **{name: str(ExitCode[name.upper()].value) for name in _ENDS},
        **_of_scripts(),
        **limit,
        **_RAN,
    }


@cache
def _tested_pythons() -> list[str]:
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_bytes())
    return [
        version
        for job in workflow["jobs"].values()
        for version in job.get("strategy", {}).get("matrix", {}).get("python", ())
    ]


def _longest(folder: str) -> int:
    """Return the lines of the longest scenario in *folder*."""
    files = (ROOT / folder).glob("*.scenario.yaml")
    return max(len(path.read_text(encoding="utf-8").splitlines()) for path in files)


def _of_scripts() -> Mapping[str, str]:
    """Return what is tried against which Node, and what `Intl` has."""
    node = json.loads((ROOT / "tests/script/v8_parity/corpus/expected.json").read_bytes())
    zones = (_SCRIPT / "icu.js").read_text(encoding="utf-8")
    first, last = (int(re.findall(rf"\b{name}: (\d+)", zones)[0]) for name in ("first", "last"))
    (narrow,) = re.findall(
        r"^const NARROW = \{(.*)\};$", (_SCRIPT / "intl.js").read_text("utf-8"), re.MULTILINE
    )
    return {
        "node": str(node["node"]).removeprefix("v").partition(".")[0],
        "icu": str(node["icu"]).partition(".")[0],
        "first_year": str(1970 + first // _HOURS_OF_A_YEAR),
        "last_year": str(1970 + last // _HOURS_OF_A_YEAR - 1),
        "zones": str(len(re.findall(r'"[A-Z]\w+/[^"]+":\[', zones))),
        "currencies": str(narrow.count(":")),
    }


def lists() -> Mapping[str, Iterable[int]]:
    """Return every list of figures by its name."""
    return {
        "foremost": FIRST,
        **{f"{name}_status": statuses for name, statuses in CLASS_STATUS.items()},
    }


def filled(text: str, language: Language) -> str:
    """Return *text* with every figure as it is."""
    between = ", " if language == "en" else "、"
    known = {**figures(), **{name: between.join(map(str, many)) for name, many in lists().items()}}
    return _SPAN.sub(lambda found: f"{found[1]}{known[found[2]]}{found[3]}", text)


def unsourced(text: str) -> Iterator[str]:
    """Yield ``line: figure`` of each that stands in the prose of a page by hand."""
    written = _GENERATED.sub(lambda found: "\n" * found[0].count("\n"), text)
    prose = _NAMES.sub("", written)
    for number, line in enumerate(prose.splitlines(), 1):
        yield from (f"{number}: {found[0]}" for found in _FIGURE.finditer(line))
