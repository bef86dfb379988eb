"""What a session decides at its edges: the innermost, the last, the empty and the third one."""

from __future__ import annotations

import contextlib
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import bpmax_sim as bs
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.clock import RandomSequenceSeeds
from bpmax_sim.errors import LimitedProblems, Place, Problem, ScriptError
from bpmax_sim.i18n import translate
from bpmax_sim.session.scripts import redact_error
from bpmax_sim.session.session import describe_possible_secrets
from bpmax_sim.session.settings import Settings, find_logins_folder


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


@pytest.mark.parametrize(
    ("ends", "used"),
    [
        ({}, (7,)),
        ({"0": (2,)}, (7,)),
        ({"0": (2,), "1": (3,)}, (7,)),
        ({"0": (2, 5), "1": (3,)}, (7, 8)),
        ({"0": (2,), "1": (3, 4)}, (7, 8)),
        ({"0": (2,), "1": (3,), "2": (0, 1)}, (7, 8)),
        ({"0": (2, 5), "1": (3, 4)}, (7, 8)),
    ],
)
def test_a_seed_is_kept_if_one_of_several_scripts_has_drawn_from_it(
    ends: dict[str, tuple[int, ...]], used: tuple[int, ...]
) -> None:
    assert RandomSequenceSeeds((7, 8), ends).without_unused_seed() == RandomSequenceSeeds(
        used, ends
    )


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


@pytest.mark.parametrize(
    ("environ", "user"), [(None, "wangwu"), ({"OA_USER": "lisi"}, "lisi"), ({}, "")]
)
def test_only_without_an_environment_of_its_own_a_session_reads_that_of_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environ: dict[str, str] | None, user: str
) -> None:
    monkeypatch.setenv("OA_USER", "wangwu")
    options: dict[str, Any] = {"mode": "live", "transport": answer_tenant, "environ": environ}
    with opened(tmp_path, "oa", "", "user: {env: OA_USER}, region: 华东", **options) as session:
        if user:
            session.proxy("oa").list()
            assert session.calls[-1].sent is not None
            assert session.calls[-1].sent.url.endswith(f"/list?by={user}")
        else:
            with pytest.raises(bs.ConfigError, match="OA_USER is not set"):
                session.proxy("oa").list()


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


@pytest.mark.parametrize(
    ("script", "letters"),
    [
        ("for (const it of 'abcd') Promise.reject(new Error(it)); throw Error('e')", "eabcd"),
        ("Promise.reject(new Error('a')); return 1", "a"), ("throw Error('e')", "e"),
        ("setTimeout(() => { throw Error('t') }, 1000)", "t"),
        ("setTimeout(() => Promise.reject(new Error('t')), 1000)", "t"),
        ("try { throw Error('a') } catch (error) { return error }", ""), ("return 1", ""),
    ],
)  # fmt: skip
def test_every_error_that_nobody_looked_at_is_told(
    recwarn: pytest.WarningsRecorder, script: str, letters: str
) -> None:
    with bs.Session.open() as session:
        session.run_script(bs.Script(script, "a.js"))
        session.advance(2)

    told = [str(one.message) for one in recwarn if "nothing looked at that" in str(one.message)]
    assert [text.partition("Error: ")[2][:1] for text in told] == [*letters]


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


PLAIN = """\
platform_key: crm
base_url: https://crm.example.test
{more}
apis: {{{apis}}}
"""


def plain_session(folder: Path, answer: Any = None, **options: Any) -> bs.Session:
    """Return a session of a platform without auth that records what *answer* returns."""
    path = folder / "crm.yaml"
    apis, more = options.pop("apis", "list: {path: /list}"), options.pop("more", "")
    path.write_text(PLAIN.format(apis=apis, more=more), encoding="utf-8")
    usual: dict[str, Any] = {"mode": "record" if answer else "replay", "environ": {}, "owner": "甲"}
    return bs.Session.open(
        path, cassette=folder / "cassettes/a.yaml", transport=answer, **(usual | options)
    )


