from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import time
from contextlib import closing

import pytest

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import reseal
from bpmax_sim.cassette.journal import scan_nothing
from bpmax_sim.cassette.recorder import Recorder
from bpmax_sim.starter.demo import Crm
from tests import warm
from tests.cassette.exchanges import RULES, answer, detail
from tests.cassette.recording import record
from tests.cli.project import NAME, ROOT, Command, Project, in_a_process
from tests.snapshots import snapshot
from tests.systems import needs_forks
from tests.typed import Typed

KILLED = """
import os, sys
from pathlib import Path
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.runner import open_session
(item,) = load_items(Path("scenarios/customer.scenario.yaml"))
session = open_session(item, mode="record", record=sys.argv[1])
session.proxy("crm_system").getCustomerDetail("12346")
os._exit(9)
"""
HERE = "cassettes/crm/customer.yaml"


def killed(project: Project, record: str) -> None:
    """Record in a process that dies before it can write the cassette."""
    done = subprocess.run(
        [warm.python(), "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{KILLED}", record],
        cwd=project.folder,
        check=False,
    )
    assert done.returncode == 9


def test_scenarios_are_listed(project: Project, bs: Command) -> None:
    plain, told = bs("list"), bs("list", "--json")

    assert plain.out == f"scenarios/customer.scenario.yaml:2  {NAME}  crm/customer\n"
    assert json.loads(told.out)["items"][0] == {
        "name": NAME,
        "row": "",
        "file": "scenarios/customer.scenario.yaml",
        "line": 2,
        "tags": [],
        "cassette": "crm/customer",
        "was": [],
        "steps": 1,
        "skip": False,
        "xfail": False,
        "keys": [],
    }


@pytest.mark.parametrize(
    ("days", "told"),
    [
        ((400, 0), "400 days ago"),
        ((0, 400), "400 days ago"),
        ((91,), "91 days ago"),
        ((89,), ""),
        ((), ""),
    ],
)
def test_a_recording_is_as_old_as_its_oldest_exchange(
    days: tuple[int, ...], told: str, project: Project, bs: Command
) -> None:
    now = time.time()
    with closing(Recorder(project.cassette, rules=RULES, owner=NAME, scan=scan_nothing)) as made:
        for number, age in enumerate(days):
            made.append(detail(number, at=now - age * 86_400 - 60))
        made.seal()

    done = bs("list", "--old", "90d")

    assert done.out.endswith(f", {told}\n" if told else "")
    assert done.err == ("" if told else "no recording is older than 90d\n")


def test_a_cassette_is_a_table_of_its_exchanges(recorded: Project, bs: Command) -> None:
    head, row = bs("cassette", "inspect", HERE).out.splitlines()
    told = json.loads(bs("cassette", "inspect", HERE, "--json").out)

    assert head.split() == ["line", "call", "method", "url", "status", "ms", "bytes", "for"]
    assert row.split()[:5] == [
        "4",
        "crm_system.get_customer_detail",
        "GET",
        "https://crm.example.test/api/customers/12345",
        "200",
    ]
    assert told["exchanges"][0]["for"] == NAME


def test_a_line_shows_its_exchange_whole(recorded: Project, bs: Command) -> None:
    done = bs("cassette", "inspect", f"{HERE}:7")
    outside = bs("cassette", "inspect", f"{HERE}:1")

    assert done.out.startswith("  request:\n    method: GET\n")
    assert "Bearer redacted.crm_system.default.token.1" in done.out
    assert (outside.code, outside.err) == (2, f"{HERE}:1: no exchange is here\n")


