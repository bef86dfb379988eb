"""Two folders of platforms with something of everything: what they come to, also when changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from pprint import pformat
from typing import Any

import pytest

from bpmax_sim.errors import CallError, ConfigError
from bpmax_sim.i18n import translate
from bpmax_sim.platform.load import (
    Platforms,
    find_declared_place,
    find_last_declaring_file,
    load_platforms,
    load_usable_platforms,
    read_platform,
    read_standalone_file,
)
from bpmax_sim.yamlfile import Steps

FILES = {
    "pyproject.toml": '[tool.bpmax_sim]\nlenient = ["上/a"]\n',
    "上/instances.yaml": "- {platform: crm, instance_key: 上, credentials: {corp: a}}\n",
    "上/a/crm.yaml": (
        "platform_key: crm\nbase_url: https://crm.example.test\ntitle: 甲\ntimeout: 9s\n"
        "auth: {preset: ./预置/corp.yaml}\ncredentials: {corp: {}}\n"
        "apis: {get_user: {path: '/{租户}/{id}', method: post, aliases: [findUser, 查人]}}\n"
    ),
    "上/a/预置/corp.yaml": (
        "preset: corp\ncredentials: {corp: {}}\n"
        "auth: {apply: [{in: header, name: X-Corp, value: '{{ corp }}'},\n"
        "  {in: path, name: 租户, value: '{{ corp }}'},\n"
        "  {in: query, name: id, value: '{{ corp }}'}]}\n"
    ),
    "上/a/旧.yaml": (
        "platform_key: old\nbase_url: https://old.example.test\napis: {a: {parameters: "
        "[{name: s, in: body, enum: [open, closed], default: opened}]}}\n"
    ),
    "上/a/坏.yml": "platform_key: bad\nhosts: {2s: 'https://s.t'}\nbase_url: https://b.t\nx: 1\n",
    "上/a/.隐.yaml": "[",
    "上/a/说明.txt": "[",
    "上/a/own.yaml": "platform_key: own\nz: 1\n",
    "下/b/7.yaml": (
        "platform_key: dingtalk_v1\nextends: dingtalk_v1\ntitle: 钉\ncredentials: {app: {}}\n"
        "base_url: 'https://{{ app }}.example.test'\n"
    ),
    "下/instances.yaml": (
        "- {platform: dingtalk, instance_key: 钉}\n"
        "- {platform: crm, instance_key: 东, credentials: {corp: b}}\n"
        "- {platform: crm, instance_key: shang-hai, enabled: false}\n"
        "- {platform: bad, instance_key: 坏, credentials: {what: 1}}\n"
    ),
    "下/instances.local.yaml": "- {platform: crm, instance_key: shanghai}\n",
    "下/b/1.yaml": "platform_key: crm\nextends: crm\ntitle: 乙\n",
    "下/b/2.yaml": "platform_key: own\nextends: crm\nbase_url: 'https://{{ corp }}.example.test'\n",
    "下/b/3.yaml": "platform_key: qywx\nextends: qywx\ntitle: 我们的企微\n",
    "下/b/4.yaml": "base_url: https://t.example.test\nplatform_key: twin\n",
    "下/b/5.yaml": "platform_key: twin\nbase_url: https://t.example.test\ny: 1\n",
    "下/b/6.yaml": "platform_key: crm\n[",
    "下/b/feishu.yaml": "[",
    "下/b/8.yaml": "base_url: https://n.example.test\n",
    "下/b/9.yaml": "platform_key: heir\nextends: none\n",
}


def write(**changed: str) -> None:
    for name, text in {**FILES, **changed}.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text, "utf-8")


def describe(problems: Any) -> list[str]:
    return [f"{one.place} {one.path}: {translate(one.message)}" for one in problems]


def dump(found: Platforms) -> dict[str, Any]:
    """Return everything that is known of *found*, but for the shipped platforms."""
    return {
        "titles": {key: one.title for key, one in found.own.items()},
        "broken": {key: len(problems) for key, problems in found.broken.items()},
        "problems": describe(found.problems),
        "doubts": describe(found.doubts),
        "overridden": [(key, str(one), str(two)) for key, one, two in found.overridden],
        "suspects": describe(found.suspects),
        "entries": [
            f"{key}.{one.instance.instance_key}{'~' * one.origin.by_convention}"
            for key, several in found.entries.items()
            for one in several
        ],
        "places": (found.folder, found.instances, found.depends_on_strictness),
    }


WHOLE = r"""{'broken': {'8': 1, 'bad': 2, 'feishu': 1, 'heir': 1, 'twin': 2},
 'doubts': ["上/a/旧.yaml:3:76 apis.a.parameters[0].default: the default 'opened' is none of "
            "open, closed; did you mean 'open'?"],
 'entries': ['dingtalk.钉',
             'crm.东',
             'crm.shang-hai',
             'crm.shanghai',
             'old.default~',
             'qywx.default~'],
 'overridden': [('crm', '上/a/crm.yaml:1:15', '下/b/1.yaml:1:15'),
                ('own', '上/a/own.yaml:1:15', '下/b/2.yaml:1:15')],
 'places': ('下/b', '下/instances.yaml', True),
 'problems': ["上/a/own.yaml:1:1 : the key 'base_url' is missing; add it",
              "上/a/own.yaml:2:1 z: unknown key 'z'",
              "上/a/坏.yml:2:9 hosts.2s: '2s' is not a valid host name; use letters, digits and "
              '_',
              "上/a/坏.yml:4:1 x: unknown key 'x'",
              "下/b/5.yaml:3:1 y: unknown key 'y'",
              "下/b/6.yaml:3:1 : not valid YAML: could not find expected ':', while scanning a "
              'simple key that starts in line 2',
              "下/b/8.yaml:1:1 : the key 'platform_key' is missing; add it",
              "下/b/9.yaml:2:10 extends: there is no platform 'none' to extend",
              '下/b/feishu.yaml:2:1 : not valid YAML: did not find expected node content',
              "下/b/5.yaml:1:15 platform_key: a second platform 'twin', first at "
              '下/b/4.yaml:2:15; rename or remove one'],
 'suspects': ["下/instances.local.yaml:1:33 [0].instance_key: crm has no instance 'shanghai' in "
              "instances.yaml, so this is one more; did you mean 'shang-hai'?"],
 'titles': {'crm': '乙', 'dingtalk_v1': '钉', 'old': '', 'own': '乙', 'qywx': '我们的企微'}}"""
LOOK_UPS = r"""{'apis': {'GetUser': "'get_user'",
          'findUser': "'get_user'",
          'find_user': "'get_user'",
          'getUser': "'get_user'",
          'get_user': "'get_user'",
          'get_usr': "UNKNOWN_API crm  'crm' has no API 'get_usr'; did you mean 'get_user'?",
          'x': "UNKNOWN_API crm  'crm' has no API 'x'; there are get_user",
          '查人': "'get_user'"},
 'declaring': ['下/b/1.yaml', '上/a/旧.yaml', '下/b/4.yaml', 'None'],
 'enabled': ['东', 'shanghai'],
 'files': [('qywx', '新:1:15', True, []),
           ('own', '新:1:15', False, ["新:2:10 extends: there is no platform 'crm' to extend"]),
           ('',
            '下/b/6.yaml',
            False,
            ["新:3:1 : not valid YAML: could not find expected ':', while scanning a simple key "
             'that starts in line 2']),
           ('', '新:1:1', False, ["新:1:1 : the key 'platform_key' is missing; add it"]),
           ('twin', '新:1:15', True, ["新:3:1 y: unknown key 'y'"])],
 'heirs': ['own'],
 'instances': ["UNKNOWN_INSTANCE crm  'crm' has no default among its instances 东, shanghai; "
               'pass instance_key, or write default: true in 下/instances.yaml',
               '<Instance 东 of crm>',
               "UNKNOWN_INSTANCE crm shang-hai instance 'shang-hai' of 'crm' is disabled; "
               'remove enabled: false at 下/instances.yaml:3:44',
               "UNKNOWN_INSTANCE crm shangha 'crm' has no instance 'shangha' in "
               "下/instances.yaml; did you mean 'shanghai'?",
               "UNKNOWN_INSTANCE crm 上 'crm' has no instance '上' in 下/instances.yaml; it has "
               '东, shanghai',
               "UNKNOWN_INSTANCE own  'own' has no instance; add one to 下/instances.yaml: - "
               '{platform: own, instance_key: default, credentials: {…}}',
               "UNKNOWN_INSTANCE crm shang-haii 'crm' has no instance 'shang-haii' in "
               "下/instances.yaml; did you mean 'shanghai'?",
               "UNKNOWN_INSTANCE dingtalk_v1  'dingtalk_v1' has no instance; add one to "
               '下/instances.yaml: - {platform: dingtalk_v1, instance_key: default, '
               'credentials: {…}}',
               '<Instance default of qywx>',
               '<Instance 钉 of dingtalk>',
               "UNKNOWN_INSTANCE bad 坏 'bad' has no instance '坏' in 下/instances.yaml",
               "UNKNOWN_INSTANCE zzz a 'zzz' has no instance 'a' in 下/instances.yaml",
               '<Instance default of old>'],
 'listed': ['crm', 'dingtalk', 'dingtalk_v1', 'old', 'own', 'qywx'],
 'placed': ['下/b/1.yaml:3:8', '下/b/1.yaml:3:8', 'None', 'None', '下/b/1.yaml:2:10', 'None'],
 'platforms': ['2 problems',
               '1 problems',
               '2 problems',
               "UNKNOWN_PLATFORM crn  there is no platform 'crn'; did you mean 'crm'?",
               "UNKNOWN_PLATFORM dingtak  there is no platform 'dingtak'; did you mean "
               "'dingtalk'?",
               "UNKNOWN_PLATFORM zzz  there is no platform 'zzz'; there are 8, bad, crm, "
               'dingtalk, dingtalk_v1, feishu, heir, old, own, qywx, twin; declare it in 下/b']}"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write()


