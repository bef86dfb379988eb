"""What has to hold under every version of pytest, with all of those plugins installed at once."""

from __future__ import annotations

import html
import json
import re
import shlex
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from tests.matrix.environments import VERSIONS
from tests.matrix.project import PASSED, Place
from tests.plugin.project import FILE
from tests.report.test_one_language import find_english

ROW = f"{FILE}::选择客户[普通]"
HEADLINE = 'step 2/2 选择 12346: console[0] expected "客户名称: 王五", got "客户名称: 李四"'
CASSETTE = "cassettes/crm/选择客户/普通.yaml"
ALL = f"{PASSED} passed"
ONE_WRONG = f"1 failed, {PASSED - 1} passed"
CALLS = "4 calls (4 recorded), 2 of them logins; 2 cassettes"


def everything_passes(place: Place) -> None:
    """A plain run is green without a warning, in an order that pytest-randomly chose."""
    done = place.pytest()

    assert done.last == ALL
    assert "Using --randomly-seed=" in done.text
    assert CALLS in done.text
    assert f"pytest-{place.version}." in done.text


def every_import_mode(place: Place) -> None:
    """Neither the import mode nor a cache that is off matters; no network is needed."""
    for mode in ("prepend", "append", "importlib"):
        given = ("--block-network", "-p", "no:cacheprovider", f"--import-mode={mode}")
        assert place.pytest(*given).last == ALL, mode
    assert not (place.root / ".pytest_cache").exists()


def no_encoding_is_guessed(place: Place) -> None:
    """Every file is opened in an encoding that is named, whatever the system's is."""
    place.edit(
        "pytest.ini", "filterwarnings = error", "filterwarnings = error::EncodingWarning:bpmax"
    )
    _one_wrong(place)
    given = ("--bpmax-report", "--bpmax-trace=on", "scenarios")

    assert place.pytest(*given, PYTHONWARNDEFAULTENCODING="1").last == "1 failed, 1 passed"


def ids_are_what_one_types(place: Place) -> None:
    """An id with Chinese in it selects its row, as words and tags do."""
    listed = place.pytest("--collect-only", "-q", "-p", "no:randomly", "scenarios").text
    assert listed.splitlines()[:2] == [f"{FILE}::选择客户[贵宾]", ROW]
    assert place.pytest(ROW).last == "1 passed"
    assert place.pytest("-k", "普通").last == f"1 passed, {PASSED - 1} deselected"
    assert (
        place.pytest("-m", "冒烟 and bpmax_scenario").last == f"2 passed, {PASSED - 2} deselected"
    )


def what_failed_runs_again(place: Place) -> None:
    """The cache finds a failed row again, and so does the command that the failure names."""
    _one_wrong(place)
    done = place.pytest()
    assert done.last == ONE_WRONG
    (again,) = re.findall(r"^rerun: (.*)$", done.text, re.MULTILINE)

    assert place.pytest("--lf").last.startswith("1 failed")
    assert place.pytest("--stepwise", "scenarios").last.startswith("1 failed")
    rerun = place.run(*shlex.split(again))
    assert rerun.last == "1 failed"
    assert HEADLINE in rerun.text


def reports_tell_it(place: Place) -> None:
    """JUnit, pytest-html and Allure have headline, text, calls and properties, of two workers."""
    _one_wrong(place)
    done = place.pytest(
        "-n2",
        "--junitxml=结果.xml",
        "--html=报告.html",
        "--self-contained-html",
        "--alluredir=allure",
    )

    assert done.last == ONE_WRONG
    assert CALLS in done.text
    _junit(place.root / "结果.xml")
    _html(place.root / "报告.html")
    _allure(place.root / "allure")


def _junit(path: Path) -> None:
    cases = {case.get("name"): case for case in ET.parse(path).iter("testcase")}
    wrong = cases["选择客户[普通]"].find("failure")
    assert wrong is not None
    assert wrong.get("message") == HEADLINE
    assert str(wrong.text).splitlines()[:2] == [HEADLINE, f"  at {FILE}:19:17"]
    found = {one.get("name"): one.get("value") for one in cases["选择客户[普通]"].iter("property")}
    assert found["bpmax_calls"] == "2"
    assert found["bpmax_cassette"] == CASSETTE
    assert found["bpmax_trace"] == ".bpmax/trace/scenarios/选择客户/选择客户[普通].ndjson"
    assert cases["选择客户[普通]"].get("classname") == "scenarios.选择客户.scenario.yaml"
    assert len(cases) == PASSED


