"""``**``: a warning for each place whose last digit is the machine's."""

from __future__ import annotations

import warnings

import pytest

from bpmax_sim.errors import PowerWarning
from bpmax_sim.script.failure import Script
from bpmax_sim.script_source.reading import find_inexact_powers
from bpmax_sim.session.session import Session


@pytest.mark.parametrize(
    ("source", "columns"),
    [
        ("x ** 2", [3]),
        ("/** 说明 **/ 2 ** 10 + 2n ** 70n", []),
        ("10 ** -5 + 2 ** 0.5", [4, 14]),
        ("n **= 2", [3]),
        ("'**订单**'", []),
        ("Math.pow(x, 2)", []),
    ],
)
def test_a_power_of_what_is_no_integer_literal_is_found(source: str, columns: list[int]) -> None:
    assert [place.column for place in find_inexact_powers(source)] == columns


def test_a_session_warns_of_each_place() -> None:
    script = Script("const n = 1.5;\nreturn [n ** 2, 2 ** 3];", "流程.js")

    with Session.open(unawaited="warn") as session, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert session.run_script(script).unwrap() == [2.25, 8]

    found = [str(one.message) for one in caught if one.category is PowerWarning]
    assert found == [
        (
            "流程.js:2:11: the last digit of ** depends on the machine here; "
            "Math.pow gives the same everywhere"
        )
    ]