def load() -> Platforms:
    return load_usable_platforms(["上/a", "下/b"])


def test_all_that_two_folders_come_to() -> None:
    assert pformat(dump(load()), width=96) == WHOLE


def test_what_changes_is_read_again_and_nothing_else() -> None:
    before = load()
    assert load() is not before  # what is lenient may have changed
    apply = before.platform("crm").auth.apply
    assert [(one.name, one.place) for one in apply] == [
        ("X-Corp", "header"), ("租户", "path"), ("id", "query"),
    ]  # fmt: skip
    assert [load().platform(key) is before.platform(key) for key in ("crm", "own")] == [True, True]

    write(**{"上/a/预置/corp.yaml": FILES["上/a/预置/corp.yaml"].replace("X-Corp", "X-Tenant")})
    names = [load().platform(key).auth.apply[0].name for key in ("crm", "own")]
    assert names == ["X-Tenant", "X-Tenant"]
    Path("pyproject.toml").write_text('[tool.bpmax_sim]\nlenient = ["下"]\n', "utf-8")
    strict = load()
    assert (describe(strict.doubts), len(strict.problems)) == ([], len(before.problems) + 1)
    assert (sorted(strict.broken), strict.find("old")) == (
        ["8", "bad", "feishu", "heir", "old", "twin"], None,
    )  # fmt: skip
    for name in (
        "上/a/旧.yaml",
        "上/a/坏.yml",
        *(f"下/b/{n}.yaml" for n in (5, 6, 8, 9, "feishu")),
        "上/a/own.yaml",
    ):
        Path(name).unlink()
    Path("下/instances.yaml").write_text("- {platform: own, instance_key: 南}\n", "utf-8")
    sound = load_platforms(["上/a", "下/b"])
    assert load() is sound
    assert (sound.problems, sound.depends_on_strictness) == ((), False)
    Path("上/a/crm.yaml").write_text(FILES["上/a/crm.yaml"].replace("9s", "80s"), "utf-8")
    assert [load().platform(key).timeout for key in ("crm", "own")] == [80, 80]
    Path("下/instances.yaml").write_text("- {platform: own, instance_key: 南方, x: 1}\n", "utf-8")
    Path("上/a/坏.yml").write_text("y: 1", "utf-8")
    with pytest.raises(ConfigError) as caught:
        load()
    assert [str(one.place) for one in caught.value.problems] == [
        *("上/a/坏.yml:1:1", "上/a/坏.yml:1:1", "上/a/坏.yml:1:1", "下/instances.yaml:1:37")
    ]


