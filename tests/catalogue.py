"""The catalogues of messages: every template of the package and what each language makes of it.

    python -m tests.catalogue            print every template with the files that it stands in
    python -m tests.catalogue --missing  print what a language lacks, as JSON {template: ""}
    python -m tests.catalogue --merge F  take translations from such JSON files
    python -m tests.catalogue --update   write the .po files anew from the code, and compile them

What is checked of them stands in tests/structure/test_catalogue.py.
"""

from __future__ import annotations

import argparse
import ast
import io
import json
import re
import string
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from bpmax_sim.i18n import CATALOGUES, DOMAIN, LANGUAGES
from tests.sources import nodes

PACKAGE = CATALOGUES.parent
TRANSLATED = tuple(language for language in LANGUAGES if language != "en")

Id = str | tuple[str, ...]

TELLING = frozenset({"tell", "say", "notify", "confirm", "note_loss", "make_usage_error"})
"""What takes a template, its last argument without a name, where it takes values."""


def templates() -> dict[Id, set[str]]:
    """Return every template that has words in it, and the files that it stands in."""
    found: dict[Id, set[str]] = {}
    for module, every in nodes().items():
        for key in _called(every):
            if any(has_words(text) for text in texts(key)):
                found.setdefault(key, set()).add(f"{PACKAGE.name}/{module}")
    # gettext finds a singular by itself, too.
    for pair in [key for key in found if not isinstance(key, str) and key[0] in found]:
        found[pair] |= found.pop(pair[0])
    return found


def _called(every: Iterable[ast.AST]) -> Iterator[Id]:
    """Yield the templates among *every* node; Babel overlooks a call within a call's values."""
    for call in every:
        if isinstance(call, ast.Call):
            constants = [one.value for one in call.args if isinstance(one, ast.Constant)]
            words = [text for text in constants if isinstance(text, str)]
            name = _name(call)
            if name in one_template() and words:
                yield words[0]
            elif name in TELLING and call.keywords and isinstance(call.args[-1], ast.Constant):
                yield str(call.args[-1].value)
            elif name == "plural" and len(words) == 2:
                yield tuple(words)


def _name(call: ast.Call) -> str:
    """Return the name of the function or the method that *call* calls."""
    func = call.func
    return func.id if isinstance(func, ast.Name) else getattr(func, "attr", "")


@cache
def one_template() -> frozenset[str]:
    """Return what makes a message of its first argument: ``msg``, and errors that do the same."""
    found = {"msg", "template", "MessageError"}
    classes = [one for every in nodes().values() for one in every if isinstance(one, ast.ClassDef)]
    while new := {one.name for one in classes if _inherits(one, found)} - found:
        found |= new
    return frozenset(found)


def _inherits(one: ast.ClassDef, found: Iterable[str]) -> bool:
    """Return whether a class is one of *found* and takes the values of a template as those do."""
    bases = {base.id for base in one.bases if isinstance(base, ast.Name)}
    inits = [item for item in one.body if isinstance(item, ast.FunctionDef)]
    own = [item.args.kwarg for item in inits if item.name == "__init__"]
    return not bases.isdisjoint(found) and all(kw and kw.arg == "values" for kw in own)


def hidden_templates() -> Iterator[str]:
    """Yield where a template is a plain text in a variable, so that no catalogue has it."""
    for module, every in nodes().items():
        for function in every:
            if not isinstance(function, ast.FunctionDef):
                continue
            inside = tuple(ast.walk(function))
            calls = [one for one in inside if isinstance(one, ast.Call) and _is_template(one)]
            plain = set(_plain_texts(inside)) if calls else set()
            for call in calls:
                if plain & {one.id for one in call.args if isinstance(one, ast.Name)}:
                    yield f"{PACKAGE.name}/{module}:{call.lineno}"


def _is_template(call: ast.Call) -> bool:
    return _name(call) in one_template() | {"plural"}


def _plain_texts(inside: Iterable[ast.AST]) -> Iterator[str]:
    """Yield the names that a text is assigned to."""
    for node in inside:
        match node:
            case ast.Assign(targets=targets, value=ast.Constant(value=str())):
                yield from (one.id for one in targets if isinstance(one, ast.Name))


def doubled_braces(language: str) -> Iterator[str]:
    """Yield texts without values, in English and in *language*, that double their braces.

    Only what is filled with values has ``{{`` for a brace. Braces with a space in them are those
    of a template of Jinja, which such a text may speak of.
    """
    known = read(language)
    for key in templates():
        for text in texts(key):
            if not names(text):
                yield from (one for one in (text, known.get(key, "")) if _DOUBLED.search(one))


