"""What `doctor` finds in a project, one thing at a time."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path

import pytest

from bpmax_sim import git
from bpmax_sim.cli import doctor
from bpmax_sim.cli.doctor import Finding, collect_findings
from bpmax_sim.cli.types import write_schemas
from bpmax_sim.errors import ConfigError
from bpmax_sim.script.failure import Script
from bpmax_sim.session.session import Session

PLATFORM = (
    "platform_key: {key}\nbase_url: https://{key}.example.test\napis: {{find: {{path: /a}}}}\n"
)
OF_VARIABLES = (
    "- {{platform: crm, instance_key: {}, base_url: {{env: B_URL}}, "
    "credentials: {{token: {{env: {}}}}}}}\n"
)
NO_CI = "none; `bpmax-sim init --ci github` writes one"
GITHUB = ".github/workflows/bpmax-sim.yml"
NEVER = "needed to record, never to replay"
KEPT = (True, ".gitattributes", "cassettes keep their line ends")
CUT = (
    False,
    ".gitattributes",
    "Git may change or cut cassettes; add to it: cassettes/** -text -merge diff=bpmax",
)


@pytest.fixture(name="folder", autouse=True)
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "scenarios/platforms").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def find(*names: str) -> list[Finding]:
    """Return the findings whose names begin with one of *names*, as texts."""
    every = [(ok, str(name), str(told)) for ok, name, told in collect_findings()]
    return [one for one in every if one[1].startswith(names)]


@pytest.mark.parametrize(
    ("attributes", "finding"),
    [
        (None, CUT),
        ("", CUT),
        ("cassettes/** -text -merge diff=bpmax\n", KEPT),
        ("*.js text\n\ncassettes/**/*.yaml -text\n", KEPT),
        ("*.yaml binary\n", KEPT),
        ("* text=auto eol=lf\n", KEPT),
        ("* text=auto\n", CUT),
        ("*.png binary\n", CUT),  # says nothing of cassettes
        ("cassettes/** text\n", CUT),
        ("cassettes/auth/** -text\n", CUT),
        ("# cassettes/** -text\n", CUT),
        ("cassettes/** -text\ncassettes/** text\n", CUT),  # the last one counts
        ("* eol=crlf\n", CUT),
        ("客户 \udcff".encode("utf-8", "surrogateescape"), CUT),
    ],
)
def test_git_keeps_the_line_ends_of_cassettes_where_its_attributes_say_so_of_them(
    folder: Path, attributes: str | bytes | None, finding: Finding
) -> None:
    git.run_git(folder, "init", "-q")
    if attributes is not None:
        data = attributes if isinstance(attributes, bytes) else attributes.encode()
        (folder / ".gitattributes").write_bytes(data)

    assert find(".gitattributes") == [finding]


@pytest.mark.parametrize(
    ("attributes", "finding"),
    [
        ("cassettes/** -text -merge diff=bpmax\n", KEPT),
        ("a\r\ncassettes/** -text -merge diff=bpmax", KEPT),
        ("*.png binary\n", CUT),
        (None, CUT),
    ],
)
def test_without_git_the_line_that_init_writes_is_looked_for(
    folder: Path, attributes: str | None, finding: Finding
) -> None:
    (folder / ".git").mkdir()  # of a clone that was not copied whole
    if attributes is not None:
        (folder / ".gitattributes").write_bytes(attributes.encode())

    assert find(".gitattributes") == [finding]


def test_the_attributes_of_the_repository_around_a_project_count(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git.run_git(folder, "init", "-q")
    (folder / "合同/scenarios").mkdir(parents=True)
    (folder / "合同/pyproject.toml").write_text("[tool.bpmax_sim]\n", "utf-8")
    (folder / ".gitattributes").write_text("合同/cassettes/** -text\n", "utf-8")
    monkeypatch.chdir(folder / "合同")

    assert find(".gitattributes") == [KEPT]
    monkeypatch.chdir(folder)
    assert find(".gitattributes") == [CUT]


def test_a_folder_outside_of_git_is_not_asked_for_attributes() -> None:
    assert find(".gitattributes", "git") == []


def test_the_merge_driver_is_told_once_it_is_set_up(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    git.run_git(folder, "init", "-q")
    lacking = find("git")
    assert list(git.configure_merging(folder)) != []

    assert lacking == [(True, "git", "does not merge cassettes here; run `bpmax-sim doctor --fix`")]
    assert find("git") == [(True, "git", "merges and shows cassettes")]


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ([], NO_CI),
        (["Jenkinsfile"], "jenkins"),
        (["Jenkinsfile", ".gitlab-ci.yml"], "gitlab, jenkins"),
        (["Jenkinsfile", ".gitlab-ci.yml", GITHUB], "github, gitlab, jenkins"),
        ([".github/workflows/other.yml", "jenkinsfile.txt"], NO_CI),
        (["Jenkinsfile/x"], NO_CI),
    ],
)
def test_each_ci_file_is_named(folder: Path, files: list[str], told: str) -> None:
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("", "utf-8")

    assert find("CI file") == [(True, "CI file", told)]


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ([], "the built-in ones"), (["erp"], "erp"), (["oms", "crm", "erp"], "crm, erp, oms"),
    ],
)  # fmt: skip
def test_the_platforms_of_the_project_are_listed(folder: Path, keys: list[str], told: str) -> None:
    for number, key in enumerate(keys):
        path = folder / f"scenarios/platforms/{number}.yaml"
        path.write_text(PLATFORM.format(key=key), "utf-8")

    assert find("platforms", "environment", "keyring") == [(True, "platforms", told)]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (1, "1 problem; run `bpmax-sim lint` for details"),
        (2, "2 problems; run `bpmax-sim lint` for details"),
    ],
)
def test_problems_of_platform_files_are_counted(folder: Path, wrong: int, told: str) -> None:
    for number in range(wrong):
        path = folder / f"scenarios/platforms/crm{number}.yaml"
        path.write_text(f"{PLATFORM.format(key=f'crm{number}')}timeout: soon\n", "utf-8")

    assert find("platforms", "environment", "keyring") == [(False, "platforms", told)]


@pytest.mark.parametrize(
    ("instances", "environ", "findings"),
    [
        ("", {}, []),
        ("- {platform: crm, instance_key: a, base_url: 'https://a.test'}\n", {}, []),
        (
            OF_VARIABLES.format("a", "A_TOKEN")
            + OF_VARIABLES.format("b", "C_TOKEN}, password: {env: B_PASSWORD"),
            {},
            [(True, "environment", f"not set: A_TOKEN, B_PASSWORD, B_URL, C_TOKEN; {NEVER}")],
        ),
        (
            OF_VARIABLES.format("a", "A_TOKEN"),
            {"B_URL": "https://a.test", "A_TOKEN": ""},
            [(True, "environment", f"not set: A_TOKEN; {NEVER}")],
        ),
        (
            OF_VARIABLES.format("a", "A_TOKEN"), {"B_URL": "https://a.test", "A_TOKEN": "t"}, [],
        ),
        (
            "- {platform: crm, instance_key: a, credentials: {token: {file: /run/token}}}\n",
            {},
            [],
        ),
        (
            "- {platform: crm, instance_key: a, credentials: {token: {keyring: crm/token}}}\n",
            {},
            [(False, "keyring",
              'instances name it; install it: pip install "bpmax-sim[keyring]"')],
        ),
    ],
)  # fmt: skip
def test_what_recording_needs_is_told_once_and_in_order(
    folder: Path,
    instances: str,
    environ: dict[str, str],
    findings: list[Finding],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    platform = PLATFORM.format(key="crm") + "credentials: {token: {secret: true}, password: {}}\n"
    (folder / "scenarios/platforms/crm.yaml").write_text(platform, "utf-8")
    (folder / "scenarios/instances.yaml").write_text(instances, "utf-8")
    for name in ("A_TOKEN", "B_PASSWORD", "B_URL", "C_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("bpmax_sim.cli.doctor.find_spec", lambda _name: None)

    assert find("environment", "keyring") == findings
    if findings and findings[0][1] == "keyring":
        monkeypatch.setattr("bpmax_sim.cli.doctor.find_spec", lambda _name: "is there")
        assert find("environment", "keyring") == [(True, "keyring", "installed")]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ([], "scenarios/schemas"),
        (["flow"], "flow: not those of this version; `bpmax-sim schema --write`"),
        (
            ["flow", "scenario", "platform"],
            "scenario, flow, platform: not those of this version; `bpmax-sim schema --write`",
        ),
    ],
)
def test_schemas_that_are_not_of_this_version_are_named(
    folder: Path, changed: list[str], told: str
) -> None:
    assert find("schemas") == []
    assert list(write_schemas(folder)) != []
    for number, name in enumerate(changed):
        path = folder / f"scenarios/schemas/{name}.schema.json"
        if number == 0:
            path.write_text("{", "utf-8")
        elif number == 1:
            path.unlink()
        else:
            path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), "title": 1}))
    for path in (folder / "scenarios/schemas").glob("form.*"):  # only written otherwise
        path.write_text(json.dumps(json.loads(path.read_text("utf-8"))), "utf-8")

    assert find("schemas") == [(not changed, "schemas", told)]


@pytest.mark.parametrize(
    ("names", "findings"),
    [
        ([], []),
        (["a.yaml", "a.journal.yaml", "new", "b.new.yaml"], []),
        (
            ["客户/a.yaml.1-2.journal"],
            [(False, "journals", "1 recording not finished; `bpmax-sim cassette recover`")],
        ),
        (
            ["a.yaml.1-2.journal", "b/c/d.yaml.3-4.journal", "a.yaml.new", "b/c.yaml.new"],
            [
                (False, "journals", "2 recordings not finished; `bpmax-sim cassette recover`"),
                (False, "review", "2 recordings to accept or reject; `bpmax-sim review`"),
            ],
        ),
    ],
)
def test_what_recordings_left_behind_is_counted(
    folder: Path, names: list[str], findings: list[Finding]
) -> None:
    for name in names:
        path = folder / "cassettes" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", "utf-8")

    assert find("journals", "review") == findings


def keep(folder: Path, name: str, value: object) -> None:
    path = folder / f".bpmax/kept/{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), "utf-8")
    path.chmod(0o600)


def test_what_logins_replaced_is_named_without_its_value(folder: Path) -> None:
    newest = 1_800_000_000.0
    keep(folder, "erp.甲", {"version": 1, "lines": {
        "a": {"values": {"refresh_token": "r-1", "ticket": "t-1"}, "at": newest - 90_000},
        "b": {"values": {"refresh_token": "r-2"}, "at": newest},
        "c": {"values": {"code": "c-3"}, "at": newest - 60},
    }})  # fmt: skip
    keep(folder, "crm.default", {"version": 1, "lines": {}})
    keep(folder, "oms.default", {"version": 2})
    (folder / ".bpmax/kept/erp.甲.json.new").write_text("{", "utf-8")

    names = ("kept by erp.甲", "kept by crm.default", "kept by oms.default")
    found = find("kept by ")

    at = [time.strftime("%Y-%m-%d %H:%M", time.localtime(one)) for one in (0.0, newest)]
    place = ".bpmax/kept"
    assert found == [
        (True, names[1], f"in the keyring, the newest since {at[0]}, in {place}/crm.default.json"),
        (True, names[0],
         f"refresh_token, ticket, code, the newest since {at[1]}, in {place}/erp.甲.json"),
        (False, names[2], (
         f"{place}/oms.default.json: the newest credentials of a login are kept here, "
         "and it is of another version of bpmax-sim; remove it, and declare a new one")),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, "not set"), ("", "not set"), ("true", "set, so recording needs --allow-ci-record"),
        ("0", "set, so recording needs --allow-ci-record"),
    ],
)  # fmt: skip
def test_ci_is_set_by_any_text(
    value: str | None, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    if value is not None:
        monkeypatch.setenv("CI", value)

    assert find("CI")[-1] == (True, "CI", told)


class _Console(io.StringIO):
    encoding = "ascii"


@pytest.mark.parametrize(
    ("encoding", "is_sound"),
    [("utf-8", True), ("gbk", True), ("ascii", False), ("latin-1", False), ("no-such", False)],
)
def test_a_console_that_lacks_chinese_is_found(
    encoding: str, monkeypatch: pytest.MonkeyPatch, *, is_sound: bool
) -> None:
    console = _Console()
    console.encoding = encoding
    monkeypatch.setattr("sys.stdout", console)

    hint = "" if is_sound else "; it lacks Chinese: set PYTHONUTF8=1"
    assert find("console") == [(is_sound, "console", f"{encoding}, files utf-8{hint}")]


def test_what_is_not_installed_is_told_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "bpmax_sim.cli.doctor.find_spec", lambda name: None if name == "uvicorn" else "is there"
    )
    monkeypatch.setattr("bpmax_sim.cli.doctor.PACKAGES", ("msgspec", "no-such-package-8"))

    assert [one[:2] for one in find("msgspec")] == [(True, "msgspec")]
    assert find("no-such-package-8", "extra server", "extra remote") == [
        (False, "no-such-package-8", "not installed; run `pip install no-such-package-8`"),
        (True, "extra server",
         'not installed; for serve and simulate: pip install "bpmax-sim[server]"'),
        (True, "extra remote", "installed"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("script", "finding"),
    [
        ("return 42", (True, "scripts", "run")),
        ("return 41", (False, "scripts", "give 41 for 6 * 7")),
        ("return null", (False, "scripts", "give None for 6 * 7")),
        ("return '42'", (False, "scripts", "give '42' for 6 * 7")),
    ],
)
def test_an_engine_that_computes_wrongly_is_found(
    script: str, finding: Finding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "Script", lambda _text, name: Script(script, name))

    assert doctor._check_engine() == finding


@pytest.mark.parametrize("error", [ImportError("没有引擎"), ConfigError("没有引擎")])
def test_an_engine_that_does_not_start_is_a_finding(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> object:
        raise error

    monkeypatch.setattr(Session, "open", refuse)

    assert doctor._check_engine() == (False, "scripts", "没有引擎")


def test_a_part_of_another_distribution_is_named_with_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Point:
        group = "bpmax_sim.presets"

        def find_foreign_part_problems(self) -> list[tuple[str, str, str]]:
            return [("甲", "bpmax-oa 1.0", ""), ("乙", "bpmax-oa 1.0", "不能导入")]

    monkeypatch.setattr(doctor, "list_extension_points", lambda: (Point(), Point()))

    assert find("bpmax_sim.presets") == [
        (True, "bpmax_sim.presets 甲", "bpmax-oa 1.0"),
        (False, "bpmax_sim.presets 乙", "不能导入"),
    ] * 2  # fmt: skip


def test_what_is_to_be_done_ends_with_one_and_its_mark(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    git.run_git(folder, "init", "-q")
    rows = [(True, "平台", "crm"), (False, "录制", "1 个")]
    monkeypatch.setattr(doctor, "collect_findings", lambda: iter(rows))

    assert doctor.doctor() == 1
    assert capsys.readouterr() == ("√  平台  crm\n×  录制  1 个\n", "")
    rows.pop()
    assert doctor.doctor(fix=True) == 0
    assert capsys.readouterr().err != ""


@pytest.mark.parametrize(
    ("cassettes", "is_writable"), [(None, True), ("folder", True), ("file", False)]
)
def test_what_is_written_has_to_be_a_folder_or_above_nothing(
    folder: Path, cassettes: str | None, is_writable: bool
) -> None:
    place = folder / "cassettes"
    if cassettes == "folder":
        place.mkdir()
    elif cassettes == "file":
        place.write_text("", "utf-8")

    lacking = f"{place} cannot be written; change its rights, or run elsewhere"
    assert find("project") == [(True, "project", str(folder))]
    assert find("cassettes") == [(is_writable, "cassettes", str(place) if is_writable else lacking)]
