"""Which recorded stand-ins hinder a replay, which hide no secret, and what looks like a secret."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from bpmax_sim.errors import Place
from bpmax_sim.messages import LOGIN, Call, Exchange, FailedExchange, Request, Response
from bpmax_sim.platform.load import Platforms, load_platforms
from bpmax_sim.secret.vault import Credential, Vault
from bpmax_sim.session.secret_review import SecretReview, UnplayableStandins

STANDIN = "redacted.crm.test.user.1"
PLATFORM = """\
platform_key: crm
base_url: https://crm.example.test
{more}
credentials: {{user: {{}}, password: {{secret: true}}, 第三: {{}}, loginPwd: {{}}}}
apis: {{find: {{method: POST, path: /find {api}}}, other: {{path: /o}}}}
"""


def platforms_of(folder: Path, more: str = "", api: str = "", instance: str = "") -> Platforms:
    (folder / "crm.yaml").write_text(PLATFORM.format(more=more, api=api), encoding="utf-8")
    (folder / "instances.yaml").write_text(
        f"- {{platform: crm, instance_key: test {instance}}}\n", encoding="utf-8"
    )
    return load_platforms(folder / "crm.yaml", instances=folder / "instances.yaml")


def credential(name: str = "user", real: str = "zhangsan", **more: Any) -> Credential:
    fields: dict[str, Any] = {
        "standin": f"redacted.crm.test.{name}.1",
        "secret": False,
        "kind": "text",
    } | more
    return Credential(name=name, real=real, **fields)


def exchange(
    outcome: Any = None, *, path: str = "/find", query: Any = (), headers: Any = (),
    body: bytes | None = None, **call: Any,
) -> Exchange:  # fmt: skip
    fields: dict[str, Any] = {"platform": "crm", "instance": "test", "api": "find"} | call
    made = Call(method="POST", path=path, query=query, headers=headers, body=body, **fields)
    request = Request(
        method="POST", url=f"https://crm.example.test{path}", headers=headers, body=body, call=made
    )
    return Exchange(request=request, outcome=outcome or Response(status=200), order=1)


def search(folder: Path, *credentials: Credential, **declared: str) -> UnplayableStandins:
    tenants: Any = [(("crm", "test"), credentials or (credential(),))]
    return UnplayableStandins(platforms_of(folder, **declared), tenants)


@pytest.mark.parametrize(
    ("sent", "place"),
    [
        (exchange(path=f"/find/{STANDIN}"), "path"),
        (exchange(query=(("a", "1"), ("b", "2"), ("c", STANDIN))), "query"),
        (exchange(query=((STANDIN, ""),)), "query"),
        (exchange(headers=(("X-A", "1"), ("X-B", "2"), ("X-C", f"u={STANDIN}"))), "header"),
        (exchange(headers=((STANDIN, "1"),)), ""),
        (exchange(body=f'{{"名":"{STANDIN}"}}'.encode()), "body"),
        (exchange(body=f"\xff{STANDIN}".encode("latin-1")), "body"),
        (exchange(query=(("a", STANDIN),), body=STANDIN.encode()), "query"),
        (exchange(path=f"/{STANDIN}", query=(("a", STANDIN),)), "path"),
        (exchange(headers=(("X-A", STANDIN),), body=STANDIN.encode()), "header"),
        (exchange(body=b"redacted.crm.test.user"), ""),
        (exchange(body=b"redacted.crm.test.user.2"), ""),
        (exchange(), ""),
        (exchange(api=LOGIN, body=STANDIN.encode()), ""),
        (exchange(api="", body=STANDIN.encode()), ""),
        (replace(exchange(), request=replace(exchange().request, call=None)), ""),
    ],
)  # fmt: skip
def test_a_call_that_a_script_wrote_a_credential_into_is_told_by_its_place(
    tmp_path: Path, sent: Exchange, place: str
) -> None:
    found = search(tmp_path)
    found.add(sent)

    told = found.unplayable_call_messages
    assert len(told) == bool(place)
    if place:
        assert f"crm.find: the {place} says the value of 'user' of crm.test itself, " in told[0]
        assert "write `user: {secret: false}` under credentials of platform 'crm'" in told[0]
    assert found.unplayable_call_messages == told
    assert found.response_standin_notes == ()


@pytest.mark.parametrize(
    ("known", "told"),
    [
        (credential(), "if it is no secret, write `user: {secret: false}`"),
        (credential(secret=True), "leave a secret to auth"),
        (credential(kind="jwt"), ""),
        (credential(real=STANDIN), ""),
        (credential(standin="zhangsan"), ""),
        (credential(real=""), "if it is no secret"),
    ],
)
def test_only_a_text_that_a_stand_in_replaces_hinders_a_replay(
    tmp_path: Path, known: Credential, told: str
) -> None:
    found = search(tmp_path, known)
    found.add(exchange(body=STANDIN.encode()))

    assert [told in one for one in found.unplayable_call_messages] == ([True] if told else [])


def test_each_of_several_credentials_is_told_once_with_the_line_of_the_script(
    tmp_path: Path,
) -> None:
    found = search(tmp_path, credential(), credential("password", secret=True), credential("第三"))
    texts = [f"redacted.crm.test.{name}.1" for name in ("user", "password", "第三")]
    for _ in range(2):
        found.add(exchange(body=" ".join(texts).encode(), position=Place("审批.js", 3)))

    told = found.unplayable_call_messages
    assert [one.split("'")[1] for one in told] == ["user", "password", "第三"]
    assert all("(审批.js:3)" in one for one in told)


@pytest.mark.parametrize(
    ("before", "is_told"),
    [
        (exchange(Response(status=200, body=f'{{"u":"{STANDIN}"}}'.encode())), False),
        (exchange(Response(status=200, headers=(("x", "1"), ("y", STANDIN)))), False),
        (exchange(Response(status=200, headers=((STANDIN, "1"),))), True),
        (exchange(Response(status=200, body=b"redacted")), True),
        (exchange(FailedExchange(code="RESET", message=STANDIN)), True),
        (exchange(Response(status=200, body=STANDIN.encode()), api=LOGIN), True),
        (exchange(Response(status=200, body=STANDIN.encode()), api=""), True),
    ],
)
def test_what_a_response_held_before_a_script_may_have_from_there(
    tmp_path: Path, before: Exchange, *, is_told: bool
) -> None:
    found = search(tmp_path)
    for one in (before, exchange(body=STANDIN.encode())):
        found.add(one)

    assert bool(found.unplayable_call_messages) == is_told


def test_a_response_that_holds_what_its_own_request_said_comes_too_late(tmp_path: Path) -> None:
    found = search(tmp_path)
    found.add(exchange(Response(status=200, body=STANDIN.encode()), body=STANDIN.encode()))

    assert len(found.unplayable_call_messages) == 1


@pytest.mark.parametrize(
    ("known", "outcome", "is_noted"),
    [
        (credential(), Response(status=200, body=STANDIN.encode()), True),
        (credential(), Response(status=200, headers=(("x", STANDIN),)), True),
        (credential(secret=True), Response(status=200, body=STANDIN.encode()), False),
        (credential(), Response(status=200, body=b"zhangsan"), False),
        (credential("loginPwd"), Response(status=200, body=b"redacted.crm.test.loginPwd.1"), False),
        (credential("第三"), Response(status=200, body="redacted.crm.test.第三.1".encode()), True),
        (credential(), FailedExchange(code="RESET", message=""), False),
    ],
)
def test_a_stand_in_of_a_response_is_noted_where_it_may_hide_no_secret(
    tmp_path: Path, known: Credential, outcome: Any, *, is_noted: bool
) -> None:
    found = search(tmp_path, known)
    for _ in range(3):
        found.add(exchange(outcome))

    notes = found.response_standin_notes
    assert len(notes) == is_noted
    if notes:
        name = known.name
        assert notes[0].startswith(f"crm.find: the response holds the value of {name!r} of crm.")
        assert f"if it is no secret, write `{name}: {{secret: false}}`" in notes[0]


@pytest.mark.parametrize(
    ("declared", "is_told"),
    [
        ({}, True),
        ({"more": "query: {u: {$credential: user}}"}, False),
        ({"instance": ", query: {u: {$credential: user}}"}, False),
        ({"api": ", query: {u: {$credential: user}}"}, False),
        ({"api": ", body: {u: {$credential: user}}"}, False),
        ({"api": ", body: {a: [1, 2, {u: {$credential: user}}]}"}, False),
        ({"api": ", body: {u: {$credential: password}}"}, True),
    ],
)
def test_a_default_that_puts_a_credential_in_does_it_in_replay_too(
    tmp_path: Path, declared: dict[str, str], *, is_told: bool
) -> None:
    found = search(tmp_path, **declared)
    found.add(exchange(body=STANDIN.encode()))
    assert bool(found.unplayable_call_messages) == is_told

    other = search(tmp_path, **declared)
    for call in ({"api": "other"}, {"api": "unknown"}, {"platform": "oa"}):
        other.add(exchange(body=STANDIN.encode(), **call))
    is_everywhere = "more" in declared or "instance" in declared
    assert len(other.unplayable_call_messages) == (2 if is_everywhere else 3)


@pytest.mark.parametrize("number", [1, 256, 257, 600])
def test_a_long_recording_is_looked_at_in_parts_and_whole(tmp_path: Path, number: int) -> None:
    found = search(tmp_path)
    review = SecretReview(Vault(), lambda _name: (), lambda _name: (), tmp_path / "a.yaml")
    for index in range(number):
        text = STANDIN if index in {0, number - 1} else ""
        api = "find" if index == 0 else "other"
        found.add(exchange(body=text.encode() or None, api=api))
        review.add(exchange(Response(status=200, headers=JSON, body=RANDOM.encode()), api=api))
        if index == 256:
            assert found._fresh == review._fresh == type(found._fresh)()

    assert len(found.unplayable_call_messages) == min(number, 2)
    assert len(review.find_undeclared_places()) == min(number, 2)


JSON = (("content-type", "application/json"),)
RANDOM = '{"票据":"Zx9kLm8f14e45fceea167a5a36d"}'


@pytest.mark.parametrize(
    ("sent", "volatile", "not_secret", "places"),
    [
        (exchange(Response(status=200, headers=JSON, body=RANDOM.encode())), (), (),
         ("crm.find.body.票据",)),
        (exchange(body=RANDOM.encode(), headers=JSON), (), (), ("crm.find.body.票据",)),
        (exchange(Response(status=200, headers=JSON, body=RANDOM.encode())), ("body.票据",), (),
         ()),
        (exchange(Response(status=200, headers=JSON, body=RANDOM.encode())), (), ("body.票据",),
         ()),
        (exchange(body=RANDOM.encode(), headers=JSON), ("body.票据",), (),
         ("crm.find.body.票据",)),
        (exchange(body=RANDOM.encode(), headers=JSON), (), ("body.票据",), ()),
        (exchange(Response(status=200, headers=JSON, body=RANDOM.encode()), api="other"),
         ("body.票据",), (), ("crm.other.body.票据",)),
        (exchange(), (), (), ()),
    ],
)  # fmt: skip
def test_what_looks_like_a_secret_is_told_by_its_place(
    tmp_path: Path, sent: Exchange, volatile: Any, not_secret: Any, places: tuple[str, ...]
) -> None:
    """What is declared of one API is not for another."""
    review = SecretReview(
        Vault(),
        lambda name: volatile if name == "crm.find" else (),
        lambda name: not_secret if name == "crm.find" else (),
        tmp_path / "cassettes/a.yaml",
    )
    for _ in range(2):
        review.add(sent)

    assert review.find_undeclared_places() == places
    assert review.find_undeclared_places() == places


def test_what_became_known_later_or_is_declared_by_the_project_is_left_out(tmp_path: Path) -> None:
    vault = Vault()
    review = SecretReview(vault, lambda _: (), lambda _: (), tmp_path / "cassettes/a.yaml")
    for api in ("find", "other", "third"):
        body = RANDOM.replace("Zx9", f"{api}9").encode()
        review.add(exchange(Response(status=200, headers=JSON, body=body), api=api))
    places = [f"crm.{api}.body.票据" for api in ("find", "other", "third")]
    assert [*review.find_undeclared_places()] == places

    secret = "other9kLm8f14e45fceea167a5a36d"
    vault.add(secret, "redacted.crm.test.ticket.1", name="crm.test.ticket")
    assert [*review.find_undeclared_places()] == [places[0], places[2]]

    (tmp_path / "pyproject.toml").write_text(
        f"[tool.bpmax_sim]\nnot_secret = ['body.票据', '{places[2]}']\n", encoding="utf-8"
    )
    assert [*review.find_undeclared_places()] == [places[0]]
