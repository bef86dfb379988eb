"""Python tests that open several sessions: what is recorded green is replayed green."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from bpmax_sim.cassette.file import Cassette
from tests.plugin.project import Project, output

TESTS = """\
    import unittest
    import pytest
    from contextlib import ExitStack
    from hypothesis import assume, given, settings, strategies as st

    def ask(session, number):
        return session.proxy("crm_system").getCustomerDetail(number)["data"]

    NUMBERS = st.sampled_from(["12345", "12346", "99999"])

    @settings(max_examples=20, deadline=None, database=None)
    @given(NUMBERS)
    def test_性质(bpmax_session_factory, number):
        with bpmax_session_factory() as session:
            found = ask(session, number)
            assume(number != "99999")
            assert ask(session, number) == found

    @settings(max_examples=20, deadline=None, database=None)
    @given(st.lists(NUMBERS, min_size=1, max_size=2))
    def test_次序(bpmax_session_factory, numbers):
        with bpmax_session_factory(unused="warn") as session:
            for number in numbers:
                session.proxy("crm_system").getCustomerDetail(number)

    def test_先后(bpmax_session_factory):
        for number in ("12345", "12346", "12345"):
            with bpmax_session_factory() as session:
                ask(session, number)

    def test_嵌套(bpmax_session_factory):
        with bpmax_session_factory() as outer, bpmax_session_factory() as inner:
            ask(inner, "12346")
            ask(outer, "12345")
            ask(inner, "12345")

    def test_一起(bpmax_proxy, bpmax_session_factory):
        with bpmax_session_factory() as session:
            ask(session, "12345")
        assert bpmax_proxy("crm_system").getCustomerDetail("12346")["code"] == 200

    def test_期待失败(bpmax_session_factory):
        with pytest.raises(ZeroDivisionError):
            with bpmax_session_factory() as session:
                ask(session, "12345")
                1 / 0

    @pytest.fixture
    def session(bpmax_session_factory):
        with bpmax_session_factory() as session:
            yield session

    def test_夹具(session, bpmax_session_factory):
        ask(session, "12345")
        with bpmax_session_factory() as another:
            ask(another, "12346")

    @pytest.mark.usefixtures("session_of_class")
    class Test类(unittest.TestCase):
        @pytest.fixture
        def session_of_class(self, bpmax_session_factory):
            self.factory = bpmax_session_factory

        def test_方法(self):
            for number in ("12345", "12346"):
                with self.factory() as session:
                    ask(session, number)
    """
COUNT = 8


@pytest.fixture(name="python")
def python_tests(project: Project) -> Project:
    """Return the project without scenarios."""
    for path in (project.root / "scenarios").glob("*.scenario.yaml"):
        path.unlink()
    return project


def test_what_is_recorded_green_is_replayed_green(
    python: Project, live: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    python.write("tests/test_多个.py", TESTS)
    hypothesis = ("-p", "_hypothesis_pytestplugin", "-W", "ignore::ResourceWarning")
    result = python.run(*hypothesis, "--bpmax-mode=record")
    result.assert_outcomes(passed=COUNT)
    before = {path: path.read_bytes() for path in python.root.glob("cassettes/**/*.yaml*")}
    for name in live:
        monkeypatch.delenv(name)

    result = python.run(*hypothesis, "-p", "no:randomly")

    result.assert_outcomes(passed=COUNT)
    assert not [path for path in before if path.suffix != ".yaml"]
    python.run(*hypothesis, "--bpmax-mode=record").assert_outcomes(passed=COUNT)
    assert {path: path.read_bytes() for path in before} == before


def test_a_test_that_fails_after_its_first_session_replaces_nothing(
    python: Project, live: Mapping[str, str]
) -> None:
    text = """\
        def test_客户(bpmax_session_factory):
            for number in ("12345", "12346"):
                with bpmax_session_factory() as session:
                    session.proxy("crm_system").getCustomerDetail(number)
        """
    test = python.write("tests/test_客户.py", text)
    python.run("--bpmax-mode=record").assert_outcomes(passed=1)
    path = python.root / "cassettes/test_客户/test_客户.yaml"
    before = path.read_bytes()
    python.write(test.relative_to(python.root).as_posix(), text + "    assert False\n")

    python.run("--bpmax-mode=record", "--bpmax-record=rewrite").assert_outcomes(failed=1)

    assert path.read_bytes() == before
    python.write("tests/test_客户.py", text.replace('"12346"', ""))
    result = python.run()
    result.assert_outcomes(failed=1)
    assert "test_客户.yaml: 1 recorded exchange was not played: [2] crm_system." in output(result)


def test_a_rewrite_replaces_what_was_there_before_the_run_once(
    python: Project, live: Mapping[str, str]
) -> None:
    python.write(
        "test_客户.py",
        """\
        import pytest

        @pytest.mark.bpmax(cassette="crm/共用", record="rewrite")
        def test_客户(bpmax_session_factory):
            for number in ("12345", "12346"):
                with bpmax_session_factory() as session:
                    session.proxy("crm_system").getCustomerDetail(number)
        """,
    )
    for _ in range(2):
        python.run("--bpmax-mode=record").assert_outcomes(passed=1)
        found = list(Cassette.load(python.root / "cassettes/crm/共用.yaml").entries())
        assert [(one.line.n, one.line.session) for one in found] == [(1, 1), (2, 2)]


def test_what_a_test_records_it_can_replay_at_once(
    python: Project, live: Mapping[str, str]
) -> None:
    python.write(
        "test_客户.py",
        """\
        def test_客户(bpmax_session_factory):
            for mode in ("record", "replay"):
                with bpmax_session_factory(mode=mode, cassette="crm/马上") as session:
                    session.proxy("crm_system").getCustomerDetail("12345")
        """,
    )

    python.run().assert_outcomes(passed=1)
