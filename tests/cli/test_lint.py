"""``lint`` for machines: annotations of GitHub, a pre-commit hook, and secrets in cassettes."""

from __future__ import annotations

import re

import pytest
import yaml

from bpmax_sim.cassette.format import reseal
from bpmax_sim.report.terminal import format_workflow_annotation
from tests.cli.project import ROOT, Command, Project
from tests.snapshots import snapshot

HERE = "cassettes/crm/customer.yaml"
PLATFORM = "scenarios/platforms/crm_system.yaml"
DO = f"record it afresh, or put a stand-in there and run `bpmax-sim cassette seal {HERE}`"
ANSWER = "if it is no secret, declare its place with `not_secret:`"


def resealed(project: Project, old: str, new: str) -> None:
    """Put *new* into the cassette as somebody does who then seals it."""
    project.edit(project.cassette, old, new)
    text = project.cassette.read_text(encoding="utf-8")
    project.cassette.write_bytes(reseal(text))


def test_problems_become_workflow_commands_with_file_line_and_column(
    recorded: Project, bs: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded.edit(recorded.folder / PLATFORM, "method: GET", "methd: GET")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(recorded.folder.parent))

    done = bs("lint", "--format", "github")

    folder = recorded.folder.name
    assert done.code == 2
    assert done.out == (
        f"::error file={folder}/{PLATFORM},line=15,col=5,title=bpmax-sim lint"
        "::apis.get_customer_detail.methd: unknown key 'methd'; did you mean 'method'?\n"
    )
    assert done.err == snapshot("1 scenario file: 1 problem\n")


def test_platforms_and_instances_that_are_not_there_are_both_told(
    recorded: Project, bs: Command
) -> None:
    recorded.edit(
        recorded.scenario, "  platforms: platforms/", "  platforms: 平台/\n  instances: 无.yaml"
    )

    done = bs("lint")

    assert done.code == 2
    assert re.sub(r":\d+:\d+:", ":", done.err) == snapshot(
        "scenarios/customer.scenario.yaml: proxy.platforms: there is no scenarios/平台; "
        "create it, or name another\n"
        "scenarios/customer.scenario.yaml: proxy.instances: there is no scenarios/无.yaml; "
        "create it, or name another\n"
        "1 scenario file: 2 problems\n"
    )


def test_a_sound_project_has_no_annotations(recorded: Project, bs: Command) -> None:
    done = bs("lint", "--format", "github")

    assert (done.code, done.out, done.err) == (0, "", snapshot("1 scenario file: sound\n"))


def test_a_damaged_cassette_is_annotated_at_its_place(recorded: Project, bs: Command) -> None:
    recorded.edit(recorded.cassette, "张三", "张四")

    done = bs("lint", "--format", "github")

    assert done.out.startswith(f"::error file={HERE},line=4,title=bpmax-sim lint::")


@pytest.mark.parametrize(
    ("where", "command"),
    [
        ({}, "::error::100%25 wrong%0D%0A: a, b"),
        ({"file": "a,b:c%.yaml"}, "::error file=a%2Cb%3Ac%25.yaml::100%25 wrong%0D%0A: a, b"),
        ({"line": 3, "column": 7}, "::error line=3,col=7::100%25 wrong%0D%0A: a, b"),
    ],
)
def test_what_would_end_a_command_is_encoded(where: dict[str, str | int], command: str) -> None:
    assert format_workflow_annotation("100% wrong\r\n: a, b", **where) == command  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("secret", "told"),
    [
        ("张三-----BEGIN RSA PRIVATE KEY-----", "a private key stands here"),
        ("张三 eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl", "a JWT stands here"),
        (f"张三 ghp_{'0123456789abcdefAB' * 2}", "a token of GitHub stands here"),
        ("张三 xoxb-1234567890-abcdef", "a token of Slack stands here"),
        ("张三 sk_live_0123456789abcdefABCD", "a key of Stripe stands here"),
        (r'张三\",\"access_token\":\"Zm9vYmFyYmF6cXV4', "access_token has a value of its own"),
        ("张三 https://a.test/?corpsecret=Zm9vYmFyYmF6cXV4", "corpsecret has a value of its own"),
    ],
)  # fmt: skip
def test_what_looks_like_a_secret_is_told_at_its_line_without_its_value(
    recorded: Project, bs: Command, secret: str, told: str
) -> None:
    resealed(recorded, "张三", secret)

    done = bs("lint")

    (first, last) = done.err.splitlines()
    line = next(
        number
        for number, text in enumerate(recorded.cassette.read_text("utf-8").splitlines(), 1)
        if secret[-12:] in text
    )
    assert done.code == 2
    assert first.startswith(f"{HERE}:{line}:")
    assert first.endswith(f": {told}; {DO}; {ANSWER}")
    assert last == snapshot("1 scenario file: 1 problem")
    assert secret[-8:] not in done.err


