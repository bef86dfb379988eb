"""`lint` on a folder that has every mistake of a script once, one a file."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bpmax_sim.errors import Problem
from bpmax_sim.index import files
from bpmax_sim.scenario.load import ScenarioItem
from bpmax_sim.scenario.runner import find_missing_platform_files
from bpmax_sim.scenario.script_check import RULES
from tests.cli.project import ROOT, Command, Done
from tests.files import write_files
from tests.scenario.test_script_check import PLATFORM, WRONG

ANSWER = (
    "answer: {type: object, properties: {code: {type: integer}, data: {type: object, properties: "
    "{name: {type: string}, phones: {type: array, items: {type: object, properties: "
    "{number: {type: string}}}}}}}}, "
)
CASES = [(source, rule) for source, rule, _ in WRONG]


def write(folder: Path, *, ignores: bool) -> None:
    """Write a project whose script number n makes mistake n, or says that it is meant."""
    scripts = folder / "scenarios/scripts"
    scripts.mkdir(parents=True, exist_ok=True)
    (folder / "scenarios/platforms").mkdir(exist_ok=True)
    platform = PLATFORM.replace("get_customer: {method", f"get_customer: {{{ANSWER}method")
    (folder / "scenarios/platforms/crm.yaml").write_text(platform, encoding="utf-8")
    instances = "- {platform: crm, instance_key: a}\n"
    (folder / "scenarios/instances.yaml").write_text(instances, encoding="utf-8")
    events = []
    for number, (source, rule) in enumerate(CASES):
        text = (
            f"// bpmax-ignore: {rule}, unused-result, wrong-value\n{source}" if ignores else source
        )
        (scripts / f"{number}.js").write_text(text, encoding="utf-8")
        # Whether a library is used is not known where a script cannot be read.
        events += [] if rule == "full-width" else [f"click.b{number}: scripts/{number}.js"]
    ignore = "// bpmax-ignore: unused-library\n" if ignores else ""
    text = f"{ignore}function unused() {{ return 1; }}\n"
    (scripts / "lib.js").write_text(text, encoding="utf-8")
    (scripts / "names.js").write_text("function formatName(x) { return x; }\n", encoding="utf-8")
    (folder / "scenarios/错.scenario.yaml").write_text(
        "version: 1\nscenario: 错\nform:\n  libraries: [scripts/lib.js, scripts/names.js]\n"
        f"  scripts: {{{', '.join(events)}, open: scripts/open.js}}\n"
        '  fields: {客户编号: "", 客户: "", 明细: []}\nsteps:\n  - open: {}\n',
        encoding="utf-8",
    )
    wide = next(n for n, (_, rule) in enumerate(CASES) if rule == "full-width")
    (folder / "scenarios/全角.scenario.yaml").write_text(
        f"version: 1\nscenario: 全角\nform: {{scripts: {{open: scripts/{wide}.js}}, "
        'fields: {客户: ""}}\nsteps:\n  - open: {}\n',
        encoding="utf-8",
    )
    opening = "form.客户 = formatName('a');\n"
    (scripts / "open.js").write_text(opening, encoding="utf-8")


@pytest.fixture(name="folder")
def project_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_each_mistake_is_told_and_annotated(folder: Path, bs: Command) -> None:
    write(folder, ignores=False)
    plain, annotated = bs("lint"), bs("lint", "--format", "github")

    told = plain.out + plain.err
    lines = (annotated.out + annotated.err).splitlines()
    assert plain.code == annotated.code == 2
    for number, (_, rule) in enumerate(CASES):
        file = f"scenarios/scripts/{number}.js"
        level = "error" if RULES[rule] == "error" else "warning"
        assert f"{file}:" in told, rule
        assert any(line.startswith(f"::{level} file={file},line=1") for line in lines), (
            rule,
            [line for line in lines if file in line],
        )
    assert any("file=scenarios/scripts/lib.js" in line for line in lines)


def test_a_comment_switches_each_of_them_off(folder: Path, bs: Command) -> None:
    write(folder, ignores=True)
    done = bs("lint")

    told = [line for line in (done.out + done.err).splitlines() if ".js:" in line]
    # No comment makes full-width punctuation JavaScript.
    assert [line for line in told if "full-width punctuation" not in line] == []


def test_a_broken_script_hides_only_what_depends_on_it(folder: Path, bs: Command) -> None:
    texts = {
        "scenarios/platforms/crm.yaml": PLATFORM,
        "scenarios/scripts/lib.js": "function twice(x) { return 2 * x; }\nfunction (",
        "scenarios/scripts/open.js": "form.客户 = $proxy(‘crm’);\nform.没有 = 1；",
        "scenarios/scripts/click.js": "form.客户 = twice(3);\nform.客名 = await $proxy('crn').a();",
        "scenarios/甲.scenario.yaml": "version: 1\nscenario: 甲\n"
        "form: {libraries: [scripts/lib.js], fields: {客户: 1}, scripts: "
        "{open: scripts/open.js, click.查: scripts/click.js}}\nsteps: [{open: {}}]\n",
    }
    write_files(folder, texts)

    done = bs("lint")

    lines = (done.out + done.err).splitlines()
    places = [line.partition(": ")[0] for line in lines if line.startswith("scenarios/scripts/")]
    assert sorted(places) == [
        "scenarios/scripts/click.js:2:24",
        "scenarios/scripts/click.js:2:6",
        "scenarios/scripts/lib.js:2:10",
        "scenarios/scripts/open.js:1:18",
        "scenarios/scripts/open.js:1:22",
        "scenarios/scripts/open.js:2:12",
    ]
    assert not any("warning" in line for line in lines[:-1])


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what was just written count as old, as it is for a person."""
    monkeypatch.setattr(files, "_RACY", -(10**9))


