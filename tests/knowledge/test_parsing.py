"""Files of every kind become paragraphs with pages; hostile ones cost a sentence."""

from __future__ import annotations

import pytest

from bot.memory.parsing.blocks import Block, Pile
from bot.memory.parsing.child import answer
from bot.memory.parsing.kinds import kind_of, named_kind
from bot.memory.parsing.letters import decode
from bot.memory.parsing.plain import json_text, markdown, table
from bot.memory.parsing.refusals import DocumentRefused
from bot.memory.parsing.run import MOST_BYTES, Parser
from tests.knowledge.making import HOUSE_RULES, archive, pdf, word

PAGE = """<!doctype html><html><head><meta charset="utf-8"><title>T</title><style>p { color: red }</style>
<script>steal()</script></head><body><nav>Menu</nav><h1>Rules &amp; more</h1><p>Guest
parking <b>costs</b> 35.<br>An hour.</p><p hidden>secret</p><div style="display: none">hidden</div>
<table><tr><th>Who</th><th>Price</th></tr><tr><td>Guest</td><td>35</td></tr></table></body></html>"""


def read(name: str, data: bytes) -> list[Block]:
    """What the child process would answer."""
    return [Block(*row) for row in answer(kind_of(name, None, data), data)["blocks"]]


async def refusal(name: str, data: bytes, parser: Parser | None = None) -> str:
    with pytest.raises(DocumentRefused) as refused:
        await (parser or Parser()).parse(kind_of(name, None, data), data)
    assert str(refused.value).endswith(".")
    return refused.value.reason


def test_a_pdf_has_pages_and_the_headings_of_its_outline() -> None:
    blocks = read("rules.pdf", pdf(HOUSE_RULES, outline=True))
    assert Block("Parking", 3, 1) in blocks
    assert Block("Guest parking costs 35 hryvnias an hour.\nResidents pay by the month.", 3) in blocks


def test_a_pdf_in_cyrillic_that_only_its_owner_may_change() -> None:
    data = pdf([["Правила будинку", "Гостьове парку-", "вання коштує 35 грн."]], owner="boss")
    assert read("rules.pdf", data) == [Block("Правила будинку\nГостьове паркування коштує 35 грн.", 1)]


def test_running_heads_are_left_out() -> None:
    pages = [["House rules, page 1", "Acme", f"words of the page {name}", "end"] for name in "abcdef"]
    numbered = [[f"House rules, page {n}", *page[1:]] for n, page in enumerate(pages, start=1)]
    blocks = read("rules.pdf", pdf(numbered))
    assert [block.text for block in blocks][:2] == ["words of the page a", "words of the page b"]


@pytest.mark.parametrize("paged", [False, True])
def test_a_word_document_keeps_headings_tables_and_known_pages(paged: bool) -> None:
    blocks = read("rules.docx", word(with_pages=paged))
    first, second = (1, 2) if paged else (None, None)
    assert blocks == [
        Block("House rules", first, 1),
        Block("Quiet", first, 1),
        Block("Quiet hours are from 22:00 to 8:00.", first),
        Block("Parking", first, 1),
        Block("Guests park in the yard.", second),
        Block("Who: Guest; Price: 35 UAH", second),
        Block("Who: Resident; Price: 0", second),
    ]


def test_of_a_web_page_only_what_is_seen() -> None:
    assert read("page.html", PAGE.encode()) == [
        Block("Rules & more", None, 1),
        Block("Guest parking costs 35.\nAn hour."),
        Block("Who | Price"),
        Block("Guest | 35"),
    ]
    declared = "<meta charset=windows-1251><p>Привіт, світе".encode("cp1251")
    assert read("page.htm", declared) == [Block("Привіт, світе")]


