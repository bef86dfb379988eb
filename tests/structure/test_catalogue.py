"""Every message is there in every language, with the same values, and compiled."""

from __future__ import annotations

import pytest

from bpmax_sim.i18n import msg, plural, translate
from tests.catalogue import TRANSLATED, hidden_templates, path_of, problems, read, written


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_template_is_translated_with_its_values(language: str) -> None:
    assert not list(problems(language)), "translate them in a JSON file: python -m tests.catalogue"


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_files_are_those_of_the_code(language: str) -> None:
    source, compiled = written(language, read(language))
    path = path_of(language)

    assert path.read_bytes() == source, "run: python -m tests.catalogue --update"
    assert path.with_suffix(".mo").read_bytes() == compiled, (
        "run: python -m tests.catalogue --update"
    )


def test_no_template_hides_in_a_variable() -> None:
    """The catalogue takes what stands in a call of ``msg``: a name has to hold a message."""
    assert not list(hidden_templates())


def test_what_is_missing_is_english() -> None:
    assert translate(msg("no such text in any catalogue, {name}", name="张三"), "zh") == (
        "no such text in any catalogue, 张三"
    )
    assert translate(plural(3, "{number} call", "{number} calls"), "zh") == "3 次调用"