def lint(folder: Path, bs: Command) -> tuple[Done, int]:
    """Return what is said, and how many items were read for it."""
    read: list[ScenarioItem] = []

    def note_and_check(item: ScenarioItem) -> Iterator[Problem]:
        read.append(item)
        return find_missing_platform_files(item)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bpmax_sim.cli.lint.find_missing_platform_files", note_and_check)
        done = bs("lint")
    assert (folder / ".bpmax").is_dir()
    return done, len(read)


@pytest.mark.usefixtures("settled")
def test_the_gallery_is_sound_again_without_being_read(folder: Path, bs: Command) -> None:
    for name in ("scenarios", "cassettes"):
        shutil.copytree(ROOT / name, folder / name)
    (first, every), (second, few) = lint(folder, bs), lint(folder, bs)
    shutil.rmtree(folder / ".bpmax")
    afresh, again = lint(folder, bs)

    assert first == second == afresh
    assert every == again > few * 4

    instances = folder / "scenarios/instances.yaml"
    text = instances.read_text("utf-8")
    instances.write_text(f"{text}- {{platform: crm_system, instance_key: 新}}\n", "utf-8")
    assert lint(folder, bs) == (first, every)


@pytest.mark.usefixtures("settled")
def test_what_is_wrong_is_told_again_and_what_becomes_wrong_is_told(
    folder: Path, bs: Command
) -> None:
    write(folder, ignores=False)
    good = folder / "scenarios/对.scenario.yaml"
    form = "version: 1\nscenario: 对\nform: {scripts: {open: scripts/ok.js}, fields: {客户: 1}}\n"
    good.write_text(f"{form}steps: [{{open: {{}}}}]\n", "utf-8")
    script = folder / "scenarios/scripts/ok.js"
    script.write_text("form.客户 = (await $proxy('crm').getCustomer('1')).data.name;\n", "utf-8")
    first, every = lint(folder, bs)

    assert lint(folder, bs) == (first, every - 1)
    assert lint(folder, bs) == (first, every - 1)
    assert bs("lint", str(good)).code == 0
    platform = folder / "scenarios/platforms/crm.yaml"
    text = platform.read_text("utf-8")
    platform.write_text(text.replace("get_customer:", "get_person:"), "utf-8")
    assert bs("lint", str(good)).code == 2
    platform.write_text(text, "utf-8")
    assert lint(folder, bs) == (first, every - 1)
    script.write_text("form.客厅 = 1;\n", "utf-8")
    wrong, number = lint(folder, bs)
    assert number == every
    assert "ok.js:1" in wrong.out + wrong.err


SEED = sorted(path.name for path in (ROOT / "scenarios/scripts/seed").glob("*.js"))


def test_the_scripts_of_the_documentation_page_are_linted_without_an_error(
    bs: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    run = "".join(path.read_text("utf-8") for path in Path("scenarios/seed").glob("*.yaml"))
    done = bs("lint", "scenarios/seed", "--no-cassettes")

    assert [name for name in SEED if f"scripts/seed/{name}" not in run] == []
    assert (done.code, len(SEED)) == (0, 7)
