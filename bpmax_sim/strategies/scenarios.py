"""Scripts, and scenario files that run them."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import strategies as st

from bpmax_sim.proxy.program import Program
from bpmax_sim.script.source import Script
from bpmax_sim.strategies.chains import chains, direct_calls
from bpmax_sim.strategies.javascript import javascript, literal
from bpmax_sim.strategies.texts import BUSINESS, json_values, keys, texts

_NOT_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_CAUGHT = "try { %s } catch (e) { console.warn(e.code, e.message); }"
_STATEMENTS = (
    "const {name} = await {call}; console.log({name});",
    "await {call};",
    "(await Promise.allSettled([{call}, {call}])).forEach((one) => console.log(one.status));",
    "await new Promise((done) => setTimeout(done, 20)); await {call};",
)


def yaml_text(document: Any, /) -> str:
    """Return plain values as one line of JSON that is also YAML: a file to write.

    JSON may hold characters that YAML wants escaped.
    """
    text = json.dumps(document, ensure_ascii=False)
    return _NOT_YAML.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n"


def scripts(*, programs: st.SearchStrategy[Program] | None = None) -> st.SearchStrategy[Script]:
    """Draw JavaScript that makes up to four calls, drawn from *programs*.

    Calls are awaited, caught, made at once or after a timer; a form's fields are read and written.
    """
    return _scripts(_calls() if programs is None else programs)


def _calls() -> st.SearchStrategy[Program]:
    return chains() | direct_calls()


@st.composite
def _scripts(draw: st.DrawFn, programs: st.SearchStrategy[Program]) -> Script:
    lines = []
    for number, program in enumerate(draw(st.lists(programs, max_size=4))):
        pattern = draw(st.sampled_from(_STATEMENTS))
        line = pattern.replace("{name}", f"r{number}").replace("{call}", javascript(program))
        lines.append(_CAUGHT % line if draw(st.booleans()) else line)
    lines.append(f"return {literal(draw(json_values(max_leaves=3)))};")
    return Script("抽取.js", "\n".join(lines))


def scenarios(
    *,
    programs: st.SearchStrategy[Program] | None = None,
    platforms: str = "",
) -> st.SearchStrategy[dict[str, Any]]:
    """Draw scenario files as plain values; `yaml_text` makes a file of them.

    They drive a form without script files: fields are set, calls made by ``proxy`` and ``js``
    steps, time passes, variables are saved and compared.

    Args:
        programs: the calls that are made.
        platforms: the folder of platform files, relative to the scenario; empty for none.
    """
    return _scenarios(_calls() if programs is None else programs, platforms)


@st.composite
def _scenarios(
    draw: st.DrawFn, programs: st.SearchStrategy[Program], platforms: str
) -> dict[str, Any]:
    fields = draw(st.dictionaries(st.sampled_from(BUSINESS), json_values(max_leaves=3), max_size=3))
    kinds = [_proxies(programs), _codes(programs), _advances()]
    kinds += [_sets(list(fields))] if fields else []
    found: dict[str, Any] = {
        "version": 1,
        "scenario": _plain(draw(texts().map(str.strip).filter(bool))),
        "form": {"fields": {name: _plain(value) for name, value in fields.items()}},
        "clock": "2026-03-02T09:00:00+08:00",
        "seed": draw(st.integers(0, 99)),
        "steps": draw(st.lists(st.one_of(kinds), min_size=1, max_size=4)),
    }
    if platforms:
        found["proxy"] = {"platforms": platforms}
    return found


def _proxies(programs: st.SearchStrategy[Program]) -> st.SearchStrategy[dict[str, Any]]:
    return programs.map(lambda program: {"proxy": {"call": f"{program.platform}.{program.api}"}})


def _codes(programs: st.SearchStrategy[Program]) -> st.SearchStrategy[dict[str, Any]]:
    return scripts(programs=programs).map(lambda script: {"js": _plain(script.source)})


def _advances() -> st.SearchStrategy[dict[str, Any]]:
    return st.integers(0, 600).map(lambda seconds: {"advance": f"{seconds}s"})


def _sets(fields: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    values = st.dictionaries(st.sampled_from(fields), json_values(max_leaves=2), min_size=1)
    return st.builds(
        lambda given, name: {"set": {k: _plain(v) for k, v in given.items()}, "save": {name: 1}},
        values,
        keys(),
    )


def _plain(value: Any) -> Any:
    """Return *value* without ``${``, which a scenario would read as an expression."""
    if isinstance(value, str):
        return value.replace("${", "$ {")
    if isinstance(value, list):
        return list(map(_plain, value))
    if isinstance(value, dict):
        return {_plain(name): _plain(item) for name, item in value.items()}
    return value
