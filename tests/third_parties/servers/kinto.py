"""Kinto with its accounts plugin, all in memory; anyone on the loopback may open an account."""

from __future__ import annotations

import secrets

from kinto import main

from tests.third_parties.servers.wsgi import serve

SETTINGS = {
    "kinto.includes": "kinto.plugins.accounts",
    "kinto.userid_hmac_secret": secrets.token_hex(),
    "kinto.bucket_create_principals": "system.Authenticated",
    "kinto.account_create_principals": "system.Everyone",
    "multiauth.policies": "account",
    "multiauth.policy.account.use": "kinto.plugins.accounts.AccountsPolicy",
}

if __name__ == "__main__":
    serve(main({}, **SETTINGS))
