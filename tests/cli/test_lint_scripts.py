"""`lint` on a folder that has every mistake of a script once, one a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpmax_sim.check.scripts import RULES
from tests.check.test_scripts import PLATFORM, WRONG
from tests.cli.project import ROOT, Command

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
        text = f"// bpmax-ignore: {rule}\n{source}" if ignores else source
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
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")

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


SEED = sorted(path.name for path in (ROOT / "scenarios/scripts/seed").glob("*.js"))


def test_the_scripts_of_the_documentation_page_are_linted_without_an_error(
    bs: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    run = "".join(path.read_text("utf-8") for path in Path("scenarios/seed").glob("*.yaml"))
    done = bs("lint", "scenarios/seed", "--no-cassettes")

    assert [name for name in SEED if f"scripts/seed/{name}" not in run] == []
    assert (done.code, len(SEED)) == (0, 7)
