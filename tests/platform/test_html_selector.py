"""Values of pages by CSS selector."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpmax_sim.errors import ConfigError
from bpmax_sim.platform.html_selector import compile_selector, compile_value_regex

PAGE = """<!doctype html><html><head><meta name="csrf-token" content="meta&amp;1">
<meta http-equiv=content-type content="text/html; charset=gbk"></head><body>
<form id="search"><input name="csrf" value="of the search"></form>
<p>请登录<div class="box login"><form id="login" action='/do.login'>
<INPUT TYPE=hidden NAME="csrf" VALUE="of the login"/>
<select name=dept><option value="sales" selected>销售部</select>
<span class="tip">验证 <b>码</b> 4711</span></form></div></body></html>"""


@pytest.mark.parametrize(
    ("selector", "value"),
    [
        ("input[name=csrf]", "of the search"),
        ("#login input[name=csrf]", "of the login"),
        ("form#login > input[name='csrf']", "of the login"),
        (".box.login input[type=hidden]", "of the login"),
        ("div > input", None),
        ("meta[name=csrf-token]", "meta&1"),
        ("form[action$='.login']@action", "/do.login"),
        ("form[id^=log]@action", "/do.login"),
        ("form [name*=cs]", "of the search"),
        ("span.tip", "验证 码 4711"),
        (".log", None),
        (".ti", None),
        ("[class~=logi]", None),
        ("[class*=logi] input", "of the login"),
        ("option[selected]", "sales"),
        ("input[name=nothing]", None),
        ("input[name^='']", None),
        ("input[name$='']", None),
        ("input[name*='']", None),
        ("input[name~='']", None),
        ("input[name='']", None),
    ],
)
def test_a_selector_finds_the_first_that_matches(selector: str, value: str | None) -> None:
    assert compile_selector(selector).find(PAGE) == value


@pytest.mark.parametrize(
    "text", ["", "  ", "a >", "> a", "a:first-child", "a, b", "a + b", "input[", "[name=a b]", "@x"]
)
def test_what_is_not_supported_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="not a CSS selector"):
        compile_selector(text)


@given(value=st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1))
def test_the_element_of_a_stand_in_is_found_by_its_selector(value: str) -> None:
    for text in ("input[name=csrf]", "meta[name=csrf-token]", "form#f > .c[a=b]", "a@href"):
        selector = compile_selector(text)
        assert selector.find(selector.make_element(value)) == value


@given(page=st.text(st.sampled_from("<>/=\"' abinput!-&;#x1")))
def test_no_page_breaks_it(page: str) -> None:
    compile_selector("input b").find(page)


def test_a_pattern_has_one_group_at_most() -> None:
    assert compile_value_regex("a(.)c").search("abc")
    for text in ("(", "(a)(b)", "a**"):
        with pytest.raises(ConfigError):
            compile_value_regex(text)
