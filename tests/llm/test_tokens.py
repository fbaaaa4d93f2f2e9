"""Counting: offline, never failing, growing with the text, and near what vendors report."""

from __future__ import annotations

import base64
import io
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.core.llm import Message
from bot.llm import Tokens, build_tokens, ranks, tokens
from bot.settings import load_settings
from tests.llm.room import FACT

ROOT = Path(__file__).resolve().parents[2]
MODELS = ["gpt-4o-mini", "gpt-4-turbo", "llama3.1:8b", "never-heard-of"]
SAMPLE = "Привіт, Оксано! We meet at 18:00. 明日の会議は何時ですか？ 🎒 def f(x): return x**2"


@pytest.fixture(scope="module")
def counters(ranks_dir: Path) -> dict[str, Tokens]:
    return {model: Tokens(model, ranks_dir) for model in MODELS}


@pytest.mark.parametrize(
    ("model", "text", "tokens"),
    [
        ("gpt-4o-mini", "hello world", 2),
        ("openai/gpt-5.1", "hello world", 2),
        ("o3-mini", "<|endoftext|>", 7),
        ("gpt-4o-mini", "Привіт, світе", 6),
        ("gpt-4-turbo", "Привіт, світе", 8),
        ("gpt-3.5-turbo", "hello world", 2),
        ("gpt-4.1", "Привіт, світе", 6),
        ("unheard-of", "Привіт, світе", 6),
        ("llama3.1:8b", "hello world", 3),
        ("anthropic/claude-sonnet", "Привіт, світе", 10),
        ("qwen3", "a", 1),
        ("gpt-4o-mini", "", 0),
    ],
)
def test_known_counts(model: str, text: str, tokens: int, ranks_dir: Path) -> None:
    assert Tokens(model, ranks_dir).count(text) == tokens


@pytest.mark.parametrize("model", MODELS)
@given(text=st.text(max_size=300), more=st.text(max_size=50))
@settings(max_examples=100, deadline=None)
def test_counts_never_fail_and_grow(model: str, text: str, more: str, counters: dict[str, Tokens]) -> None:
    counter = counters[model]
    whole = counter.count(text)
    size = len(text.encode("utf-8", "replace"))
    assert whole <= size
    assert (whole == 0) == (text == "")
    assert counter.count(text + "\n" + text) >= whole
    assert counter.count(text + more) <= whole + counter.count(more) + 4
    messages: list[Message] = [{"role": "user", "content": text}]
    one = counter.count_messages(messages)
    assert one >= whole + 4
    assert counter.count_messages([*messages, {"role": "assistant", "content": more}]) >= one + 4
    assert counter.count_messages(messages, [FACT]) > one


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("unit", ["a", " ", "я", "\n", "!", "😀", "aB1", "\u0301", "𒈙", "ab "])
def test_a_megabyte_of_nonsense_is_counted_within_a_second(
    model: str, unit: str, counters: dict[str, Tokens]
) -> None:
    text = unit * (1_000_000 // len(unit.encode()))
    counters[model].count("warm")
    start = time.process_time()
    assert counters[model].count(text) > 1000
    assert time.process_time() - start < 1.0


def test_chunks_lose_nothing(counters: dict[str, Tokens]) -> None:
    text = (SAMPLE + "\n") * 1000
    pieces = sum(counters["gpt-4o-mini"].count(line + "\n") for line in text.splitlines())
    assert abs(counters["gpt-4o-mini"].count(text) - pieces) < pieces * 0.02


def data_url(width: int, height: int, kind: str = "PNG") -> dict[str, Any]:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height)).save(buffer, kind)
    encoded = base64.b64encode(buffer.getvalue()).decode()
    return {"type": "image_url", "image_url": {"url": f"data:image/{kind.lower()};base64,{encoded}"}}


