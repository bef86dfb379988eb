"""Django OAuth Toolkit as the external system: client credentials, a
refresh token that rotates, and one protected resource."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.third_parties.processes import ThirdParty, serving


@contextmanager
def external_system() -> Iterator[ThirdParty]:
    """Run the Django site whose clients' secrets and tokens are new each time."""
    client = {
        "EXTERNAL_CLIENT_ID": secrets.token_urlsafe(24),
        "EXTERNAL_CLIENT_SECRET": secrets.token_urlsafe(48),
        "EXTERNAL_REFRESH_TOKEN": secrets.token_urlsafe(32),
    }
    with tempfile.TemporaryDirectory() as folder:
        database = {"EXTERNAL_DATABASE": str(Path(folder, "site.sqlite3"))}
        with serving("tests.third_parties.servers.django_oauth", {**client, **database}) as url:
            yield ThirdParty(url=url, environment={"EXTERNAL_URL": url, **client})
