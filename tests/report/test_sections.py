"""Sections of the page: what commands keep for it, in both languages, whoever reads it later."""

from __future__ import annotations

from pathlib import Path

from bpmax_sim.errors import ConfigError
from bpmax_sim.i18n import msg
from bpmax_sim.report.html import render_page, write_page
from bpmax_sim.report.sections import (
    SECTIONS,
    ReportSection,
    SectionCell,
    SectionFinding,
    SectionTable,
    read_sections,
    store_section,
)
from tests.report.test_html import Checked

SECTION = ReportSection(
    name="explore",
    title=msg("What happens when a third party fails"),
    parts=(
        SectionTable(("接口", "500"), ((SectionCell("crm.查询"), SectionCell("√", "passed")),)),
        SectionFinding(headline="<b>没有判空", place="scripts/客户.js:4:2", paste="expect: {}"),
    ),
)


def test_what_a_command_found_is_on_the_page_in_both_languages(tmp_path: Path) -> None:
    store_section(tmp_path, SECTION)
    (section,) = read_sections([tmp_path / SECTIONS]).values()
    assert isinstance(section, ReportSection)

    told = {
        language: Checked(render_page([], version="1", language=language, sections=[section]))
        for language in ("en", "zh")
    }

    assert "What happens when a third party fails" in told["en"].text
    assert "第三方" in told["zh"].text
    for one in ("crm.查询", "<b>没有判空", "scripts/客户.js:4:2", "expect: {}"):
        assert one in told["zh"].text
    assert told["en"].data["index"]["sections"][0]["parts"][1]["paste"] == "expect: {}"


def test_a_section_that_cannot_be_read_is_a_problem_on_the_page(tmp_path: Path) -> None:
    folder = store_section(tmp_path, SECTION).parent
    (folder / "half.json").write_text('{"name": "half", "tit', encoding="utf-8")
    (folder / "newer.json").write_text('{"name": "n", "title": "t", "version": 2}', "utf-8")

    kept = read_sections([folder])
    write_page(tmp_path / "page.html", [], version="1", section_folders=[folder])
    told = Checked((tmp_path / "page.html").read_text(encoding="utf-8"))

    assert [name for name, one in kept.items() if isinstance(one, ConfigError)] == ["half", "newer"]
    assert len(told.data["index"]["problems"]) == 2
    assert [one["name"] for one in told.data["index"]["sections"]] == ["explore"]
