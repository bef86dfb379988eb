"""Where an expected error may come from: each of the words, a call, or what a row fills in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenario.test_lies import Case, run, what_is_wrong


def wrong(folder: Path, source: str) -> str:
    """Return what is said of an error that is expected from *source*; the script throws one."""
    case = Case(
        steps=f"{{open: {{}}, expect_error: {{from: {source}}}}}",
        script="throw new Error('不行')",
        stubs="",
        top="vars: {来源: script}",
    )
    return what_is_wrong(run(folder, case))


@pytest.mark.parametrize(
    "source",
    ["script", "'${vars.来源}'", "{$in: [form, flow, script]}", "{$in: [python, proxy, script]}",
     "{$in: [crm.get_customer, crm, script]}"],
)  # fmt: skip
def test_an_error_comes_from_one_of_these(tmp_path: Path, source: str) -> None:
    assert wrong(tmp_path, source) == ""


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("scirpt", "no platform 'scirpt'"),
        ("crm.get_custome", "crm has no API 'get_custome'"),
        ("{$in: [script, form, flwo]}", "no platform 'flwo'"),
        ("{$in: [script, 5, flwo]}", "no platform 'flwo'"),
        ("{$in: ['${vars.来源}', flwo]}", "no platform 'flwo'"),
        ("subject.x", "no platform 'subject'"),
        ("''", "no platform ''; there are crm"),
    ],
)
def test_any_other_word_is_wrong(tmp_path: Path, source: str, said: str) -> None:
    found = wrong(tmp_path, source)

    assert said in found
    assert found.count("no platform") <= 1
