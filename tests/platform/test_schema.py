"""The JSON Schemas accept what the loader accepts."""

from __future__ import annotations

import jsonschema
import pytest

from bpmax_sim.platform.load import BUILT_IN, list_built_in_keys
from bpmax_sim.platform.presets import make_instances_schema, make_platform_schema
from bpmax_sim.yamlfile import read_yaml

PLATFORM = jsonschema.Draft7Validator(make_platform_schema())
INSTANCES = jsonschema.Draft7Validator(make_instances_schema())


def test_both_are_schemas_of_draft_07() -> None:
    for validator in (PLATFORM, INSTANCES):
        jsonschema.Draft7Validator.check_schema(validator.schema)
        assert validator.schema["$schema"] == "http://json-schema.org/draft-07/schema#"


@pytest.mark.parametrize("key", list_built_in_keys())
def test_the_shipped_platforms_fit(key: str) -> None:
    assert not list(PLATFORM.iter_errors(read_yaml(BUILT_IN / f"{key}.yaml").to_plain()))


def test_auth_is_a_presets_name_or_parameters_or_the_mechanisms() -> None:
    whole = {"platform_key": "crm", "base_url": "https://crm.example.test"}
    assert PLATFORM.is_valid({**whole, "auth": "basic"})
    assert PLATFORM.is_valid({**whole, "auth": {"preset": "api_key", "in": "query"}})
    assert PLATFORM.is_valid({**whole, "auth": {"apply": []}})
    assert PLATFORM.is_valid({**whole, "timeout": "1m30s"})
    assert not PLATFORM.is_valid({**whole, "auth": "basci"})
    assert not PLATFORM.is_valid({**whole, "auth": {"aply": []}})
    assert not PLATFORM.is_valid({**whole, "spellings": {}})
    assert not PLATFORM.is_valid({"platform_key": "crm"})


def test_instances_are_a_list_with_one_source_each() -> None:
    def one(value: object) -> list[object]:
        entry = {"platform": "qywx", "instance_key": "default"}
        return [{**entry, "credentials": {"corpsecret": value}}]

    assert INSTANCES.is_valid([])
    assert INSTANCES.is_valid(None)
    assert INSTANCES.is_valid(one({"env": "QYWX_SECRET"}))
    assert not INSTANCES.is_valid(one({"env": "A", "file": "b"}))
    assert not INSTANCES.is_valid(one({}))
    assert not INSTANCES.is_valid({"platform": "qywx"})
