"""The pages can be followed to the letter, and what goes wrong is told as they say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bpmax_sim.cli.app import run_command_line
from tests.cli.project import Command, Done
from tests.docs.blocks import blocks
from tests.docs.pages import LANGUAGES, Language, texts
from tests.docs.test_pages import of_kind, rows
from tests.docs.tour import RUN, steady, tour
from tests.systems import needs_shell
from tests.warehouse import running_warehouse


@pytest.fixture(name="bs")
def called(capsys: pytest.CaptureFixture[str]) -> Command:
    def call(*arguments: str) -> Done:
        code = run_command_line(arguments)
        return Done(code, *capsys.readouterr())

    return call


# All pages in English, and the README in Chinese: its outputs are those of the tutorial. By night
# `python -m tests.docs --check` follows all pages in both.
FOLLOWED: list[tuple[Language, tuple[str, ...]]] = [
    ("en", tuple(texts("en"))),
    ("zh", ("README.md",)),
]


@needs_shell
@pytest.mark.parametrize(("language", "places"), FOLLOWED, ids=["en", "zh"])
def test_the_pages_can_be_followed_to_the_letter(
    tmp_path: Path, language: Language, places: tuple[str, ...]
) -> None:
    pages = {place: text for place, text in texts(language).items() if place in places}
    every = [one for text in pages.values() for one in blocks(text)]
    played = list(tour(pages, tmp_path, language))

    for one in played:
        where = f"{one.page}:{one.block.line}: {one.block.text}"
        assert one.code == one.block.code, f"{where}{one.printed}"
        if one.output:
            told = f"{where}run: python -m tests.docs"
            assert steady(one.printed) == steady(one.output.text), told
    assert [one.block for one in played] == [one for one in every if one.kind in RUN]
    assert [one.output for one in played if one.output] == [
        one for one in every if one.kind == "output"
    ]
    saved = [one for one in every if one.kind == "file"]
    for block in saved:
        assert (tmp_path / block.argument).read_text(encoding="utf-8") == block.text
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > len(saved)
    with_password = {path.name for path in files if b"wms-Pass-2026" in path.read_bytes()}
    assert with_password <= {"warehouse.py"}  # the system itself


# --- the table of mishaps


SCRIPT = "scenarios/scripts/stock.js"
STOCK = "scenarios/stock.scenario.yaml"
CASSETTE = "cassettes/stock/轴承.yaml"


def changed(path: str, old: str, new: str) -> Callable[[], None]:
    def change() -> None:
        text = Path(path).read_text(encoding="utf-8")
        assert old in text
        Path(path).write_text(text.replace(old, new), encoding="utf-8")

    return change


def cut() -> None:
    text = Path(CASSETTE).read_text(encoding="utf-8")
    Path(CASSETTE).write_text(text[: len(text) // 2], encoding="utf-8")


FIRST = "await $proxy('wms').listStock(form.keyword, 1);"
MISHAPS: list[tuple[Callable[[], None], str, dict[str, str] | None]] = [
    (lambda: Path(CASSETTE).unlink(), "run", None),
    (changed(CASSETTE, "轴承 6204", "轴承 6205"), "run", None),
    (cut, "run", None),
    (changed(SCRIPT, FIRST, f"{FIRST} {FIRST}"), "run", None),
    (changed(SCRIPT, "const first", "form.sku = 'SKU-001'; return; const first"), "run", None),
    (lambda: None, "record --record=rewrite", None),
    (lambda: None, "record --record=rewrite", {"WMS_PASSWORD": "wrong-Pass"}),
    (changed(STOCK, "expect:", "expct:"), "run", None),
    (changed(SCRIPT, "keyword, 1", "keyword, 2"), "record --record=rewrite", {}),
]


@pytest.fixture(name="project")
def recorded_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bs: Command) -> Path:
    """Return the page's project, recorded."""
    for block in of_kind("file"):
        path = tmp_path / block.argument
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, encoding="utf-8")
    monkeypatch.chdir(tmp_path / "wms")
    monkeypatch.delenv("CI", raising=False)
    with running_warehouse() as warehouse, monkeypatch.context() as patch:
        for name, value in warehouse.environment.items():
            patch.setenv(name, value)
        assert bs("record", STOCK).code == 0
    return tmp_path / "wms"


def mishaps(language: Language) -> list[str]:
    """Return what the page says is told of each mishap: the last of its tables."""
    text = texts(language)["how-to/questions.md"]
    return [row[1].strip("`") for row in rows(text)[-len(MISHAPS) :]]


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("number", range(len(MISHAPS)))
def test_a_mishap_is_told_as_the_page_says(
    monkeypatch: pytest.MonkeyPatch, bs: Command, number: int
) -> None:
    do, command, environment = MISHAPS[number]
    with running_warehouse() as warehouse:
        if environment is not None:
            for name, value in {**warehouse.environment, **environment}.items():
                monkeypatch.setenv(name, value)
        do()
        told = {language: bs(*command.split(), STOCK, "--lang", language) for language in LANGUAGES}

    for language, done in told.items():
        assert done.code
        expected = {mishaps(language)[number], mishaps("en")[number]}  # without a translation
        assert any(one in done.out + done.err for one in expected)
