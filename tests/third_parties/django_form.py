"""A Django site with a login form as the external system."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.third_parties.processes import ThirdParty, serving


@contextmanager
def intranet() -> Iterator[ThirdParty]:
    """Run the Django site with one account, whose password is new each time."""
    account = {"EXTERNAL_USER": "王喆", "EXTERNAL_PASSWORD": secrets.token_urlsafe(24)}
    with tempfile.TemporaryDirectory() as folder:
        database = {"EXTERNAL_DATABASE": str(Path(folder, "site.sqlite3"))}
        with serving("tests.third_parties.servers.django_form", {**account, **database}) as url:
            yield ThirdParty(url=url, environment=account)
