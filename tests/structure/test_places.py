"""One fact, one place: a second parser or list of what has a module of its own is an error here."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from tests import sources


def nodes(*kinds: type[ast.AST], but: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield the nodes of these *kinds* with their places, the modules *but* aside."""
    for name, node in sources.of(*kinds):
        if name not in but:
            yield f"{name}:{node.lineno}", node


def texts_in(node: ast.AST) -> set[str]:
    return {
        one.value.strip().lower()
        for one in ast.iter_child_nodes(node)
        if isinstance(one, ast.Constant) and isinstance(one.value, str)
    }


def calls(*names: str, but: tuple[str, ...] = ()) -> list[tuple[str, ast.Call]]:
    return [
        (place, node)
        for place, node in nodes(ast.Call, but=but)
        if getattr(node.func, "attr", getattr(node.func, "id", "")) in names
    ]


def test_only_messages_looks_a_header_up_in_any_case() -> None:
    known = {"content-type", "cookie", "set-cookie", "location"}
    loops = [
        place
        for place, node in nodes(ast.GeneratorExp, ast.ListComp, but=("messages.py",))
        if not isinstance(node.elt, ast.Tuple | ast.IfExp)
        for test in ast.walk(node.generators[0])
        if isinstance(test, ast.Compare) and texts_in(test) & known
    ]

    # What keeps the spelling of a header is no look-up: it takes the pair as it stands.
    assert [place for place in loops if not place.startswith("cassette/matching.py")] == []


def test_only_messages_takes_media_types_and_cookies_apart() -> None:
    allowed = (
        "messages.py",
        "openapi/convert.py",
        "check/secrets.py",
    )  # text of a file, not a header
    apart = [
        place
        for place, node in calls("partition", "split", but=allowed)
        if texts_in(node) == {";"} and place.split(":")[0] != "simulator/auth.py"
    ]

    assert apart == []


def test_only_one_module_names_the_schemes_and_the_headers_of_credentials() -> None:
    lists = [
        place
        for place, node in nodes(ast.Set, ast.List, ast.Tuple, but=("secret/http_auth.py",))
        if {"bearer", "basic"} <= texts_in(node) or {"authorization", "cookie"} <= texts_in(node)
    ]

    assert lists == []


def test_only_field_path_reads_the_places_of_messages() -> None:
    roots = {"header.", "cookie.", "query.", "body.", "header:", "cookie:"}
    written = {  # what writes a place is no reader
        id(part) for _, node in nodes(ast.JoinedStr) for part in node.values
    }
    cut = [
        place
        for place, node in nodes(ast.Constant, but=("field_path.py",))
        if isinstance(node.value, str) and node.value in roots and id(node) not in written
    ]

    # These make a synthesised response from a rule's path, where nothing is matched.
    assert [place for place in cut if not place.startswith("simulator/model.py")] == []


def test_only_encoded_runs_decodes_runs_of_base64_and_hexadecimal() -> None:
    decoders = ("a2b_base64", "b64decode", "urlsafe_b64decode", "unhexlify")
    mine = [place.split(":")[0] for place, _ in calls(*decoders) if place.startswith("secret/")]

    # A JWT's claims, a PEM text and a Basic header are read as such; they are no runs of a text.
    assert set(mine) == {
        "secret/encoded_runs.py", "secret/http_auth.py", "secret/redactor.py", "secret/standin.py",
    }  # fmt: skip


def test_only_field_path_walks_to_a_member_of_a_body() -> None:
    walks = [
        place
        for place, node in nodes(ast.For, but=("field_path.py",))
        if isinstance(node.iter, ast.Call)
        and getattr(node.iter.func, "attr", "") == "split"
        and texts_in(node.iter) == {"."}
    ]
    names_of_the_whole_body = [
        place
        for place, node in nodes(ast.Set, but=("field_path.py",))
        if texts_in(node) == {"$", "."}
    ]

    assert walks + names_of_the_whole_body == []
