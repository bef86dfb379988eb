"""Members that can be lacking are those that the scripts read, as a run shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpmax_sim.explore.item_result import make_warnings
from bpmax_sim.explore.search import Exploration
from tests.explore.project import explore, write_project

READ_BY_OTHER_NAMES = """\
const found = await $proxy('crm').getCustomer(form.customerId);
const [part, ...rest] = ['contact', 'phone'];
form.phone = found.data[part][rest[0]].slice(-4);
"""
NAMED_AND_NOT_READ = """\
const found = await $proxy('crm').getCustomer(form.customerId);
form.name = found?.code === 0 ? found.data.name : '未查到';
const contact = form.phone;
"""
PASSED_ON = """\
const found = await $proxy('crm').$api('getCustomer').$path({id: form.customerId}).$call();
const copy = {...found.data, same: found.data === found.data, list: Array.isArray([found.data])};
form.note = JSON.stringify(copy) + Object.keys(found.data).join() + ('contact' in found.data);
console.log(found.data, found.data.contact);
"""
NOTICES = """\
const found = await $proxy('crm').getCustomer(form.customerId);
form.name = $proxy.name === '$proxy' ? found.data.contact?.phone : '';
"""
TABLE = {
    "names that the script makes": (READ_BY_OTHER_NAMES, {"data.contact", "data.contact.phone"}),
    "a word that is in the script for another thing": (NAMED_AND_NOT_READ, set()),
    "all members, by keys and JSON": (PASSED_ON, {"data.contact", "data.contact.phone"}),
}


def lacking_of(found: Exploration) -> set[str]:
    """Return the members that were tried, of which the schema says that they can be lacking."""
    shown = (one for one in found.variants if one.is_shown and one.column == "members")
    return {str(one.kind).rpartition(" ")[0] for one in shown}


@pytest.mark.parametrize("name", TABLE)
def test_what_a_run_reads_is_tried(name: str, tmp_path: Path) -> None:
    script, members = TABLE[name]

    found = explore(write_project(tmp_path, script))

    assert (found.refused, found.knows_member_reads) == ("", True)
    assert lacking_of(found) == members


def test_a_script_that_notices_is_explored_by_its_words_and_that_is_said(tmp_path: Path) -> None:
    found = explore(write_project(tmp_path, NOTICES))

    assert not found.knows_member_reads
    assert lacking_of(found) == {"data.contact", "data.contact.phone"}
    assert any("when it is watched what they read" in one.message for one in make_warnings(found))
