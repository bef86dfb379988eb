"""Figures within sentences: ``<!-- = name -->64 kB<!-- / -->`` holds what the code has.

Elsewhere in the prose no figure stands before a unit or behind the name of a program, see
`unsourced`: what was measured is in a table of `benchmarks.tables`, and what a program counts, or
limits, is here.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from importlib.metadata import version

from bpmax_sim import server
from bpmax_sim.cassette import remote
from bpmax_sim.pytest_plugin.options import OPTIONS
from bpmax_sim.report import exit_codes
from bpmax_sim.report.html import LARGEST, LONGEST_BODY
from bpmax_sim.scenario.events import VERSION
from bpmax_sim.script import limits
from bpmax_sim.secret import scan
from tests.docs.pages import ROOT, Language
from tests.matrix.environments import VERSIONS

_SPAN = re.compile(r"(<!-- = (\w+) -->).*?(<!-- / -->)")
_UNITS = (
    r"×|%|‰|(?:ms|µs|s|[kMG]B|times|seconds?|minutes?|hours?|bytes|connections|scripts|tests|pages"
    r"|levels|characters)\b|倍|秒|毫秒|分钟|小时|字节|个|条|段|次|种|页|项|行|层"
)
_WORDS = r"(?:two|three|four|five|six|seven|eight|nine|ten) times (?:the|as|faster|slower)"
_FIGURE = re.compile(
    rf"(?<![A-Za-z\d.])\d[\d,.]*\s?(?:{_UNITS})|[一二三四五六七八九十百千]+倍|(?:Python|pytest|vcrpy)[^\S\n]\d[\d.]*|{_WORDS}"
)
_GENERATED = re.compile(
    r"<!-- table: .*?<!-- end -->|^```.*?^```$|<!-- = \w+ -->.*?<!-- / -->|<!--.*?-->"
    r"|`[^`\n]*`|\]\([^)]*\)",
    re.DOTALL | re.MULTILINE,
)

_RAN = {"whole_suite": "3.11", "sdist": "3.13", "read_only": "3.12", "longest_path": "259"}
"""What only those know who ran it: see `docs/zh/explanation/systems.md`."""


def _size(number: int) -> str:
    for unit, size in (("MB", 1 << 20), ("kB", 1 << 10)):
        if number >= size and number % size == 0:
            return f"{number // size} {unit}"
    return f"{number} B"


def figures() -> Mapping[str, str]:
    """Return every figure by its name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    served = server.ClientLimits()
    limit = dict(re.findall(r"(\w+)=(\w+)", OPTIONS["js_limits"].help))
    return {
        "python": str(project["requires-python"]).removeprefix(">="),
        "oldest_pytest": VERSIONS[0],
        "newest_pytest": VERSIONS[-1],
        "most_times": str(scan.TIMES),
        "most_more": _size(scan.SPARE),
        "body_in_report": _size(LONGEST_BODY),
        "report": _size(LARGEST),
        "head": _size(served.head),
        "head_time": f"{served.head_time:g}",
        "body": _size(served.body),
        "body_time": f"{served.body_time:g}",
        "connections": str(served.connections),
        "patience": f"{remote.PATIENCE:g}",
        "trace": str(VERSION),
        "stack": _size(limits.MOST),
        "vcrpy": version("vcrpy").partition(".")[0],
        **limit,
        **_RAN,
    }


def filled(text: str, language: Language) -> str:
    """Return *text* with every figure as it is."""
    order = [str(code.value) for code in exit_codes.FIRST]
    known = {**figures(), "foremost": (", " if language == "en" else "、").join(order)}
    return _SPAN.sub(lambda found: f"{found[1]}{known[found[2]]}{found[3]}", text)


def unsourced(text: str) -> Iterator[str]:
    """Yield ``line: figure`` of each that stands in the prose of a page by hand."""
    prose = _GENERATED.sub(lambda found: "\n" * found[0].count("\n"), text)
    for number, line in enumerate(prose.splitlines(), 1):
        yield from (f"{number}: {found[0]}" for found in _FIGURE.finditer(line))
