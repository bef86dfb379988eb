from __future__ import annotations

import functools
import http.server
import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from yaml import safe_load

from tests.docs.hooks import add_words
from tests.docs.pages import LANGUAGES, ROOT, Language, navigation
from tests.docs.search import DESCRIBED, ask, lost_queries, site_of
from tests.docs.site import build
from tests.report.viewer import AXE, browser, needs_chromium
from tests.loopback import serving

DOCS: tuple[tuple[str, str, str, list[str]], ...] = (
    ("how-to/miss.html", "看懂未命中", "没有录过的调用，先看最接近的录制。", ["报错 E404"]),
    ("how-to/miss.html#x", "调试", "在脚本里写 <code>debugger</code>，再打断点。", []),
    ("reference/options.html", "选项", "<code>--bpmax-record-missing</code> <code>--lf</code>", []),
    ("reference/values.html", "值", "<code>a &lt; b</code> <code>no_recording</code> 录制", []),
    ("reference/list.html", "列表", "断点、未命中、mock、最接近的录制", []),
)


@pytest.fixture(name="site", scope="module")
def a_small_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return what the search needs of a site."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "assets").mkdir()
    shutil.copy(ROOT / "docs/theme/assets/search.js", folder / "assets")
    keys = ("location", "title", "text", "words")
    docs = [dict(zip(keys, row, strict=True)) for row in DOCS]
    (folder / "search").mkdir()
    index = {"config": {"lang": ["zh"]}, "docs": docs}
    (folder / "search/search_index.json").write_text(json.dumps(index), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("query", "page"),
    [
        ("--lf", "reference/options.md"),
        ("--bpmax-record-missing", "reference/options.md"),
        ("record-missing", "reference/options.md"),
        ("no_recording", "reference/values.md"),
        ("a < b", "reference/values.md"),
        ("断点", "reference/list.md"),
        ("怎么打断点", "how-to/miss.md"),
        ("什么是未命中？", "how-to/miss.md"),
        ("E404", "how-to/miss.md"),
        ("Mocks", "reference/list.md"),
        ("“最接近的录制”", "how-to/miss.md"),
    ],
)
def test_what_is_typed_is_found(site: Path, query: str, page: str) -> None:
    ((first, *_),) = ask(site, [query])

    assert first == page


@pytest.mark.parametrize("query", ["", "  ", "*", "[", "a:b~^+-", "怎么", "没有的词", "((((", "\\"])
def test_nothing_that_is_typed_is_an_error(site: Path, query: str) -> None:
    (found,) = ask(site, [query])

    assert len(found) <= len(DOCS)


def test_every_place_that_the_search_knows_is_a_page() -> None:
    described = safe_load(DESCRIBED.read_text(encoding="utf-8"))
    pages = navigation()
    asked = [described["queries"][language] for language in LANGUAGES]
    wanted = [page for each in asked for pages in each.values() for page in pages]

    assert [page for page in {*described["words"], *wanted} if page not in pages] == []
    assert [
        one for one in described["weights"] if not "\n".join(["", *pages]).count(f"\n{one}")
    ] == []


def test_words_and_weights_are_those_of_the_page_and_the_language() -> None:
    entries: list[dict[str, Any]] = [
        {"location": "a/b.html"},
        {"location": "a/b.html#c"},
        {"location": "d.html"},
    ]
    words = {"a/b.md": {"zh": ["断言"], "en": ["assert"]}, "e.md": {"zh": []}}

    lost = add_words(entries, {"weights": {"a/": 0.5}, "words": words}, "zh")

    assert lost == ["e.md"]
    assert [one.get("words") for one in entries] == [["断言", "assert"], None, None]
    assert [one["weight"] for one in entries] == [0.5, 0.5, 1]


# --- the whole site, in a browser


@pytest.fixture(name="served", scope="module")
def a_served_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """Build the site, serve it, and return its folder and its address."""
    folder = tmp_path_factory.mktemp("built")
    build(folder)
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    with serving(http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)) as url:
        yield folder, f"{url}/"


@pytest.mark.night("builds the site; by day .ci/run does, and asks all queries")
@needs_chromium
@pytest.mark.parametrize(
    ("language", "query", "title"),
    [("zh", "证书错误", "公司代理和 CA"), ("en", "corporate proxy", "Corporate proxy and CA")],
)
def test_a_reader_types_and_sees(
    served: tuple[Path, str], language: Language, query: str, title: str
) -> None:
    folder, address = served
    place = site_of(folder)[language].relative_to(folder).as_posix()
    with browser() as chromium:
        page = chromium.new_page()
        page.goto(f"{address}{place}/how-to/windows.html")
        page.fill(".md-search__input", query)
        page.press(".md-search__input", "End")  # the theme listens to keys
        found = page.locator(".md-search-result__article h1").first
        found.wait_for()

        assert found.inner_text() == title
        assert page.locator(".md-search-result__article mark").count() > 0
        found.click()
        page.wait_for_url("**/corporate-proxy.html*")
        other = page.locator(f".md-select__link:not([hreflang={language}])")
        assert other.get_attribute("href").endswith("how-to/corporate-proxy.html")


@pytest.mark.night("builds the site, and is about a browser's pages")
@needs_chromium
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (400, "dark")])
@pytest.mark.parametrize("place", ["index", "reference/cheat-sheet", "reference/scenario"])
def test_a_page_can_be_read_by_everybody(
    served: tuple[Path, str], place: str, width: int, scheme: Literal["light", "dark"]
) -> None:
    with browser() as chromium:
        page = chromium.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
        for language, start in site_of(served[0]).items():
            page.goto(f"{served[1]}{start.relative_to(served[0]).as_posix()}/{place}.html")
            page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
            page.add_script_tag(path=AXE)
            found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")

            assert [(language, one["id"]) for one in found["violations"]] == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.night("builds the site; by day .ci/run does, and asks all queries")
def test_every_query_finds_its_page_first(served: tuple[Path, str]) -> None:
    assert list(lost_queries(served[0])) == []
