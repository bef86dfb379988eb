from __future__ import annotations

from collections.abc import Mapping

import pytest

from bpmax_sim.pytest_plugin.session_options import choose_cassette_path
from tests.plugin.project import Project, output
from tests.snapshots import snapshot

TEST = """\
    def test_客户(bpmax_proxy):
        answer = bpmax_proxy("crm_system").getCustomerDetail("12345")
        assert answer["data"]["name"] == "张三"
    """
CASSETTE = "cassettes/test_客户/test_客户.yaml"


@pytest.fixture(name="python")
def python_tests(project: Project) -> Project:
    """Return the project without scenarios."""
    for path in (project.root / "scenarios").glob("*.scenario.yaml"):
        path.unlink()
    return project


def record(project: Project) -> None:
    project.run("--bpmax-mode=record").assert_outcomes(passed=1)


def test_a_python_test_has_a_cassette_of_its_name(
    python: Project, live: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    python.write("tests/test_客户.py", TEST)
    record(python)
    for name in live:
        monkeypatch.delenv(name)

    result = python.run()

    result.assert_outcomes(passed=1)
    assert (python.root / CASSETTE).is_file()
    assert "2 calls (2 recorded), 1 of them a login; 1 cassette" in output(result)


def test_parameters_and_classes_share_a_file_as_its_owners(
    python: Project, live: Mapping[str, str]
) -> None:
    python.write(
        "tests/crm/test_订单.py",
        """\
        import pytest

        class Test客户:
            @pytest.mark.parametrize("number", ["12345", "12346"])
            def test_查询(self, bpmax_proxy, number):
                assert bpmax_proxy("crm_system").getCustomerDetail(number)["code"] == 200
        """,
    )
    python.run("--bpmax-mode=record").assert_outcomes(passed=2)

    text = (python.root / "cassettes/crm/test_订单/Test客户.test_查询.yaml").read_text("utf-8")
    assert '"for":"Test客户.test_查询[12345]"' in text
    python.run().assert_outcomes(passed=2)


def test_markers_say_what_a_scenario_says_below_proxy(
    python: Project, live: Mapping[str, str]
) -> None:
    python.write(
        "test_标记.py",
        """\
        import pytest

        pytestmark = pytest.mark.bpmax(clock="2026-03-02T09:00:00+08:00", seed=3)

        @pytest.mark.bpmax(cassette="共享/客户", ignore=["query.fields"], repeat=True)
        def test_一(bpmax_session):
            said = bpmax_session.settings
            assert said.cassette.as_posix().endswith("cassettes/共享/客户.yaml")
            assert (said.ignore, said.repeat, said.seed) == (("query.fields",), True, 3)
            assert str(said.clock) == "2026-03-02T09:00:00.000+08:00"
        """,
    )

    python.run().assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        ("bpmax(casette='x')", "the marker bpmax has no 'casette'; did you mean 'cassette'?"),
        ("bpmax('x')", "the marker bpmax takes names only, such as bpmax(cassette='x')"),
        (
            "bpmax(js_limits='wait=2m')",
            "the marker bpmax: 'wait=2m' is no limit such as cpu=10s, memory=256MB, calls=50000",
        ),
        (
            "bpmax_fault(error='timeout')",
            "the marker bpmax_fault takes one target, such as 'crm.create_order'",
        ),
        (
            "bpmax_fault('crm.create_order', eror='timeout')",
            "do.eror: unknown key 'eror'; did you mean 'error'?",
        ),
        (
            "bpmax_fault('crm', error='timeout')",
            "fault on crm: on: expected platform.api, platform.get_*, platform.* or *, got 'crm'",
        ),
    ],
)
def test_a_wrong_marker_fails_the_test_with_one_line(
    python: Project, mark: str, message: str
) -> None:
    python.write(
        "test_标记.py",
        f"""\
        import pytest

        @pytest.mark.{mark}
        def test_一(bpmax_session):
            pass
        """,
    )

    result = python.run()

    result.assert_outcomes(errors=1)
    assert message in output(result)
    assert "Traceback" not in output(result)


