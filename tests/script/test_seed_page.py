"""The scripts of the documentation page run as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.errors import HttpStatusError, ScriptError
from bpmax_sim.messages import Request, Response
from bpmax_sim.script.failure import Script
from tests.script.bench import Bench, ok, texts

SCRIPTS = Path(__file__).parents[2] / "scenarios/scripts"
CUSTOMER = {"id": "12345", "name": "张三", "phone": "13800138000"}


def script(name: str) -> Script:
    return Script((SCRIPTS / f"{name}.js").read_bytes().decode(), f"{name}.js")


def answer(_request: Request) -> Response:
    return ok({"code": 200, "message": "ok", "data": CUSTOMER})


def run(name: str, *libraries: str, bench: Bench | None = None, **form: Any) -> tuple[Any, Any]:
    bench = bench or Bench(answer)
    source = script(f"seed/{name}")
    outcome = bench.run(source.source, libraries=list(map(script, libraries)), form=form)
    return outcome, bench


@pytest.mark.parametrize("name", ["basic_syntax", "direct_call", "chained_call"])
def test_an_example_runs_unmodified(name: str) -> None:
    libraries = ["lib/basic_syntax_names"] if name == "basic_syntax" else []
    outcome, bench = run(name, *libraries)

    assert outcome.error is None
    assert len(bench.programs) == 1


def test_the_usage_example_reads_the_form_and_logs_the_customer() -> None:
    library = "seed/get_customer_info"
    outcome, bench = run("usage", library, customerId="12345")

    assert texts(outcome) == ["客户名称: 张三", "联系电话: 13800138000"]
    assert bench.programs[0].args == ("12345",)


def test_the_usage_example_logs_and_passes_on_what_fails() -> None:
    def refuse(_request: Request) -> Response:
        raise HttpStatusError("HTTP 404", status=404, platform="crm_system")

    outcome, _ = run("usage", "seed/get_customer_info", bench=Bench(refuse), customerId="99999")

    assert outcome.console[0].text.startswith("查询客户信息失败: Error: HTTP 404")
    assert isinstance(outcome.error, ScriptError)
    assert isinstance(outcome.error.__cause__, HttpStatusError)


def test_a_business_failure_of_the_usage_example_is_its_own_error() -> None:
    bench = Bench(lambda _request: ok({"code": 404, "message": "客户不存在"}))
    outcome, _ = run("usage", "seed/get_customer_info", bench=bench, customerId="99999")

    assert outcome.error.message == "客户不存在"
    assert outcome.error.__cause__ is None


def test_own_headers_come_from_a_library_function() -> None:
    bench = Bench(answer)
    libraries = [script("lib/request_id"), script("seed/custom_headers")]
    outcome = bench.run("return await callApiWithCustomHeaders()", libraries=libraries)
    [(setter, headers)] = bench.programs[0].steps

    assert outcome.unwrap() == CUSTOMER
    assert (setter, headers["X-Client-Version"]) == ("header", "1.0.0")
    assert headers["X-Request-ID"]


def test_the_chained_function_returns_the_data() -> None:
    outcome = Bench(answer).run(
        "return await getCustomerInfoChain('12345')",
        libraries=[script("seed/get_customer_info_chain")],
    )

    assert outcome.unwrap() == CUSTOMER
