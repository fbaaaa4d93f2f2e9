"""Markdown becomes text and entities that Telegram accepts, whatever it is."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from telegramify_markdown import utf16_len

from bot.telegram.render import LIMIT, Part, clean, plain, render
from bot.telegram.unfinished import closed

WORD = re.compile(r"\w+")
PIECES = st.sampled_from(
    [
        *(
            "**",
            "*",
            "_",
            "__",
            "`",
            "```",
            "~~",
            "||",
            "<b>",
            "</b>",
            "<",
            ">",
            "[",
            "](",
            "http://a.b/c",
            ")",
        ),
        *("\n", "\n\n", "# ", "- ", "1. ", "> ", "| a | b |", "|---|---|", "$", "\\", "word", "слово", "😀"),
        *("👩‍👩‍👧", "   ", "\t", "![", "javascript:x", "&lt;", "&#0;", "\u202e", "\ue000", "\x00", "é", "字"),
        *("\\(", "\\frac{1}{2}", "\\)"),
    ]
)
MARKDOWN = st.lists(PIECES | st.text(max_size=8), max_size=60).map("".join)


def check(part: Part, limit: int = LIMIT) -> None:
    """What Telegram demands of one message."""
    units = part.text.encode("utf-16-le")
    total = len(units) // 2
    assert 0 < total <= limit
    assert part.text == part.text.strip()
    for entity in part.entities:
        assert entity.offset >= 0
        assert entity.length > 0
        assert entity.offset + entity.length <= total
        piece = units[entity.offset * 2 : (entity.offset + entity.length) * 2]
        piece.decode("utf-16-le")  # no entity begins or ends inside a pair of surrogates
        if entity.type == "text_link":
            assert entity.url is not None
            assert entity.url.split(":")[0] in ("http", "https", "mailto", "tel")


@settings(max_examples=300, deadline=None)
@given(MARKDOWN)
def test_anything_renders_within_bounds(markdown: str) -> None:
    for part in render(markdown):
        check(part)


@settings(max_examples=100, deadline=None)
@given(MARKDOWN, st.integers(20, 60))
def test_short_limits_hold(markdown: str, limit: int) -> None:
    for part in render(markdown, ["A footer"], limit):
        check(part, limit)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text("abc жэ字<>&$ \n", min_size=1), min_size=1, max_size=400))
def test_no_word_is_lost(pieces: list[str]) -> None:
    text = " ".join(pieces) + " end"
    assert WORD.findall(" ".join(part.text for part in render(text))) == WORD.findall(text)


@settings(max_examples=200, deadline=None)
@given(MARKDOWN)
def test_the_unfinished_renders_too(markdown: str) -> None:
    for part in render(closed(markdown)):
        check(part)


def test_styles_of_a_usual_answer() -> None:
    (part,) = render(
        "# Plan\n\nTake **bread** and *jam*, see [the shop](https://shop.example/a?b=c_d).\n\n```py\nx<1\n```"
    )
    shown = {part.text[e.offset : e.offset + e.length]: e for e in part.entities}
    assert part.text == "Plan\n\nTake bread and jam, see the shop.\n\nx<1"
    assert shown["bread"].type == "bold"
    assert shown["jam"].type == "italic"
    assert shown["the shop"].url == "https://shop.example/a?b=c_d"
    assert (shown["x<1"].type, shown["x<1"].language) == ("pre", "py")


@pytest.mark.parametrize(
    "markdown",
    [
        "Use <b>bold</b> and <script>alert(1)</script>",
        "<div>\nblock\n</div>",
        "if a < b and c > d",
        "costs $5-$6, or $1_000",
        "a <!-- comment --> b",
    ],
)
def test_raw_text_stays_as_it_is(markdown: str) -> None:
    assert "".join(part.text for part in render(markdown)) == markdown


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "tg://user?id=1",
        "tg://emoji?id=5368324170671202286",
        "file:///etc",
        "https://",
        "ton://x",
    ],
)
def test_other_links_lose_their_target_but_not_their_text(link: str) -> None:
    (part,) = render(f"see [here]({link}) now")
    assert "here" in part.text
    assert all(entity.url is None for entity in part.entities)


def test_footers_stand_below_in_italics() -> None:
    (part,) = render("Answer **b**", ["🧠 Remembered: *x*", "second"])
    assert part.text == "Answer b\n\n🧠 Remembered: *x*\nsecond"
    italics = [e for e in part.entities if e.type == "italic"]
    units = part.text.encode("utf-16-le")
    told = [units[e.offset * 2 : (e.offset + e.length) * 2].decode("utf-16-le") for e in italics]
    assert told == ["🧠 Remembered: *x*", "second"]


def test_long_answers_are_split_at_lines() -> None:
    lines = [f"{n}. **line** number {n} 😀" for n in range(1, 600)]
    parts = render("\n".join(lines))
    assert len(parts) > 2
    joined = "\n".join(part.text for part in parts)
    assert all(f"line number {n} 😀" in joined for n in range(1, 600))
    assert sum(entity.type == "bold" for part in parts for entity in part.entities) == 599
    for part in parts:
        check(part)


def test_markup_around_nothing_is_shown_as_written() -> None:
    assert render("[ref]: https://example.com")[0].text == "[ref]: https://example.com"
    assert render("   \n") == []
    assert plain("**as it is**")[0].text == "**as it is**"


def test_control_and_private_characters_go() -> None:
    assert clean("a\x00b\r\nc\ue000\ud800d\te") == "ab\ncd\te"


ANSWER = """# Plan

Here is **bold text**, *italic*, __also bold__, `code * x` and ~~gone~~ with snake_case_name.

- item **one**
- item *two*, 2 * 3 = 6
1. [link text](https://example.com/a_b) and ||secret||

```python
def f(a, b):
    return a ** b
```

> quote **x**

End $5-$6 <b>raw</b> 😀 **bold 😀**"""


def test_no_prefix_of_an_answer_shows_half_markup() -> None:
    """Every moment of the stream: no stray mark outside code, and no more than the last words missing."""
    for end in range(1, len(ANSWER) + 1):
        for part in render(closed(ANSWER[:end])):
            check(part)
            units = bytearray(part.text.encode("utf-16-le"))
            for entity in part.entities:
                if entity.type in ("pre", "code"):
                    units[entity.offset * 2 : (entity.offset + entity.length) * 2] = b"x\0" * entity.length
            seen = units.decode("utf-16-le")
            assert not re.search(r"\*\*|~~|\|\||\]\(|`|__|(?<!\d )\*", seen), (ANSWER[:end][-30:], seen[-60:])


def test_growing_text_hardly_ever_shrinks() -> None:
    lengths = [
        sum(utf16_len(part.text) for part in render(closed(ANSWER[:end]))) for end in range(1, len(ANSWER))
    ]
    assert all(later >= earlier - 12 for earlier, later in pairwise(lengths))
