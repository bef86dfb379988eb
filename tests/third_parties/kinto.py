"""Kinto as the CRM: bucket ``crm`` with the collections ``customers`` and ``orders``."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.third_parties.processes import ThirdParty, serving

USER = "crm_integration"
MODIFIED = 1772413200000  # 2026-03-02T09:00:00+08:00, in ms; fixed so that recordings compare
CUSTOMERS = {
    "12345": {
        "name": "张三",
        "phone": "13800138000",
        "email": "zhangsan@example.test",
        "address": "上海市浦东新区世纪大道100号",
        "level": "VIP",
        "last_modified": MODIFIED,
    },
    "67890": {
        "name": "李四",
        "phone": "13900139000",
        "email": "lisi@example.test",
        "address": "北京市海淀区中关村大街1号",
        "level": "普通",
        "last_modified": MODIFIED + 1,
    },
}


@contextmanager
def crm() -> Iterator[ThirdParty]:
    """Run a Kinto that knows two customers and one account, whose password is new each time."""
    password = f"{secrets.token_urlsafe(18)}+/= %&密"  # so that every way of encoding it differs
    with serving("tests.third_parties.servers.kinto") as url:
        _seed(url, password)
        yield ThirdParty(
            url=url,
            environment={"CRM_URL": url, "CRM_USER": USER, "CRM_PASSWORD": password},
        )


def _seed(url: str, password: str) -> None:
    account = {"data": {"password": password}}
    # Its first answer loads what it hashes passwords with, which takes long where others work, too.
    with httpx.Client(base_url=f"{url}/v1", trust_env=False, timeout=60) as client:
        client.put(f"/accounts/{USER}", json=account).raise_for_status()
        client.auth = httpx.BasicAuth(USER, password)
        for place in ("", "/collections/customers", "/collections/orders"):
            client.put(f"/buckets/crm{place}").raise_for_status()
        records = "/buckets/crm/collections/customers/records"
        for key, customer in CUSTOMERS.items():
            client.put(f"{records}/{key}", json={"data": customer}).raise_for_status()
