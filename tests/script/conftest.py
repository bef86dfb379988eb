"""Scripts run the same in every engine that is here; V8 is the extra ``engine-v8``.

A test that holds the default engine's own words, columns or waits says so with ``of_quickjs``; what
only its C functions can do, with ``needs_native``.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

import pytest

from bpmax_sim.script.quickjs_api import load_library
from tests.script.bench import ENGINE

ENGINES = ("quickjs", "v8") if find_spec("py_mini_racer") else ("quickjs",)
IN_EVERY_ENGINE = frozenset(
    {
        "test_conformance",
        "test_console",
        "test_corpus",
        "test_hostile",
        "test_live_objects",
        "test_proxy_object",
        "test_runtime",
        "test_seed_page",
        "test_syntax",
        "test_time_and_chance",
        "test_values",
    }
)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "of_quickjs: holds what only the default engine says or does"
    )
    config.addinivalue_line("markers", "needs_native: what the engine's C functions alone can do")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if load_library() is None:
        without = pytest.mark.skip(reason="the engine's C functions are out of reach")
        for item in items:
            if item.get_closest_marker("needs_native"):
                item.add_marker(without)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.module.__name__.rpartition(".")[2] not in IN_EVERY_ENGINE:
        return
    only = metafunc.definition.get_closest_marker("of_quickjs")
    metafunc.parametrize("engine", ENGINES[:1] if only else ENGINES, indirect=True)


@pytest.fixture(autouse=True)
def engine(request: pytest.FixtureRequest) -> Iterator[str]:
    """Let every bench of the test run scripts in this engine."""
    name: str = getattr(request, "param", "quickjs")
    before = ENGINE.set(name)
    yield name
    ENGINE.reset(before)
