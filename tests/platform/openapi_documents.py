"""Drawn OpenAPI documents: mostly right, with anything else in any place now and then."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

Drawn = st.SearchStrategy[Any]

NAMES: Drawn = st.sampled_from(
    ["id", "name", "客户", "a.b", "$", "yes", "007", "X-Id", "{x}", "", "x" * 300]
)
VALUES: Drawn = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | NAMES | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
REFERENCES: Drawn = st.sampled_from(
    [
        "#/components/schemas/A",
        "#/components/schemas/B",
        "#/paths/~1x",
        "#",
        "other.yaml",
        "#/no/where",
    ]
)


def mostly(right: Drawn) -> Drawn:
    """Draw what the standard wants, sometimes a reference or anything else instead."""
    reference = st.fixed_dictionaries({"$ref": REFERENCES})
    return st.integers(0, 9).flatmap(
        lambda n: VALUES if n == 0 else reference if n == 1 else right,
    )


def some(**members: Drawn) -> Drawn:
    """Draw an object of some of *members*; a name that is a word of Python ends with ``_``."""
    named = {name.rstrip("_"): drawn for name, drawn in members.items()}
    return mostly(st.fixed_dictionaries({}, optional=named))


def by(names: Drawn, inner: Drawn, most: int = 2) -> Drawn:
    return mostly(st.dictionaries(names, inner, max_size=most))


def several(inner: Drawn, most: int = 2) -> Drawn:
    return mostly(st.lists(inner, max_size=most))


SCHEMAS: Drawn = st.deferred(
    lambda: some(
        type=mostly(st.sampled_from(["string", "integer", "object", "array", "null"])),
        properties=by(NAMES, SCHEMAS, 3),
        items=SCHEMAS,
        allOf=several(SCHEMAS),
        enum=several(VALUES),
        required=several(NAMES),
        format=NAMES,
        minimum=VALUES,
        pattern=st.sampled_from(["(", "^1\\d{10}$"]),
        nullable=VALUES,
        example=VALUES,
    )
)
MEDIA = st.sampled_from(
    ["application/json", "multipart/form-data", "text/x", "image/png", "*/*", ""]
)
CONTENT = by(MEDIA, some(schema=SCHEMAS, example=VALUES))
PARAMETERS = several(
    some(
        name=NAMES,
        in_=st.sampled_from(["path", "query", "header", "cookie", "x"]),
        schema=SCHEMAS,
        required=VALUES,
        style=NAMES,
        content=CONTENT,
    ),
    4,
)
SECURITY = several(
    st.dictionaries(st.sampled_from("abcde"), st.lists(NAMES, max_size=2), max_size=2)
)
OPERATIONS = some(
    operationId=NAMES,
    summary=mostly(st.text(max_size=20)),
    parameters=PARAMETERS,
    requestBody=some(content=CONTENT, required=VALUES),
    responses=by(st.sampled_from(["200", "2XX", "default"]), some(content=CONTENT)),
    security=SECURITY,
    servers=VALUES,
)
TOKEN_URLS = st.sampled_from(["/t", "https://x.test/t", "{{", ""])
SCHEMES = some(
    type=mostly(st.sampled_from(["http", "apiKey", "oauth2", "openIdConnect"])),
    scheme=mostly(st.sampled_from(["basic", "bearer", "digest"])),
    in_=st.sampled_from(["header", "query", "cookie"]),
    name=NAMES | st.sampled_from(["X-CSRF-Token", "{{ token }}"]),
    flows=some(
        clientCredentials=some(tokenUrl=TOKEN_URLS), authorizationCode=some(tokenUrl=TOKEN_URLS)
    ),
)
SERVERS = st.sampled_from(["/v1", "https://a.test", "{x}", "http://[", "ftp://x"])
PATHS = st.sampled_from(
    ["/x", "/x/{id}", "/{a}/{a}", "no", "x-y", "/客户/{编号}", "/{", "/q?a=1", "/#"]
)
DOCUMENTS: Drawn = st.fixed_dictionaries(
    {"openapi": st.just("3.1.0")},
    optional={
        "info": VALUES,
        "servers": several(some(url=SERVERS), 1),
        "paths": by(PATHS, by(st.sampled_from(["get", "post", "parameters"]), OPERATIONS), 3),
        "security": SECURITY,
        "components": some(
            schemas=by(st.sampled_from("AB"), SCHEMAS),
            securitySchemes=by(st.sampled_from("abcde"), SCHEMES, 5),
        ),
    },
)
SWAGGER: Drawn = st.fixed_dictionaries(
    {},
    optional={
        "host": VALUES | st.just("a.test"),
        "basePath": VALUES | st.just("/v1"),
        "schemes": VALUES | st.just(["http", "https"]),
        "consumes": VALUES | st.lists(MEDIA, max_size=2),
        "produces": VALUES | st.lists(MEDIA, max_size=2),
        "securityDefinitions": by(st.sampled_from("abcde"), SCHEMES, 5),
        "paths": by(
            PATHS,
            by(
                st.sampled_from(["get", "post", "parameters"]),
                some(
                    parameters=several(
                        some(
                            name=NAMES,
                            in_=st.sampled_from(["path", "query", "header", "body", "formData"]),
                            type=st.sampled_from(["string", "file", "array", "integer"]),
                            required=VALUES,
                            schema=SCHEMAS,
                            collectionFormat=NAMES,
                        ),
                        4,
                    ),
                    consumes=several(MEDIA),
                    responses=by(
                        st.sampled_from(["200", "default"]), some(schema=SCHEMAS, examples=VALUES)
                    ),
                ),
            ),
            3,
        ),
    },
)
"""What Swagger 2.0 has instead, to be laid over one of `DOCUMENTS`."""
