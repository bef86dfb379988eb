"""What a draft makes of a body in JSON that no reader can follow to its end."""

from __future__ import annotations

import msgspec
import pytest

from bpmax_sim.messages import Exchange, Response
from bpmax_sim.platform.matcher import ApiMatcher
from bpmax_sim.platform.model import Platform
from bpmax_sim.starter.platform_draft import draft_platform
from bpmax_sim.starter.scenario_draft import draft_script_call
from bpmax_sim.traffic.identify import identify_request
from bpmax_sim.traffic.imported import make_foreign_request
from tests.live.test_platform_draft import CRM, JSON, seen


@pytest.mark.parametrize("body", ["[" * 100_000, '{"客户":' * 50_000, '{"客户"', "[1 2]"])
def test_a_body_that_cannot_be_read_to_its_end_is_sent_as_the_text_that_it_is(body: str) -> None:
    sent = make_foreign_request("POST", f"{CRM}/orders", JSON, body.encode())
    apis = {"save": {"method": "POST", "path": "/orders"}}
    platform = {"platform_key": "crm", "base_url": CRM, "apis": apis}
    matcher = ApiMatcher([msgspec.convert(platform, Platform)])
    request = identify_request(sent, matcher.match(sent))

    call = draft_script_call(Exchange(request=request, outcome=Response(status=200)), matcher, 1)
    draft = draft_platform(
        "crm", [seen("POST /orders", {}, headers=JSON, body=body.encode())], [CRM]
    )

    text = msgspec.json.encode(body).decode()
    assert call.line.replace("\n  ", "").partition(".$body")[2] == f"({text}).$call();"
    assert draft.text.partition("    parameters:\n")[2] == (
        '      - {name: body, in: body, to: "$"}\n'
    )
