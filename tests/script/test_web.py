"""AbortController, performance and the decoder of GBK."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.script.bench import START, value_of
from tests.script.v8_parity.judged import find_why_no_node_judges


def test_an_aborted_signal_tells_its_listeners_once_with_its_reason() -> None:
    source = """
      const 中止 = new AbortController(), 记录 = [];
      中止.signal.addEventListener('abort', e => 记录.push(e.type, e.target === 中止.signal));
      中止.signal.onabort = () => 记录.push('on');
      中止.abort(); 中止.abort('再');
      try { 中止.signal.throwIfAborted() } catch (e) { 记录.push(e.name, e.message) }
      return [记录, 中止.signal.aborted, AbortSignal.abort('原因').reason, `${中止.signal}`]"""

    assert value_of(source) == [
        ["on", "abort", True, "AbortError", "This operation was aborted"],
        True,
        "原因",
        "[object AbortSignal]",
    ]


def test_a_signal_that_times_out_does_so_in_virtual_time() -> None:
    source = """
      const 开始 = performance.now(), 超时 = AbortSignal.timeout(1500);
      const 合 = AbortSignal.any([超时]);
      const 名 = await new Promise(r => 合.addEventListener('abort', () => r(合.reason.name)));
      return [名, performance.now() - 开始, performance.timeOrigin]"""

    assert value_of(source) == ["TimeoutError", 1500, START * 1000]


def test_gbk_is_read_as_python_writes_it() -> None:
    text = "张三的合同：￥1,234.50元（壹仟贰佰）ABC 龘𤳵".replace("𤳵", "")
    source = "return new TextDecoder('GB2312').decode(Uint8Array.from(字节))"

    assert value_of(source, values={"字节": list(text.encode("gbk"))}) == text


@pytest.mark.skipif(find_why_no_node_judges("gbk") != "", reason=find_why_no_node_judges("gbk"))
def test_gbk_is_read_as_node_reads_it() -> None:
    pairs = [[lead, trail] for lead in range(0x81, 0xFF) for trail in (*range(0x20, 0xFF, 7), 0xFE)]
    code = f"{json.dumps(pairs)}.map(b => new TextDecoder('gbk').decode(Uint8Array.from(b)))"
    done = subprocess.run(
        ["node", "-p", f"JSON.stringify({code})"], capture_output=True, check=True, text=True
    )

    assert value_of(f"return {code}") == json.loads(done.stdout)


def test_a_decoder_that_is_fatal_refuses_what_is_not_gbk() -> None:
    source = """
      try { new TextDecoder('gbk', {fatal: true}).decode(Uint8Array.of(0xd5)) }
      catch (e) { return [e.name, e.message] }"""

    assert value_of(source) == ["TypeError", "The encoded data was not valid."]