def test_markdown_headings_fences_and_paragraphs() -> None:
    pile = Pile()
    markdown(b"# Rules\nintro\n\n```\n# no heading\n```\nSetext\n---\nbody\nof it", pile)
    assert pile.blocks == [
        Block("Rules", level=1), Block("intro"), Block("# no heading\nSetext\n---\nbody\nof it"),
    ]  # fmt: skip


def test_tables_and_json_name_their_values() -> None:
    rows, items = Pile(), Pile()
    table("Ім'я;Телефон\nАнна;123\nБорис;\n".encode("cp1251"), rows)
    assert [block.text for block in rows.blocks] == ["Ім'я: Анна; Телефон: 123", "Ім'я: Борис"]
    json_text(b'{"house": 7, "rooms": [{"no": 1, "who": "Ann"}, {"no": 2, "free": true}]}', items)
    assert [block.text for block in items.blocks] == [
        "house: 7", "rooms › no: 1; rooms › who: Ann", "rooms › no: 2; rooms › free: true",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Тиша з 22:00 до 8:00. Гості паркуються у дворі.", "cp1251"),
        ("Тиша з 22:00 до 8:00. Гості паркуються у дворі.", "koi8-u"),
        ("ООО «Ромашка» ПРАЙС-ЛИСТ 2026", "cp1251"),
        ("price 35 грн", "cp1251"),
        ("Где ключи?", "cp866"),
        ("Le café est fermé à midi.", "cp1252"),
        ("Zażółć gęślą jaźń. Nie parkować pod bramą.", "cp1250"),
        ("駐車場の料金は一時間三百円です。静かにしてください。", "cp932"),
        ("ค่าจอดรถแขกชั่วโมงละ 35 บาท กรุณาเงียบ", "cp874"),
        ("Тиша", "utf-16"),
        ("Тиша", "utf-8-sig"),
    ],
)
def test_encodings(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize(
    ("name", "mime", "kind"),
    [
        ("a.PDF", None, "pdf"), ("notes", "text/plain; charset=utf-8", "text"), ("a.md", "x/y", "markdown"),
        ("a.py", "text/x-python", "text"), ("a.xlsx", "application/vnd.ms-excel", None), (None, None, None),
    ],
)  # fmt: skip
def test_kinds_by_name(name: str | None, mime: str | None, kind: str | None) -> None:
    assert named_kind(name, mime) == kind


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.pdf", b"no pdf", "broken"),
        ("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(60), "encrypted"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(60), "unsupported"),
        ("a.zip", b"PK\x03\x04", "unsupported"),
        ("a.txt", bytes(50), "unsupported"),
        ("a", b"text without a name", "unsupported"),
    ],
)
def test_what_the_first_bytes_tell(name: str, data: bytes, reason: str) -> None:
    with pytest.raises(DocumentRefused) as refused:
        kind_of(name, None, data)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.pdf", pdf(HOUSE_RULES, password="secret"), "encrypted"),
        ("a.pdf", pdf(HOUSE_RULES)[:200], "broken"),
        ("a.pdf", pdf([["x"]] * 501), "too_many_pages"),
        ("a.docx", archive({"other.xml": b"<a/>"}), "unsupported"),
        ("a.docx", archive({"word/document.xml": b"<a"}), "broken"),
        ("a.docx", archive({"word/document.xml": bytes(60_000_000)}), "heavy"),
        ("a.txt", b"word " * 500_000, "too_long"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_read(name: str, data: bytes, reason: str) -> None:
    assert answer(kind_of(name, None, data), data) == {"refused": reason}


async def test_a_process_of_its_own_reads_and_refuses() -> None:
    data = pdf(HOUSE_RULES)
    blocks = await Parser().parse("pdf", data)
    assert [block.page for block in blocks] == [1, 2, 3]
    assert await refusal("a.pdf", pdf([[" "], [" "]])) == "empty"
    assert await refusal("a.txt", b"x" * (MOST_BYTES + 1)) == "too_large"
    assert await refusal("a.pdf", data, Parser(seconds=0.01)) == "heavy"
