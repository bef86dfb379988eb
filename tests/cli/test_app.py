from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import time
from contextlib import redirect_stdout
from pathlib import Path

import jsonschema
import pytest
import yaml

from bpmax_sim.cli import main
from bpmax_sim.cli.app import COMMANDS
from bpmax_sim.cli.terminal import say
from tests.cli.project import ROOT, Command, Project, in_a_process
from tests.snapshots import snapshot

GBK = "PYTHONIOENCODING"
OPTION = re.compile(r"--[a-z][a-z-]+")


@pytest.mark.parametrize("name", COMMANDS)
def test_help_begins_with_an_example_and_fits(bs: Command, name: str) -> None:
    done = bs(*name.split(), "--help")
    lines = done.out.splitlines()

    assert done.code == 0
    assert lines[0].startswith(f"Usage: bpmax-sim {name} [OPTIONS]")
    assert lines[2] == f"  Example: {COMMANDS[name].example}"
    assert max(map(len, lines)) <= 100
    done.out.encode("gbk")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_example_names_options_that_exist(bs: Command, name: str) -> None:
    options = re.findall(r" (--?[a-z-]+)", COMMANDS[name].example)
    told = bs(*name.split(), "--help").out  # an example shows no option that few need

    assert COMMANDS[name].example.startswith(f"bpmax-sim {name}")
    assert [option for option in options if option not in told] == []


def test_without_a_command_help_lists_them_all(bs: Command) -> None:
    done, asked = bs(), bs("--help")

    assert (done.code, asked.code) == (0, 0)
    assert done.out == asked.out
    shown = done.out + bs("cassette").out
    assert [n for n in COMMANDS if f"\n  {n.removeprefix('cassette ')} " not in shown] == []
    assert "\n  seal " not in done.out


def test_the_options_that_few_need_stand_behind_help_all(bs: Command) -> None:
    few, every, again = bs("run", "--help"), bs("run", "--help-all"), bs("run", "--help")

    assert few.out == again.out
    assert "--help-all" in few.out
    assert "--js-limits" not in few.out
    assert {*OPTION.findall(every.out)} > {*OPTION.findall(few.out)}
    assert bs("run", "--unused", "ignore", "-k", "没有").code == 5  # shown or not, it works


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["seal", "x.yaml"], "'seal' is `bpmax-sim cassette seal` now; see bpmax-sim --help"),
        (["prune"], "'prune' is `bpmax-sim cassette prune` now; see bpmax-sim --help"),
        (
            ["cassette", "selt"],
            (
                "there is no command 'cassette selt'; did you mean 'seal'?; see bpmax-sim cassette "
                "--help"
            ),
        ),
        (
            ["doctor", "--json"],
            (
                "--json was removed here, as nothing but the exit code is for programs; "
                "see bpmax-sim doctor --help"
            ),
        ),
        (
            ["lint", "--fix"],
            (
                "--fix was removed, as no released version accepted what it rewrote; "
                "`bpmax-sim lint --explain` lists what to write instead; see bpmax-sim lint --help"
            ),
        ),
    ],
)
def test_an_old_command_or_option_says_the_new_one(
    bs: Command, words: list[str], told: str
) -> None:
    done = bs(*words)

    assert (done.code, done.err) == (2, f"{told}\n")


def test_the_version_is_told(bs: Command) -> None:
    assert re.fullmatch(r"bpmax-sim \d\S*\n", bs("--version").out)


def test_the_process_ends_with_the_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["rn"])

    assert caught.value.code == 2


def test_help_is_quick_because_it_imports_no_command() -> None:
    code = (
        "import sys; from bpmax_sim.cli.app import run_command_line; run_command_line(['--help']);"
        "print([m for m in ('httpx', '_quickjs', 'yaml', 'jinja2', 'rich') if m in sys.modules])"
    )
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines()[-1] == "[]"
    assert time.perf_counter() - started < 3  # 0.1 s on an idle machine


def test_a_gbk_console_prints_every_word_of_ours(recorded: Project) -> None:
    passed = in_a_process("run", cwd=recorded.folder, PYTHONIOENCODING="gbk:strict")
    missed = in_a_process(
        "run", "--var", "customer=12346", cwd=recorded.folder, PYTHONIOENCODING="gbk"
    )

    assert passed.code == 0
    assert passed.out.startswith("√ 选择客户后显示联系人")
    assert "√ method" in missed.out
    assert "?" not in missed.out


def test_a_console_that_knows_no_chinese_gets_question_marks_but_tells_right_from_wrong(
    recorded: Project,
) -> None:
    done = in_a_process("run", cwd=recorded.folder, PYTHONIOENCODING="ascii")
    missed = in_a_process(
        "run", "--var", "customer=12346", cwd=recorded.folder, PYTHONIOENCODING="ascii"
    )

    assert (done.code, missed.code) == (0, 3)
    assert done.out.startswith("+ ?????")
    assert missed.out.startswith("x ?????")


def test_colours_are_for_terminals_and_whoever_forces_them(recorded: Project) -> None:
    assert "\x1b" not in in_a_process("run", cwd=recorded.folder, FORCE_COLOR="").out
    assert "\x1b[32m" in in_a_process("run", cwd=recorded.folder, FORCE_COLOR="1").out
    both = in_a_process("run", cwd=recorded.folder, FORCE_COLOR="1", NO_COLOR="1")
    assert "\x1b" not in both.out


