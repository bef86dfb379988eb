"""moto's S3 with its authorisation on: every request's signature is computed anew by botocore.

The one user, whose key comes from ``ARCHIVE_ACCESS_KEY`` and ``ARCHIVE_SECRET_KEY``, may write and
read objects of the bucket ``contracts`` and nothing else.
"""

from __future__ import annotations

import json
import os

os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = "0"  # moto reads it when it is imported

from moto.iam.models import iam_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.s3.models import s3_backends

from tests.third_parties.servers.wsgi import serve

ACCOUNT = "123456789012"  # moto's own
BUCKET = "contracts"
USER = "approval"
PARTITION, REGION = "aws-cn", "cn-north-1"
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["s3:PutObject", "s3:GetObject"],
            "Resource": f"arn:{PARTITION}:s3:::{BUCKET}/*",
        }
    ],
}


def create_user() -> None:
    """Let the one user in, with the key that the environment names."""
    backend = iam_backends[ACCOUNT][PARTITION]
    backend.create_user(REGION, USER)
    backend.put_user_policy(USER, "contracts", json.dumps(POLICY))
    key = backend.create_access_key(USER)
    key.access_key_id = os.environ["ARCHIVE_ACCESS_KEY"]
    key.secret_access_key = os.environ["ARCHIVE_SECRET_KEY"]


if __name__ == "__main__":
    create_user()
    s3_backends[ACCOUNT][PARTITION].create_bucket(BUCKET, REGION)
    serve(DomainDispatcherApplication(create_backend_app))
