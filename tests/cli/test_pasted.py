"""What a message tells to type exists, and works when it is pasted into a shell."""

from __future__ import annotations

import ast
import json
import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

from bpmax_sim.cli.app import COMMANDS
from bpmax_sim.cli.doctor import EXTRAS
from bpmax_sim.file_system import shell_quote
from bpmax_sim.git import run_git
from bpmax_sim.pytest_plugin.options import OPTIONS, to_flag
from bpmax_sim.starter.demo import Crm
from tests import sources, warm
from tests.catalogue import templates
from tests.catalogue import texts as catalogued
from tests.cli.project import ROOT, Command, Project
from tests.snapshots import snapshot

_COMMAND = re.compile(
    r"bpmax-sim ((?:cassette )?[a-z]+)\b((?: +(?:--?[a-z][a-z-]*(?:=\S+)?|[^\s`-][^\s`]*))*)"
)
_WORDS = {
    *("demo", "pseudonym", "platform", "instances", "scenario", "fragment", "form", "flow"),
    *("people", "needs"),
}
"""What follows the program's name in titles and marks, which nobody types."""


def texts(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Yield every text of a module, with X for what is put in when it runs."""
    nodes = tuple(nodes)
    joined = [node for node in nodes if isinstance(node, ast.JoinedStr)]
    inside = {id(part) for one in joined for part in one.values}
    for one in joined:
        parts = (part.value if isinstance(part, ast.Constant) else "X" for part in one.values)
        yield "".join(map(str, parts))
    for node in nodes:
        if isinstance(node, ast.Constant) and id(node) not in inside:
            yield str(node.value)


def named(match: re.Match[str]) -> str:
    """Return the command that a text names; some have two words."""
    pair = " ".join([match[1], *match[2].split()[:1]])
    return pair if pair in COMMANDS else match[1]


@cache
def all_texts() -> list[str]:
    return [text for nodes in sources.nodes().values() for text in texts(nodes)]


def test_every_command_of_a_message_exists_with_its_options(bs: Command) -> None:
    found = {
        (named(match), option.partition("=")[0])
        for text in all_texts()
        for match in _COMMAND.finditer(text)
        for option in ["", *re.findall(r" (--?[a-z][a-z-]*)", match[2])]
    }
    helps = {
        name: bs(*name.split(), "--help").out + bs(*name.split(), "--help-all").out
        for name in {name for name, _ in found} & set(COMMANDS)
    }
    unknown = {name for name, _ in found} - set(COMMANDS) - _WORDS

    assert {"import", "cassette seal", "review", "record", "cassette inspect"} <= set(helps)
    assert unknown == set()
    assert [(n, o) for n, o in found if o and o not in helps.get(n, o)] == []


def test_every_option_of_pytest_in_a_message_exists() -> None:
    flags = set(map(to_flag, OPTIONS))
    found = {
        flag for text in all_texts() for flag in re.findall(r"--bpmax-[a-z][a-z-]*[a-z]", text)
    }

    assert found - flags == set()


def test_every_extra_of_a_message_exists() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = {
        name
        for text in all_texts()
        for name in re.findall(r"bpmax-sim\[([a-z][\w-]*)\]|the extra '?([a-z][\w-]*)", text)
        for name in filter(None, name)
    }

    assert {*EXTRAS, "server", "keyring", "engine-v8"} <= {*EXTRAS, *found}
    assert {*EXTRAS, *found} - set(project["optional-dependencies"]) == set()


def test_pytest_and_the_command_line_tell_a_miss_alike_but_for_the_commands(
    recorded: Project, bs: Command
) -> None:
    ours = bs("run", "--var", "customer=12346").out
    plain = "-m pytest -q -p no:cacheprovider scenarios --bpmax-var customer=12346"
    done = subprocess.run(
        [warm.python(), *plain.split()],
        cwd=recorded.folder,
        capture_output=True,
        check=False,
    )
    theirs = done.stdout.decode()

    def told(output: str) -> list[str]:
        lines = output[output.index("step 1/1") : output.index("rerun: ")].splitlines()
        return [line for line in lines if not re.search(r"^    (?:record|or add) ", line)]

    assert told(ours) == told(theirs)
    assert len(told(ours)) > 15


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("cassettes/客户/选择.yaml", "cassettes/客户/选择.yaml"),
        ("a b.yaml", '"a b.yaml"'),
        ('a"$`b.yaml', "'a\"$`b.yaml'"),
        ("回填[正常].yaml", '"回填[正常].yaml"'),
    ],
)
def test_a_path_is_one_word_of_a_shell(text: str, word: str) -> None:
    done = subprocess.run(["sh", "-c", f"printf %s {word}"], capture_output=True, check=True)

    assert shell_quote(text) == word
    assert done.stdout.decode() == text


def pasted_from(text: str, command: str) -> list[str]:
    found = re.search(rf"bpmax-sim {command}[^`\n]*", text)
    assert found is not None, text
    return shlex.split(found[0])[1:]


@pytest.fixture(name="spaced")
def spaced_project(recorded: Project) -> Project:
    """Return a project whose files have names that a shell would tear apart."""
    recorded.edit(recorded.scenario, "cassette: crm/customer", 'cassette: "crm/客户 [正常]"')
    place = recorded.cassette.rename(recorded.cassette.with_name("客户 [正常].yaml"))
    recorded.scenario.rename(recorded.scenario.with_name("选择 客户.scenario.yaml"))
    assert place.exists()
    return recorded


def test_the_commands_of_a_miss_run(spaced: Project, bs: Command) -> None:
    assert bs("run").code == 0
    missed = bs("run", "--var", "customer=12346")

    assert missed.code == 3
    shown = bs(*pasted_from(missed.out, "cassette inspect"))
    rerun = bs(*pasted_from(missed.out, "run"))
    assert "crm.example.test/api/customers/12345" in shown.out
    assert rerun.code == 3
    assert 'sent "12346"' in rerun.out
    assert pasted_from(missed.out, "record")[1:] == snapshot(
        [
            "scenarios/选择 客户.scenario.yaml",
            "--var",
            "customer=12346",
            "--record=rewrite",
        ]
    )


AGAIN = """
  - {name: 再来, proxy: {call: crm_system.get_customer_detail, path: {id: "12346"}}}
"""


def test_the_command_that_a_miss_tells_records_what_is_missing(
    project: Project, crm: Crm, bs: Command
) -> None:
    def green_after(case: str) -> None:
        missed = bs("run")
        assert missed.code == 3
        assert f"{case}: crm_system.get_customer_detail" in missed.out
        assert bs(*pasted_from(missed.out, "record")).code == 0
        assert bs("run").code == 0

    green_after("no cassette")
    text = project.scenario.read_text(encoding="utf-8")
    other = text.replace('"12345"', '"12346"').replace("张三", "李四")
    other = other.replace("13800138000", "$PHONE")
    project.scenario.write_text(
        other.replace('"联系电话: $PHONE"', "{$contains: 联系电话}"), "utf-8"
    )
    green_after("no such call")
    other = project.scenario.read_text(encoding="utf-8")
    project.scenario.write_text(other.rstrip() + AGAIN, encoding="utf-8")
    green_after("already played")
    assert len(crm.tokens) == 3


def test_the_commands_of_a_damaged_file_run(spaced: Project, bs: Command) -> None:
    place = spaced.folder / "cassettes/crm/客户 [正常].yaml"
    text = place.read_text(encoding="utf-8")
    place.write_text(text.replace("张三", "张四"), encoding="utf-8")

    edited = bs("run")
    sealed = bs(*pasted_from(edited.out + edited.err, "cassette seal"), "--yes")
    place.write_text("interactions: []\nversion: 1\n", encoding="utf-8")
    foreign = bs("run")
    nothing = bs(*pasted_from(foreign.out + foreign.err, "import"))

    assert (edited.code, sealed.code) == (3, 0)
    assert sealed.err.endswith("sealed\n")
    assert (foreign.code, nothing.code) == (3, 5)
    assert nothing.out == snapshot(
        "cassettes/crm/客户 [正常].yaml: nothing could be carried over\n"
    )


_QUOTED = re.compile(r"`(bpmax-sim (?!\{)[^`]*|bpmax-sim \{how\}[^`]*)`")
_PLAIN = re.compile(r"(?:^|\s{2,}|; |\{where\})(bpmax-sim [^`;]+)$", re.MULTILINE)
_SAID = {
    "cassette": "cassettes/crm/customer.yaml",
    "file": "cassettes/crm/customer.yaml",
    "how": "run",
    "kind": "list",
    "name": "crm/customer",
    "options": "--not-secret crm_system.get_customer_detail.body.data.name",
    "other": "12346",
    "path": "cassettes/crm/customer.yaml",
    "path_2": "traffic.har",
    "quoted": "crm_system.get_customer_detail.body.data.name",
    "place": "cassettes/crm/customer.yaml:4",
    "target": " scenarios/customer.scenario.yaml",
    "where": ".",
    "word": "cassettes/crm/customer.yaml",
}
"""What stands for the values of the templates; one that is not here is a new kind of command."""


def told_commands() -> Iterator[str]:
    """Yield every command that a template of the catalogue holds, ready to be typed."""
    for template in {text for key in templates() for text in catalogued(key)}:
        for found in (*_QUOTED.findall(template), *_PLAIN.findall(template)):
            words = (
                found.replace("<file>", "openapi.json")
                .replace("openapi FILE", "openapi openapi.json")
                .replace("run FILE", "run scenarios")
                .replace("FILE", _SAID["path"])
                .partition("  ")[0]
                .strip()
            )
            yield re.sub(r"\{(\w+)\}", lambda hole: _SAID[hole[1]], words)


def test_every_command_that_a_message_tells_runs(recorded: Project, bs: Command, crm: Crm) -> None:
    entry = {"request": {"method": "GET", "url": "https://a.test/"}, "response": {"status": 204}}
    Path("traffic.har").write_text(json.dumps({"log": {"entries": [entry]}}), encoding="utf-8")
    paths = {"/a": {"get": {"responses": {"200": {"description": "好"}}}}}
    info = {"title": "订单", "version": "1"}
    document = {"openapi": "3.0.3", "info": info, "servers": [{"url": "https://a.test"}]}
    Path("openapi.json").write_text(json.dumps({**document, "paths": paths}), encoding="utf-8")
    run_git(recorded.folder, "init", "-q")
    # The demo has tests of its own, and `uses` is only named there: which place, the reader knows.
    # A server goes on until somebody ends it.
    others = {"bpmax-sim demo", "bpmax-sim uses", "bpmax-sim serve echo"}
    found = sorted(set(told_commands()) - others)

    refused = {}
    for command in found:
        done = bs(*shlex.split(command)[1:])
        if done.code == 2:
            refused[command] = done.err.strip()[-200:]
    assert len(found) > 20
    assert set(refused) == {
        "bpmax-sim cassette prune"
    }  # pytest tells of it once it knows what is used
