"""A new project: which choices are refused, what is written and recorded, and what Git is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from bpmax_sim import git
from bpmax_sim.errors import ConfigError, ExpectationError
from bpmax_sim.starter.init import NewProject, plan_files, write_and_record_project
from tests.cli.project import Command

ADDRESS = "https://erp.example.test"
SET_UP = "Git merges and shows cassettes with bpmax-sim (git config, .git/info/attributes)"


@pytest.fixture(name="folder", autouse=True)
def entered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CI", raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        ({}, ""),
        ({"address": "no address"}, ""),  # of no platform
        ({"platform": "erp", "address": ADDRESS, "cis": ("gitlab", "github", "jenkins")}, ""),
        ({"platform": "erp"}, "--url : expected an address such as"),
        ({"platform": "erp", "address": f"{ADDRESS}/a?b=1"}, f"--url {ADDRESS}/a: expected an"),
        ({"platform": "erp", "address": "ftp://erp.test"}, "--url ftp://erp.test: expected an"),
        ({"auth": ""}, "--auth: there is no ''; there are none, basic, bearer, api_key, "),
        ({"auth": "Basic"}, "--auth: there is no 'Basic'; did you mean 'basic'?"),
        ({"cis": ("github", "GitHub")}, "--ci: there is no 'GitHub'; did you mean 'github'?"),
        ({"cis": ("github", "gitlab", "jenkin")},
         "--ci: there is no 'jenkin'; did you mean 'jenkins'?"),
        ({"cis": ("",)}, "--ci: there is no ''; there are github, gitlab, jenkins"),
        ({"platform": "erp-2", "address": ADDRESS}, "--platform erp-2: expected a key such as"),
    ],
)  # fmt: skip
def test_every_choice_is_looked_at(chosen: dict[str, Any], told: str) -> None:
    if not told:
        assert NewProject(**chosen).auth == "bearer"
        return
    with pytest.raises(ConfigError) as refused:
        NewProject(**chosen)

    assert str(refused.value).startswith(told)


@pytest.mark.parametrize(
    ("there", "replaced"),
    [
        ({}, []),
        ({"scenarios/instances.yaml": ""}, []),
        ({"scenarios/instances.yaml": "same"}, []),
        ({"scenarios/instances.yaml": "\n"}, ["scenarios/instances.yaml"]),
        ({".gitignore": "x", ".gitattributes": "x", ".prettierignore": "x"}, []),
        ({"cassettes/erp/customer.yaml": ""}, ["cassettes/erp/customer.yaml"]),
        ({"cassettes/crm/customer.yaml": "x", "scenarios/platforms/crm.yaml": "x"}, []),
        (
            {"Jenkinsfile": "x", "scenarios/scripts/customer.js": "x",
             "cassettes/erp/customer.yaml": "x"},
            ["scenarios/scripts/customer.js", "Jenkinsfile", "cassettes/erp/customer.yaml"],
        ),
    ],
)  # fmt: skip
def test_a_plan_names_each_file_with_another_content(
    folder: Path, there: dict[str, str], replaced: list[str]
) -> None:
    chosen = NewProject(platform="erp", address=ADDRESS, auth="basic", cis=("jenkins",))
    whole = plan_files(folder, chosen)
    for name, text in there.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        content = whole.texts[folder / name] if text == "same" else text
        (folder / name).write_text(content, "utf-8")

    planned = plan_files(folder, chosen)

    assert [path.relative_to(folder).as_posix() for path in planned.replaced] == replaced
    same = [folder / name for name, text in there.items() if text == "same"]
    assert [path for path in whole.texts if path not in planned.texts] == same
    assert planned.texts[folder / "scenarios/instances.yaml"] if not same else True


def test_an_instance_of_a_new_platform_names_its_variables(folder: Path) -> None:
    chosen = NewProject(platform="erp_Test", address=ADDRESS, auth="basic")
    text = plan_files(folder, chosen).texts[folder / "scenarios/instances.yaml"]

    assert text.partition("  base_url")[2] == (
        ": {env: ERP_TEST_URL}\n  credentials:\n    username: {env: ERP_TEST_USERNAME}\n"
        "    password: {env: ERP_TEST_PASSWORD}\n"
    )


def test_only_the_logins_of_the_new_platform_are_listed(folder: Path) -> None:
    chosen = NewProject(platform="erp", address=ADDRESS, auth="login_token", cis=("gitlab",))
    (folder / "cassettes/auth").mkdir(parents=True)
    for name in ("erp2.default", "crm.default", "erp_x.default"):
        (folder / f"cassettes/auth/{name}.yaml").write_text("", "utf-8")
    planned = plan_files(folder, chosen)

    written = write_and_record_project(planned, folder, chosen)

    assert written == (
        *planned.texts, folder / "cassettes/erp/customer.yaml",
        folder / "cassettes/auth/erp.default.yaml",
    )  # fmt: skip
    assert all(path.is_file() for path in written)


def test_a_new_scenario_that_does_not_pass_is_told(folder: Path) -> None:
    chosen = NewProject(platform="erp", address=ADDRESS, auth="none")
    planned = plan_files(folder, chosen)
    script = folder / "scenarios/scripts/customer.js"
    wrong = replace(planned, texts={**planned.texts, script: "form.name = '李四';\n"})

    with pytest.raises(ExpectationError, match=r"^the new scenario does not pass:\n."):
        write_and_record_project(wrong, folder, chosen)


def test_files_for_ci_alone_are_written_without_a_recording(folder: Path) -> None:
    chosen = NewProject(cis=("jenkins", "github"))
    planned = plan_files(folder, chosen)

    assert write_and_record_project(planned, folder, chosen) == tuple(planned.texts)
    assert sorted(path.name for path in folder.iterdir()) == [
        ".gitattributes", ".github", ".gitignore", ".prettierignore", "Jenkinsfile",
    ]  # fmt: skip


@pytest.mark.parametrize(("ci", "is_set_up"), [("", True), ("true", False)])
@pytest.mark.parametrize("command", [("init", "项目", "--yes"), ("doctor", "--fix")])
def test_a_clone_is_set_up_once_and_on_no_ci_machine(
    folder: Path, bs: Command, command: tuple[str, ...], ci: str, monkeypatch: pytest.MonkeyPatch,
    *, is_set_up: bool,
) -> None:  # fmt: skip
    git.run_git(folder, "init", "-q")
    monkeypatch.setenv("CI", ci)

    first, again = bs(*command), bs(*command)

    assert [line == SET_UP for line in first.err.splitlines()].count(True) == is_set_up
    assert SET_UP not in again.err
    assert git.has_merge_driver(folder) == is_set_up


def test_the_doctor_changes_nothing_unless_it_is_told_to(folder: Path, bs: Command) -> None:
    outside = bs("doctor", "--fix")
    git.run_git(folder, "init", "-q")
    bare = bs("doctor")

    assert (outside.code, outside.err, bare.err) == (0, "", "")
    assert not git.has_merge_driver(folder)
    lines = [line.split(maxsplit=2) for line in bare.out.splitlines()]
    wrong = [mark for mark, name, _ in lines if name == ".gitattributes"]
    assert (bare.code, wrong) == (1, ["×"])
    (folder / ".gitattributes").write_text("cassettes/** -text\n", "utf-8")
    assert bs("doctor").code == 0