_DOUBLED = re.compile(r"\{\{(?! )")


def texts(key: Id) -> tuple[str, ...]:
    """Return the template, or the singular and the plural."""
    return (key,) if isinstance(key, str) else key


def has_words(template: str) -> bool:
    """Return whether words, or punctuation that is another one in Chinese, stand between values."""
    said = "".join(literal for literal, *_ in _parsed(template))
    return any(letter.isalpha() or letter in ":;,()" for letter in said)


def names(template: str) -> frozenset[str]:
    """Return the names of the values of *template*."""
    return frozenset(name for _, name, _, _ in _parsed(template) if name is not None)


def _parsed(template: str) -> Iterator[tuple[str, str | None, str | None, str | None]]:
    try:
        found = list(string.Formatter().parse(template))
    except ValueError:
        found = []
    if not found or any(
        name is not None and (not name.isidentifier() or (spec or "")[:1] == " ")
        for _, name, spec, _ in found
    ):
        yield template, None, None, None  # without values a template may have braces of its own
    else:
        yield from found


def path_of(language: str) -> Path:
    """Return the file that holds the translations into *language*."""
    return CATALOGUES / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def read(language: str) -> dict[Id, str]:
    """Return what *language* makes of the templates; of singular and plural its one form."""
    path = path_of(language)
    if not path.exists():
        return {}
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language)
    return {
        tuple(one.id) if isinstance(one.id, list | tuple) else one.id: _first(one.string)
        for one in catalogue
        if one.id and _first(one.string)
    }


def _first(translation: str | tuple[str, ...] | list[str] | None) -> str:
    return translation if isinstance(translation, str) else (translation or [""])[0]


def catalogue_of(language: str, translations: Mapping[Id, str]) -> Catalog:
    """Return the catalogue of *language*, a template a line of its own, by the alphabet."""
    never = datetime(2026, 1, 1, tzinfo=UTC)
    catalogue = Catalog(locale=language, domain=DOMAIN, charset="utf-8", creation_date=never)
    # No date and no author: two runs write the same bytes.
    catalogue.mime_headers = [
        ("Language", language),
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Transfer-Encoding", "8bit"),
        ("Plural-Forms", catalogue.plural_forms),
    ]
    found = templates()
    for key in sorted(found, key=texts):
        value = translations.get(key, "")
        catalogue.add(key, value if isinstance(key, str) else (value,), flags=())
    return catalogue


def written(language: str, translations: Mapping[Id, str]) -> tuple[bytes, bytes]:
    """Return the bytes of the .po and of the .mo file."""
    catalogue = catalogue_of(language, translations)
    source, compiled = io.BytesIO(), io.BytesIO()
    write_po(source, catalogue, width=0, omit_header=False)
    write_mo(compiled, catalogue)
    return source.getvalue(), compiled.getvalue()


def update(language: str, translations: Mapping[Id, str]) -> None:
    """Write both files of *language*."""
    path = path_of(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    source, compiled = written(language, translations)
    path.write_bytes(source)
    path.with_suffix(".mo").write_bytes(compiled)


def problems(language: str) -> Iterator[str]:
    """Yield what is wrong with the catalogue of *language*."""
    known = read(language)
    for key, files in templates().items():
        where = ", ".join(sorted(files))
        if not known.get(key):
            yield f"{language}: not translated: {key!r} ({where})"
            continue
        wanted = frozenset().union(*map(names, texts(key)))
        extra = names(known[key]) - wanted
        lost = wanted - names(known[key]) - ({"number"} if isinstance(key, tuple) else set())
        if extra or lost:
            yield f"{language}: other values: {key!r}: lacks {set(lost)}, adds {set(extra)}"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--missing", action="store_true")
    parser.add_argument("--merge", nargs="+", type=Path, default=[])
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--language", choices=TRANSLATED, default=TRANSLATED[0])
    wish = parser.parse_args()
    known = read(wish.language)
    by_first = {texts(key)[0]: key for key in templates()}
    for path in wish.merge:
        for template, translation in json.loads(path.read_text(encoding="utf-8")).items():
            if template not in by_first:
                print(f"{path}: no such template: {template!r}", file=sys.stderr)
            elif translation:
                known[by_first[template]] = translation
    if wish.update or wish.merge:
        update(wish.language, known)
    elif wish.missing:
        lacking = {texts(key)[0]: "" for key in templates() if not known.get(key)}
        print(json.dumps(lacking, ensure_ascii=False, indent=1))
    else:
        for key, files in sorted(templates().items(), key=lambda one: texts(one[0])):
            print(f"{' | '.join(texts(key))}    [{', '.join(sorted(files))}]")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
