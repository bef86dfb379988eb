"""Which files of a session lie at the URL of the recordings once it is closed."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any
from uuid import uuid4

import fsspec
import pytest

import bpmax_sim as bs
from bpmax_sim.cassette.remote import open_mirror
from tests.session.test_boundaries import COOKIES

OWN, LOGINS = "合同/甲.yaml", "auth/oa.test.yaml"


def third_party(request: bs.Request) -> bs.Response:
    cookie = (("set-cookie", "sid=s-8f14e45fce; Path=/"),) if "/login" in request.url else ()
    return bs.Response(status=200, headers=cookie, body=b"[]")


class Project:
    """A platform with a login, and recordings at *url* that are mirrored here."""

    def __init__(self, folder: Path, url: str) -> None:
        (folder / "oa.yaml").write_text(COOKIES, encoding="utf-8")
        (folder / "instances.yaml").write_text(
            "- {platform: oa, instance_key: test, credentials: {user: lisi}}\n", encoding="utf-8"
        )
        self.folder, self.remote = folder, open_mirror(url, folder)

    def run(self, mode: Any, *, fails: bool = False, **options: Any) -> None:
        with (
            contextlib.suppress(KeyError),
            bs.Session.open(
                self.folder / "oa.yaml",
                instances=self.folder / "instances.yaml",
                cassette=self.remote.folder / OWN,
                logins=self.remote.folder / "auth",
                mode=mode,
                environ={},
                owner="甲",
                transport=None if mode == "simulate" else third_party,
                **options,
            ) as session,
        ):
            session.proxy("oa").list()
            if fails:
                raise KeyError


@pytest.mark.parametrize(
    ("is_recorded", "mode", "fails", "uploaded"),
    [
        (False, "record", False, [LOGINS, OWN]),
        (False, "record", True, [LOGINS]),  # it was granted; what failed waits for review here
        (True, "record", False, [LOGINS, OWN]),  # and was not uploaded, as the network was down
        (False, "live", False, []),
        (True, "live", False, []),
        (True, "simulate", False, []),
    ],
)
def test_what_is_recorded_here_is_uploaded_with_its_logins(
    tmp_path: Path, mode: Any, uploaded: list[str], *, is_recorded: bool, fails: bool
) -> None:
    url = f"memory://uploads-{uuid4()}"
    project = Project(tmp_path, url)
    if is_recorded:
        project.run("record")
    project.run(mode, fails=fails, remote=project.remote)

    system, folder = fsspec.core.url_to_fs(url)
    assert sorted(path.removeprefix(f"{folder}/") for path in system.find(folder)) == uploaded


@pytest.mark.parametrize(
    ("mode", "is_needed"),
    [("live", False), ("simulate", False), ("record", True), ("replay", True)],
)
def test_only_who_plays_or_records_needs_the_storage(
    tmp_path: Path, mode: Any, *, is_needed: bool
) -> None:
    project = Project(tmp_path, "nichts://x/y")
    if not is_needed:
        project.run(mode, remote=project.remote)
        return
    with pytest.raises(bs.ConfigError, match="nichts://x/y cannot be used"):
        project.run(mode, remote=project.remote)