def attempt(call: Callable[..., Any], *arguments: Any) -> str:
    try:
        return repr(call(*arguments))
    except CallError as error:
        return f"{error.code} {error.platform} {error.instance} {translate(error.message)}"
    except ConfigError as error:
        return f"{len(error.problems)} problems"


def look_up(found: Platforms) -> dict[str, Any]:
    """Return what each look-up answers, also for what is not there."""
    crm = found.platform("crm")
    instances = [
        ("crm", None), ("crm", "东"), ("crm", "shang-hai"), ("crm", "shangha"), ("crm", "上"),
        ("own", None), ("crm", "shang-haii"), ("dingtalk_v1", None),
        ("qywx", None), ("dingtalk", None), ("bad", "坏"), ("zzz", "a"), ("old", "default"),
    ]  # fmt: skip
    names = ("get_user", "getUser", "GetUser", "find_user", "findUser", "查人", "get_usr", "x")
    steps: list[Steps] = [("title",), ("timeout",), ("extends", "x")]
    folders = [Path("上/a"), Path("下/b")]
    keys = ("crm", "old", "twin", "feishu")
    files = [read_standalone_file(Path(f"下/b/{n}.yaml"), "新") for n in (3, 2, 6, 8, 5)]
    return {
        "apis": {name: attempt(lambda name: found.api(crm, name).key, name) for name in names},
        "declaring": [str(find_last_declaring_file(folders, key)) for key in keys],
        "files": [(f.key, str(f.place), bool(f.platform), describe(f.problems)) for f in files],
        "heirs": [one.platform_key for one in found.find_heirs("crm")],
        "instances": [attempt(found.instance, *one) for one in instances],
        "listed": [one.platform_key for one in found],
        "enabled": [one.instance_key for one in found.list_enabled_instances("crm")],
        "placed": [
            str(find_declared_place(found, "crm", one, is_exact=exact))
            for one in steps
            for exact in (False, True)
        ],
        "platforms": [
            attempt(found.platform, key)
            for key in ("bad", "feishu", "twin", "crn", "dingtak", "zzz")
        ],
    }


