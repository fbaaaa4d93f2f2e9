"""What can be sent from the page beside text, and how it stands in the talk."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from selenium.webdriver.common.by import By

from tests.playground.messenger import ANN, BORYS, CHEN, Page

pytestmark = pytest.mark.chromium


def choose(page: Page, what: str, *files: Path) -> None:
    """Pick from the attachment menu; the browser's own file dialog is passed by."""
    page.js("HTMLInputElement.prototype.click = function () {}")
    page.one(".attach-button").click()
    page.one(".menu-item", what).click()
    if files:
        given = page.browser.find_element(By.CSS_SELECTOR, "input[type=file]")
        given.send_keys("\n".join(map(str, files)))
        page.until(lambda: len(page.all(".file-chip")) == len(files))
        page.one(".send").click()


def fetched(page: Page, href: str) -> list[str]:
    """Type, length and policy of what an address gives."""
    script = """
      const [href, done] = arguments;
      fetch(href).then(async (r) => done([
        r.headers.get('content-type'), String((await r.arrayBuffer()).byteLength),
        r.headers.get('content-security-policy'),
      ]));
    """
    found: list[str] = page.browser.execute_async_script(script, href)
    return found


def test_files_can_be_opened_or_kept(page: Page, tmp_path: Path) -> None:
    (tmp_path / "plan.txt").write_text("Saturday: the lake")
    (tmp_path / "trap.html").write_text("<script>alert(1)</script>")
    page.visit(ANN, ANN)
    choose(page, "File", tmp_path / "plan.txt")
    link = page.last("plan.txt").find_element(By.CSS_SELECTOR, "a.attachment")
    assert link.get_attribute("target") == "_blank"
    kind, size, policy = fetched(page, str(link.get_attribute("href")))
    assert (kind, size) == ("text/plain; charset=utf-8", "18")
    assert policy.startswith("sandbox")
    choose(page, "File", tmp_path / "trap.html")
    link = page.last("trap.html").find_element(By.CSS_SELECTOR, "a.attachment")
    assert link.get_attribute("download") == "trap.html"
    assert fetched(page, str(link.get_attribute("href")))[0] == "application/octet-stream"


def test_a_picture_as_a_file_and_an_album(page: Page, tmp_path: Path) -> None:
    names = []
    for number, colour in enumerate(("red", "green", "blue")):
        names.append(tmp_path / f"{number}.png")
        Image.new("RGB", (60, 40), colour).save(names[-1])
    page.visit(BORYS, BORYS)
    choose(page, "File", names[0])
    page.last("0.png")
    choose(page, "Photo", *names)
    page.last("A picture!")
    page.until(lambda: len(page.all(".photo img")) == 3)
    assert not page.all(".file-chip")


def test_voice_sticker_place_and_contact(page: Page, tmp_path: Path) -> None:
    (tmp_path / "hello.ogg").write_bytes(b"OggS" + bytes(60))
    page.visit(CHEN, CHEN)
    choose(page, "Voice message", tmp_path / "hello.ogg")
    sound = page.one(".voice audio")
    assert fetched(page, str(sound.get_attribute("src")))[:2] == ["audio/ogg", "64"]
    choose(page, "Sticker")
    page.one(".sticker-choice", "🔥").click()
    page.until(lambda: page.one(".sticker").text == "🔥")
    choose(page, "Location")
    page.one("dialog .primary").click()
    page.last("50.4501, 30.5234")
    choose(page, "Contact")
    page.one("dialog .primary").click()
    card = page.last("+380441234567")
    assert "Chen Wei" in card.text
    assert card.find_element(By.TAG_NAME, "a").get_attribute("href") == "tel:+380441234567"
    assert "Contact" in page.one(".chat-row[aria-current] .chat-preview").text
