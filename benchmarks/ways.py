"""``python -m benchmarks.ways``: the states of a value on its way, and frames above the transport.

A value is followed by its text through every call and return of the package. A state is where it
stands (the struct and its field, or the built-in containers around it) and how it is spelled
there; a function that hands it on as it came adds a state to nobody. A comprehension belongs to
the function that it stands in, as Python compiles it from 3.12 on. The variables of the process
that a session was given are where a credential comes from, not a stop on its way.
"""

from __future__ import annotations

import base64
import dataclasses
import re
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, cast
from urllib.parse import quote

from benchmarks.calls import ENVIRON, answer
from bpmax_sim.messages import Request, Response
from bpmax_sim.scenario.events import ScenarioFinished
from bpmax_sim.scenario.runner import run_scenario
from bpmax_sim.session.options import Mode
from bpmax_sim.session.replay import ReplayMode
from bpmax_sim.session.session import Session
from bpmax_sim.transport.protocol import Handler

_PACKAGE = str(Path(__file__).parents[1] / "bpmax_sim")
_VALUE = "甲 q7Zr"
_DEEPEST = 7
_PLATFORM = """\
platform_key: crm_system
base_url: https://crm.example.test
credentials: {key: {secret: true}}
auth: {preset: bearer, token: "{{ key }}"}
apis:
  get_customer_detail: {method: GET, path: /api/customers/1}
"""
_INSTANCE = "- {platform: crm_system, instance_key: test, credentials: {key: {env: CRM_KEY}}}\n"
_FIELD = "乙 w8Ks"
_SCENARIO = f"""\
version: 1
scenario: 客户
form: {{fields: {{name: {_FIELD}, other: null}}, scripts: {{open: ./x.js}}}}
proxy: {{platforms: ../platforms}}
clock: "2026-03-02T09:00:00+08:00"
steps:
  - open: {{}}
    expect: {{form: {{name: {_FIELD}, other: {_FIELD}}}}}
"""


class Follower:
    """Follows one text; *forms* are its spellings by name."""

    def __init__(self, text: str) -> None:
        data = text.encode()
        self.forms = {
            "plain": text,
            "percent": quote(text, safe=""),
            "escaped": text.encode("unicode_escape").decode(),
            "base64": base64.b64encode(data).decode(),
        }
        self.states: dict[str, str] = {}
        self.functions: set[str] = set()

    def __call__(self, frame: FrameType, event: str, value: Any) -> None:
        """Take one event of `sys.setprofile`."""
        code = frame.f_code
        if event not in {"call", "return"} or not code.co_filename.startswith(_PACKAGE):
            return
        if event == "call":
            count = code.co_argcount + code.co_kwonlyargcount
            values = [frame.f_locals.get(name) for name in code.co_varnames[:count]]
        else:
            values = [value]
        where = _name_of(code)
        for one in values:
            for state in self._found(one, "", 0, set()):
                self.functions.add(where)
                self.states.setdefault(state, where)

    def _found(self, value: Any, holder: str, depth: int, seen: set[int]) -> Iterator[str]:
        if depth > _DEEPEST or id(value) in seen:
            return
        if isinstance(value, str | bytes | bytearray):
            text = value if isinstance(value, str) else bytes(value).decode(errors="replace")
            for name, form in self.forms.items():
                if form in text:
                    whole = "" if text == form else " within a longer one"
                    yield f"{holder or 'argument'}: {type(value).__name__}, {name}{whole}"
                    break
            return
        inner = {*seen, id(value)}
        for field, item, is_builtin in _members(value):
            place = f"{holder}{field}" if is_builtin else field
            yield from self._found(item, place, depth + 1, inner)


def _name_of(code: CodeType) -> str:
    """Return module and name of a function, or of the one that a comprehension stands in."""
    return f"{Path(code.co_filename).stem}.{_ANONYMOUS.sub('', code.co_qualname)}"


_ANONYMOUS = re.compile(r"(?:\.<locals>\.<(?:list|set|dict)comp>)+$")