def test_a_header_that_holds_a_credential_of_its_own_is_told(
    recorded: Project, bs: Command
) -> None:
    cookie = '      Cookie: ["sid=Zm9vYmFy"]\n'
    resealed(recorded, "    body: null\n", f"{cookie}    body: null\n")

    done = bs("lint")

    assert done.err.splitlines()[0].endswith(
        f": the header cookie holds a credential; {DO}; {ANSWER}"
    )
    assert "Zm9vYmFy" not in done.err


def test_a_secret_that_this_machine_knows_is_told_by_name(
    recorded: Project, bs: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_URL", "https://crm.example.test")
    monkeypatch.setenv("CRM_CLIENT_ID", "bpmax-client")
    monkeypatch.setenv("CRM_CLIENT_SECRET", "correct-horse-battery")
    resealed(recorded, "张三", "张三correct-horse-battery")

    done = bs("lint")

    assert done.code == 2
    assert done.err.splitlines()[0] == (
        f"{HERE}:4: the secret crm_system.default.client_secret (raw) stands here; {DO}"
    )


def test_cassettes_are_left_alone_if_one_says_so(recorded: Project, bs: Command) -> None:
    resealed(recorded, "张三", "张三 xoxb-1234567890-abcdef")

    assert bs("lint", "--no-cassettes").code == 0


def test_the_project_s_own_cassettes_hold_no_secret(bs: Command) -> None:
    assert bs("lint", str(ROOT / "scenarios")).code == 0


def hook() -> dict[str, str]:
    (found,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    return dict(found)


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        (HERE, "crm_system"),
        (PLATFORM, "crm_system"),
        ("scenarios/scripts/customer.js", "crm_system"),
        ("scenarios/customer.scenario.yaml", "clock"),
    ],
)
def test_the_hook_finds_what_is_wrong_in_what_was_changed(
    recorded: Project, bs: Command, changed: str, word: str
) -> None:
    entry = hook()["entry"].split()
    assert entry[0] == "bpmax-sim"

    sound = bs(*entry[1:], changed)
    recorded.edit(recorded.folder / changed, word, word.replace("s", "").replace("c", "", 1))
    broken = bs(*entry[1:], changed)

    assert (sound.code, sound.out) == (0, "")
    assert broken.code == 2, broken.err


@pytest.mark.parametrize(
    ("path", "is_meant"),
    [
        (HERE, True),
        ("scenarios/data/客户.csv", True),
        ("测试/scenarios/a.scenario.yaml", True),
        ("README.md", False),
        ("src/app.js", False),
        ("scenarios.yaml", False),
    ],
)
def test_the_hook_runs_for_the_files_of_a_project(path: str, *, is_meant: bool) -> None:
    assert bool(re.search(hook()["files"], path)) is is_meant


def test_one_file_says_nothing_of_the_cassettes_of_others(recorded: Project, bs: Command) -> None:
    other = recorded.scenario.with_name("旁边.scenario.yaml")
    text = "version: 1\nscenario: 旁边\nform: {fields: {单号: 1}}\nsteps: [{open: {}}]\n"
    other.write_text(text, encoding="utf-8")
    text = recorded.cassette.read_text(encoding="utf-8")
    recorded.cassette.write_text(text.replace("张三", "李四"), encoding="utf-8")

    alone, own, every = bs("lint", str(other)), bs("lint", str(recorded.scenario)), bs("lint", ".")

    assert (alone.code, alone.err) == (0, "1 scenario file: sound\n")
    assert HERE in own.err
    assert HERE in every.err


