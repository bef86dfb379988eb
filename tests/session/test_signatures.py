"""Signed calls: the stand-in signature is recorded, made again in replay, and compared."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from wechatpayv3 import utils as wechatpay

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.errors import AuthError, NoMatchError
from bpmax_sim.messages import Request, Response
from bpmax_sim.session.session import Session
from bpmax_sim.transport.protocol import Handler
from tests.rsa_keys import rsa_key

START = "2026-03-02T09:00:00+08:00"
LATER = "2026-03-02T09:07:31+08:00"
SECRET = "s3cret-of-the-archive"
ORDER = {"单号": "DD-2026-0042", "客户": "张三", "金额": 1280.5}
PLATFORM = """
platform_key: orders
base_url: https://orders.example.test
credentials: {{app_key: {{}}, app_secret: {{secret: true}}}}
auth:
  sign:
    define: [{{t: "{{{{ now | unix_ms }}}}"}}]
    set_headers: {{X-Time: "{{{{ t }}}}", X-Nonce: "{{{{ nonce }}}}", X-Call: "{{{{ call_id }}}}"}}
    message: "{message}"
    key: "{{{{ app_secret }}}}"
    algorithm: {algorithm}
    encode: hex
    emit: [{{in: {place}, name: sign, value: "{{{{ signature }}}}"}}]
apis:
  create: {{method: POST, path: /orders, ignore: [body.请求号]}}
  find: {{method: GET, path: "/orders/{{no}}"}}
"""
MESSAGE = (
    r"{{ method }}\n{{ target }}\n{{ t }}\n{{ nonce }}\n{{ call_id }}\n{{ app_key }}\n{{ body }}"
)
INSTANCES = """
- platform: orders
  instance_key: default
  default: true
  credentials: {app_key: AK-1, app_secret: {env: ORDERS_SECRET}}
"""


class Bench:
    """A folder with one platform that signs, and who answers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "cassettes/订单.yaml"
        (folder / "platforms").mkdir()
        (folder / "instances.yaml").write_text(INSTANCES, encoding="utf-8")
        self.declare()

    def declare(self, **changed: str) -> None:
        """Write the platform file, with another way to sign."""
        given = {"message": MESSAGE, "algorithm": "hmac-sha256", "place": "header"} | changed
        text = PLATFORM.format(**given)
        (self.folder / "platforms/orders.yaml").write_text(text, encoding="utf-8")

    def open(self, mode: str = "replay", **options: Any) -> Session:
        answer = Response(status=200, headers=(("content-type", "application/json"),), body=b"{}")
        how: dict[str, Any] = {
            "mode": mode,
            "owner": "下单",
            "clock": START,
            "transport": Handler(lambda _request: answer),
            "environ": {"ORDERS_SECRET": SECRET} if mode == "record" else {},
        }
        return Session.open(
            self.folder / "platforms",
            instances=self.folder / "instances.yaml",
            cassette=self.path,
            **how | options,
        )

    def record(self, call: Callable[[Session], object], **options: Any) -> None:
        with self.open("record", **options) as session:
            call(session)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def create(session: Session, order: dict[str, Any] = ORDER) -> None:
    session.proxy("orders").api("create").body(order).call()


def create_and_find(session: Session) -> None:
    create(session)
    session.proxy("orders").api("find").path(no="DD-2026-0042").query(详细=1).call()


def test_what_the_signature_was_made_of_stands_on_the_index_line(bench: Bench) -> None:
    bench.record(create)
    line = Cassette.load(bench.path).line(0)
    signed = Cassette.load(bench.path).exchange(0).request

    assert line.signed is not None
    assert line.signed.now == 1772413200.0
    assert len(line.signed.nonce) == 32
    assert dict(signed.headers)["X-Nonce"] == line.signed.nonce
    assert dict(signed.headers)["X-Call"] == line.signed.call_id
    assert SECRET not in bench.path.read_text(encoding="utf-8")


@pytest.mark.parametrize("place", ["header", "query", "cookie", "body"])
def test_it_holds_at_any_time_and_with_any_nonce(bench: Bench, place: str) -> None:
    bench.declare(place=place)
    bench.record(create)
    for options in ({}, {"clock": LATER}, {"seed": 7}, {"clock": LATER, "seed": 8}):
        with bench.open(**options) as session:
            create(session)
        assert [call.source for call in session.calls] == ["recorded"]


def told(caught: pytest.ExceptionInfo[NoMatchError]) -> list[str]:
    return str(caught.value).splitlines()


