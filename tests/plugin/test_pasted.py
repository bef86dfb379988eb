"""The commands that a miss tells are run as they stand, in each of its three cases."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

from tests.plugin.project import FILE, Project, output
from tests.plugin.test_python_tests import python_tests

__all__ = ["python_tests"]

TEST = """\
def test_客户(bpmax_proxy):
    crm = bpmax_proxy("crm_system")
    assert [crm.getCustomerDetail(n)["code"] for n in ({numbers},)] == [200] * {count}
"""


def told(project: Project, case: str) -> str:
    """Run what misses; return the command that records it."""
    result = project.run("-p", "no:cacheprovider")
    found = re.search(r"^.*  record    pytest (.*)$", output(result), re.MULTILINE)
    assert f"{case}: crm_system.get_customer_detail" in output(result)
    assert found is not None, output(result)
    return found[1]


def green_after(project: Project, command: str) -> None:
    project.run(*shlex.split(command)).assert_outcomes(passed=1)
    project.run().assert_outcomes(passed=1)


def write(project: Project, *numbers: str) -> None:
    text = TEST.format(numbers=", ".join(map(repr, numbers)), count=len(numbers))
    project.write("test_客户.py", text)


def test_the_commands_of_a_python_test_s_misses_record_what_is_missing(
    python: Project, live: Mapping[str, str]
) -> None:
    assert live
    write(python, "12345")
    green_after(python, told(python, "no cassette"))
    write(python, "12345", "12346")
    green_after(python, told(python, "no such call"))
    write(python, "12345", "12346", "12346")
    green_after(python, told(python, "already played"))


def test_the_commands_of_a_scenario_s_misses_record_what_is_missing(
    project: Project, live: Mapping[str, str]
) -> None:
    assert live
    project.edit('  - {id: 普通, number: "12346", name: 李四}\n', "")
    (project.root / "cassettes/crm/选择客户/普通.yaml").unlink()
    cassette = project.root / "cassettes/crm/选择客户/贵宾.yaml"
    cassette.unlink()
    green_after(project, told(project, "no cassette"))
    project.edit('number: "12345", name: 张三', 'number: "12346", name: 李四')
    green_after(project, told(project, "no such call"))
    again = (
        '\n  - {name: 再来, proxy: {call: crm_system.get_customer_detail, path: {id: "12346"}}}\n'
    )
    project.write(FILE, (project.root / FILE).read_text(encoding="utf-8").rstrip() + again)
    green_after(project, told(project, "already played"))
