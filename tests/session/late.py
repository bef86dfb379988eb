"""Record calls whose first answer hides what a later one makes secret, then be killed.

``python -m tests.session.late FOLDER ENCODING``
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from bpmax_sim.messages import Request, Response
from bpmax_sim.session.session import Session
from bpmax_sim.transport.protocol import Handler
from tests.secret.encodings import ENCODINGS

ROOT = Path(__file__).parents[2]
SECRET = "zhangsan-ticket/2026+9="
JSON = ("content-type", "application/json")


def main(folder: Path, encoding: str) -> None:
    """Record into *folder* until the end of this process."""
    hidden = ENCODINGS[encoding](f"工单:{SECRET}".encode())

    def answer(request: Request) -> Response:
        if request.method == "POST":
            login = b'{"access_token":"t0k3n9qLw7YxB2nPm5RkD8f","expires_in":7200}'
            return Response(status=200, headers=(JSON,), body=login)
        if request.url.endswith("/1"):
            return Response(status=200, headers=(("content-type", "image/png"),), body=hidden)
        headers = (JSON, ("set-cookie", f"SESSION={SECRET}; Path=/"))
        return Response(status=200, headers=headers, body=b'{"code":200,"data":{}}')

    session = Session.open(
        ROOT / "bpmax_sim/starter/demo_files/scenarios/platforms",
        cassette=folder / "cassettes/客户.yaml",
        clock="2026-03-02T09:00:00+08:00",
        owner="选择客户",
        mode="record",
        transport=Handler(answer),
        environ={"CRM_URL": "http://crm", "CRM_CLIENT_ID": "i", "CRM_CLIENT_SECRET": "s3cr3t-1"},
    )
    crm = session.proxy("crm_system")
    crm.getCustomerDetail("1")
    crm.getCustomerDetail("2")
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
