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
    ("selector", "page", "value"),
    [
        # attributes
        ("input[name=a]", "<input NAME=a VALUE=1>", "1"),
        ("input[NAME=a]", "<input name=a value=1>", "1"),
        ("input[name=a]", "<input name=a name=b value=1 value=2>", "1"),
        ("input[name=b]", "<input name=a name=b value=1>", None),
        ('form input[name="user[token]"]', "<form><input name='user[token]' value=1>", "1"),
        ("input[name='data[_Token][key]']@id", "<input name='data[_Token][key]' id=x>", "x"),
        ("p > [name=\"a]>b 'c' #d\"]", "<p><input name=\"a]>b 'c' #d\" value=1>", "1"),
        ("INPUT[name=A]", "<input name=a value=1>", None),
        ("INPUT[name=a]", "<input name=a value=1>", "1"),
        ("input[checked]", "<input checked value=1>", "1"),
        ("input[checked='']", "<input checked value=1>", "1"),
        ("input[name=a]@checked", "<input name=a checked>", ""),
        ("input[name^=a]", "<input name=ba value=1><input name=ab value=2>", "2"),
        ("input[name$=a]", "<input name=ab value=1><input name=ba value=2>", "2"),
        ("input[name*=a]", "<input name=b value=1><input name=bab value=2>", "2"),
        ("input[name*=a]", "<input value=1><input name=bab value=2>", "2"),
        ("input[class~=c]", "<input class='a b' value=1><input class='a b c' value=2>", "2"),
        ("input.a.c", "<input class='a b' value=1><input class='c b a' value=2>", "2"),
        ("input#a", "<input id=ab value=1><input id=a value=2>", "2"),
        ("input[name=a]", "<input name=a value='&lt;令牌&amp;1&gt;'>", "<令牌&1>"),
        # which attribute the value is
        ("meta", "<meta content=2 value=1>", "1"),
        ("meta", "<meta content=2>", "2"),
        ("meta", "<meta content='' name=a>", ""),
        ("input", "<input name=a><input value=2>", "2"),
        ("a@href", "<a>一</a><a href=/x>二</a>", "/x"),
        ("a@href", "<a value=1>一</a>", None),
        ("a", "<a href=/x>一</a>", "一"),
        # texts
        ("b", "<p>甲<b>乙<i>丙</i>丁</b>戊</p>", "乙丙丁"),
        ("b", "<b>甲<br>乙<br/>丙</b>丁", "甲乙丙"),
        ("b", "<b>甲<img src=x>乙</b>丁<b>戊</b>", "甲乙"),
        ("div", "<div>甲<div>乙</div>丙</div>丁", "甲乙丙"),
        ("div div", "<div>甲<div>乙<div>丙</div></div>丁</div>戊", "乙丙"),
        ("b", "<b>甲</i>乙</b>丙", "甲乙"),
        ("b", "<p><b>甲<i>乙</p>丙", "甲乙"),
        ("b", "<p><b>甲", "甲"),
        ("b", "<b>甲<i>乙</b>丙</i>丁", "甲乙"),
        ("b", "<b></b><b>乙</b>", ""),
        ("b", "<b> 甲 \n\t 乙 </b>", "甲 乙"),
        ("b", "<b>a &amp; b &#x4e2d;</b>", "a & b 中"),
        ("b", "<b>甲<b>乙<input value=3></b></b>", "甲乙"),
        # what stands around
        ("div input", "<div></div><input value=1>", None),
        ("div input", "<div><br><input value=1></div>", "1"),
        ("br input", "<br><input value=1>", None),
        ("div input", "</div><div><p><input value=1></p></div>", "1"),
        ("div > input", "<div><p><input value=1></p><input value=2></div>", "2"),
        ("div > p > input", "<div><b><p><input value=1></p></b><p><input value=2></p></div>", "2"),
        ("div > p input", "<div><p><b><input value=1></b></p></div>", "1"),
        ("div > p input", "<p><div><input value=1></div></p>", None),
        ("div p > input", "<div><b><p><input value=1></p></b></div>", "1"),
        ("div > p > input", "<p><input value=1></p>", None),
        ("form.a div input", "<form><div><input value=1></div></form>", None),
        ("#a div input", "<div id=a><p><div><input value=1></div></p></div>", "1"),
        ("#a > div input", "<div id=a><div><div><input value=1></div></div></div>", "1"),
        ("#a p input", "<p id=a><div></div></p><p><input value=1></p>", None),
        ("p > p", "<p>甲<b>乙<p>丙</p></b></p>", None),
    ],
)
def test_a_value_is_read_as_a_browser_does(selector: str, page: str, value: str | None) -> None:
    assert compile_selector(selector).find(page) == value


@pytest.mark.parametrize(
    ("selector", "element"),
    [
        ("input[name=csrf]", '<input name="csrf" value="甲&lt;1">'),
        ("meta[name=csrf]", '<meta name="csrf" content="甲&lt;1">'),
        ("a@href", '<a href="甲&lt;1"></a>'),
        ("#a", '<input id="a" value="甲&lt;1">'),
        ("#a #b", '<div id="a"><input id="b" value="甲&lt;1"></div>'),
        ("div p > b", '<div><p><b value="甲&lt;1"></b></p></div>'),
        ("b.a.c[lang]", '<b class="a c" lang="" value="甲&lt;1"></b>'),
        ("b[id=x][id^=x]", '<b id="x" value="甲&lt;1"></b>'),
        ("b[id$=z][id*=y][id^=x]", '<b id="x y z" value="甲&lt;1"></b>'),
    ],
)
def test_an_element_holds_its_value_where_the_selector_looks(selector: str, element: str) -> None:
    found = compile_selector(selector)

    assert found.make_element("甲<1") == element
    assert found.find(element) == "甲<1"


@pytest.mark.parametrize(
    "text",
    [
        "", "  ", "a >", "> a", "a:first-child", "a, b", "a + b", "input[", "[name=a b]", "@x",
        '[name="a]', "[name='a\"]", "a]", "[[a]]", "#login .container > input[name=csrf_token" * 9,
    ],
)  # fmt: skip
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
