"""Ctrl-C can end `__init__` anywhere, and `__del__` is called all the same: it must not fail."""

from __future__ import annotations

import ast
import sys
from typing import Any

import pytest

from bpmax_sim.proxy.builder import Builder
from bpmax_sim.scenario.result import ScenarioResult
from bpmax_sim.script.quickjs_api import NativeContext
from tests import sources

WITH_DEL = (NativeContext, Builder, ScenarioResult)


@pytest.fixture
def ignored(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Return what Python could not raise."""
    found: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda said: found.append(said.exc_value))
    return found


def test_each_class_with_such_a_method_is_tried() -> None:
    methods = [place for place, one in sources.of(ast.FunctionDef) if one.name == "__del__"]

    assert sorted(methods) == sorted(
        one.__module__.removeprefix("bpmax_sim.").replace(".", "/") + ".py" for one in WITH_DEL
    )


@pytest.mark.parametrize("made", WITH_DEL)
def test_an_object_without_any_attribute_ends_in_silence(made: Any, ignored: list[object]) -> None:
    one = made.__new__(made)
    del one

    assert ignored == []
