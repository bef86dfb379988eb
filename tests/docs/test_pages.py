from __future__ import annotations

import contextlib
import io
import os
import re
import tomllib
from pathlib import Path
from urllib.parse import unquote

import pytest

import bpmax_sim
from bpmax_sim import strategies
from bpmax_sim.cli.app import COMMANDS, run_command_line
from bpmax_sim.pytest_plugin.options import OPTIONS, to_flag
from tests.docs.blocks import Block, blocks, unknown
from tests.docs.cli import options
from tests.docs.pages import LANGUAGES, READMES, ROOT, Language, every, texts

TEXTS = {language: texts(language) for language in LANGUAGES}
BOTH = pytest.mark.parametrize("language", LANGUAGES)
OF_OTHERS = {
    *(
        "--quiet",
        "--upgrade-deps",
        "--seconds",
        "--wheel-dir",
        "--no-index",
        "--find-links",
        "--index-url",
    ),
    *("--junitxml", "--install-completion", "--rounds", "--draws"),
}
OTHER_COMMANDS = {"name", "path"}
MOST_WORDS = 600


def of_kind(kind: str) -> list[Block]:
    return [one for text in TEXTS["zh"].values() for one in blocks(text) if one.kind == kind]


@BOTH
def test_every_block_says_what_it_is(language: Language) -> None:
    found = {place: unknown(text) for place, text in TEXTS[language].items()}

    assert {place: told for place, told in found.items() if told} == {}


def test_a_block_that_nobody_checks_is_found() -> None:
    bare = "```sh\nrm -rf /\n```\n"

    assert unknown(bare) == ["line 1: no comment above it (sh)"]
    assert unknown(f"<!-- something -->\n{bare}") == ["line 2: something (sh)"]
    assert unknown(f"<!-- python -->\n{bare}") == ["line 2: python (sh)"]
    assert unknown(f"<!-- run -->\n{bare}") == []
    assert unknown("  ```sh\nrm\n```\n") == ["1 fences, 0 expected"]


# --- both languages say the same


def headings(text: str) -> list[tuple[int, str]]:
    bare = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    return [(len(m[1]), m[2]) for m in re.finditer(r"^(#+) (.*)$", bare, flags=re.MULTILINE)]


def rows(text: str) -> list[list[str]]:
    bare = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    lines = re.findall(r"^\| .*? \|$", bare, flags=re.MULTILINE)
    return [line[2:-2].split(" | ") for line in lines]


def constant(cell: str) -> list[str]:
    """Return what of a cell is the same in every language: code, links and figures."""
    return sorted(re.findall(r"`[^`]+`|\]\([^)#]*|\d(?:[\d.,]*\d)?", cell))


def same(text: str) -> list[tuple[str, str, str]]:
    """Return the blocks, without comments of a shell and what is printed."""
    return [
        (one.mark, one.language, "" if one.kind == "output" else re.sub(r" +#.*", "", one.text))
        for one in blocks(text)
    ]


PLACES = pytest.mark.parametrize("place", TEXTS["zh"])


def test_both_languages_have_the_same_pages() -> None:
    assert list(TEXTS["zh"]) == list(TEXTS["en"])


@PLACES
def test_a_page_says_the_same_in_both_languages(place: str) -> None:
    zh, en = (TEXTS[language][place] for language in LANGUAGES)

    assert [level for level, _ in headings(zh)] == [level for level, _ in headings(en)]
    assert same(zh) == same(en)
    if place == "glossary.md":
        return
    assert [len(row) for row in rows(zh)] == [len(row) for row in rows(en)]
    # The gist of each row is its first cell; texts of editors may name other examples.
    assert [constant(row[0]) for row in rows(zh)] == [constant(row[0]) for row in rows(en)]
    names = r"--[a-z][a-z-]+|`bpmax-sim [a-z]+|\bbpmax_[a-z_]+"
    assert set(re.findall(names, zh)) == set(re.findall(names, en))


# --- links, names


def slug(heading: str) -> str:
    kept = re.sub(r"[^\w\- ]", "", re.sub(r"\]\([^)]*\)", "", heading).lower())
    return kept.strip().replace(" ", "-")


