"""The scripts of ``scenarios/scripts/seed`` are the documentation page's code, to the character.

``data/seed_page.txt`` holds the page's code blocks, each under its heading.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "tests/data/seed_page.txt"
SCRIPTS = ROOT / "scenarios/scripts/seed"
FILES = {
    "基本语法": ("basic_syntax",),
    "1. 直接调用方式": ("direct_call",),
    "2. 链式调用方式": ("chained_call",),
    "调用示例": ("get_customer_info", "get_customer_info_chain", "usage"),
    "示例:自定义请求头": ("custom_headers",),
}


def blocks() -> dict[str, str]:
    _, *parts = re.split(r"^## (.+)\n", PAGE.read_bytes().decode(), flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def script(name: str) -> str:
    return (SCRIPTS / f"{name}.js").read_bytes().decode()


def test_the_page_has_a_file_for_each_of_its_code_blocks() -> None:
    assert list(blocks()) == list(FILES)


def test_no_script_of_the_folder_is_missing_from_the_page() -> None:
    expected = sorted(name for names in FILES.values() for name in names)
    assert sorted(path.stem for path in SCRIPTS.iterdir()) == expected


@pytest.mark.parametrize("title", FILES)
def test_a_block_of_the_page_is_its_files_joined_by_an_empty_line(title: str) -> None:
    assert blocks()[title] == "\n".join(script(name) for name in FILES[title])