def test_an_exchange_that_failed_is_in_the_table(
    project: Project, bs: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("CRM_CLIENT_ID", "bpmax")
    monkeypatch.setenv("CRM_CLIENT_SECRET", "s3cret-s3cret")
    platform = project.folder / "scenarios/platforms/crm_system.yaml"
    text = platform.read_text(encoding="utf-8")
    start, end = text.index("auth:"), text.index("apis:")
    platform.write_text(f"{text[:start]}auth: none\n{text[end:]}", encoding="utf-8")
    project.edit(project.scenario, "    expect:", "    expect_error: {code: CONNECT}\n    expect:")
    project.edit(
        project.scenario, 'console: ["客户名称: 张三", "联系电话: 13800138000"]', "messages: []"
    )
    project.edit(project.scenario, ", status: 200", "")

    assert bs("record", "--record=rewrite").code == 0
    assert bs("cassette", "inspect", HERE).last.split()[4] == "connect"


def test_an_edit_by_hand_is_shown_and_sealed(recorded: Project, bs: Command) -> None:
    recorded.edit(recorded.cassette, "张三", "张四")
    recorded.edit(recorded.cassette, "code: 200, message: OK", "code:   200, message: OK")

    found = bs("lint")
    done = bs("cassette", "seal", "--yes", HERE)

    assert found.code == 2
    assert f"accept the edit with `bpmax-sim cassette seal {HERE}`" in found.err
    assert done.out.splitlines() == [
        f"edited: crm_system.get_customer_detail for {NAME}, its exchange 1",
        "   response:",
        "-    status: {code:   200, message: OK}",
        "+    status: {code: 200, message: OK}",
        "     headers:",
    ]
    assert (done.code, done.err) == (0, f"{HERE}: sealed\n")
    assert len(Cassette.load(recorded.cassette)) == 1
    assert "张四" in bs("run").out


def test_what_is_sound_needs_no_seal(recorded: Project, bs: Command) -> None:
    done = bs("cassette", "seal", HERE)

    assert (done.code, done.err) == (0, f"{HERE}: sound already, nothing to do\n")


def test_without_a_yes_nothing_is_sealed(recorded: Project) -> None:
    recorded.edit(recorded.cassette, "张三", "张四")
    before = recorded.cassette.read_bytes()

    done = in_a_process("cassette", "seal", HERE, cwd=recorded.folder)

    assert done.code == 1
    assert done.err.endswith("no terminal to answer; add --yes\n")
    assert recorded.cassette.read_bytes() == before


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("张三".encode("gbk"), f"{HERE}: not UTF-8; save it as UTF-8\n"),
        (
            b"a: [",
            (
                f"{HERE}:2: not valid YAML: did not find expected node content; correct it, or "
                "restore the file\n"
            ),
        ),
    ],
)
def test_what_is_no_cassette_cannot_be_sealed(
    recorded: Project, bs: Command, content: bytes, message: str
) -> None:
    recorded.cassette.write_bytes(content)

    done = bs("cassette", "seal", HERE)

    assert (done.code, done.err) == (2, message)


def test_what_a_killed_recording_left_is_recovered(project: Project, crm: Crm, bs: Command) -> None:
    killed(project, "once")
    told = bs("run").err.splitlines()[0]
    assert told.startswith("warning: cassettes/crm/")
    assert "bpmax-sim cassette recover" in told
    done = bs("cassette", "recover")

    assert (done.code, done.out) == (
        0,
        f"cassettes/auth/crm_system.default.yaml: recovered\n{HERE}: recovered\n",
    )
    assert "12346" in project.cassette.read_text(encoding="utf-8")
    assert bs("cassette", "recover", HERE).err == snapshot("there is nothing to recover\n")


def test_it_waits_for_review_beside_what_was_there(
    recorded: Project, crm: Crm, bs: Command
) -> None:
    killed(recorded, "rewrite")
    before = recorded.cassette.read_bytes()

    done = bs("cassette", "recover", HERE)

    assert (done.code, done.out) == (6, f"{HERE}.new: recovered\n")
    assert recorded.cassette.read_bytes() == before


def test_what_says_nothing_new_does_not_wait(project: Project, crm: Crm, bs: Command) -> None:
    killed(project, "once")
    assert bs("cassette", "recover").code == 0
    killed(project, "rewrite")

    done = bs("cassette", "recover", HERE)

    assert (done.code, done.out, done.err) == (0, "", snapshot("there is nothing to recover\n"))
    assert [one.name for one in project.cassette.parent.glob("customer*")] == ["customer.yaml"]