@pytest.mark.parametrize(
    ("part", "tokens"),
    [
        (data_url(512, 512), 255),
        (data_url(1024, 1024, "JPEG"), 765),
        (data_url(2048, 4096, "WEBP"), 1105),
        (data_url(8, 4000), 85 + 170 * 4),
        ({"type": "image_url", "image_url": {"url": "https://example.org/x.png"}}, 1105),
        ({"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}, 1105),
        ({"type": "image_url", "image_url": {"url": "data:image/png;base64,***"}}, 1105),
        ({"type": "image_url", "image_url": {"url": "x", "detail": "low"}}, 85),
        ({"type": "image_url"}, 1105),
    ],
)
def test_images(part: dict[str, Any], tokens: int, counters: dict[str, Tokens]) -> None:
    counter = counters["gpt-4o-mini"]
    text: dict[str, Any] = {"type": "text", "text": "look"}
    without = counter.count_messages([{"role": "user", "content": [text]}])
    assert counter.count_messages([{"role": "user", "content": [text, part]}]) == without + tokens


def test_tool_calls_count(counters: dict[str, Tokens]) -> None:
    counter = counters["gpt-4o-mini"]
    call = {"id": "x", "type": "function", "function": {"name": "save", "arguments": '{"text": "long fact"}'}}
    bare = counter.count_messages([{"role": "assistant", "content": None}])
    assert counter.count_messages([{"role": "assistant", "content": None, "tool_calls": [call]}]) > bare + 10


def test_the_counter_learns_from_reports(ranks_dir: Path) -> None:
    counter = Tokens("qwen3:8b", ranks_dir)
    text = SAMPLE * 20
    true = int(counter.count(text) * 0.8)
    for _ in range(3):
        counter.calibrate("qwen3:8b", counter.count(text), true)
    assert counter.count(text) == pytest.approx(true, rel=0.02)
    for _ in range(50):
        counter.calibrate("qwen3:8b", counter.count(text), counter.count(text) * 100)
    assert counter.count(text) <= true / 0.8 * 2 + 1
    assert counter.wants_calibration("qwen3:8b") is False


def test_exact_models_and_tiny_prompts_teach_nothing(ranks_dir: Path) -> None:
    for model in ("gpt-4o-mini", "qwen3"):
        counter = Tokens(model, ranks_dir)
        before = counter.count(SAMPLE)
        counter.calibrate(model, 10, 1000)
        counter.calibrate("gpt-4o-mini", 1000, 3000)
        counter.calibrate(model, 1000, 0)
        assert counter.count(SAMPLE) == before


async def test_warm_loads_once_for_many_threads(ranks_dir: Path) -> None:
    counter = Tokens("gpt-4o-mini", ranks_dir)
    await counter.warm()
    barrier = threading.Barrier(8)

    def count(_: int) -> int:
        barrier.wait()
        return counter.count(SAMPLE)

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(count, range(8)))) == 1


def test_nothing_is_downloaded(tmp_path: Path) -> None:
    script = f"""
import pathlib, socket
def refuse(*args): raise AssertionError("network")
socket.socket.connect = socket.getaddrinfo = refuse
from bot.llm.tokens import Tokens
for model in ("gpt-4o", "llama3"):
    assert Tokens(model, pathlib.Path({str(tmp_path)!r})).count("hello world") in (2, 3)
"""
    environment = {**os.environ, "TIKTOKEN_CACHE_DIR": str(tmp_path / "elsewhere"), "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", script], check=True, env=environment, cwd=tmp_path)
    assert sorted(file.name for file in (tmp_path / "tiktoken").iterdir()) == [
        "9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
        "fb374d419588a4632f3f557e76b4b70aebbca790",
    ]
    assert not (tmp_path / "elsewhere").exists()


def test_damaged_ranks_are_written_again(tmp_path: Path) -> None:
    folder = ranks.unpack("cl100k_base", tmp_path)
    (file,) = folder.iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[:1000])
    ranks.unpack("cl100k_base", tmp_path)
    assert file.read_bytes() == whole


def test_a_folder_that_cannot_be_written_is_replaced(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    place = ranks.unpack("cl100k_base", blocked / "tiktoken")
    assert place != blocked / "tiktoken"
    assert list(place.iterdir())


def test_without_ranks_bytes_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(encoding: str, folder: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(ranks, "unpack", broken)
    monkeypatch.setattr(tokens, "_read", {})  # what an earlier counter of this process has loaded
    counter = Tokens("gpt-4o", tmp_path)
    assert counter.count("hello world!") == 4
    assert counter.count("hello") == 2


def test_built_from_settings(tmp_path: Path) -> None:
    counter = build_tokens(
        load_settings(None, data_dir=tmp_path, llm_base_url="http://h/v1", llm_model="phi4")
    )
    assert counter.model == "phi4"