@pytest.mark.parametrize(
    ("before", "after", "is_replaced"),
    [
        *((200, status, True) for status in (200, 299, 400, 404, 428, 430, 499)),
        *((200, status, False) for status in (429, 500, 503, 599)),
        (429, 200, True), (500, 503, True), (404, 500, False), (500, 404, True), (503, 429, True),
        (200, None, False), (500, None, False), (None, None, True), (None, 500, True),
    ],
)  # fmt: skip
def test_a_recording_stays_where_the_third_party_serves_worse_than_before(
    tmp_path: Path, before: int | None, after: int | None, *, is_replaced: bool
) -> None:
    for status in (before, after):

        def answer(_request: bs.Request, status: int | None = status) -> bs.Response:
            if status is None:
                raise bs.TransportError("refused", code="CONNECT")
            return bs.Response(status=status, body=f"{status}".encode())

        with (
            warnings.catch_warnings(record=True) as told,
            plain_session(tmp_path, answer, record="rewrite", command="record") as session,
        ):
            warnings.simplefilter("always")
            for _ in range(3):
                with contextlib.suppress(bs.CallError):
                    session.proxy("crm").list()
        if status != before or before == after:
            outages = [one for one in told if issubclass(one.category, bs.OutageWarning)]
            assert bool(outages) != is_replaced

    outcome = Cassette.load(tmp_path / "cassettes/a.yaml").outcome(0)
    found = outcome.status if isinstance(outcome, bs.Response) else None
    assert found == (after if is_replaced else before)


@pytest.mark.parametrize(
    ("options", "failed", "told"),
    [
        ({}, False, 1), ({}, True, 1), ({"record": "new"}, False, 1),
        ({"adopts": lambda _owners: ""}, False, 0),  # as a scenario does, which tells it itself
        ({"ignore": ()}, False, 0),
    ],
)  # fmt: skip
def test_an_ignore_that_makes_different_calls_equal_is_told_once(
    tmp_path: Path, options: dict[str, Any], *, failed: bool, told: int
) -> None:
    def answer(request: bs.Request) -> bs.Response:
        return bs.Response(status=200, body=request.url[-1:].encode())

    chosen = {"ignore": ("query.page",), **options}
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        session = plain_session(
            tmp_path, answer, apis="list: {path: /list, parameters: [{name: page, in: query}]}",
            command="bpmax-sim record", **chosen,
        )  # fmt: skip
        with contextlib.suppress(ValueError), session:
            for page in "123":
                session.proxy("crm").list(page)
            if failed:
                raise ValueError

    texts = [str(one.message) for one in heard if one.category is bs.BlindIgnoreWarning]
    assert len(texts) == told
    assert all("answered in their order" in one and "crm.list (query.page)" in one for one in texts)


@pytest.mark.parametrize(
    ("was", "now", "is_found"),
    [
        ("get_order: {path: /o}", "get_order: {path: /o}", True),
        ("get_order: {path: /o}", "fetch: {path: /o, was: [get_order]}", True),
        ("get_order: {path: /o}", "fetch: {path: /o, aliases: [get_order]}", True),
        ("get_order: {path: /o}", "fetch: {path: /o, was: [a, b, get_order]}", True),
        ("get_order: {path: /o}", "fetch: {path: /o, was: [a], aliases: [b, get_order]}", True),
        ("get_order: {path: /o}", "fetch: {path: /o}", False),
        ("get_order: {path: /o}", "fetch: {path: /o, was: [get_orders]}", False),
    ],
)
def test_a_recording_is_found_under_each_name_that_an_api_had(
    tmp_path: Path, was: str, now: str, *, is_found: bool
) -> None:
    with plain_session(tmp_path, lambda _request: bs.Response(status=200), apis=was) as session:
        session.proxy("crm").direct(was.partition(":")[0])

    name = now.partition(":")[0]
    session = plain_session(tmp_path, apis=now, unused="ignore")
    if is_found:
        session.proxy("crm").direct(name)
        session.close()
        return
    with pytest.raises(bs.NoMatchError):
        session.proxy("crm").direct(name)
    session.close(failed=True)


