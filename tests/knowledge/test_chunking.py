"""Passages: short enough, on one page, under their headings, and nothing gets lost."""

from __future__ import annotations

from itertools import pairwise

from bot.memory.chunking import LONGEST, MOST_CHARACTERS, OVERLAP, Passage, passages
from bot.memory.parsing.blocks import Block


class Words:
    """Counts words, or four characters as one where there are no spaces."""

    def count(self, text: str) -> int:
        return sum(max(1, len(word) // 4) for word in text.split())

    def count_messages(self, messages: object, tools: object = ()) -> int:
        raise NotImplementedError


def cut(*blocks: Block) -> list[Passage]:
    return passages(blocks, Words())


def test_small_paragraphs_share_a_passage_and_pages_do_not() -> None:
    found = cut(Block("One.", 1), Block("Two.", 1), Block("Three.", 2))
    assert [(p.text, p.page) for p in found] == [("One.\nTwo.", 1), ("Three.", 2)]


def test_headings_make_a_path_and_one_over_nothing_is_kept() -> None:
    found = cut(
        Block("Rules", level=1), Block("Parking", level=2), Block("Guests pay."), Block("Pets", level=2),
        Block("Fees", level=1), Block("35 an hour."),
    )  # fmt: skip
    assert [(p.heading, p.text) for p in found] == [
        ("Rules › Parking", "Guests pay."),
        ("Rules › Pets", "Pets"),
        ("Fees", "35 an hour."),
    ]


def test_a_long_text_is_cut_between_sentences_with_a_small_overlap() -> None:
    sentences = [f"This is sentence number {n} of a rather long text." for n in range(200)]
    found = cut(Block(" ".join(sentences), 7))
    assert all(p.token_count <= LONGEST and p.page == 7 for p in found)
    assert all(len(p.text) <= MOST_CHARACTERS for p in found)
    assert all(any(sentence in p.text for p in found) for sentence in sentences)
    for before, after in pairwise(found):
        repeated = [s for s in sentences if s in before.text and s in after.text]
        assert repeated
        assert sum(Words().count(s) for s in repeated) <= OVERLAP


def test_a_text_without_any_break_is_cut_too() -> None:
    thai = "ที่จอดรถ" * 2000
    found = cut(Block(thai))
    assert all(p.token_count <= LONGEST for p in found)
    assert "".join(p.text for p in found).replace(" ", "").startswith(thai[:500])
    assert sum(len(p.text) for p in found) >= len(thai)
