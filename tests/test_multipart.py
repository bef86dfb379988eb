"""Bodies of several parts: where each begins, and what stands before its content."""

from __future__ import annotations

import pytest

from bpmax_sim.multipart import (
    find_delimiter,
    guess_delimiter,
    join_sections,
    parse_part_head,
    split_sections,
)


@pytest.mark.parametrize(
    ("content_type", "delimiter"),
    [
        ("multipart/form-data; boundary=界", "--界".encode()),
        ('multipart/form-data; boundary="a b"', b"--a b"),
        ("multipart/form-data; Boundary=x; charset=utf-8", b"--x"),
        ("multipart/form-data; charset=utf-8; boundary=x", b"--x"),
        ("multipart/form-data; boundary=", b""),
        ("multipart/form-data", b""),
        ("", b""),
    ],
)  # fmt: skip
def test_a_content_type_names_what_begins_each_part(content_type: str, delimiter: bytes) -> None:
    assert find_delimiter(content_type) == delimiter


@pytest.mark.parametrize(
    ("data", "delimiter"),
    [
        (b"--x\r\nA: b\r\n\r\n1\r\n--x--", b"--x"), (b"--x", b"--x"), (b"--\r\n", b"--"),
        (b"-x\r\n", b""), (b"x\r\n--x", b""), (b"", b""), (b"\r\n--x", b""),
    ],
)  # fmt: skip
def test_a_first_line_may_begin_a_part(data: bytes, delimiter: bytes) -> None:
    assert guess_delimiter(data) == delimiter


@pytest.mark.parametrize(
    ("data", "sections"),
    [
        (b"--x\r\nA\r\n\r\n1\r\n--x--\r\n", [b"", b"\r\nA\r\n\r\n1", b"--\r\n"]),
        (b"--x\r\n1\r\n--x\r\n2\r\n--x--", [b"", b"\r\n1", b"\r\n2", b"--"]),
        (b"pre\r\n--x\r\n1", [b"\r\npre", b"\r\n1"]),
        (b"a--x b", [b"\r\na--x b"]),
        (b"--x\n1\n--x", [b"", b"\n1\n--x"]),
        (b"", [b"\r\n"]),
    ],
)
def test_a_body_is_split_and_joined_to_the_byte(data: bytes, sections: list[bytes]) -> None:
    assert split_sections(data, b"--x") == sections
    assert join_sections(sections, b"--x") == data


@pytest.mark.parametrize(
    ("head", "name", "parameters", "headers"),
    [
        (('Content-Disposition: form-data; name="合同"; filename="a.pdf"\r\n'
         "Content-Type: application/pdf"), "合同", {"form-data": "", "filename": "a.pdf"},
         {"content-type": "application/pdf"}),
        ("content-disposition:form-data;NAME=a", "a", {"form-data": ""}, {}),
        ('Content-Disposition: form-data;\r\n name="a";\r\n\tfilename="b"', "a",
         {"form-data": "", "filename": "b"}, {}),
        ("Content-Disposition: form-data; name*=UTF-8''%E5%90%8D", "名", {"form-data": ""}, {}),
        ("Content-Disposition: form-data", "", {"form-data": ""}, {}),
        ("X-A : 1\r\n\r\nX-B: 2: 3", "", {"": ""}, {"x-a": "1", "x-b": "2: 3"}),
        ("", "", {"": ""}, {}),
    ],
)  # fmt: skip
def test_a_part_has_a_name_parameters_and_headers(
    head: str, name: str, parameters: dict[str, str], headers: dict[str, str]
) -> None:
    found = parse_part_head(head)
    assert (found.name, found.parameters, found.headers) == (name, parameters, headers)
