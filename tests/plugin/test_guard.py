from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping

import pytest

from bpmax_sim.errors import ClosedNetworkError
from bpmax_sim.pytest_plugin.guard import Door, behind
from tests.loopback import answer_json, loopback
from tests.plugin.project import Project, output

REACHING = """\
    import socket
    import pytest

    def test_直连(bpmax_session):
        socket.create_connection(("127.0.0.1", {port}), timeout=5).close()
    """


@pytest.fixture(name="port")
def listening() -> Iterator[str]:
    """Return the port of a server that answers, so that an open network would pass."""
    with loopback(lambda _request: answer_json("{}")) as server:
        yield server.url.rpartition(":")[2]


def test_a_test_that_replays_reaches_nobody(project: Project, port: str) -> None:
    project.write("test_直连.py", REACHING.format(port=port))

    result = project.run("test_直连.py")

    result.assert_outcomes(failed=1)
    assert (
        "the test reached for 127.0.0.1 beside $proxy, and the network is closed while replaying; "
        "call it through $proxy, or allow it: --bpmax-allow-hosts=127.0.0.1"
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
    assert f"the test reached for 127.0.0.1:{port} beside $proxy" in output(result)


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


def closed(*allowed: str) -> Door:
    door = Door()
    door.close(allowed)
    return door


def test_every_way_out_is_closed_in_every_thread() -> None:
    errors: list[BaseException] = []

    def run(action: Callable[[], object]) -> None:
        try:
            action()
        except ClosedNetworkError as error:
            errors.append(error)

    udp, tcp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket()
    with udp, tcp, behind(closed()):
        ways: list[Callable[[], object]] = [
            lambda: socket.getaddrinfo("crm.example.test", 443),
            lambda: socket.gethostbyname("crm.example.test"),
            lambda: udp.sendto(b"x", ("192.0.2.1", 53)),
            lambda: udp.sendmsg([b"x"], [], 0, ("192.0.2.1", 53)),
            lambda: tcp.connect((b"192.0.2.1", 443)),
        ]
        for way in ways:
            thread = threading.Thread(target=run, args=(way,))
            thread.start()
            thread.join()

    assert [str(error).split(" beside ")[0] for error in errors] == [
        "the test reached for crm.example.test:443",
        "the test reached for crm.example.test",
        "the test reached for 192.0.2.1:53",
        "the test reached for 192.0.2.1:53",
        "the test reached for 192.0.2.1:443",
    ]


def test_local_sockets_and_servers_of_ones_own_stay_open() -> None:
    with behind(closed()):
        one, other = socket.socketpair()
        with one, other, socket.create_server(("127.0.0.1", 0)):
            one.sendall(b"x")
            assert other.recv(1) == b"x"
        socket.getaddrinfo(None, 0)


def test_the_pair_that_windows_makes_of_loopback_sockets_stays_open() -> None:
    def socketpair() -> None:
        with socket.socket() as client:
            client.connect(listener.getsockname())

    with socket.create_server(("127.0.0.1", 0)) as listener, behind(closed()):
        socketpair()


def test_an_allowed_name_opens_its_addresses() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with behind(closed("localhost")):
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        with behind(closed("LOCAL*")), pytest.raises(ClosedNetworkError):
            socket.create_connection(("127.0.0.1", port), timeout=5)
        with behind(closed("local*")):
            socket.create_connection(("localhost", port), timeout=5).close()


def test_an_allowed_name_that_does_not_resolve_opens_nothing() -> None:
    with behind(closed("crm.invalid")), pytest.raises(ClosedNetworkError):
        socket.create_connection(("127.0.0.1", 9), timeout=1)


def test_the_innermost_test_decides() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, behind(closed()), behind(Door()):
        socket.create_connection(listener.getsockname(), timeout=5).close()
