from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, get_args, get_type_hints

import pytest
from packaging.version import InvalidVersion, Version

import bpmax_sim
from bpmax_sim import errors, testing
from bpmax_sim.errors import BpmaxError, BpmaxWarning
from bpmax_sim.exports import EXPORTS, make_lazy_exports

HEAVY = ("_quickjs", "httpx", "hypothesis", "jinja2", "msgspec", "pytest", "typer", "yaml")
ROOT = Path(bpmax_sim.__file__).parents[1]


@pytest.mark.parametrize("module", [bpmax_sim, testing])
def test_the_names_of_the_stub_are_those_that_there_are(module: ModuleType) -> None:
    stub = Path(str(module.__file__)).with_suffix(".pyi")
    imports = [
        one for one in ast.parse(stub.read_text("utf-8")).body if type(one) is ast.ImportFrom
    ]
    homes = {name.asname: one.module for one in imports for name in one.names}

    assert [name.name for one in imports for name in one.names] == [*homes]
    assert homes == {
        name: home for home, names in EXPORTS[module.__name__].items() for name in names.split()
    }
    assert sorted(map(str, homes)) == module.__all__


def test_the_package_gives_out_its_names_from_a_zip(tmp_path: Path) -> None:
    archive = tmp_path / "bpmax_sim.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in Path(bpmax_sim.__file__).parent.rglob("*.py"):
            file.write(path, path.relative_to(ROOT))
    code = "import bpmax_sim; print(bpmax_sim.ConfigError.__name__, bpmax_sim.__file__)"

    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(archive)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split() == ["ConfigError", str(archive / "bpmax_sim/__init__.py")]


@pytest.mark.parametrize("name", bpmax_sim.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(bpmax_sim, name)
    assert name in dir(bpmax_sim)


def test_every_error_is_public() -> None:
    defined = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, BpmaxError | BpmaxWarning)
    }

    assert defined <= {*bpmax_sim.__all__}


def test_another_name_is_refused_like_that_of_any_module() -> None:
    with pytest.raises(AttributeError) as caught:
        bpmax_sim.Sesion  # type: ignore[attr-defined]  # noqa: B018 - reading it is the test

    assert str(caught.value) == "module 'bpmax_sim' has no attribute 'Sesion'"


@pytest.mark.parametrize("module", [bpmax_sim, testing])
def test_a_module_lists_what_it_has_itself_and_what_it_gives_out(module: ModuleType) -> None:
    own = {"__doc__", "__file__", "__getattr__", "__name__", "__spec__"}

    assert own <= {*dir(module)}
    assert dir(module) == sorted({*vars(module), *module.__all__})


def test_a_name_is_listed_before_and_after_its_first_use() -> None:
    """Its module has three names of its own: one is public, one is not, and one is both's."""
    module = {"__name__": "bpmax_sim.testing", "_税率": 0.13, "合同": "HT-0007", "Clock": None}
    get, list_names = make_lazy_exports(module)
    listed = sorted({"__name__", "_税率", "合同", *testing.__all__})

    assert list_names() == listed
    assert [*module] == ["__name__", "_税率", "合同", "Clock"]
    assert get("__all__") == testing.__all__
    assert [get("Message"), get("Clock")] == [testing.Message, testing.Clock]
    assert [*module] == ["__name__", "_税率", "合同", "Clock", "Message"]
    assert [module["Message"], module["Clock"]] == [testing.Message, testing.Clock]
    module["发票"] = "FP-0001"
    assert list_names() == sorted([*listed, "发票"])
    for other in ("合同", "__doc__", "message", ""):
        with pytest.raises(AttributeError):
            get(other)


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = f"import sys, bpmax_sim; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"


def test_a_scenario_runs_from_python(tmp_path: Path) -> None:
    path = tmp_path / "问候.scenario.yaml"
    path.write_text(
        "version: 1\nscenario: 问候\nsteps:\n  - {js: return 6 * 7, expect: {result: 42}}\n"
    )
    skipped = tmp_path / "跳过.scenario.yaml"
    skipped.write_text("version: 1\nscenario: 跳过\nskip: 还没有\nsteps:\n  - {js: return 1}\n")

    result = bpmax_sim.run_scenario(path, environ={})

    assert (result.ok, result.failures, result.unwrap()) == (True, (), result)
    assert getattr(result.events[-1], "outcome", "") == "passed"
    assert bpmax_sim.run_scenario(skipped, environ={}).events == ()


def test_a_scenario_runs_when_it_is_called_and_its_failures_can_be_raised(tmp_path: Path) -> None:
    path = tmp_path / "问候.scenario.yaml"
    path.write_text(
        "version: 1\nscenario: 问候\nsteps:\n  - {js: return 6 * 7, expect: {result: 43}}\n"
    )

    result = bpmax_sim.run_scenario(path, environ={})

    assert (result.ok, [failure.kind for failure in result.failures]) == (False, ["expect"])
    with pytest.raises(bpmax_sim.ExpectationError, match="result expected 43, got 42"):
        result.unwrap()
    with pytest.raises(bpmax_sim.ConfigError, match="没有"):
        bpmax_sim.run_scenario(tmp_path / "没有.scenario.yaml")


def test_no_extra_is_named_like_a_version() -> None:
    """``extra == "v8"`` ends pip 24.1 to 25.2 with a traceback: pypa/pip issue 13349."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]

    assert extras
    for extra in extras:
        with pytest.raises(InvalidVersion):
            Version(extra)


def named(hint: object) -> Iterator[type]:
    """Yield the classes of the package that an annotation names."""
    arguments = hint if isinstance(hint, list) else get_args(hint)
    if isinstance(hint, type) and not arguments and hint.__module__.startswith("bpmax_sim."):
        yield hint
    for one in arguments:
        yield from named(one)


def annotated(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield what has annotations of a public name: itself, its public methods and properties."""
    if isinstance(value, type):
        yield name, value
        for member, function in vars(value).items():
            inner = getattr(function, "__func__", getattr(function, "fget", function))
            if not member.startswith("_") and hasattr(inner, "__annotations__"):
                yield f"{name}.{member}", inner
    elif hasattr(value, "__annotations__"):
        yield name, value


INSIDE = {
    "Builder.program",
    "Cassette",
    "NetworkGuard.judge",
    "Platforms",
    "RecordingMoves",
    "RunRecordings.join",
    "RunRecordings.finish",
    "Session.chance",
    "Session.find_instance_addresses",
    "SharedLogins.obtain",
}
"""What their own package calls, beside what consumers do."""


def test_all_that_a_public_signature_names_can_be_imported() -> None:
    public = {name: getattr(bpmax_sim, name) for name in bpmax_sim.__all__}
    others = {name: getattr(testing, name) for name in testing.__all__}
    fixtures = {name: value for name, value in others.items() if name.startswith("RunRecordings")}
    there = {"Simulator": bpmax_sim.Simulator}  # imported for annotations alone
    missing = {
        f"{where}({argument}): {kind.__qualname__}"
        for name, value in (public | fixtures).items()
        if name not in INSIDE and name != "strategies"
        for where, one in annotated(name, value)
        if where not in INSIDE
        for argument, hint in get_type_hints(one, localns=there).items()
        if not argument.startswith("_")
        for kind in named(hint)
        if kind not in (public | others).values()
    }

    assert missing == set()


@pytest.mark.parametrize("name", testing.__all__)
def test_every_name_for_tests_is_there(name: str) -> None:
    assert getattr(testing, name)
    assert name in dir(testing)
