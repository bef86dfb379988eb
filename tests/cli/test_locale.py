"""Files with Chinese names where the locale knows no Chinese: processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.apart import PLUGINS
from tests.cli.project import ROOT, Project, in_a_process

C_LOCALE = {"PYTHONUTF8": "0", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}
# What a checkout with Chinese in its own path cannot do in the locale C, whoever asks.
STARTS = pytest.mark.skipif(
    sys.version_info < (3, 13) and not str(ROOT).isascii(),
    reason="Python before 3.13 reads .pth files as ASCII in the locale C, and does not start",
)
LOADS = pytest.mark.skipif(
    not f"{ROOT}{sys.prefix}".isascii(),
    reason="Python loads no compiled library from such a path in the locale C",
)


def chinese(project: Project) -> None:
    project.scenario.rename(project.scenario.with_name("客户.scenario.yaml"))


@STARTS
def test_the_command_line_records_and_replays_in_the_locale_c(project: Project) -> None:
    chinese(project)
    for arguments in (("record", "--against", "simulator"), ("run", "--trace", "on")):
        done = in_a_process(*arguments, cwd=project.folder, **C_LOCALE)

        assert done.code == 0, done
        assert "选择客户后显示联系人" in done.out


@STARTS
def test_a_console_of_gbk_is_written_in_gbk(project: Project) -> None:
    chinese(project)
    environ = {**C_LOCALE, "PYTHONIOENCODING": "gbk"}
    done = in_a_process("run", "--mode", "simulate", cwd=project.folder, **environ)

    assert (done.code, done.err) == (0, "")
    assert "选择客户后显示联系人" in done.out


@LOADS
def test_pytest_tells_what_to_set(project: Project) -> None:
    chinese(project)
    inherited = {name: value for name, value in os.environ.items() if name != "CI"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "scenarios"],
        cwd=project.folder,
        env={**inherited, **PLUGINS, "PYTHONPATH": str(ROOT), **C_LOCALE},
        capture_output=True,
        check=False,
        timeout=60,
    )

    assert done.returncode != 0
    assert b"cannot read names of files in UTF-8; set PYTHONUTF8=1" in done.stdout
    assert b"UnicodeEncodeError" not in done.stdout + done.stderr
