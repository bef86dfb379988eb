"""What a session reads from declarations: places, former names, addresses and variables."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest

import bpmax_sim as bs
from bpmax_sim.messages import Call
from bpmax_sim.platform.load import Platforms, load_platforms
from bpmax_sim.platform.model import Platform
from bpmax_sim.secret.vault import Vault
from bpmax_sim.session.credentials import (
    add_personal_places,
    check_request_places,
    collect_former_names,
    collect_not_secret_places,
    find_declarations,
    find_not_secret_places,
    find_volatile_places,
    get_matching_rules,
    list_read_response_headers,
    make_not_secret_places_reader,
    register_secret_texts,
)
from tests.session.test_boundaries import plain_session

BASE = "https://crm.example.test"
CRM = f"""\
platform_key: crm
base_url: {BASE}
credentials: {{tenant: {{secret: false}}, key: {{secret: true}}, region: {{}}}}
MORE
apis:
  find: {{path: "/客户/{{id}}"API}}
  list: {{path: /list}}
"""


def platforms_of(folder: Path, more: str = "", api: str = "") -> Platforms:
    text = CRM.replace("MORE", more).replace("API", api)
    (folder / "crm.yaml").write_text(text, encoding="utf-8")
    return load_platforms(folder / "crm.yaml")


KEY = 'auth: {apply: [{in: header, name: X-Key, value: "{{ key }}"}]}'
SIGNED = (
    "{message: '{{ response_body }}', key: '{{ key }}', algorithm: hmac-sha256, "
    "signature: '{{ response_headers[\"x-signature\"] }}'}"
)
VERIFY = f"""\
auth:
  apply: [{{in: header, name: X-Key, value: "{{{{ key }}}}"}}]
  verify_response: {SIGNED}
