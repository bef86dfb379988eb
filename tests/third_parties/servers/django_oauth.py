"""A one-file Django site with Django OAuth Toolkit: ``/o/token/`` and the protected ``/api/some/``.

Its client's id and secret come from ``EXTERNAL_CLIENT_ID`` and ``EXTERNAL_CLIENT_SECRET``, its
SQLite database is the file named by ``EXTERNAL_DATABASE``. A second client, ``rotating``, has the
same secret and a refresh token of a person, ``EXTERNAL_REFRESH_TOKEN``, which holds once.
"""
# ruff: noqa: E402 - Django's models can be imported only after its setup.

from __future__ import annotations

import os
import secrets
from typing import Any

import django
from django.conf import settings

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.environ["EXTERNAL_DATABASE"],
            "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE"},
        }
    },
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "oauth2_provider",
    ],
    # Its tables are made at once, and the one client's secret is checked in no time.
    MIGRATION_MODULES=dict.fromkeys(("auth", "contenttypes", "oauth2_provider")),
    OAUTH2_PROVIDER={"SCOPES": {"read": "读取"}, "ACCESS_TOKEN_EXPIRE_SECONDS": 7200},
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    ROOT_URLCONF=__name__,
    SECRET_KEY=secrets.token_urlsafe(),
    USE_TZ=True,
)
django.setup()

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import include, path
from django.utils import timezone
from oauth2_provider.models import (
    get_access_token_model,
    get_application_model,
    get_refresh_token_model,
)
from oauth2_provider.oauth2_backends import get_oauthlib_core

from tests.third_parties.servers.wsgi import serve


def some_api(request: HttpRequest) -> Any:
    """Answer with the request's own headers, or as RFC 6750 section 3.1 says without a token."""
    valid, _ = get_oauthlib_core().verify_request(request, scopes=["read"])
    if not valid:
        refusal = {"code": 401, "message": "访问令牌无效或已过期", "data": None}
        challenge = {"WWW-Authenticate": 'Bearer realm="api", error="invalid_token"'}
        return JsonResponse(refusal, status=401, headers=challenge)
    data = {
        "requestId": request.headers.get("X-Request-ID"),
        "clientVersion": request.headers.get("X-Client-Version"),
        "时间": timezone.now().isoformat(timespec="milliseconds"),
    }
    return JsonResponse({"code": 200, "message": "ok", "data": data})


def create_clients() -> None:
    """Register who may ask for tokens in its own name, and who has a refresh token of a person."""
    model = get_application_model()
    model.objects.create(
        name="审批系统",
        client_id=os.environ["EXTERNAL_CLIENT_ID"],
        client_secret=os.environ["EXTERNAL_CLIENT_SECRET"],
        client_type=model.CLIENT_CONFIDENTIAL,
        authorization_grant_type=model.GRANT_CLIENT_CREDENTIALS,
    )
    rotating = model.objects.create(
        name="移动审批",
        client_id="rotating",
        client_secret=os.environ["EXTERNAL_CLIENT_SECRET"],
        client_type=model.CLIENT_CONFIDENTIAL,
        authorization_grant_type=model.GRANT_PASSWORD,
    )
    owner = {"user": get_user_model().objects.create(username="liuyang"), "application": rotating}
    access = get_access_token_model().objects.create(
        token=secrets.token_urlsafe(), expires=timezone.now(), scope="read", **owner
    )
    token = os.environ["EXTERNAL_REFRESH_TOKEN"]
    get_refresh_token_model().objects.create(token=token, access_token=access, **owner)


urlpatterns = [path("o/", include("oauth2_provider.urls")), path("api/some/", some_api)]

if __name__ == "__main__":
    call_command("migrate", run_syncdb=True, verbosity=0)
    create_clients()
    serve(get_wsgi_application())
