from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.starter.init import AUTHS, CIS, GIT, NewProject, append_missing_lines, plan_files
from bpmax_sim.yamlfile import read_yaml
from tests import warm
from tests.apart import PLUGINS
from tests.cli.project import ROOT, Command, in_a_process
from tests.snapshots import snapshot
from tests.typed import Typed

FILES = [
    "scenarios/platforms/crm_system.yaml",
    "scenarios/scripts/customer.js",
    "scenarios/customer.scenario.yaml",
    "scenarios/instances.yaml",
    ".gitattributes",
    ".prettierignore",
    ".gitignore",
    "cassettes/crm_system/customer.yaml",
]


TYPES = ["scenarios/bpmax.d.ts", "scenarios/schemas", "jsconfig.json", ".vscode/settings.json"]


@pytest.fixture(autouse=True)
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("auth", AUTHS)
def test_what_it_writes_passes_at_once(bs: Command, auth: str) -> None:
    made = bs("init", "--auth", auth, "--yes")
    ran, sound = bs("run"), bs("lint")

    has_login = auth in {"login_token", "oauth2_client_credentials"}
    logins = ["cassettes/auth/crm_system.default.yaml"] if has_login else []
    assert (made.code, made.out.splitlines()) == (0, [*FILES, *logins, *TYPES])
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("√ 选择客户后回填   ")
    assert (sound.code, sound.err) == (0, snapshot("1 scenario file: sound\n"))


def test_comments_are_in_the_language_of_whoever_asks_for_the_files(
    bs: Command, empty: Path
) -> None:
    bs("--lang", "zh", "init", "--auth", "login_token", "--yes")

    text = (empty / "scenarios/platforms/crm_system.yaml").read_text("utf-8")
    comments = [line.partition("# ")[2] for line in text.splitlines() if "# " in line]
    assert len(comments) == 6
    assert [one for one in comments if not re.search(r"[\u4e00-\u9fff]", one)] == [
        "yaml-language-server: $schema=../schemas/platform.schema.json"
    ]


