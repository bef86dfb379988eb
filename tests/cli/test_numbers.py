"""Numbers that no script could hold, wherever one is read: a clear error with its place."""

from __future__ import annotations

import re

import pytest

from tests.cli.project import Command, Project

HUGE = {
    "hex": "0x" + "f" * 5000,
    "octal": "0o" + "7" * 9000,
    "decimal": "9" * 5000,
    "longer than any": "1" + "0" * 309,
    "negative": "-" + "9" * 900,
}
PLACES = {
    "version": ("version: 1\n", "version: {}\n"),
    "variable": ('customer: "12345"', "customer: {}"),
    "field": ("customerId: null", "customerId: {}"),
    "status": ("status: 200", "status: {}"),
    "near": ("status: 200", "status: {{$near: {}}}"),
    "near within": ("status: 200", "status: {{$near: {{value: 1, within: {}}}}}"),
    "more": ("status: 200", "status: {{$gt: {}}}"),
    "length": ("status: 200", "status: {{$length: {}}}"),
    "seed": ("clock:", "seed: {}\nclock:"),
    "advance": ("steps:\n", "steps:\n  - advance: {}\n"),
    "fault": ("clock:", "faults: [{{on: crm_system, call: 1, do: {{delay: {}}}}}]\nclock:"),
    "fault status": ("clock:", "faults: [{{on: crm_system, call: 1, do: {{status: {}}}}}]\nclock:"),
}


@pytest.mark.parametrize("number", HUGE.values(), ids=HUGE.keys())
@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES.keys())
def test_a_number_that_is_too_large_is_told_with_its_place(
    project: Project, bs: Command, place: tuple[str, str], number: str
) -> None:
    old, new = place
    project.edit(project.scenario, old, new.format(number))
    first = project.scenario.read_text(encoding="utf-8").partition(number)[0].count("\n") + 1
    for command in (("lint",), ("run", "--mode", "simulate"), ("run", "--json")):
        done = bs(*command)

        assert done.code == 2
        assert re.search(
            rf"customer\.scenario\.yaml:{first}:\d+: a number (is larger than|has more than)",
            done.err + done.out,
        ), done
        assert len(done.err) < 400


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("title:", "timeout: {}\ntitle:"),
        ("title:", "query: {{a: {}}}\ntitle:"),
        ("{{name: fields, in: query}}", "{{name: fields, in: query, default: {}}}"),
        ("title:", "response: {{ok: {{status: [{}]}}}}\ntitle:"),
        ("client_id: {{}}", "client_id: {{kind: integer, default: {}}}"),
    ],
)
def test_a_platform_tells_of_one_as_well(project: Project, bs: Command, old: str, new: str) -> None:
    path = project.folder / "scenarios/platforms/crm_system.yaml"
    project.edit(path, old.format(), new.format(HUGE["hex"]))
    done = bs("lint")

    assert done.code == 2
    assert "crm_system.yaml:" in done.err
    assert "a number has more than 1000 digits" in done.err


@pytest.mark.parametrize("number", [*HUGE.values(), "1e999", ".inf", "Infinity", "nan"])
@pytest.mark.parametrize("kind", ["number", "json"])
def test_a_cell_that_holds_none_is_told_with_its_line(
    project: Project, bs: Command, kind: str, number: str
) -> None:
    (project.folder / "scenarios/客户.csv").write_text(
        f"id,客户:{kind}\n甲,1\n乙,{number}\n", encoding="utf-8"
    )
    project.edit(project.scenario, "steps:", "cases: {from: 客户.csv}\nsteps:")
    done = bs("lint")

    assert done.code == 2
    assert "scenarios/客户.csv:3: column '客户':" in done.err
    assert len(done.err) < 400


@pytest.mark.parametrize(
    "duration", ["1e999", ".inf", ".nan", "1e15", '"9999999999h"', f'"{"9" * 900}s"', "-1"]
)
def test_a_duration_that_no_calendar_holds_is_told(
    project: Project, bs: Command, duration: str
) -> None:
    project.edit(project.scenario, "steps:\n", f"steps:\n  - advance: {duration}\n")
    done = bs("run", "--mode", "simulate")

    assert done.code == 2
    assert "customer.scenario.yaml:13:5: steps[0].advance: expected a duration" in done.err


@pytest.mark.parametrize("number", [*HUGE.values(), "1e999"])
def test_a_variable_of_the_command_line_is_text_then(
    project: Project, bs: Command, number: str
) -> None:
    project.edit(project.scenario, 'customer: "12345"', "customer: 1")
    done = bs("run", "--mode", "simulate", "--var", f"customer={number}")

    assert done.code == 1  # no such customer
    said = "Infinity" if number == "1e999" else number[:7]
    assert f"Error: 客户 {said}" in done.out


def test_a_table_that_is_none_is_told_with_its_line(project: Project, bs: Command) -> None:
    text = 'id,客户:json\n甲,1\n乙,"' + "[" * 200_000
    (project.folder / "scenarios/客户.csv").write_text(text, encoding="utf-8")
    project.edit(project.scenario, "steps:", "cases: {from: 客户.csv}\nsteps:")
    done = bs("lint")

    assert done.code == 2
    assert "scenarios/客户.csv:3: not a table: field larger than field limit (131072)" in done.err

    closed = f'{text[:100_000]}"\n'
    (project.folder / "scenarios/客户.csv").write_text(closed, encoding="utf-8")
    done = bs("lint")

    assert done.code == 2
    assert f"scenarios/客户.csv:3: column '客户': '{'[' * 40}…' is not a json" in done.err