def test_a_default_that_is_no_choice_is_a_warning_in_a_lenient_folder(
    recorded: Project, bs: Command
) -> None:
    recorded.edit(
        recorded.folder / PLATFORM,
        "apis:",
        "apis:\n  列表:\n    path: /list\n"
        "    parameters: [{name: 状态, in: query, enum: [open, closed], default: opened}]",
    )
    wrong = "the default 'opened' is none of open, closed; did you mean 'open'?"

    strict = bs("lint")
    settings = recorded.folder / "pyproject.toml"
    settings.write_text("[tool.bpmax_sim]\nlenient = true\n", encoding="utf-8")
    lenient = bs("lint")

    assert (strict.code, lenient.code) == (2, 0)
    assert wrong in strict.err
    assert f"warning: {PLATFORM}:" in lenient.err
    assert wrong in lenient.err


@pytest.mark.parametrize(
    ("recover", "told"),
    [
        ("{token: {refresh: 1}}", "token: refresh does nothing, as there is no login to renew"),
        (
            "{rate: {wait: [{path: $.retry_after_ms, unit: ms}]}}",
            "rate: wait does nothing without a second try; add tries: 2",
        ),
        (
            "{busy: {tries: 3}}",
            (
                "busy: tries does nothing, as no API may be sent again; "
                "declare idempotent: true on one"
            ),
        ),
        ("{rate: {tries: 2}, transient: {tries: 3}}", ""),
    ],
)
def test_a_recovery_that_can_never_apply_is_a_warning_and_no_problem(
    recorded: Project, bs: Command, recover: str, told: str
) -> None:
    platform = recorded.folder / "scenarios/platforms/合同.yaml"
    platform.write_text(
        "platform_key: oms\nbase_url: https://oms.example.test\n"
        "response: {code: [$.code], classes: {busy: {code: [40013]}}}\n"
        f"auth: {{recover: {recover}}}\napis: {{create_contract: {{method: POST, path: /合同}}}}\n",
        encoding="utf-8",
    )

    done = bs("lint")

    name = recover[1:].partition(":")[0]
    column = f"auth: {{recover: {recover}}}".index(name) + len(name) + 3
    at = f"scenarios/platforms/合同.yaml:4:{column}"
    warning = f"warning: {at}: oms: auth.recover.{told}\n" if told else ""
    count = ", 1 warning" if told else ""
    assert (done.code, done.err) == (0, f"{warning}1 scenario file: sound{count}\n")


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        (
            "timeout: 30000",
            "timeout: 30000 is in seconds; write 30 where milliseconds are meant",
        ),
        (
            "response: {classes: {token: {code: [40014]}}}",
            (
                "response.classes.token.code can never hold, as nothing says where a response has "
                "its code; write response.code: [$.code]"
            ),
        ),
        ("response: {classes: {token: {status: [401]}}}", ""),
        ("timeout: 600", ""),
    ],
)
def test_what_a_platform_hardly_means_is_a_warning(
    recorded: Project, bs: Command, declared: str, told: str
) -> None:
    recorded.edit(recorded.folder / PLATFORM, "apis:", f"{declared}\napis:")

    done = bs("lint")

    lines = (recorded.folder / PLATFORM).read_text("utf-8").splitlines()
    last = next((one for one in ("30000", "[40014]") if one in declared), "")
    at = f"{PLATFORM}:{lines.index(declared) + 1}:{declared.index(last) + 1}"
    warning = f"warning: {at}: crm_system: {told}\n" if told else ""
    count = ", 1 warning" if told else ""
    assert (done.code, done.err) == (0, f"{warning}1 scenario file: sound{count}\n")


def test_a_place_that_no_request_can_have_is_told_before_anything_runs(
    recorded: Project, bs: Command
) -> None:
    place = "    ignore: [path.idd]\n    method: GET"
    recorded.edit(recorded.folder / PLATFORM, "    method: GET", place)

    done = bs("lint")

    assert done.code == 2
    assert (
        "crm_system.get_customer_detail: ignore: 'path.idd' matches nothing: the path has no "
        "parameter 'idd'; did you mean 'id'?" in done.err
    )