def _html(path: Path) -> None:
    page = path.read_text(encoding="utf-8")
    (blob,) = re.findall(r'data-jsonblob="([^"]*)"', page)
    tests: Mapping[str, Any] = json.loads(html.unescape(blob))["tests"]
    assert len(tests) == PASSED
    (wrong,), (right,) = tests[ROW], tests[f"{FILE}::选择客户[贵宾]"]
    assert wrong["result"] == "Failed"
    assert html.escape(HEADLINE) in wrong["log"]
    assert right["result"] == "Passed"
    assert "#1 crm_system.get_customer_detail  GET https://crm.example.test" in right["log"]


def _allure(folder: Path) -> None:
    results = [json.loads(one.read_bytes()) for one in folder.glob("*-result.json")]
    named = {one["name"]: one for one in results}
    assert len(named) == PASSED
    wrong = named["选择客户[普通]"]
    assert wrong["status"] == "failed"
    assert wrong["statusDetails"]["message"].endswith(HEADLINE)
    assert wrong["statusDetails"]["trace"].startswith(HEADLINE)
    tags = {one["value"] for one in wrong["labels"] if one["name"] == "tag"}
    assert tags == {"bpmax_scenario", "crm", "冒烟"}
    assert "description" not in wrong


def allure_speaks_chinese(place: Place) -> None:
    """Of a failure under zh, nothing that Allure shows is English."""
    _one_wrong(place)
    place.pytest("--alluredir=allure", BPMAX_SIM_LANG="zh")
    results = [one.read_text("utf-8") for one in (place.root / "allure").glob("*-result.json")]

    assert len(results) == PASSED
    assert find_english(one.replace("\\n", "\n") for one in results) == []


def a_gbk_console_can_read_it(place: Place) -> None:
    """On a console that prints GBK, no line is escaped."""
    _one_wrong(place)
    raw = place.pytest("-n2", "scenarios", PYTHONIOENCODING="gbk", PYTHONUTF8="0").raw

    _is_readable(raw.decode("gbk"))