def test_a_swallowed_miss_fails_the_test_and_not_its_teardown(python: Project) -> None:
    python.write(
        "test_吞掉.py",
        """\
        def test_一(bpmax_proxy):
            try:
                bpmax_proxy("crm_system").getCustomerDetail("12345")
            except Exception:
                pass
        """,
    )

    result = python.run()

    result.assert_outcomes(failed=1)
    assert (
        "no cassette: crm_system.get_customer_detail cannot be answered, "
        "cassettes/test_吞掉/test_一.yaml does not exist"
    ) in output(result)
    assert "  record    pytest test_吞掉.py::test_一 --bpmax-mode=record" in output(result) or (
        '  record    pytest "test_吞掉.py::test_一" --bpmax-mode=record' in output(result)
    )


def test_what_was_recorded_and_not_played_fails_the_test(
    python: Project, live: Mapping[str, str]
) -> None:
    path = python.write("tests/test_客户.py", TEST)
    record(python)
    path.write_text("def test_客户(bpmax_session):\n    pass\n", encoding="utf-8")

    result = python.run()

    result.assert_outcomes(failed=1)
    assert f"{CASSETTE}: 1 recorded exchange was not played: " in output(result)


def test_a_failed_test_is_not_judged_twice(python: Project, live: Mapping[str, str]) -> None:
    path = python.write("tests/test_客户.py", TEST)
    record(python)
    path.write_text("def test_客户(bpmax_session):\n    assert 1 == 2\n", encoding="utf-8")

    result = python.run()

    result.assert_outcomes(failed=1)
    assert "not played" not in output(result)


def test_a_failed_recording_replaces_nothing(python: Project, live: Mapping[str, str]) -> None:
    path = python.write("tests/test_客户.py", TEST)
    record(python)
    before = (python.root / CASSETTE).read_bytes()
    text = path.read_text(encoding="utf-8").replace('"12345"', '"12346"')
    path.write_text(text, encoding="utf-8")

    python.run("--bpmax-mode=record", "--bpmax-record=rewrite").assert_outcomes(failed=1)

    assert (python.root / CASSETTE).read_bytes() == before
    assert (python.root / f"{CASSETTE}.new").is_file()


def test_faults_strike_and_one_that_never_fires_fails(
    python: Project, live: Mapping[str, str]
) -> None:
    python.write(
        "test_故障.py",
        """\
        import pytest
        from bpmax_sim.errors import TransportError

        @pytest.mark.bpmax_fault("crm_system.get_customer_detail", call=1, error="timeout")
        def test_超时(bpmax_proxy, bpmax_clock):
            before = bpmax_clock.now()
            with pytest.raises(TransportError):
                bpmax_proxy("crm_system").getCustomerDetail("12345")
            assert bpmax_clock.now() >= before

        def test_限流(bpmax_proxy, bpmax_faults):
            bpmax_faults.add("crm_system.*", status=429, body={"message": "太快"})
            with pytest.raises(Exception, match="429"):
                bpmax_proxy("crm_system").getCustomerDetail("12345")

        @pytest.mark.bpmax_fault("crm_system.get_customer_detail", do={"delay": "3s"}, call="2-3")
        def test_从不(bpmax_session):
            pass
        """,
    )

    result = python.run()

    result.assert_outcomes(passed=2, failed=1)
    assert (
        "fault never fired: crm_system.get_customer_detail call 2-3 -> delay 3 s (calls made: none)"
    ) in output(result)
    python.run("--bpmax-faults=off", "-k", "从不").assert_outcomes(passed=1, deselected=2)


