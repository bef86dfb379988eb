"""One run that ends in every way, in every document that tells it: terminal, XML, traces, page.

``python -m tests.report.test_rich_project`` writes the documents anew; their changes are reviewed.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

import pytest

from bpmax_sim.i18n import _ReaderLanguage
from tests.cli.conftest import entered
from tests.cli.test_whole_project import OF_MACHINES, say
from tests.report.rich_project import write_project
from tests.report.test_html import Checked

DOCUMENTS = Path(__file__).parents[1] / "data/rich_project.txt"
FLOW: Final = "scenarios/审批/flow.yaml"
COMMANDS: Final = (
    "run --trace=on --junitxml out/r.xml",
    "run -v -k 采购 --trace=off --faults=off",
    "run -q -x --trace=off",
    "run --json --trace=off -k 下单",
    "run --record new -k 出错二",
    "report --to out/page.html",
    f"report --flow {FLOW} --to out/flow.svg",
    f"report --flow {FLOW} --to out/flow.html",
    f"report --flow {FLOW} --json",
    "report --flow scenarios/审批/用印.yaml --to out/seal.svg",
    "report --json",
    "show",
    "show --all",
    "show 错单 --json",
    "show --plain 下单",
    "show --from .bpmax",
    "show --from .bpmax/trace 机密",
    "show --from out",
    "show --from scenarios",
    "run --lf --trace=off -q",
)
IN_CHINESE: Final = (
    "run -v --junitxml out/zh.xml",
    "report --to out/zh.html",
    f"report --flow {FLOW} --to out/zh.svg",
    "show --all",
)
IN_BOTH: Final = ("texts", "index")
"""Parts of the page that are held in Chinese, too."""
STORED: Final = {"停", "审批", "超期", "机密", "下单", "出错", "没配", "语法"}
"""Names of the scenarios of which stored failures and traces are held."""
_DIFFERS: Final = (
    (re.compile(r'"(kept|ms_real|gathered)":\d+'), r'"\1":0'),
    (re.compile(r'"run":"[^"]+"'), '"run":"1"'),
    (re.compile(r'time="[\d.]+"'), 'time="0"'),
    (re.compile(r"\bv\d+-[0-9a-f]{64}"), "v-digest"),
    (re.compile(r"quickjs-ng [\d.]+"), "quickjs-ng x"),
    (re.compile(r"nonce-[\w=+/]+|sha256-[\w=+/]+"), "sha256-x"),
)
"""What differs from run to run or from machine to machine, and what stands for it."""


def normalise(text: str, root: Path) -> str:
    """Return *text* without what differs from run to run."""
    text = text.replace(str(root), "…")
    for pattern, one in _DIFFERS:
        text = pattern.sub(one, text)
    return text


def list_page(text: str) -> Iterator[tuple[str, str]]:
    """Yield the texts of a page, as a browser without scripts has them, and its blocks of data."""
    page = Checked(text)
    yield "texts", "\n".join(line for one in page.texts if (line := one.strip()))
    yield "links", "\n".join(page.addresses)
    yield "pastes", "\n".join(page.pastes)
    for name, data in page.data.items():
        if isinstance(data, dict):
            plain = {key: one for key, one in data.items() if key not in ("texts", "version")}
            lines = [f"{key}: {write_json(one)}" for key, one in plain.items() if key != "events"]
            yield name, "\n".join([*lines, *map(write_json, data.get("events", ()))])


def write_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def list_stored_files() -> Iterator[Path]:
    """Yield the stored failures and traces that are held."""
    for path in sorted(Path(".bpmax").rglob("*json")):
        if path.stem in STORED:
            yield path


def list_parts(path: Path) -> Iterator[tuple[str, str]]:
    """Yield names and texts of what is held of the written file *path*."""
    text = path.read_text("utf-8")
    if path.suffix == ".xml":
        tree = ET.fromstring(text)
        ET.indent(tree)
        yield "", ET.tostring(tree, encoding="unicode")
    elif path.name not in ("page.html", "zh.html"):
        yield "", text
    else:
        parts = list_page(text)
        yield from (one for one in parts if path.name == "page.html" or one[0] in IN_BOTH)


def make_documents(root: Path, language: str) -> Iterator[tuple[str, str]]:
    """Run the project in *root*, the current folder; yield each document's name and text."""
    run, *others = COMMANDS if language == "en" else IN_CHINESE
    for command, said in say([run], root):
        yield f"$ {command}", normalise(said, root)
    for path in list_stored_files() if language == "en" else ():
        yield path.as_posix(), normalise(path.read_text("utf-8"), root)
    for command in others:
        Path(".bpmax/durations.json").unlink(missing_ok=True)  # real seconds, and their order
        for _, said in say([command], root):
            yield f"$ {command}", normalise(said, root)
    for path in sorted(Path("out").iterdir()):
        for name, text in list_parts(path):
            yield f"{path.as_posix()} {name}".rstrip(), normalise(text, root)


def read_documents(language: str) -> dict[str, str]:
    """Return the documents in *language*, by name, as the file has them."""
    _, *parts = DOCUMENTS.read_text("utf-8").split(f"\n#### {language} ")
    pairs = (part.partition("\n") for part in parts)
    return {name: text.partition("\n####")[0].strip("\n") for name, _, text in pairs}


def write_document(text: str) -> str:
    """Return *text* as the file has it: without blanks at ends, control characters as numbers."""
    plain = "".join(
        sign if sign == "\n" or sign.isprintable() else f"\\x{ord(sign):02x}" for sign in text
    )
    return "\n".join(line.rstrip() for line in plain.split("\n")).strip("\n")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_document_tells_the_run_as_it_was(
    language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_project(tmp_path)
    entered(tmp_path, monkeypatch)
    for name in ("CI", "CRM_PROD_TOKEN", *OF_MACHINES):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(_ReaderLanguage, "language", language)

    got = {name: write_document(text) for name, text in make_documents(tmp_path, language)}

    assert got == read_documents(language)


def write_anew() -> None:
    """Write the documents as they are today."""
    for name in ("CI", "CRM_PROD_TOKEN", *OF_MACHINES):
        os.environ.pop(name, None)
    text = "What one run says in every document, written by `tests.report.test_rich_project`.\n"
    for language in ("en", "zh"):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder).resolve()
            write_project(root)
            os.chdir(root)
            _ReaderLanguage.language = language
            for name, said in make_documents(root, language):
                text += f"\n#### {language} {name}\n{write_document(said)}\n"
    DOCUMENTS.write_text(text, "utf-8")


if __name__ == "__main__":
    write_anew()
