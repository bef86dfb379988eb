"""What ``init`` prints and asks: of traffic, of options that are there, and of what is grown."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.project import Command
from tests.live.traffic import CRM, entry, good, write_archive
from tests.typed import Typed

SCENARIO = "version: 1\nscenario: 甲\nsteps: [{js: 'form.a = 1'}]\n"
GIT_FILES = [".gitattributes", ".gitignore", ".prettierignore"]
DRAFTED = [
    "cassettes/crm.yaml", "scenarios/crm.scenario.yaml", "scenarios/instances.yaml",
    "scenarios/platforms/crm.yaml", "scenarios/scripts/crm.js",
]  # fmt: skip


@pytest.fixture(name="folder", autouse=True)
def entered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def traffic(folder: Path, pages: int = 0) -> None:
    """Write an archive with two calls and *pages* calls that no script can make."""
    calls = [entry("GET", f"{CRM}/api/{name}", good({name: 1})) for name in ("ping", "stock")]
    calls += [
        entry("POST", f"{CRM}/api/order/x{number}y", good({}), body="{") for number in range(pages)
    ]
    write_archive(folder / "crm.har", calls)


def test_what_is_drafted_of_traffic_is_listed_and_passes(folder: Path, bs: Command) -> None:
    traffic(folder)
    done = bs("init", "--from", "crm.har")

    assert (done.code, done.out.splitlines()) == (0, [*GIT_FILES, *DRAFTED])
    assert done.err.splitlines() == [
        "It passes as it is (2 calls):   bpmax-sim run",
        "a comment stands at each guess: scenarios/platforms, scenarios",
    ]
    assert bs("run").code == 0
    again = bs("init", "--from", "crm.har")
    assert (again.code, again.out, again.err.splitlines()) == (
        0, "", ["crm is there already, and the same", "nothing to do, everything is there"],
    )  # fmt: skip


def test_another_folder_is_named_in_what_is_told(folder: Path, bs: Command) -> None:
    traffic(folder)
    done = bs("init", "项目", "--from", "crm.har")

    assert done.out.splitlines() == [f"项目/{name}" for name in (*GIT_FILES, *DRAFTED)]
    assert done.err.splitlines()[0] == ("It passes as it is (2 calls):   cd 项目 && bpmax-sim run")
    assert sorted(path.name for path in folder.iterdir()) == ["crm.har", "项目"]


def test_a_dry_run_shows_the_texts_and_writes_nothing(folder: Path, bs: Command) -> None:
    traffic(folder)
    dry = bs("init", "--from", "crm.har", "--dry-run")

    names = [line for line in dry.out.splitlines() if not line.startswith("    ") and line]
    assert (dry.code, names) == (0, [*GIT_FILES, *DRAFTED])
    assert dry.err.splitlines() == ["dry run: nothing was written; 2 calls would be played"]
    assert [path.name for path in folder.iterdir()] == ["crm.har"]
    bs("init", "--from", "crm.har")
    shown = dry.out.split("scenarios/crm.scenario.yaml\n")[1].partition("scenarios/inst")[0]
    scenario = Path("scenarios/crm.scenario.yaml").read_text("utf-8")
    assert shown == "".join(f"    {line}\n" for line in scenario.splitlines())
    assert "interactions" not in dry.out  # a cassette is too long to be read
    assert ".bpmax/" not in dry.out


def test_a_file_that_is_extended_says_so(
    folder: Path, bs: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_URL", CRM)
    traffic(folder)
    bs("init", "--from", "crm.har")
    write_archive(folder / "b.har", [entry("GET", f"{CRM}/api/price", good({}))])

    assert bs("init", "--from", "b.har", "--dry-run").out.splitlines()[-20:] != []
    assert bs("init", "--from", "b.har").out.splitlines() == [
        "cassettes/b.yaml",
        "scenarios/b.scenario.yaml",
        "scenarios/platforms/crm.yaml (what is there stays, and more comes behind it)",
        "scenarios/scripts/b.js",
    ]


@pytest.mark.parametrize(("left_out", "more"), [(1, 0), (20, 0), (21, 1)])
def test_of_many_notes_the_first_twenty_are_told(
    folder: Path, bs: Command, left_out: int, more: int
) -> None:
    traffic(folder)
    unread = entry("GET", f"{CRM}/big", "")
    del unread["response"]["content"]["text"]
    unread["response"]["content"]["size"] = 9
    write_archive(
        folder / "crm.har", [*[unread] * left_out, entry("GET", f"{CRM}/api/ping", good({}))]
    )

    *notes, _, _ = bs("init", "--from", "crm.har").err.splitlines()
    assert len(notes) == min(left_out, 20) + (more > 0)
    assert notes[0].startswith("crm.har: exchange 1: ")
    assert (notes[-1] == f"and {more} more") == (more > 0)


def test_a_dry_run_belongs_to_traffic(folder: Path, bs: Command) -> None:
    done = bs("init", "--dry-run")

    assert (done.code, done.err) == (2, "--dry-run belongs to --from FILE\n")
    assert [*folder.iterdir()] == []


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (["--platform", "crm"], "--platform"),
        (["--url", "https://crm.example.test"], "--url"),
        (["--auth", "none", "--platform", "crm"], "--platform, --auth"),
        (["--ci", "github", "--ci", "gitlab"], "--ci"),
    ],
)
def test_what_traffic_does_not_take_is_told(
    folder: Path, bs: Command, given: list[str], named: str
) -> None:
    traffic(folder)
    before = [*folder.iterdir()]

    done = bs("init", *given, "--from", "crm.har")

    assert (done.code, done.err) == (
        2,
        (
            f"{named} would do nothing beside --from, which drafts what the traffic shows; "
            f"run bpmax-sim init with {'them on their' if ',' in named else 'it on its'} own\n"
        ),
    )
    assert [*folder.iterdir()] == before


QUESTIONS = [
    "Key of the third party, as in $proxy('…') [crm_system]:", "Its address [https://crm.example",
    "How one logs in: none, basic, bearer, api_key, login_token, oauth2_client_credentials [bea",
    "CI files: github, gitlab, jenkins, none [none]:",
]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "typed", "asked", "made"),
    [
        ([], "\n\n\n\n", [0, 1, 2, 3], "crm_system https://crm.example.test bearer "),
        ([], "erp\nhttps://erp.test\nnone\nnone\n", [0, 1, 2, 3], "erp https://erp.test none "),
        (["--platform", "erp"], "\nbasic\njenkins\n", [1, 2, 3],
         "erp https://crm.example.test basic Jenkinsfile"),
        (["--url", "https://erp.test", "--auth", "basic"], "erp\n github , gitlab,none \n", [0, 3],
         "erp https://erp.test basic .github .gitlab-ci.yml"),
        (["--ci", "none"], "\n\n\n", [0, 1, 2], "crm_system https://crm.example.test bearer "),
        (["--ci", "jenkins", "--ci", "gitlab", "--auth", "none"], "\n\n", [0, 1],
         "crm_system https://crm.example.test none .gitlab-ci.yml Jenkinsfile"),
        (["--yes"], "", [], "crm_system https://crm.example.test bearer "),
    ],
)  # fmt: skip
def test_what_no_option_says_is_asked_in_order(
    bs: Command,
    options: list[str],
    typed: str,
    asked: list[int],
    made: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = Path.cwd()
    monkeypatch.setattr("sys.stdin", Typed(typed))
    done = bs("init", *options)

    assert done.code == 0
    places = [done.err.find(question) for question in QUESTIONS]
    assert [number for number, place in enumerate(places) if place >= 0] == asked
    assert sorted(place for place in places if place >= 0) == [places[one] for one in asked]
    [path] = (folder / "scenarios/platforms").glob("*.yaml")
    text = path.read_text("utf-8")
    address = text.partition("base_url: ")[2].split()[0]
    auth = "none" if "auth: none" in text else "basic" if "auth: basic" in text else "bearer"
    ci = [one for one in (".github", ".gitlab-ci.yml", "Jenkinsfile") if (folder / one).exists()]
    assert f"{path.stem} {address} {auth} {' '.join(ci)}" == made


@pytest.mark.parametrize(
    ("options", "typed", "asked", "files"),
    [
        ([], None, False, []), ([], "gitlab\n", True, [".gitlab-ci.yml"]),
        (["--ci", "jenkins"], "", False, ["Jenkinsfile"]),
        (["--auth", "basic", "--url", "no url"], "\n", True, []),
        (["--platform", "erp", "--yes"], None, False, ["scenarios/platforms/erp.yaml"]),
    ],
)  # fmt: skip
def test_a_project_with_scenarios_is_asked_for_ci_files_alone(
    bs: Command,
    options: list[str],
    typed: str | None,
    files: list[str],
    monkeypatch: pytest.MonkeyPatch,
    *,
    asked: bool,
) -> None:
    folder = Path.cwd()
    (folder / "scenarios/采购").mkdir(parents=True)
    (folder / "scenarios/采购/甲.scenario.yaml").write_text(SCENARIO, "utf-8")
    if typed is not None:
        monkeypatch.setattr("sys.stdin", Typed(typed))

    done = bs("init", *options)

    assert done.code == 0
    assert [one in done.err for one in QUESTIONS] == [False, False, False, asked]
    wanted = [".gitattributes", ".prettierignore", ".gitignore", *files]
    assert {*wanted} <= {*done.out.splitlines()}
    assert ("platforms" in done.out) == ("--platform" in options)
    assert ("It passes as it is" in done.err) == ("--platform" in options)


def test_questions_are_in_the_language_of_who_answers(
    bs: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", Typed("erp\n\nnone\n\n"))

    done = bs("--lang", "zh", "init")

    asked = done.err.partition(" [none]：")[0]
    assert [name in asked for name in ("第三方", "[crm_system]：", "地址", "CI")] == [True] * 4
    assert "address" not in asked


@pytest.mark.parametrize("typed", ["", "erp", "erp\nhttps://erp.test\nnone\n"])
def test_an_input_that_ends_before_the_last_question_writes_nothing(
    folder: Path, bs: Command, typed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", Typed(typed))

    assert bs("init").code == 1
    assert [*folder.iterdir()] == []
