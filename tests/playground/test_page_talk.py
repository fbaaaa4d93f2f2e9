"""Talking on the messenger page, in a real browser."""

from __future__ import annotations

import re

import pytest
from selenium.webdriver import Keys
from selenium.webdriver.common.by import By

from tests.playground.echo_bot import STEPS
from tests.playground.messenger import ANN, BORYS, CAMPING, CHEN, OKSANA, Page

pytestmark = pytest.mark.chromium


def test_the_first_minute(page: Page) -> None:
    page.visit(OKSANA, OKSANA)
    names = [face.text for face in page.all(".face[data-person] .face-name")]
    assert names == [
        "Oksana",
        "Ann",
        "Borys",
        "Chen",
    ]
    assert {row.text for row in page.all(".chat-row .chat-title")} == {"Camping", "Mnema"}
    page.one(".wide").click()
    page.last("echo: /start")
    page.write("first line", Keys.SHIFT + Keys.ENTER)
    page.write("second <b>line</b>")
    page.last("echo: first line\nsecond <b>line</b>")
    assert page.one(".quote-text").text == "/start"
    assert page.one("#composer-text").get_attribute("value") == ""
    assert page.all(".message.mine")[-1].text.startswith("first line\nsecond <b>line</b>")
    page.panel("guide")
    assert "What is real here" in page.one(".panel").text


def test_an_answer_grows_under_the_eyes(page: Page) -> None:
    page.visit(OKSANA, OKSANA)
    page.js(
        "window.seen = [];"
        "new MutationObserver(() => {"
        "  if (document.querySelector('.dots')) window.seen.push('typing');"
        "  const texts = document.querySelectorAll('.from-bot .text');"
        "  window.seen.push(texts.length ? texts[texts.length - 1].firstChild.textContent : '');"
        "}).observe(document.querySelector('.messages'), {childList: true, subtree: true});"
    )
    page.write("grow")
    page.last(STEPS[-1])
    seen = page.js("return window.seen")
    order = [step for step in ("typing", *STEPS) if step in seen]
    assert order == ["typing", *STEPS]
    assert [seen.index(step) for step in order] == sorted(seen.index(step) for step in order)
    assert not page.all(".dots")
    assert "typing" not in page.one(".conversation-head").text
    assert "edited" not in page.last(STEPS[-1]).text


def test_formats_become_elements_and_nothing_else(page: Page) -> None:
    page.visit(CHEN, CHEN)
    page.write("format")
    text = page.last("bold both").find_element(By.CSS_SELECTOR, ".text")
    html = str(text.get_attribute("innerHTML"))
    assert re.search(r"<strong>bold <em>both</em></strong> <u>under</u> <s>gone</s>", html)
    assert "<code>a &lt; b</code>" in html
    assert text.find_element(By.TAG_NAME, "pre").text.endswith('print("<img src=x onerror=alert(1)>")')
    assert not text.find_elements(By.TAG_NAME, "img")
    link = text.find_element(By.TAG_NAME, "a")
    assert link.get_attribute("rel") == "noopener noreferrer nofollow"
    spoiler = text.find_element(By.CSS_SELECTOR, ".spoiler")
    spoiler.click()
    assert spoiler.get_attribute("class") == "spoiler shown"


def test_entities_of_every_shape_keep_the_text(page: Page) -> None:
    page.visit(CHEN, CHEN)
    script = """
      const [text, entities, done] = arguments;
      import('/playground/static/entities.js').then((module) => {
        const box = document.createElement('div');
        box.append(module.rich(text, entities));
        done([box.textContent, box.innerHTML]);
      });
    """

    def rich(text: str, *entities: tuple[str, int, int]) -> list[str]:
        named = [{"type": kind, "offset": at, "length": size} for kind, at, size in entities]
        result: list[str] = page.browser.execute_async_script(script, text, named)
        return result

    assert rich("🙂 bold", ("bold", 3, 4))[1] == "🙂 <strong>bold</strong>"
    overlapping = rich("abcdef", ("bold", 0, 4), ("italic", 2, 4))
    assert overlapping == ["abcdef", "<strong>ab<em>cd</em></strong><em>ef</em>"]
    assert rich("abc", ("bold", 1, 99), ("italic", 7, 2))[1] == "a<strong>bc</strong>"
    script_link = page.browser.execute_async_script(
        script, "x", [{"type": "text_link", "offset": 0, "length": 1, "url": "javascript:alert(1)"}]
    )
    assert "href" not in script_link[1]
    assert rich("a\nq\nb", ("blockquote", 2, 1))[1] == "a<blockquote>q</blockquote>b"


def test_buttons_answer_by_notice_and_alert(page: Page) -> None:
    page.visit(BORYS, BORYS)
    page.write("buttons")
    page.last("Choose.")
    page.one(".key", "notice").click()
    assert page.one(".toast").text == "Borys pressed notice"
    page.last("Borys pressed notice.")
    page.one(".key", "alert").click()
    dialog = page.one("dialog")
    assert "Borys pressed alert" in dialog.text
    dialog.find_element(By.TAG_NAME, "button").click()
    page.until(lambda: not page.all("dialog"))


def test_reply_edit_react_and_delete_by_the_keyboard(page: Page) -> None:
    page.visit(CHEN, CAMPING)
    page.write("I bring the stove")
    page.last("echo: I bring the stove").send_keys(Keys.ENTER)
    page.one(".menu-item", "Reply").send_keys(Keys.ENTER)
    assert "Reply to Mnema" in page.one(".composer-about").text
    page.write("Good", end="")
    page.browser.switch_to.active_element.send_keys(Keys.ENTER)
    page.last("echo: Good")
    mine = page.all(".message.mine")[-1]
    assert mine.find_element(By.CSS_SELECTOR, ".quote-name").text == "Mnema"
    page.one("#composer-text").send_keys(Keys.ARROW_UP)
    assert page.one("#composer-text").get_attribute("value") == "Good"
    page.one("#composer-text").send_keys(" morning", Keys.ENTER)
    page.until(lambda: "Good morning" in page.all(".message.mine")[-1].text)
    assert "edited" in page.all(".message.mine")[-1].text
    page.all(".message.mine")[-1].send_keys(Keys.ENTER)
    page.one(".menu-quick button").click()
    assert "👍 1" in page.one(".reaction").text
    page.all(".message.mine")[-1].send_keys(Keys.ENTER)
    page.one(".menu-item", "Delete").click()
    page.until(lambda: "Good morning" not in page.one(".messages").text)


def test_other_people_see_unread_marks(page: Page) -> None:
    page.visit(ANN, ANN)
    page.js("document.querySelector('.chat-row[data-chat=\"-1001000000001\"]').click()")
    page.write("Who has a tent?")
    page.last("echo: Who has a tent?")
    borys = page.one(f'.face[data-person="{BORYS}"]')
    page.until(lambda: "2 unread messages" in str(borys.get_attribute("aria-label") or ""))
    page.visit(ANN, CAMPING)
    page.one(f'.face[data-person="{BORYS}"]').click()
    assert page.one(".chats strong").text == "Borys Shevchuk"
    page.until(lambda: "theirs" in str(page.all(".message")[-2].get_attribute("class")))
    assert page.all(".message")[-2].text.startswith("AM\nAnn Miller")
