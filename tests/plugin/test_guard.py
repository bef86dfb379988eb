from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.guard.somebody import listening
from tests.plugin.project import Project, output
from tests.ways_out import WAYS

REACHING = """\
    import socket
    import pytest

    def test_直连(bpmax_session):
        socket.create_connection(("127.0.0.1", {port}), timeout=5).close()
    """


@pytest.fixture(name="port", scope="module")
def somebody() -> Iterator[str]:
    """Return the port of a server that answers: an open network would pass."""
    with listening() as port:
        yield str(port)


def test_a_test_that_replays_reaches_nobody(project: Project, port: str) -> None:
    project.write("test_直连.py", REACHING.format(port=port))

    result = project.run("test_直连.py")

    result.assert_outcomes(failed=1)
    assert (
        "test test_直连.py::test_直连 tried to look up 127.0.0.1 outside $proxy, and the network "
        "is closed in replay and simulate mode; call it through $proxy, or allow the host: "
        "--bpmax-allow-hosts=127.0.0.1"
    ) in output(result).replace(f":{port}", "")


def test_allowed_hosts_stay_open(project: Project, port: str) -> None:
    project.write("test_直连.py", REACHING.format(port=port))

    for hosts in ("127.0.0.1", "db.invalid,127.0.0.*", "localhost"):
        project.run("test_直连.py", f"--bpmax-allow-hosts={hosts}").assert_outcomes(passed=1)


def test_the_network_is_open_live_and_without_our_fixtures(
    project: Project, port: str, live: Mapping[str, str]
) -> None:
    project.write("test_直连.py", REACHING.format(port=port))
    project.run("test_直连.py", "--bpmax-mode=live").assert_outcomes(passed=1)

    project.write("test_直连.py", REACHING.format(port=port).replace("bpmax_session", ""))
    project.run("test_直连.py").assert_outcomes(passed=1)


def test_setup_and_teardown_are_open(project: Project, port: str) -> None:
    project.write(
        "test_夹具.py",
        f"""\
        import socket
        import pytest

        def reach():
            socket.create_connection(("127.0.0.1", {port}), timeout=5).close()

        @pytest.fixture
        def server(bpmax_session):
            reach()
            yield
            reach()

        def test_一(server):
            pass
        """,
    )

    project.run("test_夹具.py").assert_outcomes(passed=1)


def test_a_scenario_that_replays_reaches_nobody(project: Project, port: str) -> None:
    project.write(
        "scenarios/直连.scenario.yaml",
        """\
        version: 1
        scenario: 直连
        steps: [{name: 直连, python: "reach:reach"}]
        """,
    )
    project.write(
        "scenarios/reach.py",
        f"""\
        import socket

        def reach(session):
            socket.create_connection(("127.0.0.1", {port}), timeout=5).close()
        """,
    )

    result = project.run("scenarios/直连.scenario.yaml")

    result.assert_outcomes(failed=1)
    assert f"直连 tried to look up 127.0.0.1:{port} outside $proxy" in output(result)


def test_a_factory_closes_the_network_from_its_first_session_on(
    project: Project, port: str
) -> None:
    project.write(
        "test_工厂.py",
        f"""\
        import socket
        import pytest

        def reach():
            socket.create_connection(("127.0.0.1", {port}), timeout=5).close()

        def test_一(bpmax_session_factory):
            reach()
            with bpmax_session_factory():
                pass
            with pytest.raises(Exception, match="the network is closed"):
                reach()

        def test_二():
            reach()
        """,
    )

    project.run("test_工厂.py").assert_outcomes(passed=2)


@pytest.mark.long("each of forty ways out is taken twice, by what clients there are")
@pytest.mark.usefixtures("live")
def test_no_way_leads_out_of_a_test_that_replays_and_each_does_live(
    project: Project, port: str
) -> None:
    shutil.copy(Path(__file__).parents[1] / "ways_out.py", project.root / "ways_out.py")
    project.write(
        "test_出路.py",
        f"""\
        import pytest
        from ways_out import WAYS, take

        @pytest.mark.parametrize("way", WAYS)
        def test_出路(bpmax_session, way):
            take(way, {port})
        """,
    )
    tried = ("test_出路.py", "--tb=no", "-p", "no:cacheprovider")

    project.run(*tried).assert_outcomes(failed=len(WAYS))
    project.run(*tried, "--bpmax-mode=live").assert_outcomes(passed=len(WAYS))
