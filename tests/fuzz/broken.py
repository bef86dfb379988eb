"""Platform files as users write them, each with one mistake that loading does not see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bpmax_sim.platform.load import BUILT_IN


@dataclass(frozen=True, slots=True)
class Broken:
    """A platform, the law that its mistake breaks, and what is told of it."""

    text: str
    law: str
    told: str


LOGIN = """
auth:
  acquire:
    steps:
      - request: {path: /login, form: {key: "{{ key }}", secret: "{{ secret }}"}}
        extract: {token: {path: $.access_token%s}}
  apply: [{in: header, name: X-Token, value: "{{ token }}"}]
"""


def orders(rest: str, *, parameters: str = "", credentials: str = "") -> str:
    """Return a platform ``orders`` with one API ``createOrder``."""
    return f"""platform_key: orders
base_url: https://orders.example.test
credentials: {{{credentials}}}
{rest.strip()}
apis:
  createOrder:
    method: POST
    path: /orders/{{kind}}
    parameters:
      - {{name: kind, in: path, required: true, enum: [sale, 退货]}}
{parameters.strip(chr(10))}
"""


BEARER = "auth: {apply: [{in: header, name: Authorization, value: 'Bearer {{ key }}'}]}"
QUERY = "auth: {apply: [{in: query, name: access_token, value: '{{ key }}'}]}"
SECRET = "key: {secret: true}"

PLATFORMS: Final[Mapping[str, Broken]] = {
    "one parameter lies within another": Broken(
        orders(
            "",
            parameters="""
      - {name: 客户, in: body, to: customer, required: true}
      - {name: 名称, in: body, to: customer.name, required: true}""",
        ),
        "arrives",
        "the value of parameter '客户' does not arrive at body.customer: it lies within, or "
        "around, parameter '名称'; remove one",
    ),
    "a parameter stands where auth puts its header": Broken(
        orders(
            BEARER,
            credentials=SECRET,
            parameters="      - {name: 令牌, in: header, to: authorization}",
        ),
        "arrives",
        "the value of parameter '令牌' does not arrive at header.authorization: auth puts its own "
        "there; remove the parameter, or rename one of them",
    ),
    "a parameter stands where auth puts its query": Broken(
        orders(
            QUERY, credentials=SECRET, parameters="      - {name: t, in: query, to: access_token}"
        ),
        "arrives",
        "the value of parameter 't' does not arrive at query.access_token: auth puts its own "
        "there; remove the parameter, or rename one of them",
    ),
    "a credential is not declared secret": Broken(
        orders(BEARER.replace("key", "licence"), credentials="licence: {default: sk-2026-0302}"),
        "secrets",
        "header.Authorization is recorded in the clear, with licence in it; write secret: true "
        "where it is declared or extracted",
    ),
    "a token is not extracted as a secret": Broken(
        orders(LOGIN % "", credentials="key: {}, secret: {secret: true}"),
        "secrets",
        "header.X-Token is recorded in the clear, with token in it; write secret: true where it is "
        "declared or extracted",
    ),
    "ignore hides what a call is about": Broken(
        orders(
            "ignore: [query]", parameters="      - {name: 单号, in: query, to: no, required: true}"
        ),
        "identity",
        "calls that differ in the required parameter '单号' share one recording: ignore "
        "hides it; name what does not count more narrowly",
    ),
    "a signature needs a header that not every call has": Broken(
        orders(
            """
auth:
  sign:
    message: "{{ headers['X-Trace'] }}"
    key: "{{ key }}"
    emit: [{in: header, name: X-Sign, value: "{{ signature }}"}]""",
            credentials=SECRET,
            parameters="      - {name: 单号, in: header, to: X-Trace}",
        ),
        "accepted",
        "a call that fits what is declared ends in",
    ),
    "odd characters stand in a file": Broken(
        orders(
            "encoding: form",
            parameters=r"""
      - {name: "明细\u2028${x}\"\"\"\\", in: body, type: object}""",
        ),
        "accepted",
        "a call that fits what is declared ends in BAD_ARGUMENT",
    ),
    "a form cannot hold an object": Broken(
        orders("encoding: form", parameters="      - {name: 明细, in: body, type: object}"),
        "accepted",
        "a call that fits what is declared ends in BAD_ARGUMENT",
    ),
    "codes of a token that is over are not the vendor's": Broken(
        (BUILT_IN / "qywx.yaml")
        .read_text(encoding="utf-8")
        .replace("40014, 42001, 40001", "41001"),
        "renewal",
        "when the third party",
    ),
}
"""What each of them does wrong."""


def written(name: str, folder: Path) -> Path:
    """Write one of `PLATFORMS` into the project *folder*, and return its file."""
    path = folder / "scenarios/platforms/broken.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(PLATFORMS[name].text, encoding="utf-8")
    return path
