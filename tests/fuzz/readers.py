"""Readers of what others write, each as a function of bytes that must not fail.

A reader may refuse, with an error of the package that tells a place; anything else that it raises,
and any answer that two of our own ways to it disagree about, is a bug.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final

from msgspec.structs import replace

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import dump_entries, reseal
from bpmax_sim.cassette.matching import (
    MatchingRules,
    call_to_parts,
    compute_matching_key,
    find_differences,
)
from bpmax_sim.cassette.model import Entry, IndexLine
from bpmax_sim.cassette.reader import YamlTextError, read_exchange, read_outcome
from bpmax_sim.errors import BpmaxError, ConfigError, Problem
from bpmax_sim.field_path import FieldPath, format_path
from bpmax_sim.messages import Call, Response
from bpmax_sim.platform import sandbox
from bpmax_sim.platform.load import read_standalone_file
from bpmax_sim.platform.model import Platform
from bpmax_sim.platform.template import compile_template, is_template
from bpmax_sim.proxy.response import _compile_json_path, compile_finder, read_body
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.model import Scenario
from bpmax_sim.strategies.traffic import yaml_text
from bpmax_sim.yamlfile import Node, decode, format_steps, parse_steps, read_yaml
from tests.fuzz.places import CORPUS, ROOT

VALUES: Final[Mapping[str, object]] = {
    "base_url": "https://crm.example.test", "token": "t k/+=", "body": b"\xff{}", "n": 7,
    "now": 1772413200.5, "items": ["b", "a"], "headers": {"Host": "x", "a": "1"}, "空": "",
    "flag": True,
}  # fmt: skip
_JSON = (("Content-Type", "application/json"),)
_FOLDER = Path(mkdtemp(prefix="fuzz-"))


def yaml(data: bytes) -> None:
    """Read a YAML file; what it holds is read back from JSON of the same."""
    text = data.decode("utf-8", "surrogateescape")
    try:
        root = read_yaml(text)
    except ConfigError as error:
        _told(error.problems, text)
        return
    for steps, value in root.walk_texts():
        assert parse_steps(format_steps(steps)) == steps
        assert _text_at(root, steps) == value
    for model in (Platform, Scenario):
        problems: list[Problem] = []
        decode(root, model, problems)
        _told(problems, text)
    plain = root.to_plain()
    if _is_json(plain):
        assert repr(read_yaml(yaml_text(plain)).to_plain()) == repr(plain)


def _is_json(plain: object) -> bool:
    try:
        return bool(json.dumps(plain, allow_nan=False))
    except ValueError:
        return False


def _text_at(root: Node, steps: Iterable[str | int]) -> object:
    found = root.find_at(steps)
    return found.value if found else None


def _told(problems: Iterable[Problem], text: str) -> None:
    lines = text.removeprefix("\ufeff").count("\n") + text.count("\r") + text.count("\x85")
    lines += text.count("\u2028") + text.count("\u2029") + 2
    for problem in problems:
        assert problem.message
        assert "\n" not in str(problem)
        assert problem.place is None or 0 <= problem.place.line <= lines, problem


def platform(data: bytes) -> None:
    """Read a platform file, presets and checks included."""
    path = _file("p.yaml", data)
    found = read_standalone_file(path)
    assert found.platform is not None or found.problems


def scenario(data: bytes) -> None:
    """Read a scenario file and what it names."""
    path = _file("s.scenario.yaml", data)
    try:
        assert load_items(path, environ={})
    except ConfigError as error:
        assert error.problems


def cassette(data: bytes) -> None:
    """Read a cassette as it is, and once more with every digest put right."""
    path = _file("c.yaml", data)
    _read(path)
    try:
        path.write_bytes(reseal(data.decode("utf-8", "replace")))
    except (YamlTextError, BpmaxError):
        return
    opened = Cassette.load(path)
    for entry in opened.entries():
        _entry(entry)
    again = dump_entries(
        [opened.get_entry_with_head_defaults(number) for number in range(len(opened))]
    )
    path.write_bytes(again)
    assert list(map(repr, _read(path))) == list(map(repr, opened.exchanges()))


def _read(path: Path) -> list[Any]:
    try:
        return list(Cassette.load(path).exchanges())
    except BpmaxError as error:
        assert str(path) in str(error)
        return []


def _entry(entry: Entry) -> None:
    """Our own layout is read as any YAML is."""
    fast, slow = _exchange(entry, canonical=True), _exchange(entry, canonical=False)
    assert fast == slow, (fast, slow)
    if fast is not None:
        outcome = read_outcome(entry)
        if isinstance(outcome, Response) and outcome.recorded_request is not None:
            assert outcome.recorded_request == fast.request
            outcome = replace(outcome, recorded_request=None)
        assert outcome == fast.outcome


def _exchange(entry: Entry, *, canonical: bool) -> Any:
    try:
        return read_exchange(entry, canonical=canonical)
    except ValueError:
        return None


def exchange(data: bytes) -> None:
    """Read the text of one exchange, on the fast way and on the slow one."""
    entry = Entry(_LINE, data.decode("utf-8", "replace"))
    for line in (_LINE, replace(_LINE, failed="tls")):
        _exchange(Entry(line, entry.text), canonical=True)
        _exchange(Entry(line, entry.text), canonical=False)


def json_path(data: bytes) -> None:
    """Find a JSON path of the first line in the JSON of the others, on both ways."""
    path, _, rest = data.partition(b"\n")
    text = path.decode("utf-8", "replace")
    response = Response(status=200, headers=_JSON, body=rest, elapsed=0.0)
    body = read_body(response)
    try:
        found = compile_finder(text)(response, body)
    except ConfigError as error:
        assert "is not a JSON path" in str(error)
        return
    if text.startswith("$") and text != "$" and isinstance(body.rule_value, dict | list):
        other = _other(text, response, body)
        assert other is found or other == found, (other, found)


def _other(path: str, response: Response, body: Any) -> Any:
    try:
        return _compile_json_path(path)(response, body)
    except ConfigError:
        return compile_finder(path)(response, body)  # more is allowed than RFC 9535 has


def template(data: bytes) -> None:
    """Render a template, on the short way and on that of Jinja."""
    source = data.decode("utf-8", "replace")
    try:
        compiled = compile_template(source)
    except ConfigError as error:
        assert "template" in str(error)
        return
    found = _rendered(compiled.render)
    if not is_template(source):
        assert found == source
    elif "default" not in source:
        general = sandbox.compile_source(source)
        assert compiled.names >= general.names - {"_text"}
        assert found == _rendered(general.render), source


def _rendered(render: Callable[[Mapping[str, object]], str]) -> str | None:
    try:
        return render(VALUES)
    except ConfigError as error:
        assert "template" in str(error)
        return None


def matching(data: bytes) -> None:
    """Compare two bodies under a rule: no difference is one identity, and the other way round."""
    rule, _, rest = data.partition(b"\n")
    kind, _, rest = rest.partition(b"\n")
    old, _, new = rest.partition(b"\n\n")
    text = rule.decode("utf-8", "replace")
    try:
        parsed = FieldPath.parse(text, "ignore")
    except ConfigError as error:
        assert str(error).startswith("ignore: ")
        return
    assert FieldPath.parse(format_path(parsed), "ignore") == parsed
    rules = MatchingRules((text,))
    headers = (("Content-Type", kind.decode("latin-1")),)
    one, two = (call_to_parts(replace(_CALL, headers=headers, body=body)) for body in (old, new))
    same = compute_matching_key(one, rules) == compute_matching_key(two, rules)
    assert same == (not find_differences(one, two, rules))
    assert not find_differences(one, one, rules)


_CALL: Final = Call(
    platform="crm",
    instance="test",
    api="get",
    method="POST",
    path="/客户/1",
    query=(("a", "1"), ("a", "2")),
    serial=1,
)

_LINE: Final = IndexLine(
    key="",
    n=1,
    call="crm_system.get",
    instance="test",
    owner="客户",
    at="2026-03-02T09:00:00+08:00",
    ms=12,
    sha="",
    base="https://crm.example.test/api",
    injected=("header.authorization", "query.access_token"),
    chunks=((5, 3),),
)

TARGETS: Final[Mapping[str, Callable[[bytes], None]]] = {
    "cassette": cassette,
    "exchange": exchange,
    "json_path": json_path,
    "matching": matching,
    "platform": platform,
    "scenario": scenario,
    "template": template,
    "yaml": yaml,
}

_FILES: Final[Mapping[str, tuple[str, ...]]] = {
    "cassette": ("cassettes/**/*.yaml", "tests/cassette/data/*.yaml"),
    "platform": ("scenarios/platforms/*.yaml", "bpmax_sim/platform/builtin/*.yaml"),
    "scenario": ("scenarios/**/*.scenario.yaml",),
    "yaml": ("scenarios/flows/*.yaml", "scenarios/instances.yaml", "scenarios/crm/*.yaml"),
}


def samples(name: str) -> list[bytes]:
    """Return what a search starts from: files of this repository, own samples, past findings."""
    files = [path for pattern in _FILES.get(name, ()) for path in sorted(ROOT.glob(pattern))]
    own = sorted(path for path in (CORPUS / name).glob("*") if path.is_file())
    return [path.read_bytes() for path in (*files, *own)]


def _file(name: str, data: bytes) -> Path:
    path = _FOLDER / name
    path.write_bytes(data)
    return path
