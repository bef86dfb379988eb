"""The text of a drawn file is YAML, whatever characters its values have."""

from __future__ import annotations

import pytest
import yaml

from bpmax_sim.strategies.traffic import yaml_text


@pytest.mark.parametrize(
    "character",
    "~\x7f\x80\x85\x9f\xa0\u2027\u2028\u2029\u202a\ufefe\ufeff\uff00\ufffd\ufffe\uffff\U00010000甲\n\t'\"\\",
    ids=ascii,
)
def test_a_file_is_read_back_with_each_character(character: str) -> None:
    document = {f"客户{character}": [f"{character}5", 7, None]}

    assert yaml.safe_load(yaml_text(document)) == document
    assert yaml_text(document).endswith("}\n")
