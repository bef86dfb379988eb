"""moto's S3 without its authorisation, for those who need object storage and nothing more."""

from __future__ import annotations

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from tests.third_parties.servers.wsgi import serve

if __name__ == "__main__":
    serve(DomainDispatcherApplication(create_backend_app))
