"""A finding as a scenario file and as a pytest test; both fail in the words of the finding."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from pprint import pformat
from typing import Any

import msgspec

from bpmax_sim.errors import ConfigError
from bpmax_sim.file_names import file_name, relative_name
from bpmax_sim.fuzz.search import LawFinding, SearchPlan
from bpmax_sim.fuzz.target import SIMULATE
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.project import SUFFIX
from bpmax_sim.strategies.traffic import yaml_text

_WIDTH = 96


class File(msgspec.Struct, frozen=True):
    """A file to write: where it belongs, and its text."""

    path: Path
    text: str


def scenario_of(finding: LawFinding, plan: SearchPlan, root: Path) -> File:
    """Return the scenario that fails as *finding* says; it belongs below ``scenarios/fuzz``."""
    path = root / "scenarios/fuzz" / f"{file_name(_slug(finding))}{SUFFIX}"
    mode = SIMULATE if plan.against == SIMULATE else "live"
    platforms = relative_name(_declared(finding, plan.path), path.parent.absolute())
    args = {"law": finding.law, "platform": finding.platform, **_arguments(finding, plan)}
    if finding.script:
        args["script"] = _below(Path(finding.script), root)
        args["libraries"] = [_below(library, root) for library in plan.libraries]
    lines = [
        *(f"# {line}" for line in (finding.message, *finding.javascript)),
        "version: 1",
        f"scenario: {_inline(f'{finding.call}: {finding.law}')}",
        "form: {}",
        f"proxy: {{platforms: {_inline(platforms)}, mode: {mode}}}",
        "steps:",
        f"  - name: {_inline(f'law {finding.law}')}",
        "    python:",
        "      call: bpmax_sim.fuzz:held",
        f"      args: {_inline(_escaped(args))}",
    ]
    return File(path, "\n".join(lines) + "\n")


def _declared(finding: LawFinding, path: Path) -> Path:
    """Return what a scenario names: the file, or its folder where others in it are needed."""
    file, folder = path.absolute(), path.absolute().parent
    first, second = (folder, file) if finding.script else (file, folder)
    try:
        load_platforms(first)
    except ConfigError:
        return second
    return first


def pytest_of(finding: LawFinding, plan: SearchPlan, root: Path) -> File:
    """Return the pytest test that fails as *finding* says; it belongs below ``tests``."""
    name = re.sub(r"\W+", "_", _slug(finding)).strip("_")
    path = root / "tests" / f"test_fuzz_{name}.py"
    return File(path, "\n".join(_test_lines(finding, plan, root, name)) + "\n")


def _test_lines(finding: LawFinding, plan: SearchPlan, root: Path, name: str) -> Iterator[str]:
    yield f'"""{json.dumps(finding.message, ensure_ascii=False)[1:-1]}"""'
    yield from ("", "from pathlib import Path", "", "from bpmax_sim import fuzz", "")
    yield "ROOT = Path(__file__).parents[1]"
    yield from ("", "", f"def test_{name}() -> None:")
    yield from (f"    # {line}" for line in finding.javascript)
    yield f"    fuzz.hold({finding.law!r}, ROOT / {_below(plan.path, root)!r}, **{{"
    for key, value in _arguments(finding, plan).items():
        shown = pformat(value, width=_WIDTH - 8, sort_dicts=False).replace("\n", "\n        ")
        yield f"        {key!r}: {shown},"
    if finding.script:
        yield f'        "script": ROOT / {_below(Path(finding.script), root)!r},'
        named = ", ".join(f"ROOT / {_below(library, root)!r}" for library in plan.libraries)
        yield f'        "libraries": [{named}],'
    yield "    })"


def _arguments(finding: LawFinding, plan: SearchPlan) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    if finding.calls:
        arguments["calls"] = [dict(call) for call in finding.calls]
    if finding.script:
        arguments["situation"] = dict(finding.situation)
    if plan.against != SIMULATE:
        arguments["against"] = plan.against
    return arguments


def _slug(finding: LawFinding) -> str:
    return f"{finding.call}.{finding.law}"


def _below(path: Path, root: Path) -> str:
    return relative_name(path.absolute(), root.absolute())


def _inline(value: Any) -> str:
    return yaml_text(value).rstrip("\n")


def _escaped(value: Any) -> Any:
    """Return *value* with what a scenario would read as an expression written as itself."""
    if isinstance(value, str):
        return value.replace("${", "$${")
    if isinstance(value, dict):
        return {name: _escaped(item) for name, item in value.items()}
    return list(map(_escaped, value)) if isinstance(value, list) else value
