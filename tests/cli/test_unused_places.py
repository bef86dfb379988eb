"""Places that a platform file names and that no recording of the project has."""

from __future__ import annotations

import pytest

from tests.cli.project import Command, Project

PLATFORM = "scenarios/platforms/crm_system.yaml"
UNRECORDED = "apis:\n  列表: {path: /list}\n"


def lines(project: Project, bs: Command, declared: str, *paths: str) -> list[str]:
    project.edit(project.folder / PLATFORM, "apis:\n", f"{declared}apis:\n")
    text = (project.folder / PLATFORM).read_text("utf-8").splitlines()
    line = text.index(declared.splitlines()[0]) + 1
    done = bs("lint", *paths)
    assert done.code == 0
    return [one.replace(f"{PLATFORM}:{line}:", "@") for one in done.err.splitlines()[:-1]]


def misspelt(column: int, path: str, near: str) -> list[str]:
    message = f"crm_system declares {path}, and no recording has that; did you mean {near!r}?"
    return [f"warning: @{column}: {message}"]


def absent(column: int, option: str, path: str) -> list[str]:
    message = f"{option}: no recording has {path}; compare the name with what is sent"
    return [f"hint: @{column}: {message}"]


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        ("redact: [body.data.phne]", misspelt(10, "body.data.phne", "phone")),
        ("redact: [body.dta.phone]", misspelt(10, "body.dta.phone", "data")),
        ("secret: [$.data.phne]", misspelt(10, "body.data.phne", "phone")),
        ("volatile: [body.data.nmae]", misspelt(12, "body.data.nmae", "name")),
        ("ignore: [header.acept]", misspelt(10, "header.acept", "accept")),
        ("response: {code: [$.Code]}", misspelt(19, "body.Code", "code")),
        ("redact: [body.data.身份证号]", absent(10, "redact", "body.data.身份证号")),
        ("secret: [body.data.session]", absent(10, "secret", "body.data.session")),
        (
            "redact: [body.data.身份证号, body.data.phone, header.x-邮箱]",
            absent(10, "redact", "body.data.身份证号, header.x-邮箱"),
        ),
        ("volatile: [header.x-cost]\nignore: [query._t]", []),
        ("redact: [body.data.phone, body.data.name, path.id]", []),
        ("redact: [body.data.phone, body.data.Phone]", absent(27, "redact", "body.data.Phone")),
        ("volatile: [header.Content-Type, body.data]", []),
        ("response: {code: [$.状态码], message: [$.mesage]}", []),
    ],
)
def test_a_place_that_no_recording_has_is_told(
    recorded: Project, bs: Command, declared: str, told: list[str]
) -> None:
    assert lines(recorded, bs, f"{declared}\n") == told


def test_an_api_without_recording_may_have_a_place_that_others_lack(
    recorded: Project, bs: Command
) -> None:
    recorded.edit(recorded.folder / PLATFORM, "apis:\n", UNRECORDED)

    assert lines(recorded, bs, "redact: [body.data.身份证号, body.data.names]\n") == []


@pytest.mark.parametrize(
    ("others", "told"), [(UNRECORDED, ["身份证号"]), ("apis:\n", ["电子邮箱", "身份证号"])]
)
def test_of_a_recorded_api_it_is_known_what_it_lacks(
    recorded: Project, bs: Command, others: str, told: list[str]
) -> None:
    recorded.edit(recorded.folder / PLATFORM, "apis:\n", others)
    get = "    method: GET\n"
    recorded.edit(recorded.folder / PLATFORM, get, f"{get}    redact: [body.data.身份证号]\n")

    found = lines(recorded, bs, "redact: [body.data.电子邮箱]\n")

    assert [one.partition("body.data.")[2].partition(";")[0] for one in found] == told


def test_of_one_scenario_alone_nothing_is_known_of_all_recordings(
    recorded: Project, bs: Command
) -> None:
    scenario = "scenarios/customer.scenario.yaml"

    assert lines(recorded, bs, "redact: [body.data.phne]\n", scenario) == []
