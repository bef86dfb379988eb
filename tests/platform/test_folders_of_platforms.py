"""Folders of platform files: which file is used for a platform, and what look-ups answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bpmax_sim.errors import CallError, ConfigError
from bpmax_sim.platform.load import (
    Platforms,
    find_built_in_platform,
    find_last_declaring_file,
    load_platforms,
    load_usable_platforms,
    read_platform,
    read_platform_root,
)
from bpmax_sim.platform.model import Instance
from bpmax_sim.yamlfile import parse_yaml

Write = Callable[..., list[Path]]


def sound(key: str = "crm", more: str = "") -> str:
    return f"platform_key: {key}\nbase_url: https://{key}.example.test\n{more}\n"


@pytest.fixture(name="write")
def write_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    monkeypatch.chdir(tmp_path)

    def write(**files: str) -> list[Path]:
        """Write `a__crm` as a/crm.yaml; return the folders in order."""
        for name, text in files.items():
            path = Path(name.replace("__", "/")).with_suffix(".yaml")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return [Path(one) for one in dict.fromkeys(name.partition("__")[0] for name in files)]

    return write


def titles(platforms: Platforms) -> dict[str, str]:
    return {key: platform.title for key, platform in platforms.own.items()}


def places(platforms: Platforms) -> list[tuple[str, str, str]]:
    return [(key, str(one), str(other)) for key, one, other in platforms.overridden]


BAD = sound(more="x: 1")


@pytest.mark.parametrize(
    ("files", "used", "broken", "problems"),
    [
        ({"a__crm": sound(more="title: 甲")}, {"crm": "甲"}, [], 0),
        (
            {"a__crm": sound(more="title: 甲"), "b__crm": sound(more="title: 乙"),
             "c__crm": sound(more="title: 丙")},
            {"crm": "丙"}, [], 0,
        ),
        ({"a__crm": BAD, "b__crm": sound(more="title: 乙")}, {"crm": "乙"}, [], 1),
        ({"a__crm": sound(more="title: 甲"), "b__crm": BAD}, {}, ["crm"], 1),
        ({"a__crm": BAD, "b__crm": sound(), "c__crm": BAD}, {}, ["crm"], 2),
        ({"a__crm": sound(), "a__erp": "[", "b__erp": sound("erp")}, {"crm": "", "erp": ""}, [], 1),
        ({"a__crm": sound(), "a__erp": "["}, {"crm": ""}, ["erp"], 1),
        ({"a__one": sound(), "a__two": sound()}, {}, ["crm"], 1),
        ({"a__one": sound(), "a__two": sound(), "a__three": sound()}, {}, ["crm"], 2),
        ({"a__one": sound(), "a__two": sound(), "b__crm": sound(more="title: 乙")},
            {"crm": "乙"}, [], 1),
        ({"a__crm": sound(), "a__x": "platform_key: crm\n["}, {"crm": ""}, [], 1),
        ({"a__crm": "apis: {}"}, {}, ["crm"], 2),
        ({"a__p": "preset: corp\nauth: {}", "a__crm": sound()}, {"crm": ""}, [], 0),
    ],
)  # fmt: skip
def test_the_last_folder_with_a_file_decides(
    write: Write, files: dict[str, str], used: dict[str, str], broken: list[str], problems: int
) -> None:
    found = load_usable_platforms(write(**files))

    assert titles(found) == used
    assert sorted(found.broken) == broken
    assert len(found.problems) == problems
    assert found.doubts == ()
    for key in broken:
        assert found.find(key) is None
        assert found.find_api(key, "find") is None
        with pytest.raises(ConfigError):
            found.platform(key)
    assert found.keys == tuple(sorted({*used, *broken, *found.built_in_keys}))
    assert [one.platform_key for one in found] == sorted({*used, *found.built_in_keys})


def test_each_replacement_is_known_with_both_places(write: Write) -> None:
    folders = write(
        a__crm=sound(),
        a__erp=sound("erp"),
        b__crm="\n" + sound(),
        c__crm=sound(),
        c__hr=sound("hr"),
    )

    found = load_platforms(folders)

    assert places(found) == [
        ("crm", "a/crm.yaml:1:15", "b/crm.yaml:2:15"),
        ("crm", "b/crm.yaml:2:15", "c/crm.yaml:1:15"),
    ]
    assert (found.folder, found.instances) == ("c", "scenarios/instances.yaml")
    assert [one.name for one in found.folders] == ["a", "b", "c"]
    assert load_platforms(None).folder == "scenarios/platforms"


def test_files_are_looked_for_in_all_folders_below(write: Write) -> None:
    write(
        a__crm=sound(), a__deep__er__erp=sound("erp"), a__old__hr=sound("hr"), a__x=sound("x"),
        b__crm=sound(), b__hr=sound("hr"),
    )  # fmt: skip
    Path("a/old").rename("a/.old")
    Path("a/x.yaml").rename("a/x.yml")
    Path("a/x.txt").write_text("[")
    Path("a/x.json").write_text("[")

    assert list(load_platforms("a").own) == ["crm", "erp", "x"]
    assert list(load_platforms(Path("a/deep")).own) == ["erp"]
    assert list(load_platforms(["a/deep/er/erp.yaml", "a/x.yml"]).own) == ["erp", "x"]
    folders = [Path("a"), Path("b")]
    found = [find_last_declaring_file(folders, key) for key in ("crm", "erp", "hr", "none")]
    assert found == [Path("b/crm.yaml"), Path("a/deep/er/erp.yaml"), Path("b/hr.yaml"), None]


def test_what_a_later_folder_extends_is_the_platform_below_it(write: Write) -> None:
    child = "platform_key: crm\nextends: crm\n"
    folders = write(
        a__crm=sound(more="title: 甲\ntimeout: 1s\nstrict: true"),
        b__crm=child + "timeout: 2s\n",
        c__crm=child + "title: 丙\n",
        c__other="platform_key: other\nextends: crm\ntitle: 别的\n",
    )

    found = load_platforms(folders)

    crm, other = found.platform("crm"), found.platform("other")
    assert (crm.title, crm.timeout, crm.strict) == ("丙", 2, True)
    assert (other.title, other.timeout, other.base_url) == (
        *("别的", 2, "https://crm.example.test"),
    )


def test_a_parent_s_mistake_is_told_once(write: Write) -> None:
    folders = write(
        a__base=sound("base", "timeout: soon"),
        a__one="platform_key: one\nextends: base\n",
        a__two="platform_key: two\nextends: base\n",
    )

    found = load_usable_platforms(folders)

    assert [str(one) for one in found.problems] == [
        "a/base.yaml:3:10: timeout: expected a duration such as 30s, got 'soon'"
    ]
    assert sorted(found.broken) == ["base", "one", "two"]


SUSPECT = "apis: {a: {parameters: [{name: s, in: body, enum: [open, closed], default: opened}]}}\n"


@pytest.mark.parametrize(
    ("lenient", "doubts", "problems"),
    [("", 0, 1), ('lenient = ["a"]', 1, 0), ('lenient = ["b"]', 0, 1), ("lenient = 5", 0, 1)],
)
def test_in_a_lenient_folder_a_rule_is_a_warning(
    write: Write, lenient: str, doubts: int, problems: int
) -> None:
    Path("pyproject.toml").write_text(f"[tool.bpmax_sim]\n{lenient}\n")
    found = load_usable_platforms(write(a__crm=sound(more=SUSPECT)))

    assert (len(found.doubts), len(found.problems)) == (doubts, problems)
    assert found.depends_on_strictness
    assert (found.find("crm") is not None) == bool(doubts)
    assert not load_usable_platforms(write(c__crm=sound())).depends_on_strictness
    if doubts:
        worse = load_usable_platforms(write(a__crm=sound(more=SUSPECT + "x: 1")))
        assert (len(worse.doubts), len(worse.problems)) == (1, 1)


def refusal(call: Callable[[], object]) -> tuple[str, str, str | None, str]:
    with pytest.raises(CallError) as caught:
        call()
    error = caught.value
    return error.code, error.platform or "", error.instance, error.message


def test_a_missing_instance_is_told_with_what_to_write(write: Write) -> None:
    open_address = sound("open").replace("https://open", "https://{{ tenant }}")
    folders = write(p__crm=sound(), p__open=f"{open_address}credentials: {{tenant: {{}}}}\n")
    Path("instances.yaml").write_text(
        "- {platform: crm, instance_key: 甲, enabled: false}\n- {platform: crm, instance_key: 乙}\n"
        "- {platform: crm, instance_key: 丙}\n",
        encoding="utf-8",
    )
    found = load_platforms(folders, instances="instances.yaml")

    assert refusal(lambda: found.instance("open")) == (
        "UNKNOWN_INSTANCE", "open", "",
        ("'open' has no instance; add one to instances.yaml: "
         "- {platform: open, instance_key: default, credentials: {…}}"),
    )  # fmt: skip
    assert refusal(lambda: found.instance("open", "x")) == (
        *("UNKNOWN_INSTANCE", "open", "x", "'open' has no instance 'x' in instances.yaml"),
    )
    assert refusal(lambda: found.instance("crm")) == (
        "UNKNOWN_INSTANCE", "crm", "",
        ("'crm' has no default among its instances 乙, 丙; pass instance_key, or write default: "
         "true in instances.yaml"),
    )  # fmt: skip
    assert refusal(lambda: found.instance("crm", "丁"))[3] == (
        "'crm' has no instance '丁' in instances.yaml; it has 乙, 丙"
    )
    assert refusal(lambda: found.instance("crm", ""))[2:] == (
        *("", "'crm' has no instance '' in instances.yaml; it has 乙, 丙"),
    )
    assert refusal(lambda: found.instance("crm", "甲"))[3].startswith("instance '甲' of 'crm' is")
    assert found.instance("crm", "丙").instance_key == "丙"
    assert [one.instance_key for one in found.list_enabled_instances("crm")] == ["乙", "丙"]
    assert [one.instance.instance_key for one in found.entries_of("crm")] == ["甲", "乙", "丙"]
    assert found.entries_of("open") == found.entries_of("none") == ()
    assert [one.instance.instance_key for one in found.entries_of("qywx")] == ["default"]
    assert found.entries_of("qywx") is found.entries_of("qywx")
    Path("instances.yaml").unlink()
    mine = open_address.replace("platform_key: open", "platform_key: qywx")
    own = load_platforms(write(q__qywx=f"{mine}credentials: {{tenant: {{}}}}"))
    assert own.entries_of("qywx") == ()


def test_an_api_is_found_by_any_of_its_names(write: Write) -> None:
    apis = "apis: {getUser: {path: /u, aliases: [查人, find_user]}, get_all: {}, x: {aliases: [y]}}"
    found = load_platforms(write(p__crm=sound(more=apis)))

    keys = {
        name: api.key if (api := found.find_api("crm", name)) else ""
        for name in (
            "getUser",
            "get_user",
            "findUser",
            "查人",
            "getAll",
            "GetAll",
            "y",
            "Y",
            "z",
            "",
        )
    }

    assert keys == {
        "getUser": "getUser", "get_user": "getUser", "findUser": "getUser", "查人": "getUser",
        "getAll": "get_all", "GetAll": "get_all", "y": "x", "Y": "x", "z": "", "": "",
    }  # fmt: skip
    assert found.find_api("erp", "getUser") is None
    assert found.list_names_with_aliases("crm.get_user") == (
        *("crm.get_user", "crm.查人", "crm.find_user"),
    )
    assert found.list_names_with_aliases("crm.none") == ("crm.none",)
    assert found.list_names_with_aliases("erp.x.y") == ("erp.x.y",)
    assert found.get_api_path_template("crm", "get_user") == "/u"
    assert found.get_api_path_template("crm", "none") == ""
    with pytest.raises(CallError, match=r"'crm' has no API 'findUzer'; did you mean 'find_user'"):
        found.api(found.platform("crm"), "findUzer")
    with pytest.raises(CallError, match=r"has no API 'x'; there are none$"):
        found.api(read_platform(write(q__e=sound("e"))[0] / "e.yaml"), "x")


def test_credentials_of_a_replay_are_made_once_for_an_instance(write: Write) -> None:
    more = "credentials: {corp: {secret: false}, t: {secret: true}}\n"
    found = load_platforms(write(p__crm=sound(more=more)))
    crm, instance = found.platform("crm"), found.instance("crm")
    other = Instance(platform="crm", instance_key="default", credentials={"corp": "ww"})

    def get(one: Instance = instance, **more: object) -> object:
        return found.credentials(crm, one, **{"environ": {}, "closed": True, **more})  # type: ignore[arg-type]

    first = get()
    assert get() is first
    assert get(recorded={}) is first
    recorded = get(recorded={"corp": "w1"})
    assert recorded.real["corp"] == "w1"  # type: ignore[attr-defined]
    assert get() is first
    assert get(other).real["corp"] == "ww"  # type: ignore[attr-defined]
    assert get() is not get(closed=False, environ={"CRM_T": "x", "CRM_CORP": "w2"})
    by_convention = get(closed=False, environ={"CRM_T": "x", "CRM_CORP": "w2"})
    assert by_convention.real == {"corp": "w2", "t": "x"}  # type: ignore[attr-defined]


def test_all_problems_of_files_and_instances_are_told_together(write: Write) -> None:
    write(p__crm=BAD)
    Path("p/instances.yaml").unlink(missing_ok=True)
    Path("instances.yaml").write_text("- {platform: crn, instance_key: a}\n", encoding="utf-8")

    with pytest.raises(ConfigError) as caught:
        load_usable_platforms("p")

    assert [str(one) for one in caught.value.problems] == [
        "p/crm.yaml:3:1: x: unknown key 'x'",
        "instances.yaml:1:14: [0].platform: there is no platform 'crn'; did you mean 'crm'?",
    ]
    assert find_built_in_platform("crm") is None
    assert find_built_in_platform("qywx") is load_platforms(None).platform("qywx")


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        (sound(), ["default"]),
        (sound(more="credentials: {app_secret: {}}"), ["default"]),
        ("platform_key: 客户系统\nbase_url: https://crm.example.test", ["default"]),
        ("platform_key: 客户系统\nbase_url: https://crm.example.test\ncredentials: {口令: {}}", []),
        ("platform_key: crm\nbase_url: 'https://{{ corp }}.test'\ncredentials: {corp: {}}", []),
    ],
)
def test_a_platform_without_instances_has_one_where_its_values_can_be_named(
    write: Write, text: str, keys: list[str]
) -> None:
    platforms = load_platforms(write(a__crm=text))
    [key] = platforms.own

    entries = platforms.entries_of(key)
    assert [(one.instance.instance_key, one.origin.by_convention) for one in entries] == [
        (name, True) for name in keys
    ]

    Path("instances.yaml").write_text(f"- {{platform: {key}, instance_key: 华东}}\n", "utf-8")
    declared = load_platforms("a", instances="instances.yaml").entries_of(key)
    assert [(one.instance.instance_key, one.origin.by_convention) for one in declared] == [
        ("华东", False)
    ]


def test_of_two_links_to_one_folder_the_first_by_name_is_followed(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(corp__crm=sound(), p__erp=sound("erp"), p__x__oa=sound("oa"))
    for name in ("b", "a"):
        Path("p", name).symlink_to(Path("corp").resolve())
    Path("p/x/back").symlink_to(Path("p").resolve())
    Path("p/.hidden").mkdir()
    Path("p/.hidden/no.yaml").write_text("5", "utf-8")
    listed = Path.iterdir
    monkeypatch.setattr(Path, "iterdir", lambda self: sorted(listed(self), reverse=True))

    assert sorted(load_platforms("p").own) == ["crm", "erp", "oa"]
    assert find_last_declaring_file([Path("p")], "crm") == Path("p/a/crm.yaml")


@pytest.mark.parametrize(
    ("text", "key", "line"),
    [("title: 客户\nplatform_key: crm\nbase_url: 5", "crm", 2), ("\ntitle: 客户", "", 2)],
)
def test_a_file_stands_where_its_key_does_or_else_where_it_begins(
    text: str, key: str, line: int
) -> None:
    found = read_platform_root(parse_yaml(text, "crm.yaml"))

    assert (found.key, found.place.file, found.place.line) == (key, "crm.yaml", line)
    assert found.problems
