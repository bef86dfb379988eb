"""Parts of several distributions under one name: which counts, and what is said of the others."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from bpmax_sim import extensions
from bpmax_sim.errors import BusinessError, ConfigError, ExtensionWarning
from bpmax_sim.extensions import FUNCTION, ExtensionPoint

GROUP = "bpmax_sim.test_parts"


class Entry(SimpleNamespace):
    """An entry point, as far as it is looked at."""

    def load(self) -> Any:
        if isinstance(self.part, Exception):
            raise self.part
        return self.part


def entry(name: str, distribution: str | None, part: Any = 7, value: str = "corp:PART") -> Entry:
    dist = SimpleNamespace(name=distribution) if distribution else None
    return Entry(name=name, dist=dist, part=part, value=value)


Register = Callable[..., None]


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Iterator[Register]:
    def put(*entries: Entry) -> None:
        monkeypatch.setattr(
            extensions, "entry_points", lambda group: entries if group == GROUP else ()
        )
        extensions._read_group.cache_clear()

    yield put
    extensions._read_group.cache_clear()


def told(call: Callable[[], object]) -> str:
    try:
        call()
    except ConfigError as error:
        return str(error)
    return ""


def test_our_own_parts_come_first_and_stay(register: Register) -> None:
    register(
        entry("zz", "alpha"),
        entry("b", "corp_b", 8),
        entry("b", "bpmax_sim", 9, "bpmax_sim:B"),
        entry("a", "bpmax-sim", 5),
        entry("one", "corp"),
        entry("c", "beta"),
        entry("c", "alpha"),
        entry("d", "corp", 6),
        entry("d", "corp", 6),
        entry("e", None, 3),
    )
    point: ExtensionPoint[int] = ExtensionPoint(GROUP, int, {"one": 1})

    assert point.list_names() == ("one", "a", "b", "c", "d", "e", "zz")
    assert [point.get(name) for name in ("one", "a", "b", "d", "e", "no")] == [1, 5, 9, 6, 3, None]
    assert [name in point for name in ("one", "b", "no")] == [True, True, False]
    assert point.get_module_and_attribute("b") == "bpmax_sim:B"
    twice = f"{GROUP}: 'c' is registered by alpha, beta; uninstall all but one"
    assert told(lambda: point.get("c")) == twice
    ours = "is the name of a part of bpmax-sim, which stays; rename it"
    assert [*point.find_foreign_part_problems()] == [
        ("b", "corp_b", f"{GROUP}: 'b' of corp_b (corp:PART) {ours}"),
        ("c", "alpha, beta", twice),
        ("d", "corp", ""),
        ("e", "", ""),
        ("one", "corp", f"{GROUP}: 'one' of corp (corp:PART) {ours}"),
        ("zz", "alpha", ""),
    ]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        parts = dict(point.load_usable_parts())
    assert parts == {"one": 1, "a": 5, "b": 9, "d": 6, "e": 3, "zz": 7}
    assert [(one.category, str(one.message)) for one in caught] == [(ExtensionWarning, twice)]


def test_a_part_that_cannot_be_used_says_why(register: Register) -> None:
    register(
        entry("bad", "corp", ImportError("no module")),
        entry("text", "corp", "seven"),
        entry("right", "corp", 7),
    )
    point: ExtensionPoint[Any] = ExtensionPoint(GROUP, int)
    several: ExtensionPoint[Any] = ExtensionPoint(GROUP, (int, bytes))

    assert told(lambda: point.get("bad")) == (
        f"{GROUP}: 'bad' of corp cannot be imported (corp:PART): ImportError: no module"
    )
    wrong = f"{GROUP}: 'text' of corp (corp:PART): expected"
    assert told(lambda: point.get("text")) == f"{wrong} int, got str"
    assert told(lambda: several.get("text")) == f"{wrong} int, bytes, got str"
    assert point.require("right", "a number") == 7
    assert told(lambda: point.require("rigth", "a number")) == (
        "a number: there is no 'rigth'; did you mean 'right'?"
    )
    assert told(lambda: point.require("zzz", "a number")) == (
        "a number: there is no 'zzz'; there are bad, right, text"
    )
    register()
    assert told(lambda: point.require("zzz", "a number")) == (
        f"a number: there is no 'zzz'; no entry points of {GROUP} are installed, so install this "
        "package again"
    )


def test_a_function_of_others_that_raises_is_told_by_kind_and_place(register: Register) -> None:
    def fail(*values: int) -> int:
        raise KeyError("secret")

    def refuse(*_values: int) -> int:
        raise BusinessError("余额不足")

    def add(*values: int) -> int:
        return sum(values)

    register(
        entry("fail", "corp", fail),
        entry("refuse", "corp", refuse),
        entry("add", "corp", add),
        entry("namespace", "corp", SimpleNamespace(add=add, __call__=add)),
    )
    point = ExtensionPoint(GROUP, FUNCTION, {"own": fail})
    anything: ExtensionPoint[Any] = ExtensionPoint(GROUP, object)
    line = fail.__code__.co_firstlineno + 1

    assert (point.call("add", 1, 2), anything.call("namespace", 1, 2, member="add")) == (3, 3)
    assert told(lambda: point.call("fail", 1)) == (
        f"{GROUP}: 'fail' of corp raised KeyError at {__name__}:{line}"
    )
    assert told(lambda: point.call("own", 1)) == (
        f"{GROUP}: 'own' of bpmax-sim raised KeyError at {__name__}:{line}"
    )
    assert told(lambda: anything.call("namespace", member="no")).startswith(
        f"{GROUP}: 'namespace' of corp raised AttributeError at "
    )
    with pytest.raises(BusinessError, match="余额不足"):
        point.call("refuse")
