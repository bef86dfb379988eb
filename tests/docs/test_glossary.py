from __future__ import annotations

import io
import json
from collections import Counter

import pytest
from babel.messages.pofile import read_po

from tests.docs.glossary import avoided, sections, terms
from tests.docs.pages import LANGUAGES, ROOT, Language, site


def test_a_thing_has_one_name_and_a_name_is_one_thing() -> None:
    for language in LANGUAGES:
        counted = Counter(getattr(term, language) for term in terms())

        assert [name for name, times in counted.items() if times > 1] == []


def test_no_term_is_a_form_to_avoid() -> None:
    names = [term.zh for term in terms()]
    forms = [form for term in terms() for form in term.avoid]

    assert [(form, name) for form in forms for name in names if form in name] == []
    assert len(forms) == len(set(forms))
    assert len(names) >= 120
    assert all(set(section.title) == set(LANGUAGES) for section in sections())


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_use_the_glossary_s_terms(language: Language) -> None:
    pages = {place: path.read_text(encoding="utf-8") for place, path in site(language).items()}
    pages.pop("glossary.md")  # names what to avoid
    found = {place: avoided(text, language) for place, text in pages.items()}

    assert {place: forms for place, forms in found.items() if forms} == {}


def test_a_form_to_avoid_is_found_in_prose_and_left_alone_in_code() -> None:
    assert avoided("把凭据写在 `凭据.txt`", "zh") == ["凭据 -> 凭证"]
    assert avoided("```text\n凭据\n```\n[文](凭据.md)", "zh") == []
    assert avoided("The laws of `law`.", "en") == ["laws -> property"]
    assert avoided("Flawless.", "en") == []


def test_messages_and_the_report_use_the_glossary_s_terms() -> None:
    catalogue = ROOT / "bpmax_sim/locale/zh/LC_MESSAGES/bpmax_sim.po"
    report = ROOT / "bpmax_sim/report/assets/texts.json"
    told = [str(one.string) for one in read_po(io.BytesIO(catalogue.read_bytes()))]
    told += [one["zh"] for one in json.loads(report.read_text(encoding="utf-8")).values()]

    assert len(told) > 500
    assert [(text, forms) for text in told if (forms := avoided(text, "zh"))] == []
