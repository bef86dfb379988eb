"""Large wrong files are told of in time that grows with their size."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.cli.project import Command, Project

FILES: dict[str, Callable[[int], tuple[str, str, str]]] = {
    "unknown keys": lambda n: (
        "customer.scenario.yaml", "steps:", "".join(f"k{i}: 1\n" for i in range(n)) + "steps:"
    ),
    "undefined names": lambda n: (
        "customer.scenario.yaml",
        'vars: {customer: "12345"}',
        'vars:\n  customer: "12345"\n' + "".join(f"  k{i}: ${{vars.z{i}}}\n" for i in range(n)),
    ),
    "duplicate keys": lambda n: ("customer.scenario.yaml", "steps:", "a: 1\n" * n + "steps:"),
    "unknown credentials": lambda n: (
        "instances.yaml",
        "    client_id:",
        "".join(f"    x{i}: 1\n" for i in range(n)) + "    client_id:",
    ),
    "path parameters": lambda n: (
        "platforms/crm_system.yaml",
        "      - {name: fields, in: query}",
        "".join(f"      - {{name: n{i}, in: path}}\n" for i in range(n)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("made", FILES.values(), ids=FILES.keys())
def test_ten_times_the_mistakes_take_no_hundred_times(
    project: Project, bs: Command, made: Callable[[int], tuple[str, str, str]]
) -> None:
    took = []
    for count in (1_000, 10_000):
        name, old, new = made(count)
        path = project.folder / "scenarios" / name
        before = path.read_text(encoding="utf-8")
        project.edit(path, old, new)
        start = time.process_time()
        done = bs("lint")
        took.append(time.process_time() - start)
        path.write_text(before, encoding="utf-8")

        assert done.code == 2
        assert f"{name}: more than 200 problems; mend these first" in done.err
        assert len(done.err.splitlines()) < 210
        assert len(done.err) < 400_000
    assert took[1] < 30 * took[0] + 0.2