@pytest.mark.parametrize(
    "changed",
    [
        {"message": MESSAGE.replace(r"{{ target }}\n", "")},
        {"message": MESSAGE.replace("{{ body }}", "")},
        {"message": MESSAGE.replace("{{ method }}", "{{ method | lower }}")},
        {"message": MESSAGE.replace("{{ t }}", "{{ now | unix }}")},
        {"message": MESSAGE.replace(r"{{ nonce }}\n{{ call_id }}", r"{{ call_id }}\n{{ nonce }}")},
        {"algorithm": "hmac-sha1"},
    ],
)
@pytest.mark.parametrize("options", [{}, {"clock": LATER, "seed": 9}])
def test_another_way_to_sign_fails(
    bench: Bench, changed: dict[str, str], options: dict[str, Any]
) -> None:
    bench.record(create)
    bench.declare(**changed)
    with pytest.raises(NoMatchError) as caught, bench.open(**options) as session:
        create(session)

    assert caught.value.case == "signed otherwise"
    lines = told(caught)
    assert lines[0] == (
        "signed otherwise: orders.create, with the key, instant and nonce of its recording"
    )
    assert lines[1] == "  call      POST /orders (instance default)"
    assert lines[2].startswith('            × header.sign: recorded "')
    assert lines[3:] == [
        "  check     `sign:` in the platform file; if it is right now, record afresh",
        "  record    bpmax-sim record --record=rewrite",
    ]


def test_no_signature_where_one_was_recorded_fails(bench: Bench) -> None:
    bench.record(create)
    platform = bench.folder / "platforms/orders.yaml"
    text = platform.read_text(encoding="utf-8")
    platform.write_text(text[: text.index("auth:")] + text[text.index("apis:") :], encoding="utf-8")
    with pytest.raises(NoMatchError) as caught, bench.open() as session:
        create(session)

    assert [line.split(":")[0] for line in told(caught) if "×" in line] == [
        f"            × header.{name}" for name in ("x-time", "x-nonce", "x-call", "sign")
    ]
    assert "sent nothing" in told(caught)[2]


def test_a_script_that_swallows_it_fails_all_the_same(bench: Bench) -> None:
    bench.record(create)
    bench.declare(algorithm="hmac-sha1")
    with pytest.raises(NoMatchError) as caught, bench.open() as session, suppress(NoMatchError):
        create(session)

    assert caught.value.case == "signed otherwise"


@pytest.mark.parametrize("place", ["header", "body"])
def test_what_is_ignored_or_spelled_otherwise_is_signed_as_it_was_recorded(
    bench: Bench, place: str
) -> None:
    bench.declare(place=place)
    bench.record(lambda session: create(session, {**ORDER, "请求号": "1"}))
    swapped = dict(reversed(ORDER.items()))
    with bench.open() as session:
        create(session, {**swapped, "请求号": "2"})
    bench.declare(algorithm="hmac-sha1", place=place)
    with pytest.raises(NoMatchError), bench.open() as other:
        create(other, {**swapped, "请求号": "2"})

    assert [call.source for call in session.calls] == ["recorded"]


def test_it_is_made_over_what_may_be_written_down(bench: Bench) -> None:
    """A test key is public: a signature over a telephone number would give the number away."""
    said = {**ORDER, "phone": "13800138000"}
    places = ("body.phone",)
    bench.record(lambda session: create(session, said), redact=places)
    recorded = Cassette.load(bench.path).exchange(0).request
    with bench.open(redact=places) as session:
        create(session, said)
    with bench.open(redact=places) as again:
        create(again, json.loads(recorded.body or b""))

    assert b"13800138000" not in (recorded.body or b"")
    assert [one.calls[0].source for one in (session, again)] == ["recorded"] * 2


@pytest.mark.parametrize("place", ["header", "body"])
def test_recording_again_changes_nothing_unless_it_is_signed_otherwise(
    bench: Bench, place: str
) -> None:
    twice = create if place == "body" else create_and_find
    bench.declare(place=place)
    bench.record(twice)
    first = bench.path.read_bytes()
    bench.record(twice, record="rewrite", clock=LATER, seed=3)
    again = bench.path.read_bytes()
    bench.declare(algorithm="hmac-sha1", place=place)
    bench.record(twice, record="rewrite")
    other = bench.path.read_bytes()
    with bench.open() as session:
        twice(session)

    assert again == first
    assert other != first
    assert {call.source for call in session.calls} == {"recorded"}


