"""Documents with one API, and what becomes of them."""

from __future__ import annotations

from typing import Any

from bpmax_sim.openapi.convert import ConvertedPlatform, convert_document
from bpmax_sim.openapi.document import Document
from bpmax_sim.yamlfile import read_yaml

JSON, XML, FORM = "application/json", "application/xml", "application/x-www-form-urlencoded"
KEY = {"type": "apiKey", "in": "header", "name": "X-Key"}
BEARER = {"type": "http", "scheme": "bearer"}
URL = "https://crm.example.test/open"


def made(
    operation: dict[str, Any] | None = None, *, answers: bool = False, url: str = URL, **root: Any
) -> ConvertedPlatform:
    """Return what becomes of a document with ``POST /客户``, or with the ``paths`` of *root*."""
    paths = {"/客户": {"post": {"operationId": "saveCustomer", **(operation or {})}}}
    document = Document("crm.json", {"openapi": "3.1.0", "paths": paths, **root})
    return convert_document(document, key="crm", url=url, has_response_schemas=answers)


def tree(platform: ConvertedPlatform) -> Any:
    return read_yaml(platform.text).to_plain()


def api_of(operation: dict[str, Any], **more: Any) -> dict[str, Any]:
    [api] = tree(made(operation, **more))["apis"].values()
    return dict(api)


def told(platform: ConvertedPlatform) -> list[str]:
    return [f"{note.path}: {note.message}" for note in platform.notes]