def test_clock_and_events_belong_to_the_session(python: Project, live: Mapping[str, str]) -> None:
    python.write(
        "test_事件.py",
        """\
        from bpmax_sim.subject.hooks import MessageShown

        def test_事件(bpmax_proxy, bpmax_clock, bpmax_events):
            start = bpmax_clock.now()
            bpmax_clock.advance("250ms")
            assert bpmax_clock.now() == start + 0.25
            bpmax_proxy("crm_system").getCustomerDetail("12345")
            bpmax_events.tell(MessageShown(text="已保存"))
            told = [getattr(event, "call", getattr(event, "text", "")) for event in bpmax_events]
            calls = ["crm_system.$token", "crm_system.get_customer_detail"]
            assert sorted(told) == sorted([*calls, *calls, "已保存"])  # each call and its answer
            assert (len(bpmax_events), bpmax_events[0:0]) == (5, [])
        """,
    )

    record(python)
    python.run().assert_outcomes(passed=1)


def test_the_factory_is_safe_under_given(python: Project, live: Mapping[str, str]) -> None:
    python.write(
        "test_性质.py",
        """\
        from hypothesis import given, settings, strategies as st

        @settings(max_examples=5, deadline=None, database=None)
        @given(st.sampled_from(["12345"]))
        def test_性质(bpmax_session_factory, number):
            with bpmax_session_factory(cassette="性质/客户") as session:
                answer = session.proxy("crm_system").getCustomerDetail(number)
            assert answer["data"]["name"] == "张三"
        """,
    )

    record(python)
    python.run().assert_outcomes(passed=1)
    assert (python.root / "cassettes/性质/客户.yaml").is_file()


def test_what_needs_a_live_system_is_skipped_without_one(
    python: Project, live: Mapping[str, str]
) -> None:
    python.write(
        "test_冒烟.py",
        """\
        import pytest

        @pytest.mark.bpmax_live
        def test_冒烟(bpmax_proxy):
            assert bpmax_proxy("crm_system").getCustomerDetail("12345")["code"] == 200
        """,
    )

    result = python.run("-rs")
    result.assert_outcomes(skipped=1)
    assert "needs a live system; run it with --bpmax-mode=live" in output(result)
    result = python.run("--bpmax-mode=live")
    result.assert_outcomes(passed=1)
    assert "2 calls (2 live)" in output(result)


def test_a_testcase_is_judged_when_it_ends(python: Project) -> None:
    python.write(
        "test_用例.py",
        """\
        import unittest
        import pytest

        class Test客户(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def proxy(self, bpmax_proxy):
                self.proxy = bpmax_proxy

            def test_查询(self):
                with self.assertRaises(Exception):
                    self.proxy("crm_system").getCustomerDetail("12345")
        """,
    )

    result = python.run()

    result.assert_outcomes(passed=1, errors=1)
    assert "cassettes/test_用例/Test客户.test_查询.yaml does not exist" in output(result)


def test_the_fixtures_are_documented(python: Project) -> None:
    text = output(python.run("--fixtures", "-q"))

    for name in ("session", "proxy", "clock", "faults", "events", "session_factory"):
        assert f"bpmax_{name}" in text
    ours = text[text.index("bpmax_clock") : text.index("bpmax_session_factory")]
    assert "no docstring available" not in ours
    assert "_bpmax_run" not in text


def test_platforms_and_instances_are_named_by_marker_or_ini_file(
    python: Project, live: Mapping[str, str]
) -> None:
    (python.root / "scenarios/platforms").rename(python.root / "接口")
    (python.root / "scenarios/instances.yaml").rename(python.root / "实例.yaml")
    python.write("tests/test_客户.py", TEST)
    python.run("--bpmax-mode=record").assert_outcomes(failed=1)

    mark = """\
        import pytest

        pytestmark = pytest.mark.bpmax(platforms="接口", instances="实例.yaml")

    """
    python.write("tests/test_客户.py", mark.replace("    ", "") + TEST.replace("    ", "", 1))
    record(python)

    (python.root / "实例.yaml").rename(python.root / "instances.yaml")
    python.ini("bpmax_platforms = 接口")
    python.write("tests/test_客户.py", TEST)
    python.run().assert_outcomes(passed=1)