def _members(value: Any) -> Iterator[tuple[str, Any, bool]]:
    kind = type(value)
    if isinstance(value, Mapping):
        yield from (("{}", item, True) for item in list(value.values())[:200])
    elif isinstance(value, list | tuple) and not hasattr(value, "_fields"):
        yield from (("[]", item, True) for item in value[:200])
    elif not kind.__module__.startswith("bpmax_sim"):
        return
    elif hasattr(kind, "__struct_fields__"):
        for name in kind.__struct_fields__:
            yield f"{kind.__name__}.{name}", getattr(value, name, None), False
    elif dataclasses.is_dataclass(value) and "Environment" not in kind.__name__:
        for field in (one for one in dataclasses.fields(value) if one.name != "environ"):
            yield f"{kind.__name__}.{field.name}", getattr(value, field.name, None), False


def _followed(text: str, work: Callable[[], object]) -> Follower:
    follower = Follower(text)
    sys.setprofile(follower)
    try:
        work()
    finally:
        sys.setprofile(None)
    return follower


def _opened(folder: Path, mode: str, transport: Callable[[Request], Response]) -> Session:
    return Session.open(
        folder / "platforms",
        cassette=folder / "cassettes/one.yaml",
        mode=cast("Mode", mode),
        record="rewrite",
        clock="2026-03-02T09:00:00+08:00",
        environ=ENVIRON,
        transport=Handler(transport),
    )


def _call(folder: Path, mode: str) -> None:
    with _opened(folder, mode, answer) as session:
        session.proxy("crm_system").api("get_customer_detail").query(name=_VALUE).call()


def _frames(folder: Path, mode: str) -> list[str]:
    """Return the package's frames from the public call down to the transport."""
    frames: list[str] = []
    entry = answer.__code__ if mode == "record" else ReplayMode.handle.__code__

    def watch(frame: FrameType, event: str, _value: Any) -> None:
        if event == "call" and frame.f_code is entry and not frames:
            frames[:] = _above()

    sys.setprofile(watch)
    try:
        _call(folder, mode)
    finally:
        sys.setprofile(None)
    return [frame for frame in frames if frame.partition(".")[0] not in _TRANSPORT]


_TRANSPORT = ("adapters",)


def _above() -> list[str]:
    """Return the package's frames above the transport, the outermost first."""
    return [
        f"{Path(frame.filename).stem}.{frame.name}"
        for frame in traceback.extract_stack()
        if frame.filename.startswith(_PACKAGE)
    ]


def _scenario(folder: Path, _mode: str) -> None:
    events = run_scenario(folder / "scenarios/a.scenario.yaml").events
    last = events[-1]
    assert isinstance(last, ScenarioFinished), last
    assert last.outcome == "passed", last.failures


_FOLLOWED = (
    ("a $query value", _VALUE, "record"),
    ("a $query value", _VALUE, "replay"),
    ("a credential", ENVIRON["CRM_KEY"], "record"),
    ("a scenario value", _FIELD, "run"),
)
_WORK = {"run": _scenario}


def measure() -> dict[str, float]:
    """Return the figures; `main` prints what they are made of."""
    return {name: float(len(found)) for name, found in _measured().items()}


def _measured() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "platforms").mkdir()
        (folder / "platforms/crm_system.yaml").write_text(_PLATFORM, encoding="utf-8")
        (folder / "instances.yaml").write_text(_INSTANCE, encoding="utf-8")
        (folder / "scenarios").mkdir()
        (folder / "scenarios/x.js").write_text("form.other = form.name", encoding="utf-8")
        (folder / "scenarios/a.scenario.yaml").write_text(_SCENARIO, encoding="utf-8")
        _scenario(folder, "")
        _call(folder, "record")  # warm: what is compiled once is no state
        _call(folder, "replay")
        for what, text, mode in _FOLLOWED:
            work = partial(_WORK.get(mode, _call), folder, mode)
            followed = _followed(text, work)
            found[f"states of {what}, {mode}"] = [
                f"{state}  ({where})" for state, where in sorted(followed.states.items())
            ]
            found[f"functions that get {what}, {mode}"] = sorted(followed.functions)
        for mode in ("record", "replay"):
            found[f"frames above the transport, {mode}"] = _frames(folder, mode)
    return found


def main() -> None:
    """Print each figure; with ``-v`` what it is made of."""
    for what, parts in _measured().items():
        print(f"{what:52} {len(parts):4}")
        if "-v" in sys.argv:
            print("".join(f"    {part}\n" for part in parts), end="")


if __name__ == "__main__":
    main()