def test_a_recording_without_the_mark_is_not_compared(bench: Bench) -> None:
    bench.record(create)
    exchange = Cassette.load(bench.path).exchange(0)
    assert exchange.request.signed is not None

    bench.path.unlink()
    bare = Handler(lambda _request: Response(status=200))
    platform = bench.folder / "platforms/orders.yaml"
    signing = platform.read_text(encoding="utf-8")
    cut = signing[: signing.index("auth:")] + signing[signing.index("apis:") :]
    platform.write_text(cut, encoding="utf-8")
    bench.record(create, transport=bare)
    platform.write_text(signing, encoding="utf-8")
    with bench.open() as session:
        create(session)

    assert [call.source for call in session.calls] == ["recorded"]


PAY = """
platform_key: pay
base_url: https://api.mch.weixin.qq.com
auth: {preset: wechatpay_v3}
apis:
  order: {method: POST, path: /v3/pay/transactions/native}
"""
PAY_INSTANCES = """
- platform: pay
  instance_key: default
  default: true
  credentials:
    mchid: "1900007291"
    serial_no: 408B07E7
    private_key: {env: PAY_KEY}
    platform_key_id: PUB_KEY_ID_1
    platform_public_key: {env: PAY_PUBLIC}
"""


def pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def pay(folder: Path, mode: str, signer: str = "platform", **options: Any) -> Any:
    """Open a session whose third party signs its answers with *signer*, now."""
    (folder / "platforms").mkdir(exist_ok=True)
    (folder / "platforms/pay.yaml").write_text(PAY, encoding="utf-8")
    (folder / "instances.yaml").write_text(PAY_INSTANCES, encoding="utf-8")
    public = (
        rsa_key("platform")
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )

    def answer(request: Request) -> Response:
        said = dict(request.headers)["Authorization"]
        now = said.partition('timestamp="')[2].partition('"')[0]
        body = '{"code_url":"weixin://wxpay/bizpayurl?pr=1","phone":"13800138000"}'
        signed = wechatpay.rsa_sign(rsa_key(signer), f"{now}\nnonce\n{body}\n")
        headers = {
            "Timestamp": now,
            "Nonce": "nonce",
            "Signature": signed,
            "Serial": "PUB_KEY_ID_1",
        }
        pairs = tuple((f"Wechatpay-{name}", value) for name, value in headers.items())
        kind = (("Content-Type", "application/json"),)
        return Response(status=200, headers=(*kind, *pairs), body=body.encode())

    environ = {"PAY_KEY": pem(rsa_key("merchant")), "PAY_PUBLIC": public.decode()}
    how: dict[str, Any] = {
        "mode": mode,
        "owner": "支付",
        "clock": START,
        "transport": Handler(answer),
        "environ": environ if mode == "record" else {},
        "redact": ("body.phone",),
    }
    return Session.open(
        folder / "platforms",
        instances=folder / "instances.yaml",
        cassette=folder / "cassettes/支付.yaml",
        **how | options,
    )


def ask(session: Session) -> Any:
    return session.proxy("pay").api("order").body({"描述": "采购合同定金", "金额": 100}).call()


def test_the_signature_of_an_answer_is_verified_before_it_is_redacted_and_marked(
    tmp_path: Path,
) -> None:
    with pay(tmp_path, "record") as session:
        live = ask(session)
    with pay(tmp_path, "replay") as replay:
        recorded = ask(replay)
    line = Cassette.load(tmp_path / "cassettes/支付.yaml").line(0)

    assert line.trust == "verified"
    assert live["phone"] == "13800138000" != recorded["phone"]


def test_recording_again_an_answer_that_was_signed_at_another_time_changes_nothing(
    tmp_path: Path,
) -> None:
    files = []
    for clock in (START, LATER):
        with pay(tmp_path, "record", record="rewrite", clock=clock) as session:
            ask(session)
        files.append((tmp_path / "cassettes/支付.yaml").read_bytes())

    assert b"Wechatpay-Signature" in files[0]
    assert files[0] == files[1]


def test_an_answer_that_was_not_trusted_is_not_trusted_in_replay(tmp_path: Path) -> None:
    with pytest.raises(AuthError) as live, pay(tmp_path, "record", "stranger") as session:
        ask(session)
    beside = tmp_path / "cassettes/支付.yaml.new"
    line = Cassette.load(beside).line(0)
    beside.rename(tmp_path / "cassettes/支付.yaml")
    with pytest.raises(AuthError) as replayed, pay(tmp_path, "replay") as again:
        ask(again)

    assert line.trust == live.value.message == replayed.value.message
    assert line.trust == (
        "the answer cannot be trusted: its signature is not that of its body; "
        "check the platform's public key"
    )
