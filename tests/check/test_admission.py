from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import dump_exchanges
from bpmax_sim.cassette.matching import MatchingRules
from bpmax_sim.messages import Exchange, Request, Response
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.secret.vault import Vault
from bpmax_sim.session.session import Session
from bpmax_sim.traffic.formats import read_foreign
from bpmax_sim.traffic.import_recording import prepare_import
from bpmax_sim.traffic.imported import ForeignExchanges, ReadOptions

ROOT = Path(__file__).parents[2]
CRM = ROOT / "bpmax_sim/starter/demo_files/scenarios/platforms"
SAMPLES = ROOT / "tests/data/foreign"
TOKEN = "0123456789abcdef-our-own-sample"


def admitted(imported: ForeignExchanges, **options: Any) -> ForeignExchanges:
    known: dict[str, Any] = {"rules": MatchingRules(), "owner": "导入", **options}
    vault = known.pop("vault", Vault())
    return prepare_import(imported, load_platforms(CRM), vault, **known)


def sample(name: str) -> ForeignExchanges:
    beside = {"0a1b2c.json": b'{"name":"x"}', "3d4e5f.json": b"{}"}
    data, address = (SAMPLES / name).read_bytes(), "https://crm.example.test"
    return read_foreign(data, options=ReadOptions(address=address, attachment=beside.get))


@pytest.mark.parametrize("path", sorted(SAMPLES.iterdir()), ids=lambda path: path.name)
def test_each_sample_becomes_a_cassette_that_replays(path: Path, tmp_path: Path) -> None:
    found = admitted(sample(path.name))
    cassette = tmp_path / "导入.yaml"
    cassette.write_bytes(dump_exchanges(found.exchanges, rules=MatchingRules()))

    assert b"our-own-sample" not in cassette.read_bytes()
    assert b"sample-session" not in cassette.read_bytes()
    loaded = list(Cassette.load(cassette).exchanges())
    assert [e.key for e in loaded] == [e.key for e in found.exchanges]
    if path.name.endswith(("har", "json")) and "betamax" not in path.name:
        with Session.open(
            CRM, cassette=cassette, owner="导入", unused="ignore", environ={}
        ) as session:
            customer = session.proxy("crm_system").api("get_customer_detail")
            assert customer.path(id=12345).query(fields="name").call()["name"]


def exchange(order: int, url: str, **headers: str) -> Exchange:
    request = Request(
        method="GET", url=url, headers=tuple((n.replace("_", "-"), v) for n, v in headers.items())
    )
    body = json.dumps({"you": TOKEN, "order": order}).encode()
    return Exchange(request=request, outcome=Response(status=200, body=body), order=order)


def test_a_secret_that_the_last_exchange_tells_is_hidden_in_the_first_too() -> None:
    first = exchange(1, "https://other.example.test/x")
    last = exchange(2, "https://crm.example.test/api/customers/1", Authorization=f"Bearer {TOKEN}")

    found = admitted(ForeignExchanges((first, last)))

    assert [e.request.call.name if e.request.call else "" for e in found.exchanges] == [
        "",
        "crm_system.get_customer_detail",
    ]
    assert dict(found.exchanges[1].request.headers)["Authorization"] == (
        "Bearer redacted.crm_system.default.client-authorization.1"
    )
    for one in found.exchanges:
        assert isinstance(one.outcome, Response)
        assert b"redacted.crm_system.default.client-authorization.1" in one.outcome.body


def test_what_the_vault_knows_is_hidden_and_what_cannot_be_is_not_admitted() -> None:
    vault = Vault()
    vault.add(TOKEN, "redacted.crm.test.token.1", name="crm.test.token")
    plain = exchange(1, f"https://other.example.test/x?k={TOKEN}")
    packed = Exchange(
        request=Request(method="GET", url="https://other.example.test/file"),
        outcome=Response(status=200, body=gzip.compress(TOKEN.encode(), mtime=0)),
        order=2,
    )

    found = admitted(ForeignExchanges((plain, packed), ("a note",)), vault=vault)

    assert [e.request.url for e in found.exchanges] == [
        "https://other.example.test/x?k=redacted.crm.test.token.1"
    ]
    assert found.notes[0] == "a note"
    assert found.notes[1].startswith("exchange 2: a secret is left in it (crm.test.token (raw) ")
    assert TOKEN not in "".join(found.notes)


def test_an_address_in_use_becomes_the_declared_one() -> None:
    live = exchange(1, "http://127.0.0.1:8080/api/customers/7?fields=name")

    found = admitted(
        ForeignExchanges((live,)),
        addresses={("crm_system", "default", ""): "http://127.0.0.1:8080"},
    )

    request = found.exchanges[0].request
    assert request.url == "https://crm.example.test/api/customers/7?fields=name"
    assert request.base == "https://crm.example.test"
    assert request.call is not None
    assert (request.call.path, request.call.query) == ("/api/customers/7", (("fields", "name"),))