def test_a_session_without_a_cassette_counts_its_calls_alone(
    python: Project, live: Mapping[str, str]
) -> None:
    python.write(
        "test_工厂.py",
        """\
        def test_一(bpmax_session_factory):
            with bpmax_session_factory(cassette=None, mode="live") as session:
                session.proxy("crm_system").getCustomerDetail("12345")
        """,
    )

    assert "2 calls (2 live), 1 of them a login\n" in output(python.run())


def test_events_tell_what_scripts_of_a_test_do(python: Project, live: Mapping[str, str]) -> None:
    python.write(
        "test_脚本.py",
        """\
        import bpmax_sim as bs

        SCRIPT = "form.名称 = '张三'; console.log('查到'); setTimeout(() => console.log('晚'), 5e3)"

        def test_脚本(bpmax_session, bpmax_clock, bpmax_events):
            bpmax_session.run_script(bs.Script(SCRIPT), form={"名称": ""}, page=bs.Page())
            assert [timer.delay for timer in bpmax_session.pending_timers()] == [5]
            bpmax_clock.advance("5s")
            kinds = [type(event).__name__ for event in bpmax_events]
            assert kinds == ["FieldChanged", "ConsoleWritten", "TimerFired", "ConsoleWritten"]
            assert (bpmax_events[0].old, bpmax_events[0].new) == ("", "张三")
            assert bpmax_events[3].text == "晚"
            assert bpmax_session.pending_timers() == []
        """,
    )
    python.run("--bpmax-mode=live").assert_outcomes(passed=1)


def test_what_scripts_write_is_a_captured_section_of_a_python_test(python: Project) -> None:
    python.write(
        "tests/test_脚本.py",
        """\
        import bpmax_sim as bs
        import pytest
        from hypothesis import given, settings, strategies as st

        def test_一个(bpmax_session):
            bpmax_session.run_script(bs.Script("console.log('客户', {编号: 1})", name="客户.js"))
            assert False

        @settings(derandomize=True, database=None)
        @given(st.integers(0, 9))
        def test_多个(bpmax_session_factory, n):
            with bpmax_session_factory() as session:
                session.run_script(bs.Script(f"console.warn('第', {n})"))
            assert n < 5
        """,
    )

    text = output(python.run())

    assert "客户.js:1:9  log: 客户 { '编号': 1 }" in text
    assert [line for line in text.splitlines() if "warn:" in line] == snapshot(
        ["script.js:1:9  warn: 第 5"]
    )


def test_a_failure_is_told_in_the_users_language_and_without_our_frames(python: Project) -> None:
    python.write(
        "tests/test_脚本.py",
        """\
        import bpmax_sim as bs

        def test_客户(bpmax_session):
            call = "await $proxy('crm_system').getCustomerDetail('12345')"
            bpmax_session.run_script(bs.Script(call, name="客户.js")).unwrap()
        """,
    )

    plain, english = output(python.run("--bpmax-lang=zh")), output(python.run("--bpmax-lang=en"))
    whole = output(python.run("--bpmax-tb"))

    missing = "cassettes/test_脚本/test_客户.yaml"
    zh = f"没有录制文件：crm_system.get_customer_detail 没有响应可用，{missing} 不存在"
    assert zh in plain.splitlines()
    assert "  脚本      客户.js:1:" in plain
    assert f"cannot be answered, {missing} does not exist" in plain
    assert ("bpmax_sim/cassette/player.py" in plain, "StopIteration" in plain) == (False, False)
    assert zh not in english
    assert "bpmax_sim/cassette/player.py" in whole