@BOTH
def test_links_lead_somewhere(language: Language) -> None:
    lost = []
    for place, path in every(language).items():
        text = re.sub(r"^```.*?^```$", "", TEXTS[language][place], flags=re.DOTALL | re.MULTILINE)
        for link in re.findall(r"\]\(([^)\s]+)\)", text):
            file, _, anchor = unquote(link).partition("#")
            target = Path(os.path.normpath(path.parent / file)) if file else path
            if link.startswith("https://"):
                continue
            slugs = (
                {slug(title) for _, title in headings(target.read_text(encoding="utf-8"))}
                if target.suffix == ".md" and target.exists()
                else set()
            )
            if not target.exists() or (anchor and anchor not in slugs):
                lost.append(f"{place}: {link}")

    assert lost == []


def spans(text: str) -> str:
    return "\n".join([*re.findall(r"`[^`\n]+`", text), *(one.text for one in blocks(text))])


@pytest.fixture(name="known", scope="module")
def known_options() -> set[str]:
    words = {
        word
        for command in COMMANDS
        for spelling, _ in options(command)
        for word in spelling.split(", ")
    }
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        run_command_line(["--help"])
        run_command_line(["run", "--help-all"])
    words |= set(re.findall(r"--[a-z][a-z-]+", out.getvalue()))
    return words | set(map(to_flag, OPTIONS)) | OF_OTHERS


@BOTH
def test_every_option_and_command_that_is_named_exists(language: Language, known: set[str]) -> None:
    told = "\n".join(map(spans, TEXTS[language].values()))
    named = {name.rstrip("-") for name in re.findall(r"(?<![\w-])--[a-z][a-z-]+", told)}
    asked = set(re.findall(r"\bbpmax-sim ((?:cassette )?[a-z]+)", told))

    assert named - known == set()
    assert asked - set(COMMANDS) - OTHER_COMMANDS == set()


@BOTH
def test_every_extra_that_is_named_exists(language: Language) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    told = "\n".join(TEXTS[language].values())
    named = {
        extra
        for found in re.findall(r"(?:bpmax-sim|\.)\[([\w,-]+)\]", told)
        for extra in found.split(",")
    }

    assert named
    assert named <= set(project["optional-dependencies"])
    assert f"bpmax_sim-{project['version']}-py3-none-any.whl" in told


@BOTH
def test_every_name_of_the_package_that_is_shown_exists(language: Language) -> None:
    told = "\n".join(map(spans, TEXTS[language].values()))

    assert set(re.findall(r"\bbs\.(\w+)", told)) <= set(bpmax_sim.__all__)


@BOTH
def test_every_strategy_that_is_named_is_there(language: Language) -> None:
    text = TEXTS[language]["reference/fuzzing.md"]
    names = re.findall(
        r"`(\w+)\(\)`", text[text.index("`bpmax_sim.strategies`") :].partition("\n\n")[0]
    )

    assert len(names) > 5
    assert [name for name in names if name not in strategies.__all__] == []


@pytest.mark.parametrize("name", strategies.__all__)
def test_every_public_strategy_says_what_it_draws(name: str) -> None:
    about = getattr(strategies, name).__doc__ or ""

    assert name == "LAWS" or about.strip().endswith(("\n", ".")), name


# --- the READMEs


@BOTH
def test_the_readme_is_short(language: Language) -> None:
    prose = re.sub(
        r"^```.*?^```$|<!--.*?-->|\]\([^)]*\)",
        "",
        TEXTS[language]["README.md"],
        flags=re.MULTILINE | re.DOTALL,
    )
    words = re.findall(r"[一-鿿]|[A-Za-z0-9.'-]+", prose)

    assert len(words) * (1 if language == "en" else 0.6) <= MOST_WORDS


def test_the_commands_install_what_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (demo,), (suite,) = of_kind("demo"), of_kind("test-command")

    assert demo.text == (
        "python3 -m venv .venv && .venv/bin/pip install --quiet . && .venv/bin/bpmax-sim demo\n"
    )
    assert "pip install --quiet -e '.[test]' && " in suite.text
    assert "test" in project["optional-dependencies"]
    assert "bpmax-sim" in project["scripts"]
    assert all(path.exists() for path in READMES.values())
