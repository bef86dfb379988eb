from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bpmax_sim.errors import ConfigError
from bpmax_sim.starter.demo import (
    SIGN,
    describe_leaks_in_files,
    find_standins,
    play_demo,
    write_demo,
)
from tests.cli.project import in_a_process
from tests.snapshots import snapshot
from tests.systems import needs_shell

SEED = (Path(__file__).parents[2] / "tests/data/seed_page.txt").read_text(encoding="utf-8")


def test_the_demonstration_runs_in_an_empty_folder_and_leaves_a_project(tmp_path: Path) -> None:
    # As in an active environment; what is told beside it in another one is tried below.
    active = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = in_a_process("demo", cwd=tmp_path, CI="true", PATH=active)
    lines = done.out.splitlines()

    assert (done.code, done.err) == (0, "")
    assert len(lines) <= 66
    assert max(map(len, lines[:40])) <= 100
    assert lines[0] == snapshot("1  A project in bpmax-demo")
    assert "     0 connections, 2 calls, the same console:" in lines
    assert lines.count("     console: 客户名称: 张三") == 2
    assert [line for line in lines if re.match(r"5  Replayed in \d+ ms: no CRM", line)]
    assert "searched for the client secret and 1 token, plain and encoded: 0 found" in done.out
    assert '× path.id: recorded "12345", sent "12346"' in done.out
    again = "bpmax-demo/scenarios/customer.scenario.yaml --var customer=12346"
    assert f"       record    bpmax-sim record {again} --record=rewrite" in lines

    replayed = in_a_process("run", "bpmax-demo/scenarios", cwd=tmp_path)
    assert (replayed.code, replayed.err) == (0, "")

    scenario = tmp_path / "bpmax-demo/scenarios/customer.scenario.yaml"
    text = scenario.read_text(encoding="utf-8")
    scenario.write_text(text.replace('customer: "12345"', 'customer: "12346"'), encoding="utf-8")
    assert in_a_process("run", "bpmax-demo/scenarios", cwd=tmp_path).code == 3

    assert in_a_process("demo", cwd=tmp_path).code == 0


@needs_shell
def test_what_it_tells_last_runs_where_the_environment_is_not_active(tmp_path: Path) -> None:
    bare = {"PATH": os.defpath, "HOME": str(tmp_path)}
    done = in_a_process("demo", cwd=tmp_path, **bare)
    lines = done.out.splitlines()
    told = [line.strip() for line in lines[lines.index("Now you") + 1 :]]
    run = subprocess.run(
        ["/bin/sh", "-ec", "\n".join(told[:2])],
        cwd=tmp_path,
        env=bare,
        capture_output=True,
        check=True,
    )

    assert told[1] == snapshot("bpmax-sim run bpmax-demo/scenarios")
    assert run.stdout.decode().startswith("√ 选择客户后显示联系人")


def test_it_prints_on_a_gbk_console(tmp_path: Path) -> None:
    done = in_a_process("demo", "演示", cwd=tmp_path, PYTHONIOENCODING="gbk")

    assert done.code == 0
    assert done.out.startswith("1  A project in 演示")


def test_a_chinese_reader_is_told_the_miss_in_chinese(tmp_path: Path) -> None:
    done = in_a_process("demo", cwd=tmp_path, BPMAX_SIM_LANG="zh")

    assert (
        "× 没有录过这样的调用：crm_system.get_customer_detail，"
        'path.id 发送的是 "12346"，录制的是 "12345"'
    ) in done.out
    assert '× path.id：录制的是 "12345"，发送的是 "12346"' in done.out
    assert "no such call" not in done.out


def test_nothing_real_is_told_or_written(tmp_path: Path) -> None:
    told = "\n".join(play_demo(tmp_path / "演示"))
    written = sorted((tmp_path / "演示").rglob("*.yaml"))
    names = ("client_id", "client_secret", "token")

    assert find_standins(written) == tuple(
        f"redacted.crm_system.default.{name}.1" for name in names
    )
    for name in names:
        assert f"     redacted.crm_system.default.{name}.1" in told.splitlines()


def test_the_script_is_that_of_the_documentation_page(tmp_path: Path) -> None:
    write_demo(tmp_path)
    script = (tmp_path / "scenarios/scripts/customer.js").read_text(encoding="utf-8")

    function, _, example = script.partition("\n// 使用示例")

    assert function.strip() in SEED
    assert example.strip() in SEED


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "合同.txt").write_text("重要", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        write_demo(tmp_path)

    assert str(caught.value) == (
        f"{tmp_path}: this folder is not empty and not a demonstration; name another, or write "
        "ours beside what is there with --force"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["合同.txt"]


def test_unless_it_is_forced(tmp_path: Path) -> None:
    (tmp_path / "合同.txt").write_text("重要", encoding="utf-8")
    write_demo(tmp_path, force=True)

    assert (tmp_path / "合同.txt").read_text(encoding="utf-8") == "重要"
    assert (tmp_path / "README.md").read_text(encoding="utf-8").startswith(SIGN)


def test_another_readme_does_not_make_it_ours(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_bytes("# 说明".encode("gbk"))
    with pytest.raises(ConfigError):
        write_demo(tmp_path)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    file = tmp_path / "文件"
    file.write_text("", encoding="utf-8")

    with pytest.raises(ConfigError) as caught:
        write_demo(file)
    assert str(caught.value) == f"{file}: this is a file; name a folder"
    with pytest.raises(ConfigError) as caught:
        write_demo(file / "里面")
    assert (
        str(caught.value) == f"{file}/里面: cannot be written: Not a directory; name another folder"
    )


def test_a_leak_is_found_and_not_told(tmp_path: Path) -> None:
    file = tmp_path / "crm.yaml"
    file.write_text("Authorization: Basic czNjcmV0LXMzY3JldA==", encoding="utf-8")

    (found,) = describe_leaks_in_files([file], ["s3cret-s3cret"])

    assert found.startswith("crm.yaml: ")
    assert "s3cret" not in found
