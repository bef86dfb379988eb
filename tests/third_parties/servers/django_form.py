"""A one-file Django site with a login form: ``/accounts/login/``, ``/contracts/`` for who is in.

It is Django's own form, session and CSRF protection. The one account is ``EXTERNAL_USER`` with
``EXTERNAL_PASSWORD``; its SQLite database is the file named by ``EXTERNAL_DATABASE``.
"""
# ruff: noqa: E402 - Django's models can be imported only after its setup.

from __future__ import annotations

import json
import os
import secrets

import django
from django.conf import settings

APPS = ("auth", "contenttypes", "sessions")
PAGE = """<!DOCTYPE html><html lang="zh"><head><meta charset="utf-8"><title>登录</title></head>
<body><form method="post"><p>用户名{% csrf_token %}{{ form }}<button>登录</button></form></body>
</html>"""

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    DATABASES={
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["EXTERNAL_DATABASE"]}
    },
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=[f"django.contrib.{name}" for name in APPS],
    LOGIN_REDIRECT_URL="/contracts/",
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    MIGRATION_MODULES=dict.fromkeys(APPS),
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    ROOT_URLCONF=__name__,
    SECRET_KEY=secrets.token_urlsafe(),
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "loaders": [
                    (
                        "django.template.loaders.locmem.Loader",
                        {"registration/login.html": PAGE},
                    )
                ]
            },
        }
    ],
    USE_TZ=True,
)
django.setup()

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView, LogoutView
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path

from tests.third_parties.servers.wsgi import serve


def contracts(request: HttpRequest) -> JsonResponse:
    """List the contracts, or take a new one, whose CSRF token Django checks before."""
    if request.method == "POST":
        return JsonResponse({"code": 200, "data": {"合同": json.loads(request.body)}})
    rows = [{"合同编号": "HT-2026-0007", "甲方": "北京某某科技有限公司", "金额": "128000.00"}]
    return JsonResponse({"code": 200, "user": request.user.get_username(), "data": rows})


urlpatterns = [
    path("accounts/login/", LoginView.as_view()),
    path("accounts/logout/", LogoutView.as_view()),
    path("contracts/", login_required(contracts)),
]

if __name__ == "__main__":
    call_command("migrate", run_syncdb=True, verbosity=0)
    User.objects.create_user(os.environ["EXTERNAL_USER"], password=os.environ["EXTERNAL_PASSWORD"])
    serve(get_wsgi_application())
