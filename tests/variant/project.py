"""A project of one scenario in a temporary folder, played by stubs."""

from __future__ import annotations

from pathlib import Path

from bpmax_sim.scenario.load import ScenarioItem, load_items

PLATFORM = """\
platform_key: erp
base_url: https://erp.example.test
apis:
  getOrder: {method: GET, path: "/orders/{id}"}
  createOrder: {method: POST, path: /orders, parameters: [{name: order, in: body, to: $}]}
"""


def write_project(folder: Path, scenario: str, **scripts: str) -> Path:
    """Write the file *scenario* and its *scripts*, by name without suffix; return its path."""
    home = folder / "scenarios"
    (home / "platforms").mkdir(parents=True, exist_ok=True)
    (home / "platforms/erp.yaml").write_text(PLATFORM, encoding="utf-8")
    for name, text in scripts.items():
        (home / f"{name}.js").write_text(text, encoding="utf-8")
    path = home / "订单.scenario.yaml"
    path.write_text(scenario, encoding="utf-8")
    return path


def load_item(folder: Path, scenario: str, **scripts: str) -> ScenarioItem:
    """Return the only item of such a project."""
    (item,) = load_items(write_project(folder, scenario, **scripts))
    return item