def a_gbk_system_can_run_it(place: Place) -> None:
    """In the locale zh_CN.GBK even file names are GBK; the project is written anew in it."""
    _one_wrong(place)
    locales = place.root.parent / "locales"
    locales.mkdir()
    made = ("localedef", "-i", "zh_CN", "-f", "GBK", str(locales / "zh_CN.GBK"))
    try:
        subprocess.run(made, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        raise NotHereError("this system cannot make the locale zh_CN.GBK") from None
    # Its language would be Chinese; what is tried are the bytes.
    system = {
        "LOCPATH": str(locales),
        "LC_ALL": "zh_CN.GBK",
        "PYTHONUTF8": "0",
        "BPMAX_SIM_LANG": "en",
    }
    written = place.root.parent / "gbk"
    files = [path for path in place.root.rglob("*") if path.is_file()]
    texts = {str(one.relative_to(place.root)): one.read_text("utf-8") for one in files}
    (place.root.parent / "files.json").write_text(json.dumps(texts), encoding="utf-8")
    copy = [str(place.python), "-c", _COPY, str(place.root.parent / "files.json"), str(written)]
    assert place.run(*copy, environ=system).code == 0

    raw = Place(written, place.python, place.version).pytest("-n2", "scenarios", **system).raw

    _is_readable(raw.decode("gbk"))


_COPY = """
import json, sys
from pathlib import Path
for name, text in json.loads(Path(sys.argv[1]).read_text()).items():
    path = Path(sys.argv[2], name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
"""


def _is_readable(text: str) -> None:
    assert HEADLINE in text
    assert "  × console[0] " in text
    assert f'rerun: pytest "{ROW}"' in text
    assert "1 failed, 1 passed" in text
    assert "\\u" not in text


def what_a_test_swallowed_fails_it(place: Place) -> None:
    """A session is judged in coroutines, too, whoever runs them."""
    for mark in ("asyncio", "anyio"):
        place.write(
            f"tests/test_{mark}.py",
            f"""\
            import pytest

            @pytest.mark.{mark}
            async def test_吞掉(bpmax_proxy):
                try:
                    bpmax_proxy("crm_system").getCustomerDetail("12345")
                except Exception:
                    pass
            """,
        )

    done = place.pytest("tests/test_asyncio.py", "tests/test_anyio.py")

    assert done.last == "2 failed"
    assert done.text.count("no cassette: crm_system.get_customer_detail cannot be answered") >= 2


def a_time_out_ends_a_scenario(place: Place) -> None:
    """pytest-timeout ends a Python step that hangs; the rest of the run goes on."""
    place.edit(FILE, "    open: {}", "    python: 慢:等")
    place.write("scenarios/慢.py", "import time\n\ndef 等(session):\n    time.sleep(60)\n")

    done = place.pytest("scenarios", "--timeout=1", "--timeout-method=signal")

    assert done.last == "2 failed"
    assert "Timeout (>1.0s) from pytest-timeout" in done.text


def strictness_is_no_trouble(place: Place) -> None:
    """Everything that pytest can be strict about may be on."""
    given = "[tool.pytest]\nstrict = true\nasyncio_default_fixture_loop_scope = 'function'\n"
    ini = place.root / "pytest.ini"
    if place.version.startswith("8."):
        ini.write_text(ini.read_text(encoding="utf-8") + "xfail_strict = true\n", encoding="utf-8")
    else:
        ini.unlink()
        place.write("pyproject.toml", given)

    assert place.pytest().last == ALL


def workers_spread_tests_in_every_way(place: Place) -> None:
    """Every way that pytest-xdist spreads tests gives the same."""
    if place.version != VERSIONS[-1]:
        return  # the ways are those of pytest-xdist, and take the longest of all
    for spread in ("loadscope", "loadfile", "loadgroup", "worksteal", "each"):
        times = 2 if spread == "each" else 1
        done = place.pytest("-n2", f"--dist={spread}", "scenarios")
        assert done.last == f"{2 * times} passed", spread


class NotHereError(Exception):
    """This machine cannot make the trial; the message says what it lacks."""


def _one_wrong(place: Place) -> None:
    place.edit(FILE, "name: 李四", "name: 王五")


def each_recorder_has_a_folder(place: Place) -> None:
    """In a service without scenarios, what we record lies apart from pytest-recording's.

    It stands beside the project: below it, its root would be the project's.
    """
    service = place.root.parent / "service"
    place.write(
        "../service/tests/test_开票.py",
        """\
        import http.server, threading
        from urllib.request import urlopen
        import pytest

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(204)
                self.end_headers()

        @pytest.fixture(scope="module")
        def url():
            server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield f"http://127.0.0.1:{server.server_address[1]}/invoices"
            server.shutdown()
            server.server_close()

        @pytest.mark.vcr
        def test_别家(url):
            assert urlopen(url).status == 204

        def test_本家(bpmax_vcr, url):
            assert urlopen(url).status == 204
        """,
    )
    place.write("../service/pytest.ini", "[pytest]\n")
    record = ("--record-mode=once", "--bpmax-mode=record")
    done = place.pytest(
        "../service", "--rootdir=../service", "-c", "../service/pytest.ini", *record
    )
    assert done.last == "2 passed", done.text
    recorded = {path.relative_to(service).as_posix() for path in service.rglob("test_*.yaml")}
    assert recorded == {
        "tests/cassettes/test_开票/test_别家.yaml",
        "cassettes/test_开票/test_本家.yaml",
    }


TRIALS: Final[tuple[Callable[[Place], None], ...]] = (
    everything_passes,
    each_recorder_has_a_folder,
    every_import_mode,
    ids_are_what_one_types,
    what_failed_runs_again,
    reports_tell_it,
    allure_speaks_chinese,
    a_gbk_console_can_read_it,
    a_gbk_system_can_run_it,
    no_encoding_is_guessed,
    what_a_test_swallowed_fails_it,
    a_time_out_ends_a_scenario,
    strictness_is_no_trouble,
    workers_spread_tests_in_every_way,
)
