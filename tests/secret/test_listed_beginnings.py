"""JSON and XML in base64 by each way in which they begin, and characters of names."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode

from bpmax_sim.secret.pseudonym import make_pseudonym
from bpmax_sim.transport.message_members import (
    find_secret_members,
    may_hold_secret_members,
    parse_message_parts,
)

KEY = "k3y-9f2z-abc"
JSON = (("Content-Type", "application/json"),)


def test_a_secret_in_base64_is_found_however_its_json_or_xml_begins() -> None:
    texts = (
        f'{{"token": "{KEY}"}}', f'{{ "token": "{KEY}"}}', f'{{\n"token": "{KEY}"}}',
        f'{{\r\n"token": "{KEY}"}}', f'[{{"token": "{KEY}"}}]', f'[["合同", {{"token": "{KEY}"}}]]',
        f'<?xml version="1.0"?><a><token>{KEY}</token></a>', f"<xml><token>{KEY}</token></xml>",
    )  # fmt: skip
    packed = [make(text.encode()).decode() for text in texts for make in (b64encode,
        urlsafe_b64encode)]  # fmt: skip
    bodies = [json.dumps({"内容": one}).encode() for one in packed]
    found = [
        [member.text for member in find_secret_members(parse_message_parts(JSON, body, ()))]
        for body in bodies
    ]

    assert [one[:3] for one in packed[::2]] == [
        "eyJ", "eyA", "ewo", "ew0", "W3s", "W1s", "PD9", "PHh",
    ]  # fmt: skip
    assert found == [[KEY]] * len(bodies)
    assert all(may_hold_secret_members((), body, "") for body in bodies)


def test_marks_that_stand_in_chinese_names_are_replaced_as_chinese() -> None:
    replaced = [make_pseudonym(name) for name in ("佐々木", "〆谷", "王小二")]

    assert [len(one) for one in replaced] == [3, 2, 3]
    assert {*"".join(replaced)} <= {*"某甲乙丙戊己壬癸寅卯"}
