from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.media_tokens.office import MOST_READ_BYTES, OfficeSize, find_office_size
from gateway.media_tokens.zip_bomb import MOST_UNPACKED_BYTES, ZipBomb
from tests.gateway.media_tokens.files import claiming, zipped

TEXTS = st.lists(st.text("abc &;", min_size=1, max_size=40), min_size=1, max_size=5)


def sheet(numbers: list[int], prefix: str = "") -> bytes:
    cells = "".join(f'<{prefix}c r="A1" t="s"><{prefix}v>{number}</{prefix}v></{prefix}c>' for number in numbers)
    return f"<{prefix}sheetData>{cells}</{prefix}sheetData>".encode()


def strings(texts: list[str], prefix: str = "") -> bytes:
    return "".join(f"<{prefix}si><{prefix}t>{text}</{prefix}t></{prefix}si>" for text in texts).encode()


def workbook(texts: list[str], numbers: list[int], prefix: str = "") -> bytes:
    return zipped({"xl/sharedStrings.xml": strings(texts, prefix), "xl/worksheets/sheet1.xml": sheet(numbers, prefix)})


def test_a_letter_has_no_more_text_than_its_parts_unpack_to() -> None:
    size = find_office_size(zipped({"word/document.xml": b"x" * 5_000, "word/media/image1.png": bytes(9_000)}))
    assert size == OfficeSize(images=1, text_bytes=5_000)


@given(TEXTS, st.data(), st.sampled_from(["", "x:"]))
def test_a_text_counts_in_every_cell_that_shows_it(texts: list[str], data: st.DataObject, prefix: str) -> None:
    numbers = data.draw(st.lists(st.integers(0, len(texts) - 1), max_size=60))
    size = find_office_size(workbook(texts, numbers, prefix))
    assert size is not None
    assert size.text_bytes >= sum(len(texts[number]) for number in numbers)


def test_numbers_in_cells_are_no_shared_texts() -> None:
    plain = b'<c r="A1"><v>0</v></c>' * 10
    size = find_office_size(zipped({"xl/sharedStrings.xml": strings(["x" * 1_000]), "xl/worksheets/a.xml": plain}))
    assert size is not None
    assert size.text_bytes < 2_000


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04 and no more",
        zipped({"xl/worksheets/sheet1.xml": sheet([0])}),
        workbook(["a"], [1]),
        zipped({"xl/sharedStrings.xml": b"", "xl/sharedStrings2.xml": b""}),
        claiming(zipped({"xl/worksheets/sheet1.xml": b"x"}), MOST_READ_BYTES + 1),
    ],
)
def test_what_cannot_be_read_has_no_bound(content: bytes) -> None:
    assert find_office_size(content) is None


def test_a_file_that_unpacks_to_more_than_a_document_holds_is_a_bomb() -> None:
    with pytest.raises(ZipBomb):
        find_office_size(claiming(zipped({"word/document.xml": b"x"}), MOST_UNPACKED_BYTES + 1))


@given(st.binary(max_size=60), st.integers(0, 200))
def test_no_bytes_break_it(noise: bytes, at: int) -> None:
    whole = workbook(["a"], [0])
    with suppress(ZipBomb):
        find_office_size(whole[:at] + noise + whole[at + len(noise) :])
