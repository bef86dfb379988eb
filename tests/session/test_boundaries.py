"""What a session decides at its edges: the innermost, the last, the empty and the third one."""

from __future__ import annotations

from pathlib import Path

import pytest

import bpmax_sim as bs
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.clock import RandomSequenceSeeds
from bpmax_sim.session.settings import find_logins_folder


@pytest.mark.parametrize(
    ("cassette", "folder"),
    [
        (None, None),
        ("cassettes/a.yaml", "cassettes/auth"),
        ("cassettes/x/y/a.yaml", "cassettes/auth"),
        ("old/cassettes/new/cassettes/x/a.yaml", "old/cassettes/new/cassettes/auth"),
        ("recordings/a.yaml", "recordings/auth"),
        ("Cassettes/a.yaml", "Cassettes/auth"),
        ("my cassettes/a.yaml", "my cassettes/auth"),
        ("x/cassettes", "x/auth"),
        ("a.yaml", "auth"),
    ],
)
def test_logins_stand_in_the_innermost_folder_of_cassettes(
    cassette: str | None, folder: str | None
) -> None:
    found = find_logins_folder(Path(cassette) if cassette is not None else None)

    assert found == (Path(folder) if folder is not None else None)


COOKIES = """\
platform_key: oa
base_url: https://oa.example.test
credentials: {user: {secret: false}}
auth:
  acquire:
    steps:
      - request: {method: POST, path: /login, form: {user: "{{ user }}"}}
        extract: {sid: {path: "cookie:sid", secret: true}}
  apply: [{in: cookie, name: sid, value: "{{ sid }}"}]
  recover: {rate: {tries: 5, backoff: 1s}}
response: {classes: {rate: {status: [429, 503]}}}
apis: {list: {path: /list}}
"""


@pytest.mark.parametrize(
    ("statuses", "recorded"),
    [
        ([200], [200]),
        ([429, 200], [200, 429]),
        ([429, 429, 200], [200, 429]),
        ([429, 503, 200], [200, 429, 503]),
    ],
)
def test_logins_with_one_body_are_others_where_their_status_is_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, statuses: list[int], recorded: list[int]
) -> None:
    """What repeats a recorded answer to the byte is not recorded again."""
    monkeypatch.setattr("bpmax_sim.session.call_runner.time.sleep", lambda _seconds: None)
    (tmp_path / "oa.yaml").write_text(COOKIES, encoding="utf-8")
    (tmp_path / "instances.yaml").write_text(
        "- {platform: oa, instance_key: test, credentials: {user: lisi}}\n", encoding="utf-8"
    )
    left = [*statuses]

    def third_party(request: bs.Request) -> bs.Response:
        if not request.url.endswith("/login"):
            return bs.Response(status=200, body=b"[]")
        status = left.pop(0)
        cookie = (("set-cookie", "sid=s-8f14e45fce; Path=/"),) if status == 200 else ()
        return bs.Response(status=status, headers=cookie)

    path = tmp_path / "cassettes/a.yaml"
    with bs.Session.open(
        tmp_path / "oa.yaml",
        instances=tmp_path / "instances.yaml",
        mode="record",
        cassette=path,
        transport=third_party,
        environ={},
    ) as session:
        session.proxy("oa").list()

    logins = Cassette.load(path.parent / "auth/oa.test.yaml")
    outcomes = [logins.outcome(number) for number in range(len(logins))]
    assert sorted(one.status for one in outcomes if isinstance(one, bs.Response)) == recorded
    assert left == []


@pytest.mark.parametrize(
    ("seeds", "ends", "drawn", "after", "used"),
    [
        ((7,), {}, 0, (0,), (7,)),
        ((7,), {}, 3, (3,), (7,)),
        ((7,), {"1": (5,)}, 3, (5,), (7,)),
        ((7, 8), {}, 0, None, (7,)),
        ((7, 8), {}, 1, (0, 1), (7, 8)),
        ((7, 8), {"1": (3,)}, 2, None, (7,)),
        ((7, 8), {"1": (3,)}, 3, None, (7,)),
        ((7, 8), {"1": (3,)}, 4, (3, 4), (7, 8)),
        ((7, 8), {"1": (3, 6)}, 4, (3, 6), (7, 8)),
        ((7, 8, 9), {"1": (3, 6)}, 6, None, (7, 8)),
        ((7, 8, 9), {"1": (3, 6)}, 7, (3, 6, 7), (7, 8, 9)),
    ],
)
def test_a_later_seed_counts_from_the_first_draw_beyond_what_was_drawn_before(
    seeds: tuple[int, ...],
    ends: dict[str, tuple[int, ...]],
    drawn: int,
    after: tuple[int, ...] | None,
    used: tuple[int, ...],
) -> None:
    before = RandomSequenceSeeds(seeds, ends)
    found = before.with_draw_count("1", drawn)

    assert found.ends == (ends if after is None else {"1": after})
    assert found.without_unused_seed().seeds == used
