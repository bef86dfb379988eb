from __future__ import annotations

import html
import json
import time
from collections.abc import Callable
from urllib.parse import quote, quote_plus

from hypothesis import given, settings
from hypothesis import strategies as st

from bpmax_sim.secret.redactor import Secret
from bpmax_sim.secret.vault import Vault
from tests.examples import drawn

SPELLINGS: tuple[Callable[[str], str], ...] = (
    str,
    quote,
    quote_plus,
    lambda text: quote(quote(text)).lower(),
    lambda text: json.dumps(text)[1:-1],
    lambda text: json.dumps(json.dumps(text))[3:-3],
    lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    html.escape,
    lambda text: "".join(f"&#{ord(one)};" for one in text),
    lambda text: "".join(f"&amp;#X00{ord(one):X};" for one in text),
)
secrets = st.text("张三密钥😀é \\\"/&<'%+=\n1a.", min_size=6, max_size=9)


@settings(max_examples=drawn(600), deadline=None)
@given(secrets, st.lists(st.sampled_from(SPELLINGS), min_size=1, max_size=9), st.text(max_size=9))
def test_a_secret_of_signs_is_seen_however_each_of_them_is_spelled(
    real: str, spellings: list[Callable[[str], str]], around: str
) -> None:
    secret = Secret(real, "redacted.p.i.s.1", "s")
    spelled = (spellings[at % len(spellings)](sign) for at, sign in enumerate(real))
    text = f"{around}{''.join(spelled)}{around}"

    found = secret.replacement_pattern.search(text)
    assert secret.occurs_in_any_spelling(text, text.lower()) or not found or found.lastindex != 1


@settings(max_examples=drawn(600), deadline=None)
@given(secrets, st.text('张三密钥é \\"/&#;x5fu20e%+=', max_size=60))
def test_what_has_no_sign_of_a_secret_does_not_hold_it(real: str, text: str) -> None:
    secret = Secret(real, "redacted.p.i.s.1", "s")

    assert secret.occurs_in_any_spelling(text, text.lower()) or secret.replace(text) == text


def test_secrets_in_chinese_cost_little_where_they_are_not() -> None:
    vault = Vault()
    for number, word in enumerate(("密码是北京欢迎你", "合同专用章的口令", "张三李四王五赵六")):
        vault.add(word, f"redacted.crm.test.s{number}.1", name=f"s{number}")
    body = json.dumps({"客户": ["北京的合同", "张三", 'a "b"'] * 30}, ensure_ascii=False)

    def seconds() -> float:
        begun = time.process_time()
        for _ in range(20):
            assert vault.redact_text(body) == body
        return (time.process_time() - begun) / 20

    assert vault.redact_text(f'{body}\\u5bc6码是%E5%8C%97京欢迎&#20320;"') != body
    assert min(seconds() for _ in range(5)) < 0.0005 * len(body.encode()) / 1000