@pytest.mark.parametrize(
    ("apis", "other"),
    [
        ("a: {path: /a, was: [b]}, b: {path: /b}", "b"),
        ("b: {path: /b}, a: {path: /a, was: [x, y, b]}", "b"),
        ("a: {path: /a, was: [x]}, b: {path: /b, was: [x]}", "b"),
        ("a: {path: /a, was: [x]}, b: {path: /b}, c: {path: /c, was: [y, x]}", "c"),
        ("a: {path: /a, was: [a]}", "a"),
        ("a: {path: /a, was: [x, y]}, b: {path: /b, was: [z]}", ""),
    ],
)
def test_an_earlier_name_belongs_to_one_api_alone(tmp_path: Path, apis: str, other: str) -> None:
    if not other:
        plain_session(tmp_path, apis=apis).close()
        return
    with pytest.raises(bs.ConfigError, match=f"is also the name of '{other}'; take it out of one"):
        plain_session(tmp_path, apis=apis)


def test_an_error_is_redacted_in_each_part_and_in_what_caused_it() -> None:
    def failed(number: int) -> ScriptError:
        return ScriptError(
            f"口令 S3cret {number}",
            name="S3cretError",
            place=Place("a.js", number),
            fields={"code": "S3cret", "list": [{"a": "S3cret"}], "status": number},
        )

    errors = [failed(1), failed(2), failed(3)]
    errors[0].__cause__, errors[1].__cause__ = errors[1], errors[2]
    errors[2].__cause__ = end = bs.CallError("S3cret")

    shown: Any = redact_error(errors[0], lambda text: text.replace("S3cret", "***"))
    for number in (1, 2, 3):
        assert (shown.message, shown.name) == (f"口令 *** {number}", "***Error")
        assert shown.fields == {"code": "***", "list": [{"a": "***"}], "status": number}
        assert shown.place == Place("a.js", number)
        shown = shown.__cause__
    assert shown is end
    assert "S3cret" in str(errors[0])


def test_a_recording_of_a_run_stays_open_beside_that_of_another_owner(tmp_path: Path) -> None:
    run = bs.RunRecordings()

    def opened_by(owner: str, **options: Any) -> bs.Session:
        path = tmp_path / "crm.yaml"
        path.write_text(PLAIN.format(apis="list: {path: /list}", more=""), encoding="utf-8")
        return bs.Session.open(
            path, cassette=tmp_path / "cassettes/a.yaml", owner=owner, run=run, environ={},
            transport=lambda _request: bs.Response(status=200), **options,
        )  # fmt: skip

    for number, owner in enumerate(("甲", "乙", "甲", "丙", "甲")):
        with opened_by(owner, mode="record") as session:
            assert session.mode == "record"
            session.proxy("crm").list()
        assert (tmp_path / "cassettes/a.yaml").exists() is False, number
    with opened_by("甲", mode="replay") as session:
        session.proxy("crm").list()
    run.finish(failed=False)
    assert {*Cassette.load(tmp_path / "cassettes/a.yaml").owners} == {"甲", "乙", "丙"}


@pytest.mark.parametrize(
    ("number", "shown", "more"), [(1, 1, ""), (5, 5, ""), (6, 5, "1"), (9, 5, "4")]
)
def test_five_places_that_look_like_secrets_are_named(number: int, shown: int, more: str) -> None:
    text = translate(describe_possible_secrets([f"body.a{n}" for n in range(number)]))

    assert text.count("--not-secret ") == shown
    assert (f" and {more} more;" in text) == bool(more)
    assert ("more;" in text) == bool(more)


@pytest.mark.parametrize(
    ("options", "is_refused"),
    [
        ({"environ": {}}, False), ({"environ": {"CI": ""}}, False),
        ({"environ": {"CI": "true"}}, True), ({"environ": {"CI": "0"}}, True),
        ({"environ": {"CI": "true"}, "allow_ci": True}, False),
        ({"environ": {"CI": "true"}, "mode": "replay"}, False),
        ({"environ": {"CI": "true"}, "mode": "live"}, False),
        ({"environ": {"CI": "true"}, "mode": "simulate"}, False),
        ({"environ": {"CI": "true"}, "against": "simulator"}, True),
    ],
)  # fmt: skip
def test_nothing_is_recorded_where_ci_is_set(options: dict[str, Any], *, is_refused: bool) -> None:
    if is_refused:
        with pytest.raises(bs.ConfigError, match="because CI is set"):
            Settings(**{"mode": "record", **options})
    else:
        Settings(**{"mode": "record", **options})