def test_pytest_is_green_at_once_too(
    bs: Command, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    bs("init", "--yes")
    for name, value in PLUGINS.items():
        monkeypatch.setenv(name, value)

    pytester.run(warm.python(), "-m", "pytest").assert_outcomes(passed=1)


def test_the_cassette_says_that_no_live_system_answered(bs: Command) -> None:
    bs("init", "--yes")
    cassette = Cassette.load("cassettes/crm_system/customer.yaml")

    assert cassette.line(0).source == "simulated"
    assert "redacted.crm_system.default.token.1" in cassette.entry(0).text


def test_it_tells_what_to_do_next(bs: Command) -> None:
    done = bs("init", "项目", "--platform", "erp", "--auth", "basic")

    assert done.err.splitlines() == snapshot(
        [
            "",
            "It passes as it is:   cd 项目 && bpmax-sim run",
            "Then make it yours:   scenarios/platforms, scenarios/scripts, scenarios",
            "and record it:        set ERP_URL, ERP_USERNAME, ERP_PASSWORD",
            "                      bpmax-sim record",
        ]
    )


def test_it_asks_a_person_for_what_no_option_says(
    bs: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", Typed("erp\nhttps://erp.example.test\nbasic\ngitlab\n"))
    done = bs("init")

    platform = load_platforms("scenarios/platforms").platform("erp")
    assert done.code == 0
    assert "Key of the third party, as in $proxy('…') [crm_system]:" in done.err
    assert platform.base_url == "https://erp.example.test"
    assert list(platform.credentials) == ["username", "password"]
    assert Path(".gitlab-ci.yml").is_file()


def test_what_is_there_is_replaced_only_on_demand(
    bs: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = Path("scenarios/scripts/customer.js")
    script.parent.mkdir(parents=True)
    script.write_text("// 我的", encoding="utf-8")
    script.with_name("other.js").write_text("// 也是我的", encoding="utf-8")

    refused = bs("init")
    assert (refused.code, refused.err) == (
        2,
        snapshot(
            "nothing was written, because these are there already: scenarios/scripts/customer.js; "
            "name another folder, or replace them with --yes\n"
        ),
    )
    assert not Path("scenarios/instances.yaml").exists()

    monkeypatch.setattr("sys.stdin", Typed("\n\n\n\nn\n"))
    declined = bs("init")
    assert declined.code == 1
    assert "Replace scenarios/scripts/customer.js?" in declined.err
    assert script.read_text(encoding="utf-8") == "// 我的"

    assert bs("init", "--yes").code == 0
    assert script.read_text(encoding="utf-8") != "// 我的"
    assert script.with_name("other.js").read_text(encoding="utf-8") == "// 也是我的"


def test_a_project_with_scenarios_gets_ci_and_git_files_alone(bs: Command) -> None:
    bs("init", "--yes")
    before = Path("scenarios/customer.scenario.yaml").read_bytes()

    done, again = bs("init", "--ci", "jenkins"), bs("init", "--ci", "jenkins")

    assert done.out.splitlines() == ["Jenkinsfile"]
    assert (again.out, again.err) == ("", snapshot("nothing to do, everything is there\n"))
    assert Path("scenarios/customer.scenario.yaml").read_bytes() == before


def test_a_project_may_have_the_files_of_several_ci_systems(bs: Command) -> None:
    done = bs("init", "--yes", "--ci", "gitlab", "--ci", "github", "--ci", "gitlab")

    assert done.code == 0
    assert Path(".gitlab-ci.yml").is_file()
    assert Path(".github/workflows/bpmax-sim.yml").is_file()
    assert not Path("Jenkinsfile").exists()


def test_lines_of_git_files_are_added_to_those_that_are_there(bs: Command) -> None:
    Path(".gitignore").write_text("dist/\n.bpmax/", encoding="utf-8")
    bs("init", "--yes")

    lines = Path(".gitignore").read_text(encoding="utf-8").splitlines()
    assert lines[:3] == ["dist/", ".bpmax/", "instances.local.yaml"]
    assert {"*.journal", "*.yaml.new", "*.yaml.damaged", ".venv/"} < {*lines}
    assert Path(".gitattributes").read_text(encoding="utf-8") == snapshot(
        "cassettes/** -text -merge diff=bpmax\n"
    )


def test_adding_lines_twice_changes_nothing() -> None:
    once = append_missing_lines("a", GIT[".gitignore"])

    assert append_missing_lines(once, GIT[".gitignore"]) == once


@pytest.mark.parametrize("ci", CIS)
def test_ci_files_run_what_there_is(bs: Command, ci: str) -> None:
    bs("init", "--yes", "--ci", ci)
    path = Path(CIS[ci][1])
    text = path.read_text(encoding="utf-8")

    assert text.count("{") == text.count("}")
    if ci != "jenkins":
        assert read_yaml(path).items
    first, second = [one.split() for one in commands(text) if "pip install" not in one]
    assert first[0].removeprefix(".venv/bin/") == "bpmax-sim"
    checked, tested = bs(*first[1:]), run_pytest(second)
    assert checked.code == 0, checked.err
    assert tested.returncode == 0, tested.stdout
    assert b'tests="1"' in Path("report.xml").read_bytes()
    assert "report.xml" in Path(".gitignore").read_text(encoding="utf-8")


def commands(text: str) -> list[str]:
    """Return the lines that a CI file gives to a shell."""
    found = re.findall(
        r"^\s*- (?:run: )?((?:pip|bpmax-sim|pytest)\b.*)|sh '(.*)'", text, re.MULTILINE
    )
    return [one or other for one, other in found]


def run_pytest(command: list[str]) -> subprocess.CompletedProcess[bytes]:
    """Run one of them with the package as it is here."""
    program, *rest = command
    assert program.removeprefix(".venv/bin/") == "pytest"
    return subprocess.run(
        [warm.python(), "-m", "pytest", *rest],
        env={**os.environ, **PLUGINS, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize("ci", CIS)
def test_ci_files_keep_the_results_of_a_run_that_failed(bs: Command, ci: str) -> None:
    bs("init", "--yes", "--ci", ci)
    text = Path(CIS[ci][1]).read_text(encoding="utf-8")
    kept = text[text.index("pytest --junitxml=report.xml") :]

    assert "always" in kept
    assert "report.xml" in kept.partition("\n")[2]
    assert ".bpmax/" in kept
    assert re.search("cache|HOME", text)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["--platform", "客户"],
            "--platform 客户: expected a key such as crm_system: letters, digits, _",
        ),
        (
            ["--url", "crm.example.test"],
            (
                "--url crm.example.test: expected an address such as https://crm.example.com, "
                "without ? # and user"
            ),
        ),
        (
            ["--url", "https://zs:Zx9@crm.test/api?token=Zx9"],
            (
                "--url https://crm.test/api: expected an address such as https://crm.example.com, "
                "without ? # and user"
            ),
        ),
        (["--auth", "beare"], "--auth: there is no 'beare'; did you mean 'bearer'?"),
        (
            ["--ci", "travis"],
            "--ci: there is no 'travis'; there are github, gitlab, jenkins",
        ),
    ],
    ids=["platform", "url", "url with a secret", "auth", "ci"],
)
def test_a_wrong_answer_writes_nothing(
    bs: Command, empty: Path, arguments: list[str], told: str
) -> None:
    done = bs("init", *arguments)

    assert (done.code, done.err) == (2, f"{told}\n")
    assert list(empty.iterdir()) == []


def test_a_place_that_cannot_be_written_is_told(bs: Command) -> None:
    Path("项目").write_text("", encoding="utf-8")
    done = bs("init", "项目", "--yes")

    assert done.code == 2
    assert done.err.startswith("项目/scenarios/platforms/crm_system.yaml: cannot be written: ")


def test_a_file_that_is_no_text_is_left_alone(bs: Command) -> None:
    Path(".gitignore").write_bytes(b"\xff\xfe")
    done = bs("init", "--yes")

    assert (done.code, done.err) == (
        2,
        snapshot(".gitignore: already exists and is not readable text; move it\n"),
    )


def test_without_a_terminal_nothing_is_asked(empty: Path) -> None:
    done = in_a_process("init", cwd=empty)

    assert done.code == 0
    assert done.out.splitlines() == [*FILES, *TYPES]


def test_a_plan_names_no_file_that_is_as_it_should_be(tmp_path: Path, bs: Command) -> None:
    bs("init", "--yes")
    chosen = NewProject(platform="crm_system", address="https://crm.example.test")

    ready = plan_files(tmp_path, chosen)
    assert ready.texts == {}
    assert ready.replaced == (tmp_path / "cassettes/crm_system/customer.yaml",)