def test_look_ups_in_two_folders() -> None:
    found = load()

    assert pformat(look_up(found), width=96) == LOOK_UPS
    api = found.api(found.platform("own"), "getUser")
    assert (api.method, [(one.name, one.place, one.required) for one in api.parameters]) == (
        "POST", [("id", "path", True)],
    )  # fmt: skip
    assert read_platform(Path("下/b/4.yaml")).platform_key == "twin"
    with pytest.raises(ConfigError, match="unknown key 'y'"):
        read_platform(Path("下/b/5.yaml"))
    with pytest.raises(ConfigError) as caught:
        load_platforms(["上/a", "下/b"])
    assert len(caught.value.problems) == len(found.problems)


def test_a_folder_that_is_not_there_and_the_shipped_platforms_alone() -> None:
    with pytest.raises(ConfigError, match="the folder does not exist"):
        load_usable_platforms("没有")
    shipped = load_usable_platforms(None)
    assert (shipped.own, shipped.folder, shipped.instances, shipped.folders) == (
        {}, "scenarios/platforms", "scenarios/instances.yaml", (),
    )  # fmt: skip
    assert [one.platform_key for one in shipped] == list(shipped.keys)
    given = load_usable_platforms("上/a", instances="下/instances.yaml")
    assert [one.instance.instance_key for one in given.entries["crm"]] == [
        "东",
        "shang-hai",
        "shanghai",
    ]
    assert given.suspects == load().suspects