def test_no_later_test_holds_what_redacted_an_ended_one(project: Project) -> None:
    """Each held all before it: the time of a run grew with the square of its tests."""
    project.write(
        "test_放手.py",
        """\
        import gc

        import pytest

        from bpmax_sim.pytest_plugin.stash import LIVING

        @pytest.mark.parametrize("number", range(5))
        def test_用例(bpmax_session, number, pytestconfig):
            gc.collect()
            assert len(pytestconfig.stash[LIVING]) <= 2
        """,
    )

    project.run("test_放手.py").assert_outcomes(passed=5)


def test_the_folder_of_all_tests_is_no_part_of_a_cassettes_path(python: Project) -> None:
    names = ("tests/crm/test_甲.py", "test/crm/test_乙.py", "tests/test/test_丙.py", "test_丁.py")
    for name in names:
        python.write(name, "def test_一():\n    pass\n")

    paths = {choose_cassette_path(item) for item in python.items()}

    assert {path.relative_to(python.root / "cassettes").as_posix() for path in paths} == {
        f"{module}/test_一.yaml"
        for module in ("crm/test_甲", "crm/test_乙", "test/test_丙", "test_丁")
    }


IDLE = """\
    import bpmax_sim as bs
    import pytest

    pytestmark = [pytest.mark.bpmax(unused="ignore")]
    fault = pytest.mark.bpmax_fault("crm_system.get_customer_detail", status=500)

    @fault
    def test_fault_of_a_scenario():
        assert bs.run_scenario("加.scenario.yaml").unwrap()

    @pytest.mark.parametrize("number", [pytest.param(1, marks=fault), 2])
    def test_fault_of_a_parameter(number): pass

    @fault
    def test_fault_of_a_factory(bpmax_session_factory):
        with bpmax_session_factory(): pass

    @pytest.mark.bpmax_fault("crm_system.get_customer_detail", statsu=500)
    def test_wrong_fault(): pass

    @pytest.mark.bpmax(cassette="nowhere")
    def test_no_session(): pass

    def test_of_others(): pass

    @pytest.mark.bpmax(cassette="nowhere")
    def test_session(bpmax_session): pass

    @pytest.mark.bpmax(cassette="nowhere")
    def test_late_session(request): request.getfixturevalue("bpmax_session")

    @pytest.mark.bpmax(cassette="nowhere")
    def test_factory(bpmax_session_factory):
        with bpmax_session_factory(): pass

    @pytest.mark.bpmax(cassette="nowhere")
    def test_factory_of_others(bpmax_session_factory): pass

    @pytest.mark.bpmax(cassette="nowhere")
    def test_late_factory(request):
        with request.getfixturevalue("bpmax_session_factory")(): pass

    @fault
    @pytest.mark.bpmax(cassette="nowhere")
    def test_skipped(): pytest.skip("没有系统")

    @fault
    @pytest.mark.xfail
    def test_red(): assert not fault

    @fault
    class TestClass:
        def test_of_a_class(self): pass
    """
STRIKES = (
    "fault never fired: crm_system.get_customer_detail -> status 500; a marker holds for the "
    "session of the fixture bpmax_session, which this test does not use; use it, or declare the "
    "fault where the session is opened, such as in the scenario"
)


def test_markers_without_a_session_are_told(python: Project) -> None:
    python.write("tests/test_idle.py", IDLE)
    python.write(
        "加.scenario.yaml", "scenario: 加\nsteps: [{js: return 1 + 1, expect: {result: 2}}]\n"
    )

    result = python.run("tests", "-W", "default", "-rA")

    result.assert_outcomes(passed=9, failed=4, skipped=1, xfailed=1, warnings=1)
    text = output(result)
    assert text.count(f"\n{STRIKES}\n") == 3
    assert "do.statsu: unknown key 'statsu'; did you mean 'status'?" in text
    assert (
        "tests/test_idle.py:21: UnusedRuleWarning: the marker bpmax has no effect, as this test "
        "opens no session by a fixture; use bpmax_session, or take the marker away"
    ) in text
    python.run("tests", "-W", "default", "--bpmax-faults=off").assert_outcomes(
        passed=13, skipped=1, xfailed=1, warnings=1
    )
