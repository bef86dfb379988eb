"""What a session decides at its edges: the innermost, the last, the empty and the third one."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest

import bpmax_sim as bs
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.clock import RandomSequenceSeeds
from bpmax_sim.errors import LimitedProblems, Place, Problem
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


TENANT = """\
platform_key: {key}
{was}base_url: https://oa.example.test
credentials: {{user: {{secret: false}}, region: {{secret: false}}}}
auth:
  acquire:
    steps:
      - request: {{method: POST, path: /login, form: {{user: "{{{{ user }}}}"}}}}
        extract: {{tenant: {{path: $.tenant, secret: false}}}}
  apply: [{{in: header, name: X-Tenant, value: "{{{{ tenant }}}}"}}]
apis: {{list: {{path: /list, query: {{by: {{$credential: user}}}}}}}}
"""


def opened(folder: Path, key: str, was: str, credentials: str, **options: Any) -> bs.Session:
    """Return a session of a platform with a login, and with credentials that are no secret."""
    platform = TENANT.format(key=key, was=f"was: [{was}]\n" if was else "")
    (folder / "oa.yaml").write_text(platform, encoding="utf-8")
    declared = f"- {{platform: {key}, instance_key: test, credentials: {{{credentials}}}}}\n"
    (folder / "instances.yaml").write_text(declared, encoding="utf-8")
    return bs.Session.open(
        folder / "oa.yaml",
        instances=folder / "instances.yaml",
        cassette=folder / "cassettes/a.yaml",
        **options,
    )


def answer_tenant(request: bs.Request) -> bs.Response:
    body = b'{"tenant": "east-1"}' if request.url.endswith("/login") else b"[]"
    return bs.Response(status=200, headers=(("content-type", "application/json"),), body=body)


@pytest.mark.parametrize("key", ["oa", "office", "third"])
def test_logins_and_clear_values_are_found_under_each_name_that_a_platform_had(
    tmp_path: Path, key: str
) -> None:
    sources = "user: {env: OA_USER}, region: 华东"
    recording: dict[str, Any] = {"mode": "record", "transport": answer_tenant}
    with opened(tmp_path, "oa", "", sources, environ={"OA_USER": "lisi"}, **recording) as session:
        session.proxy("oa").list()

    was = {"oa": "", "office": "oa", "third": "office, oa"}[key]
    with opened(tmp_path, key, was, sources, mode="replay", environ={}) as session:
        assert session.proxy(key).list() == []
        assert [one.sent and one.sent.url for one in session.calls] == [
            "https://oa.example.test/login",
            "https://oa.example.test/list?by=lisi",
        ]


@pytest.mark.parametrize(
    ("credentials", "is_refused"),
    [
        ("user: lisi, region: 华东", False),
        ("user: lisi", False),
        ("user: lisi, region: 华南", True),
        ("user: lisi, region: ''", True),
        ("user: zhangsan, region: 华东", True),
    ],
)
def test_what_is_added_to_a_recording_has_its_clear_values(
    tmp_path: Path, credentials: str, is_refused: bool
) -> None:
    recording: dict[str, Any] = {"mode": "record", "transport": answer_tenant, "environ": {}}
    with opened(tmp_path, "oa", "", "user: lisi, region: 华东", **recording) as session:
        session.proxy("oa").list()

    with opened(tmp_path, "oa", "", credentials, record="new", **recording) as session:
        if is_refused:
            with pytest.raises(bs.ConfigError, match="or record afresh"):
                session.proxy("oa").list()
        else:
            assert session.proxy("oa").list() == []


@pytest.mark.parametrize(
    ("beside", "users"),
    [
        ("", ["zhangsan"]),
        ("b.yaml", ["lisi", "zhangsan"]),
        ("b.yaml.new", ["lisi", "zhangsan"]),
        ("x/b.yaml", ["lisi", "zhangsan"]),
        ("x/b.yaml.999999-1.journal", ["lisi", "zhangsan"]),
        ("b.journal", ["zhangsan"]),
    ],
)
def test_a_login_stays_while_a_recording_has_its_account_or_may_get_it(
    tmp_path: Path, beside: str, users: list[str]
) -> None:
    """Another cassette, one that waits for review, or one that somebody records just now."""
    options: dict[str, Any] = {
        "mode": "record", "transport": answer_tenant, "environ": {}, "record": "rewrite",
    }  # fmt: skip
    with opened(tmp_path, "oa", "", "user: lisi, region: 华东", **options) as session:
        session.proxy("oa").list()
    if beside:
        other = tmp_path / "cassettes" / beside
        other.parent.mkdir(exist_ok=True)
        is_journal = beside.endswith(".journal")
        data = b"" if is_journal else (tmp_path / "cassettes/a.yaml").read_bytes()
        other.write_bytes(data)
    with opened(tmp_path, "oa", "", "user: zhangsan, region: 华东", **options) as session:
        session.proxy("oa").list()

    logins = Cassette.load(tmp_path / "cassettes/auth/oa.test.yaml")
    sent = [one.request.body or b"" for one in logins.exchanges()]
    assert sorted(body.decode().removeprefix("user=") for body in sent) == users


def test_every_error_that_nobody_looked_at_is_told(recwarn: pytest.WarningsRecorder) -> None:
    script = "for (const letter of 'abcd') Promise.reject(new Error(letter)); throw Error('e')"
    with bs.Session.open() as session:
        session.run_script(bs.Script(script, "a.js"))

    told = [str(one.message) for one in recwarn if "nothing looked at that" in str(one.message)]
    assert [text.partition("Error: ")[2][:1] for text in told] == [*"eabcd"]


@pytest.mark.parametrize("share", ["", "share: process_lock\n"])
@pytest.mark.parametrize("shared", [None, bs.SharedLogins()])
def test_who_stands_in_for_a_third_party_shares_no_login_with_other_processes(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    share: str,
    shared: bs.SharedLogins | None,
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    (tmp_path / "oa.yaml").write_text(COOKIES + share, encoding="utf-8")
    (tmp_path / "instances.yaml").write_text(
        "- {platform: oa, instance_key: test, credentials: {user: lisi}}\n", encoding="utf-8"
    )

    def third_party(request: bs.Request) -> bs.Response:
        is_login = request.url.endswith("/login")
        cookie = (("set-cookie", "sid=s-8f14e45fce; Path=/"),) if is_login else ()
        return bs.Response(status=200, headers=cookie)

    for _ in range(2):
        with bs.Session.open(
            tmp_path / "oa.yaml",
            instances=tmp_path / "instances.yaml",
            mode="live",
            transport=third_party,
            shared_logins=shared,
            environ={},
        ) as session:
            session.proxy("oa").list()

    assert [*(tmp_path / "tmp").iterdir()] == []


@pytest.mark.parametrize(("number", "most"), [(0, 200), (199, 200), (200, 200), (201, 200)])
@pytest.mark.parametrize("at_once", [True, False])
def test_more_than_two_hundred_problems_of_a_file_end_the_search(
    number: int, most: int, at_once: bool
) -> None:
    found = LimitedProblems()
    every = [Problem(f"problem {n}", Place("a.yaml", n + 1)) for n in range(number)]

    def collect() -> None:
        if at_once:
            found.extend(every)
        else:
            for one in every:
                found.append(one)

    if number <= most:
        collect()
        assert found == every
        return
    with pytest.raises(bs.ConfigError) as caught:
        collect()
    *told, more = caught.value.problems
    assert [*told] == every[:most]
    assert more == Problem("more than 200 problems; mend these first", Place("a.yaml"))