"""
OWN = f"auth: {{verify_response: {SIGNED}}}"


@pytest.mark.parametrize(
    ("name", "places"),
    [
        ("crm.find", ("body.now", "header.date", "body.at", "body.[*].at", "header.X-Third")),
        ("crm.list", ("body.now", "header.date")),
        ("crm.unknown", ("body.now", "header.date")),
        ("crm", ("body.now", "header.date")),
        ("crm.", ("body.now", "header.date")),
        ("crm.find.x", ("body.now", "header.date")),
        ("oa.find", ()), ("find", ()), ("", ()), (".find", ()),
    ],
)  # fmt: skip
def test_volatile_places_are_those_of_platform_and_api(
    tmp_path: Path, name: str, places: tuple[str, ...]
) -> None:
    platforms = platforms_of(
        tmp_path, "volatile: [body.now, header.date]",
        ", volatile: [body.at, 'body.[*].at', header.X-Third]",
    )  # fmt: skip

    assert find_volatile_places(platforms, name) == places


@pytest.mark.parametrize(
    ("more", "api", "is_volatile"),
    [("", "", False), (VERIFY, "", True), (VERIFY, ", auth: {}", False), ("", f", {OWN}", True)],
    ids=["none", "platform", "an API without", "an API"],
)
def test_the_header_that_signs_a_response_is_volatile(
    tmp_path: Path, more: str, api: str, *, is_volatile: bool
) -> None:
    found = find_volatile_places(platforms_of(tmp_path, more, api), "crm.find")

    assert found == (("header.x-signature",) if is_volatile else ())


@pytest.mark.parametrize(
    ("name", "places"),
    [
        ("crm.find", ("body.a", "query.b", "body.c")),
        ("crm.list", ("body.a", "query.b")),
        ("crm.unknown", ("body.a", "query.b")),
        ("oa.find", ()),
        ("", ()),
    ],
)
def test_places_that_are_no_secret_are_those_of_platform_and_api(
    tmp_path: Path, name: str, places: tuple[str, ...]
) -> None:
    platforms = platforms_of(tmp_path, "not_secret: [body.a, query.b]", ", not_secret: [body.c]")
    assert find_not_secret_places(platforms, name) == places

    key, _, api = name.partition(".")
    call = Call(platform=key, instance="", api=api, method="GET", path="/x")
    request = bs.Request(method="GET", url=f"{BASE}/x?a=1", call=call)
    project = ("crm.find.body.x", "oa.find.body.y", f"GET {BASE}/x body.z", "body.w", "crm.body.v")
    of_project = {
        "crm.find": ("body.x",), "oa.find": ("body.y",), "": ("body.z",),
    }.get(name, ())  # fmt: skip
    asked = collect_not_secret_places(platforms, lambda: project, request)
    assert asked == (*places, *of_project)


def test_of_a_request_without_call_the_project_alone_is_asked(tmp_path: Path) -> None:
    platforms = platforms_of(tmp_path, "not_secret: [body.a]")
    request = bs.Request(method="GET", url=f"{BASE}/x?a=1")

    found = collect_not_secret_places(platforms, lambda: (f"GET {BASE}/x body.z",), request)
    assert found == ("body.z",)


def test_a_session_without_cassette_has_no_project(tmp_path: Path) -> None:
    assert make_not_secret_places_reader(None)() == ()

    (tmp_path / "pyproject.toml").write_text("[tool.bpmax_sim]\nnot_secret = ['a.b']\n")
    read = make_not_secret_places_reader(tmp_path / "cassettes/a.yaml")
    assert read() == ("a.b",)
    (tmp_path / "pyproject.toml").write_text("[tool.bpmax_sim]\nnot_secret = []\n")
    assert (read(), make_not_secret_places_reader(tmp_path / "a.yaml")()) == (("a.b",), ())


@pytest.mark.parametrize(
    ("name", "keys"),
    [("crm.find", ["crm", "find"]), ("crm.x", ["crm"]), ("crm", ["crm"]), ("x.find", []), ("", [])],
)
def test_an_api_is_declared_by_its_platform_and_itself(
    tmp_path: Path, name: str, keys: list[str]
) -> None:
    found = find_declarations(platforms_of(tmp_path), name)

    assert [one.platform_key if isinstance(one, Platform) else one.key for one in found] == keys


@pytest.mark.parametrize(
    ("more", "api", "headers"),
    [
        ("", "", ()),
        ("response: {message: ['header:X-Error', $.message]}", "", ("header.x-error",)),
        ("response: {code: [$.code, 'header:X-Code']}\n" + KEY, "",
         ("header.x-code",)),
        ("secret: ['header:X-Token', header.X-Own, body.ticket]", "",
         ("header.x-own", "header.x-token")),
        ("secret: ['cookie:sid']", "", ()),  # a header that counts by itself
        ("secret: [cookies, 'header:X-Token']", "", ("header.x-token",)),
        ("", ", secret: [header.X-Own]", ("header.x-own",)),
        ("volatile: [header.X-OWN]\nsecret: [header.X-Own]", "", ()),
        ("secret: [header.X-Own]", ", volatile: [header.x-own]", ()),
        ("secret: [header.X-Own]", ", secret: [header.x-own, header.X-Two]",
         ("header.x-own", "header.x-two")),
    ],
)  # fmt: skip
def test_headers_that_a_declaration_reads_are_known(
    tmp_path: Path, more: str, api: str, headers: tuple[str, ...]
) -> None:
    found = list_read_response_headers(platforms_of(tmp_path, more, api), "crm.find")

    assert tuple(sorted(found)) == headers
    assert list_read_response_headers(platforms_of(tmp_path, more, api), "oa.find") == ()


@pytest.mark.parametrize(
    ("places", "wrong"),
    [
        ([], ""), (["body.a", "query.b", "header.X-C", "path.id"], ""), (["body"], ""),
        (["path.编号"], "path.编号"), (["body.a", "body.b", "path.no"], "path.no"),
        (["nowhere"], "nowhere"), ([""], ""),
    ],
)  # fmt: skip
def test_a_place_that_no_request_has_is_refused(places: list[str], wrong: str) -> None:
    templates = ["/客户/{id}", "/订单/{no_}"]
    if not wrong and places != [""]:
        check_request_places("ignore", places, templates)
        return
    with pytest.raises(bs.ConfigError, match="ignore: "):
        check_request_places("ignore", places, templates)


@pytest.mark.parametrize(
    ("places", "personal"),
    [((), ("body.a",)), (("body.b",), ("body.a", "body.b")),
     (("query.c", "body.b"), ("body.a", "query.c", "body.b"))],
)  # fmt: skip
def test_personal_places_are_added_behind_the_declared_ones_also_in_the_recorded_form(
    places: tuple[str, ...], personal: tuple[str, ...]
) -> None:
    twin = bs.Request(method="GET", url=BASE, personal=("body.a",))
    request = bs.Request(method="GET", url=BASE, personal=("body.a",), standin=twin)

    found = add_personal_places(request, places)
    assert found.personal == personal
    assert found.standin is not None
    assert found.standin.personal == personal
    assert add_personal_places(twin, places).standin is None


def test_matching_rules_have_what_platforms_and_apis_declare(tmp_path: Path) -> None:
    platforms = platforms_of(
        tmp_path, "ignore: [query.t]\nvolatile: [body.now]\nwas: [oa, office]",
        ", ignore: [body.at, body.by], volatile: [body.v], was: [get, query], aliases: [查]",
    )  # fmt: skip

    rules = get_matching_rules(platforms, ["header.X-A", "path.id"])
    assert rules.ignore == ("header.X-A", "path.id")
    assert rules.scoped == (("crm", ("query.t",)), ("crm.find", ("body.at", "body.by")))
    own = [(name, paths) for name, paths in rules.volatile if name.startswith("crm")]
    assert own == [("crm", ("body.now",)), ("crm.find", ("body.v",))]
    templates = {n: path for n, path in rules.templates.items() if n.startswith("crm")}
    assert templates == {"crm.find": "/客户/{id}", "crm.list": "/list"}
    assert rules.former.platforms == {"crm": ("oa", "office")}
    assert rules.former.apis["crm.find"] == ("get", "query", "查")
    assert "crm.list" not in rules.former.apis
    assert collect_former_names(platforms) == rules.former


@pytest.mark.parametrize(
    ("second", "told"),
    [
        ("platform_key: oa\nwas: [third]", ""),
        ("platform_key: oa\nwas: [crm]", "oa: was: 'crm' is also the name of 'crm'"),
        ("platform_key: oa\nwas: [third, office]", "crm: was: 'office' is also the name of 'oa'"),
        ("platform_key: office", "crm: was: 'office' is also the name of 'office'"),
    ],
)
def test_an_earlier_name_belongs_to_one_platform(tmp_path: Path, second: str, told: str) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x/crm.yaml").write_text(
        CRM.replace("MORE", "was: [old, office]").replace("API", ""), encoding="utf-8"
    )
    (tmp_path / "x/oa.yaml").write_text(
        f"{second}\nbase_url: https://oa.example.test\napis: {{a: {{path: /a}}}}\n",
        encoding="utf-8",
    )
    platforms = load_platforms(tmp_path / "x")
    if not told:
        assert collect_former_names(platforms).platforms["crm"] == ("old", "office")
        return
    with pytest.raises(bs.ConfigError, match=told):
        collect_former_names(platforms)


def live_session(
    folder: Path, instance: str, environ: dict[str, str], **options: Any
) -> bs.Session:
    """Return a session in which each call is answered with 200."""
    text = CRM.replace("MORE", f"hosts: {{files: 'https://files.example.test'}}\n{KEY}")
    (folder / "crm.yaml").write_text(text.replace("API", ""), encoding="utf-8")
    (folder / "instances.yaml").write_text(instance, encoding="utf-8")
    usual: dict[str, Any] = {"mode": "live", "transport": lambda _: bs.Response(status=200)}
    return bs.Session.open(
        folder / "crm.yaml", instances=folder / "instances.yaml", environ=environ,
        **(usual | options),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("instance", "environ", "mode", "told"),
    [
        ("[]", {"CRM_KEY": "k-8f14e45", "CRM_TENANT": "华东"}, "live", "CRM_TENANT, CRM_KEY"),
        ("[]", {"CRM_KEY": "k-8f14e45", "CRM_TENANT": "华东", "CRM_URL": "https://a.test",
                "CRM_FILES_URL": "https://f.test", "CRM_OTHER": "x"}, "live",
         "CRM_URL, CRM_FILES_URL, CRM_TENANT, CRM_KEY"),
        ("- {platform: crm, instance_key: default, credentials: {key: k-8f14e45, tenant: 华东}}",
         {"CRM_KEY": "x", "CRM_TENANT": "y"}, "live", ""),
        ("[]", {"CRM_KEY": "k-8f14e45", "CRM_TENANT": "华东"}, "simulate", ""),
    ],
    ids=["two", "all", "declared", "simulated"],
)  # fmt: skip
def test_variables_that_are_read_by_their_name_alone_are_noted(
    tmp_path: Path, instance: str, environ: dict[str, str], mode: Any, told: str
) -> None:
    transport = {"transport": None} if mode == "simulate" else {}
    with live_session(tmp_path, f"{instance}\n", environ, mode=mode, **transport) as session:
        assert session.standin_notes == ()
        for _ in range(2):
            session.proxy("crm").list()
        notes = session.standin_notes

    said = "read from the environment, as no file says otherwise: "
    assert notes == ((f"{said}{told}",) if told else ())


def test_addresses_are_those_of_an_instance_that_was_called(tmp_path: Path) -> None:
    instance = (
        "- {platform: crm, instance_key: test, base_url: {env: LIVE}, "
        "hosts: {files: {env: FILES}}, credentials: {key: k-8f14e45, tenant: a}}\n"
    )
    environ = {"LIVE": "https://live.test", "FILES": "https://files.test"}
    with live_session(tmp_path, instance, environ) as session:
        assert session.find_instance_addresses("crm", "test") == {}
        session.proxy("crm").list()

        found = session.find_instance_addresses("crm", "test")
        assert {host: pair.live for host, pair in found.items()} == {
            "": "https://live.test", "files_url": "https://files.test",
        }  # fmt: skip
        assert found[""].declared == BASE
        assert session.find_instance_addresses("crm", "prod") == {}
        assert session.find_instance_addresses("oa", "test") == {}
        assert session.redact("https://live.test/a https://files.test/b") == (
            f"{BASE}/a https://files.example.test/b"
        )


@pytest.mark.parametrize(
    ("key", "tenant", "told"),
    [
        ("12345", "a", ["key"]), ("123456", "a", []), ("redact", "a", ["key"]),
        ("crm.test", "a", ["key"]),
    ],
    ids=["five", "six", "a part", "another part"],
)  # fmt: skip
def test_a_secret_that_is_too_weak_to_be_found_is_warned_of(
    tmp_path: Path, key: str, tenant: str, told: list[str]
) -> None:
    credentials = f"{{key: '{key}', tenant: {tenant}, region: {{env: REGION}}}}"
    instance = f"- {{platform: crm, instance_key: test, credentials: {credentials}}}\n"
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        with live_session(tmp_path, instance, {"REGION": "east"}) as session:
            session.proxy("crm").list()
    weak = [str(one.message) for one in found if issubclass(one.category, bs.WeakSecretWarning)]
    assert [one.split("'")[1] for one in weak] == told
    assert all("of crm.test" in one for one in weak)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with live_session(tmp_path, instance, {}, mode="simulate", transport=None) as session:
            session.proxy("crm").list()


@pytest.mark.parametrize("at", ["session", "platform", "api"])
@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("path.phone", ""), ("path", ""), ("path.*", ""), ("header.X-Phone", ""),
        ("header.Date", ""), ("query", ""), ("query.*", ""), ("body", ""),
        ("path.phon", "matches nothing: the path has no parameter 'phon'; did you mean 'phone'?"),
        ("path.phone.a", "matches nothing: path has names only; write path.<name>"),
        ("header", "names every header; name each one that holds personal data"),
        ("header.*", "names every header; name each one that holds personal data"),
    ],
)  # fmt: skip
def test_a_place_of_personal_data_that_would_stay_as_it_is_is_refused(
    tmp_path: Path, at: str, place: str, why: str
) -> None:
    places = f"redact: [body.x, '{place}']"
    declared: dict[str, Any] = {
        "apis": f"list: {{path: '/list/{{phone}}', {places if at == 'api' else ''}}}",
        "more": places if at == "platform" else "",
    }
    options = {"redact": ["body.x", place]} if at == "session" else {}
    if not why:
        plain_session(tmp_path, **declared, **options).close()
        return
    name = {"session": "", "platform": "crm: ", "api": "crm.list: "}[at]
    with pytest.raises(bs.ConfigError) as caught:
        plain_session(tmp_path, **declared, **options)
    assert str(caught.value).startswith(f"{name}redact: {place!r} {why}")


def test_an_empty_secret_of_the_options_is_none() -> None:
    vault = Vault()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        register_secret_texts(["", "口令-8f14e45f-ceea", ""], "甲", vault)

    shown = vault.redact_text("说 口令-8f14e45f-ceea")
    assert shown.startswith("说 redacted.scenario.")
    assert shown.endswith(".secret.1")
    assert vault.redact_text("") == ""