@pytest.mark.parametrize(
    ("options", "command", "seed", "is_simulated"),
    [
        ({}, "", 0, False),
        ({"command": "pytest a", "seed": 0}, "pytest a --record=rewrite", 0, False),
        ({"command": "pytest", "command_rewrite": "", "seed": 7}, "pytest", 7, False),
        ({"command_rewrite": "--all", "mode": "simulate"}, "", 0, True),
        ({"mode": "record", "against": "simulator", "environ": {}}, "", 0, True),
        ({"mode": "record", "environ": {}}, "", 0, False),
        ({"mode": "replay", "against": "simulator"}, "", 0, False),
        ({"mode": "live", "against": "simulator"}, "", 0, False),
    ],
)  # fmt: skip
def test_what_follows_from_the_options_of_a_session(
    options: dict[str, Any], command: str, seed: int, *, is_simulated: bool
) -> None:
    settings = Settings(**options)

    assert settings.rewrite_command == command
    assert (settings.seed_or_default, settings.is_simulated) == (seed, is_simulated)


@pytest.mark.parametrize("seed", [None, 0, 7])
@pytest.mark.parametrize("mode", ["record", "live", "simulate", "replay"])
def test_a_seed_of_zero_is_a_seed(tmp_path: Path, seed: int | None, mode: Any) -> None:
    drawn = set()
    for number in range(3):
        session = plain_session(
            tmp_path, lambda _request: bs.Response(status=200), mode=mode, seed=seed,
            record="rewrite",
        )  # fmt: skip
        drawn.add(session.run_script(bs.Script("return Math.random()", f"{number}.js")).value)
        session.close()

    is_new = seed is None and mode in {"record", "live"}
    assert len(drawn) == (3 if is_new else 1)


@pytest.mark.parametrize(
    ("password", "hidden"),
    [
        ("p-ssw0rd-9", "p-ssw0rd-9"),
        ("p%40ssw0rd-9", "p@ssw0rd-9"),
        ("%E5%8F%A3%E4%BB%A4-8f14e", "口令-8f14e"),
    ],
    ids=["plain", "with an escape", "Chinese"],
)
@pytest.mark.parametrize("mode", ["live", "record"])
def test_the_password_of_a_proxy_is_a_secret_as_it_is_used(
    tmp_path: Path, password: str, hidden: str, mode: Any
) -> None:
    (tmp_path / "instances.yaml").write_text(
        f"- {{platform: crm, instance_key: test, proxy: 'http://zs:{password}@proxy.test:8080'}}\n",
        encoding="utf-8",
    )
    with plain_session(
        tmp_path, lambda _request: bs.Response(status=200), mode=mode,
        instances=tmp_path / "instances.yaml",
    ) as session:  # fmt: skip
        session.proxy("crm").list()

        assert hidden not in session.redact(f"by way of {hidden}!")


@pytest.mark.parametrize("option", ["ignore", "volatile", "redact", "secret", "not_secret"])
@pytest.mark.parametrize("at", ["platform", "api"])
@pytest.mark.parametrize(
    ("place", "is_wrong"), [("body.a.b", False), ("nowhere.a", True), ("body..a", True), ("", True)]
)
def test_each_place_of_each_list_is_checked_where_a_session_opens(
    tmp_path: Path, option: str, at: str, place: str, *, is_wrong: bool
) -> None:
    places = f"{option}: [body.x, body.y, '{place}']"
    declared = {
        "apis": f"list: {{path: /list, {places if at == 'api' else ''}}}",
        "more": places if at == "platform" else "",
    }
    if not is_wrong:
        plain_session(tmp_path, **declared).close()
        return
    name = "crm.list" if at == "api" else "crm"
    with pytest.raises(bs.ConfigError, match=rf"{name}: {option}: '{place}'"):
        plain_session(tmp_path, **declared)


