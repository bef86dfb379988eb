"""Cassettes at a URL: recorded from one checkout, replayed in another with the network closed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping

import fsspec
import pytest

from bpmax_sim.cassette.remote import open_mirror
from tests.plugin.project import Project, output
from tests.third_parties.object_storage import object_storage

REPLAYED = "4 calls (4 recorded), 2 of them logins; 2 cassettes"


@pytest.fixture(name="bucket", scope="module")
def an_empty_bucket() -> Iterator[str]:
    with object_storage() as party, pytest.MonkeyPatch.context() as exported:
        for name, value in party.environment.items():
            exported.setenv(name, value)
        fsspec.filesystem("s3", skip_instance_cache=True).mkdir("luzhi")
        yield "s3://luzhi/合同"


def forget(project: Project) -> None:
    """Leave what a fresh checkout on another machine has."""
    shutil.rmtree(project.root / "cassettes", ignore_errors=True)
    shutil.rmtree(project.root / ".bpmax", ignore_errors=True)


def names(url: str) -> list[str]:
    system, folder = fsspec.core.url_to_fs(url, use_listings_cache=False, skip_instance_cache=True)
    return sorted(path.removeprefix(f"{folder}/") for path in system.find(folder))


def test_one_records_into_object_storage_and_another_replays_from_it(
    project: Project, live: Mapping[str, str], bucket: str
) -> None:
    forget(project)
    url = f"--bpmax-cassettes={bucket}/甲"

    project.run("scenarios", url, "--bpmax-mode=record").assert_outcomes(passed=2)
    assert names(f"{bucket}/甲") == [
        "auth/crm_system.default.yaml",
        "crm/选择客户/普通.yaml",
        "crm/选择客户/贵宾.yaml",
    ]

    forget(project)
    result = project.run("scenarios", url)
    result.assert_outcomes(passed=2)
    assert f"bpmax-sim: replay, cassettes in {bucket}/甲, network closed" in output(result)
    assert REPLAYED in output(result)
    assert not (project.root / "cassettes").exists()


def test_only_what_is_needed_is_fetched(
    project: Project, live: Mapping[str, str], bucket: str
) -> None:
    url = f"{bucket}/乙"
    project.run("scenarios", f"--bpmax-cassettes={url}", "--bpmax-mode=record")
    forget(project)
    project.ini(f"bpmax_cassettes = {url}")

    project.run("scenarios/选择客户.scenario.yaml", "-k", "贵宾").assert_outcomes(passed=1)

    folder = open_mirror(url, project.root).folder
    found = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.yaml"))
    assert found == ["auth/crm_system.default.yaml", "crm/选择客户/贵宾.yaml"]


def test_python_tests_record_and_replay_there_too(
    project: Project, live: Mapping[str, str], bucket: str
) -> None:
    forget(project)
    project.write(
        "test_客户.py",
        """\
        def test_姓名(bpmax_proxy):
            assert bpmax_proxy("crm_system").getCustomerDetail("12345")["data"]["name"] == "张三"
        """,
    )
    url = f"--bpmax-cassettes={bucket}/丙"
    project.run("test_客户.py", url, "--bpmax-mode=record").assert_outcomes(passed=1)
    forget(project)

    project.run("test_客户.py", url).assert_outcomes(passed=1)
    assert "test_客户/test_姓名.yaml" in names(f"{bucket}/丙")


def test_storage_that_does_not_answer_fails_with_its_url(project: Project) -> None:
    result = project.run("scenarios", "--bpmax-cassettes=ftp://robot:geheim@127.0.0.1:1/x")

    result.assert_outcomes(failed=2)
    assert "ftp://127.0.0.1:1/x cannot be reached: Connection refused" in output(result)
    assert "geheim" not in output(result)


WORKERS = ("-p", "xdist", "-n2")


def test_workers_record_and_replay_there(
    project: Project, live: Mapping[str, str], bucket: str
) -> None:
    forget(project)
    url = f"--bpmax-cassettes={bucket}/丁"

    project.run("scenarios", url, "--bpmax-mode=record", *WORKERS).assert_outcomes(passed=2)
    forget(project)
    result = project.run("scenarios", url, "-p", "xdist", "-n1")

    result.assert_outcomes(passed=2)
    assert REPLAYED in output(result)


@pytest.mark.parametrize(
    "workers",
    [
        pytest.param((), id="here"),
        pytest.param(
            ("-p", "xdist", "-n1"),
            id="workers",
            marks=pytest.mark.night("eight runs with workers; two are tried above"),
        ),
    ],
)
def test_every_mode_and_way_of_recording_works_there(
    project: Project, live: Mapping[str, str], bucket: str, workers: tuple[str, ...]
) -> None:
    forget(project)
    # What a worker loads for a folder takes less; workers that share a bucket are tried above.
    place = f"file://{project.root}/别处" if workers else f"{bucket}/己"
    url = f"--bpmax-cassettes={place}"
    record = ("--bpmax-mode=record", url, *workers)

    assert "4 calls (4 live), 2 of them logins\n" in output(
        project.run("scenarios", "--bpmax-mode=live", url, *workers)
    )
    assert "4 calls (4 simulated), 2 of them logins\n" in output(
        project.run("scenarios", "--bpmax-mode=simulate", url, *workers)
    )
    for way, calls in (("once", "4 live"), ("once", "4 recorded"), ("new", "2 recorded, 2 live")):
        result = project.run("scenarios", f"--bpmax-record={way}", *record)
        result.assert_outcomes(passed=2)
        assert f"4 calls ({calls}), 2 of them logins; 2 cassettes" in output(result)
        forget(project)
    before = contents(url.partition("=")[2])
    project.run("scenarios", "--bpmax-record=rewrite", *record).assert_outcomes(passed=2)
    assert contents(url.partition("=")[2]) == before
    forget(project)
    project.run("scenarios", url, *workers).assert_outcomes(passed=2)


def contents(url: str) -> dict[str, bytes]:
    system, folder = fsspec.core.url_to_fs(url, use_listings_cache=False, skip_instance_cache=True)
    return {name: system.cat_file(f"{folder}/{name}") for name in names(url)}


def test_a_file_system_in_memory_serves_one_process(
    project: Project, live: Mapping[str, str]
) -> None:
    forget(project)
    url = f"--bpmax-cassettes=memory://合同/{project.root.name}"

    project.run("scenarios", url, "--bpmax-mode=record").assert_outcomes(passed=2)
    forget(project)
    result = project.run("scenarios", url)

    result.assert_outcomes(passed=2)
    assert REPLAYED in output(result)
    assert len(names(url.partition("=")[2])) == 3
    missing = project.run("scenarios", "--bpmax-cassettes=memory://别处")
    missing.assert_outcomes(failed=2)
    assert "no cassette" in output(missing)