def test_the_schemas_describe_the_files(project: Project, bs: Command) -> None:
    done = bs("schema", "--write")
    folder = project.folder / "scenarios"

    assert done.out.splitlines() == [
        f"scenarios/schemas/{name}.schema.json"
        for name in (
            "scenario",
            "fragment",
            "form",
            "flow",
            "people",
            "platform",
            "instances",
        )
    ]
    for name, file in (
        ("scenario", "customer.scenario.yaml"),
        ("platform", "platforms/crm_system.yaml"),
        ("instances", "instances.yaml"),
    ):
        schema = json.loads((folder / f"schemas/{name}.schema.json").read_text(encoding="utf-8"))
        jsonschema.validate(yaml.safe_load((folder / file).read_text(encoding="utf-8")), schema)


def test_a_schema_is_printed_too(project: Project, bs: Command) -> None:
    assert json.loads(bs("schema", "platform").out)["title"] == snapshot("bpmax-sim platform")


def test_schemas_are_not_written_into_a_file(project: Project, bs: Command) -> None:
    (project.folder / "scenarios/schemas").write_text("", encoding="utf-8")

    done = bs("schema", "--write")

    assert (done.code, done.err) == (
        2,
        snapshot("scenarios/schemas: cannot be written: File exists\n"),
    )


def test_the_doctor_finds_this_installation_sound(project: Project, bs: Command) -> None:
    done = bs("doctor")

    assert done.code == 0
    assert {line[0] for line in done.out.splitlines()} == {"√"}
    assert re.search(r"^√  scripts +run$", done.out, re.MULTILINE)


def test_the_doctor_tells_what_cannot_be_written(
    bs: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cassettes").write_text("", encoding="utf-8")
    (tmp_path / "scenarios").mkdir()
    monkeypatch.chdir(tmp_path)

    done = bs("doctor")

    assert done.code == 1
    assert (
        f"{tmp_path}/cassettes cannot be written; change its rights, or run elsewhere" in done.out
    )


def test_the_doctor_tells_what_a_project_needs(
    recorded: Project, bs: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = recorded.folder
    sound = bs("doctor")
    (folder / ".git").mkdir()
    (folder / ".gitattributes").unlink(missing_ok=True)
    (folder / "cassettes/crm/customer.yaml.12-34.journal").write_text("", encoding="utf-8")
    (folder / "cassettes/crm/customer.yaml.new").write_text("", encoding="utf-8")
    bs("schema", "--write")
    recorded.edit(folder / "scenarios/schemas/flow.schema.json", "bpmax-sim flow", "其他")
    recorded.edit(folder / "scenarios/platforms/crm_system.yaml", "method: GET", "methd: GET")

    done = bs("doctor")

    found = dict(line[3:].split("  ", 1) for line in done.out.splitlines() if line[0] == "×")
    assert (sound.code, done.code) == (0, 1)
    assert {name: told.strip() for name, told in found.items()} == {
        "platforms": "1 problem; run `bpmax-sim lint` for details",
        "schemas": "flow: not those of this version; `bpmax-sim schema --write`",
        "journals": "1 recording not finished; `bpmax-sim cassette recover`",
        "review": "1 recording to accept or reject; `bpmax-sim review`",
        ".gitattributes": (
            "Git may change or cut cassettes; add to it: cassettes/** -text -merge diff=bpmax"
        ),
    }


def test_the_doctor_tells_which_variables_and_keyring_recording_needs(
    project: Project, bs: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_URL", "https://crm.example.test")
    monkeypatch.setenv("CRM_CLIENT_ID", "")  # as `export CRM_CLIENT_ID=` leaves it: not set either
    instances = project.folder / "scenarios/instances.yaml"
    project.edit(instances, "{env: CRM_CLIENT_SECRET}", "{keyring: crm/secret}")
    monkeypatch.setattr("bpmax_sim.cli.doctor.find_spec", lambda _name: None)

    done = bs("doctor")

    assert "not set: CRM_CLIENT_ID; needed to record, never to replay" in done.out
    assert 'instances name it; install it: pip install "bpmax-sim[keyring]"' in done.out
    assert done.code == 1


def test_the_doctor_sees_a_console_that_lacks_chinese(project: Project) -> None:
    done = in_a_process("doctor", cwd=project.folder, PYTHONIOENCODING="ascii")

    assert done.code == 1
    assert "x  console" in done.out
    assert "it lacks Chinese: set PYTHONUTF8=1" in done.out


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_marks_are_coloured_unless_no_color_is_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    with redirect_stdout(_Terminal()) as coloured:
        say("√ 合同[1]   2 calls")
        say("合同")
    monkeypatch.setenv("NO_COLOR", "1")
    with redirect_stdout(_Terminal()) as plain:
        say("× 合同[1]   2 calls")

    assert coloured.getvalue() == snapshot("\x1b[32m√ 合同[1]   2 calls\x1b[0m\n合同\n")
    assert plain.getvalue() == snapshot("× 合同[1]   2 calls\n")