@pytest.mark.parametrize(
    ("mode", "record", "is_known", "plays", "left"),
    [
        ("replay", "once", True, "乙", ["乙", "甲"]),
        ("replay", "once", False, "丙", ["乙", "甲"]),
        ("record", "once", True, "乙", ["乙", "甲"]),
        ("record", "once", False, "丙", ["丙", "乙", "甲"]),
        ("record", "new", True, "乙", ["乙", "甲"]),
        ("record", "rewrite", True, "丙", ["丙", "甲"]),
        ("record", "rewrite", False, "丙", ["丙", "乙", "甲"]),
    ],
)
def test_what_was_recorded_under_an_earlier_name_is_played_or_replaced(
    tmp_path: Path, mode: Any, record: Any, is_known: bool, plays: str, left: list[str]
) -> None:
    def answer(_request: bs.Request) -> bs.Response:
        return bs.Response(status=200, body=b"1")

    for owner in ("甲", "乙"):
        with plain_session(tmp_path, answer, owner=owner) as session:
            session.proxy("crm").list()
    asked: list[Sequence[str]] = []

    def adopt(owners: Sequence[str]) -> str:
        asked.append(owners)
        return "乙" if is_known else ""

    session = plain_session(
        tmp_path, answer, owner="丙", mode=mode, record=record, adopts=adopt, unused="ignore"
    )
    assert ([sorted(one) for one in asked], session.recorded_owner) == ([["乙", "甲"]], plays)
    if mode == "record" or is_known:
        session.proxy("crm").list()
    session.close()

    owners = Cassette.load(tmp_path / "cassettes/a.yaml").owners
    assert sorted(owners) == sorted(left)


def test_what_a_script_throws_and_nobody_catches_is_redacted(
    recwarn: pytest.WarningsRecorder,
) -> None:
    secret = "Zx9kLm-8f14e"
    script = "for (const n of [1, 2, 3]) Promise.reject(new Error(`${n} ${ctx.s}`)); throw ctx.s"
    with bs.Session.open(secrets=[secret]) as session:
        outcome = session.run_script(bs.Script(script, "a.js"), ctx={"s": secret})

        assert len(outcome.unhandled) == 3
        assert secret not in f"{outcome.error} {[str(one) for one in outcome.unhandled]}"
    assert not [one for one in recwarn if secret in str(one.message)]


@pytest.mark.parametrize(
    ("granted", "is_failed", "kept"),
    [
        (["lisi", "wangwu"], False, ["lisi", "wangwu"]),
        (["lisi", "wangwu"], True, ["lisi", "wangwu"]),
        ([], False, ["lisi", "wangwu"]),
        ([], True, []),
        (["lisi"], True, ["lisi"]),
        (["wangwu"], True, ["wangwu"]),
    ],
)
def test_a_refused_login_is_recorded_where_the_run_went_well(
    tmp_path: Path, granted: list[str], *, is_failed: bool, kept: list[str]
) -> None:
    users = ["lisi", "wangwu"]
    (tmp_path / "oa.yaml").write_text(COOKIES, encoding="utf-8")
    (tmp_path / "instances.yaml").write_text(
        "".join(
            f"- {{platform: oa, instance_key: {user}, credentials: {{user: {user}}}}}\n"
            for user in users
        ),
        encoding="utf-8",
    )

    def third_party(request: bs.Request) -> bs.Response:
        user = (request.body or b"").decode().removeprefix("user=")
        is_login = request.url.endswith("/login") and user in granted
        cookie = (("set-cookie", "sid=s-8f14e45fce; Path=/"),) if is_login else ()
        return bs.Response(status=200, headers=cookie)

    session = bs.Session.open(
        tmp_path / "oa.yaml",
        instances=tmp_path / "instances.yaml",
        mode="record",
        cassette=tmp_path / "cassettes/a.yaml",
        transport=third_party,
        environ={},
    )
    for user in users:
        with contextlib.suppress(bs.CallError):
            session.proxy("oa", instance_key=user).list()
    session.close(failed=is_failed)

    found = sorted((tmp_path / "cassettes/auth").glob("*.yaml"))
    assert [path.name for path in found] == [f"oa.{user}.yaml" for user in kept]
