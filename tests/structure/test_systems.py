"""What Windows, macOS and Linux do differently has a module for each subject, and stays there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from tests import sources

PLACES: Mapping[str, tuple[set[str], Mapping[str, str]]] = {
    "locks": ({"import fcntl", "import msvcrt", "os.lockf"}, {"file_system.py": ""}),
    "rename": (
        {"replace()", "rename()", "os.replace", "os.rename"},
        {"file_system.py": "", "secret/redactor.py": "within a text"},
    ),
    "flags and owners": (
        {"O_BINARY", "O_NOFOLLOW", "O_NONBLOCK", "os.getuid", "fdatasync"},
        {"file_system.py": ""},
    ),
    "separators of paths": (
        {"os.sep", "os.altsep"},
        {
            "file_system.py": "",
            "file_names.py": "the parts of a path",
            "index/files.py": "tens of thousands of paths, without a Path for each",
            "cli/item_selection.py": "the same",
            "cli/watch.py": "whether one path is below another, of thousands",
            "pytest_plugin/items.py": "the path of a cassette as a test's own is written",
            "pytest_plugin/sharding.py": "the same",
        },
    ),
    "consoles": (
        {"isatty()", "reconfigure()"},
        {
            "cli/terminal.py": "",
            "cli/run.py": "whether a picture of the wait is seen",
        },
    ),
    "forks": (
        {"os.register_at_fork", "os.fork"},
        {
            "file_system.py": "locks",
            "clock.py": "random numbers",
            "cassette/recorder.py": "a branch of what is recorded",
            "script/limits.py": "the watch of endless scripts",
        },
    ),
    "signals": (
        {"import signal", "os.kill"},
        {
            "server.py": "",
            "cassette/journal.py": "whether the process lives that forked this one",
            "variant/workers.py": "Ctrl-C while processes are forked",
        },
    ),
    "stacks": ({"import resource", "platform.libc_ver"}, {"script/limits.py": ""}),
    "which system this is": (
        {"sys.platform", "os.name", "platform.system"},
        {
            "file_system.py": "",
            "cli/__init__.py": "starts again where file names could not be Chinese",
            "cli/doctor.py": "tells it",
            "server.py": "what SO_REUSEADDR means",
            "starter/demo.py": "how a shell activates an environment",
        },
    ),
    "fonts": (
        {"sans-serif"},
        {"report/flow_picture.py": "names a Chinese one of Windows, macOS and Linux"},
    ),
}
"""Subject -> what is spelled for it, and the modules that may, with why if it is not their job."""


def find_spelled(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Yield what *nodes* import, ``module.name``, names in texts, and methods that they call."""
    for node in nodes:
        match node:
            case ast.Import(names=names):
                yield from (f"import {one.name}" for one in names)
            case ast.ImportFrom(module=str(module), level=0):
                yield f"import {module}"
            case ast.Attribute(value=ast.Name(id=name), attr=attr):
                yield f"{name}.{attr}"
            case ast.Constant(value=str(text)):
                yield "sans-serif" if "sans-serif" in text else text
            case ast.Call(func=ast.Attribute(attr=attr), args=args, keywords=named):
                # A path is replaced by one other, a text by two, a structure by what has names.
                if attr not in {"replace", "rename"} or (len(args) == 1 and not named):
                    yield f"{attr}()"


@cache
def spelled_by_module() -> Mapping[str, frozenset[str]]:
    return {name: frozenset(find_spelled(nodes)) for name, nodes in sources.nodes().items()}


@pytest.mark.parametrize("subject", PLACES)
def test_what_differs_between_systems_stands_in_the_modules_of_its_subject(subject: str) -> None:
    spelled, allowed = PLACES[subject]
    found = {name for name, words in spelled_by_module().items() if spelled & words}

    assert found == {*allowed}


POSIX_MODULES = {"fcntl", "grp", "pty", "pwd", "resource", "termios", "tty"}
POSIX_NAMES = {
    *(f"os.{name}" for name in ("getuid", "geteuid", "killpg", "mkfifo", "setsid")),
    *(f"signal.{name}" for name in ("SIGALRM", "SIGHUP", "SIGKILL", "SIGQUIT", "SIGXCPU")),
}
ROOT = Path(__file__).parents[2]
LINUX_ALONE = {"tests/budget.py", "tests/cassette/windows.py"}
"""What is imported where there are forks, or stands in for Windows on Linux."""


def find_at_import(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what of a module runs when it is imported."""
    for part in ast.iter_child_nodes(node):
        if not isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield part
            yield from find_at_import(part)
        elif not isinstance(part, ast.Lambda):
            yield from (one for decorator in part.decorator_list for one in ast.walk(decorator))


def test_tests_are_collected_where_there_is_no_posix() -> None:
    names = {*(f"import {name}" for name in POSIX_MODULES), *POSIX_NAMES}
    mentioned = re.compile("|".join(map(re.escape, names))).search
    needy = {
        path.relative_to(ROOT).as_posix()
        for path in ROOT.glob("tests/**/*.py")
        if "campaigns" not in path.parts
        and path != Path(__file__)
        and mentioned(text := path.read_text("utf-8"))
        and names & {*find_spelled(find_at_import(ast.parse(text)))}
    }

    assert needy == LINUX_ALONE
