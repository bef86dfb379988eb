"""Object storage as the contract archive: moto's S3, which verifies each request's signature."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from tests.third_parties.processes import ThirdParty, serving

ACCESS_KEY = "AKIAHETONGGUIDANG001"  # an id, not a secret; instances.yaml names it


@contextmanager
def contract_archive() -> Iterator[ThirdParty]:
    """Run the archive with one user, whose secret key is new each time."""
    secret = {"ARCHIVE_SECRET_KEY": secrets.token_urlsafe(30)}
    server = "tests.third_parties.servers.object_storage"
    with serving(server, {"ARCHIVE_ACCESS_KEY": ACCESS_KEY, **secret}) as url:
        yield ThirdParty(url=url, environment={"ARCHIVE_URL": url, **secret})


@contextmanager
def object_storage() -> Iterator[ThirdParty]:
    """Run an S3 that takes any key; the environment is what AWS's own clients look at."""
    with serving("tests.third_parties.servers.s3") as url:
        environment = {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "AKIALUZHI00000000001",
            "AWS_SECRET_ACCESS_KEY": secrets.token_urlsafe(30),
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        yield ThirdParty(url=url, environment=environment)