@needs_forks
def test_who_has_a_journal_is_named(
    project: Project, bs: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    """A recorder's own, and that of a child which died and whose parent will take it."""
    recording = record(project.cassette, "客户", 1)
    child = os.fork()
    if not child:
        recording.append(detail(2))
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    capsys.readouterr()

    done = bs("cassette", "recover", HERE)

    end = f": process {os.getpid()} still runs and seals it in the end; "
    end += "let it end or stop it, then run `bpmax-sim cassette recover` again"
    names = [line.removesuffix(end) for line in done.err.splitlines()]
    assert len(names) == 2
    assert all(re.fullmatch(rf"{HERE}\.\d+-\d+\.journal", name) for name in names)
    recording.seal()
    assert bs("cassette", "recover", HERE).err == "there is nothing to recover\n"
    assert len(Cassette.load(project.cassette)) == 2


@pytest.fixture(name="waiting")
def waiting_project(recorded: Project, crm: Crm, bs: Command) -> Project:
    assert bs("record", "--record=rewrite", "--var", "customer=12346").code == 1
    return recorded


def test_what_waits_is_compared_with_what_is_there(waiting: Project, bs: Command) -> None:
    done = bs("review")

    assert done.code == 6
    first, *rest = done.out.splitlines()
    assert first == f"{HERE}.new  (1 exchange)"
    assert '      request path.id: "12345" → "12346"' in rest
    assert '      answer body.data.name: "张三" → "李四"' in rest
    assert not [line for line in rest if '"key"' in line or "\\" in line]


def test_what_waits_for_the_first_time_is_told_value_by_value(
    waiting: Project, bs: Command
) -> None:
    waiting.cassette.unlink()

    lines = bs("review").out.splitlines()

    assert "      GET https://crm.example.test/api/customers/12346" in lines
    assert "      answer status: 200" in lines
    assert '      answer body.data.name: "李四"' in lines


def test_what_is_empty_is_told_as_it_is(project: Project, bs: Command) -> None:
    """Two lists that differ in nothing else: of contacts that there are none, and of some."""
    body = '{"联系人":[],"标签":["VIP",{},[]],"地址":{},"备注":"","上级":null}'
    new = project.cassette.with_name("customer.yaml.new")
    with closing(Recorder(new, rules=RULES, owner=NAME, scan=scan_nothing)) as made:
        made.append(detail(1, outcome=answer(body)))
        made.seal()

    lines = bs("review").out.splitlines()

    assert [line.strip() for line in lines if " body" in line] == [
        "answer body.联系人: []",
        'answer body.标签[0]: "VIP"',
        "answer body.标签[1]: {}",
        "answer body.标签[2]: []",
        "answer body.地址: {}",
        'answer body.备注: ""',
        "answer body.上级: null",
    ]


def test_what_is_accepted_replaces_it(waiting: Project, bs: Command) -> None:
    new = waiting.cassette.with_name("customer.yaml.new")
    content = new.read_bytes()

    done = bs("review", "--accept", "--yes", f"{HERE}.new")

    assert (done.code, done.err) == (0, f"{HERE}: replaced\n")
    assert waiting.cassette.read_bytes() == content
    assert not new.exists()
    assert bs("review").err == snapshot("nothing waits for review\n")


@pytest.mark.parametrize(
    ("action", "left"), [("--accept", ["0.yaml", "1.yaml", "2.yaml"]), ("--reject", [])]
)
def test_all_that_waits_is_accepted_or_rejected_at_once(
    recorded: Project, bs: Command, action: str, left: list[str]
) -> None:
    text = recorded.cassette.read_text(encoding="utf-8").replace("张三", "李四")
    folder = recorded.cassette.parent
    for number in range(3):
        (folder / f"{number}.yaml.new").write_bytes(reseal(text))

    assert bs("review", action, "--yes").code == 0
    assert [one.name for one in sorted(folder.iterdir()) if one.name[0] in "012"] == left


@pytest.mark.parametrize("action", ["--accept", "--reject"])
def test_where_nobody_can_answer_the_option_that_answers_is_named(
    waiting: Project, bs: Command, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    english, chinese = bs("review", action), bs("--lang", "zh", "review", action)
    monkeypatch.setattr("sys.stdin", io.StringIO("no\n"))
    declined = bs("review", action)

    assert english.err.endswith(
        "\nstopped; nothing was changed: there is no terminal to answer; add --yes\n"
    )
    assert chinese.err.endswith(
        "\n已停止；没有改动任何内容：这里不是终端，没有人能作答，请加上 --yes\n"
    )
    assert declined.err.endswith("\nstopped; nothing was changed\n")
    assert english.code == chinese.code == declined.code == 1
    assert waiting.cassette.with_name("customer.yaml.new").exists()


def test_what_waits_is_named_by_its_cassette_too(recorded: Project, bs: Command) -> None:
    text = recorded.cassette.read_text(encoding="utf-8").replace("张三", "李四")
    recorded.cassette.with_name("customer.yaml.new").write_bytes(reseal(text))

    shown, done, gone = (
        bs("review", *more, HERE) for more in ((), ("--reject", "--yes"), ("--accept",))
    )

    assert (shown.code, shown.out.splitlines()[0]) == (6, f"{HERE}.new  (1 exchange)")
    assert (done.code, done.err) == (0, f"{HERE}.new: deleted\n")
    assert (gone.code, gone.err) == (0, "nothing waits for review\n")


def test_what_is_rejected_is_deleted_after_a_question(waiting: Project, bs: Command) -> None:
    new = waiting.cassette.with_name("customer.yaml.new")
    before = waiting.cassette.read_bytes()

    asked, other = bs("review", "--reject"), bs("review", "--accept")
    assert (asked.code, new.exists()) == (1, True)
    assert ("Delete 1 as shown?" in asked.err, "Replace 1 as shown?" in other.err) == (True, True)
    done = bs("review", "--reject", "--yes")

    assert (done.code, done.err) == (0, f"{HERE}.new: deleted\n")
    assert not new.exists()
    assert waiting.cassette.read_bytes() == before


def test_lint_finds_a_sound_project_sound(recorded: Project, bs: Command) -> None:
    done, told = bs("lint"), bs("lint", "--json")

    assert (done.code, done.out, done.err) == (0, "", snapshot("1 scenario file: sound\n"))
    assert json.loads(told.out)["problems"] == []


def test_a_platform_in_a_comment_is_not_looked_for(recorded: Project, bs: Command) -> None:
    recorded.edit(recorded.script, "// 使用示例", "// $proxy('old_crm').getCustomer(1)")

    assert bs("lint").code == 0


def test_lint_gathers_the_problems_of_all_files(project: Project, bs: Command) -> None:
    project.edit(project.folder / "scenarios/platforms/crm_system.yaml", "base_url:", "base_ulr:")
    project.edit(project.script, "'crm_system'", "'crm_sytem'")
    other = project.folder / "scenarios/空.scenario.yaml"
    other.write_text("version: 1\nscenario: 空\n", encoding="utf-8")

    told = [line.partition(": ")[0] for line in bs("lint").err.splitlines()]

    assert told[:1] == ["scenarios/空.scenario.yaml:1:1"]
    assert "scenarios/platforms/crm_system.yaml:4:1" in told


@pytest.mark.parametrize(
    ("typed", "code", "name"),
    [
        ("a\n", 0, "李四"),
        ("accept\n", 0, "李四"),
        ("r\n", 0, "张三"),
        ("s\n", 6, "张三"),
        ("什么\n\n", 6, "张三"),
        ("", 6, "张三"),
    ],
)
def test_on_a_terminal_each_recording_is_asked_for(
    recorded: Project,
    bs: Command,
    monkeypatch: pytest.MonkeyPatch,
    typed: str,
    code: int,
    name: str,
) -> None:
    text = recorded.cassette.read_text(encoding="utf-8").replace("张三", "李四")
    waiting = recorded.cassette.with_name("customer.yaml.new")
    waiting.write_bytes(reseal(text))
    monkeypatch.setattr("sys.stdin", Typed(typed))

    done = bs("review")

    assert done.code == code
    assert f"{HERE}.new [a]ccept, [r]eject, [s]kip: " in done.err
    assert "李四" in done.out
    assert waiting.exists() is (code == 6)
    assert name in recorded.cassette.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("typed", "code"), [("s\na\n", 6), ("a\ns\n", 6), ("s\nr\na\n", 6), ("a\nr\n", 0)]
)
def test_a_review_is_unfinished_while_one_recording_waits(
    recorded: Project, bs: Command, monkeypatch: pytest.MonkeyPatch, typed: str, code: int
) -> None:
    text = recorded.cassette.read_text(encoding="utf-8").replace("张三", "李四")
    for number in range(len(typed) // 2):
        recorded.cassette.with_name(f"{number}.yaml.new").write_bytes(reseal(text))
    monkeypatch.setattr("sys.stdin", Typed(typed))

    assert bs("review").code == code
    assert any(recorded.cassette.parent.glob("*.new")) == (code == 6)
