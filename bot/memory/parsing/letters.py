"""Bytes as text, whatever encoding they are in."""

from __future__ import annotations

import codecs
import re
from typing import Final

from charset_normalizer import from_bytes

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CYRILLIC: Final = ("cp1251", "koi8_u", "cp866")
_WESTERN: Final = frozenset(
    "àâäáãåæçéèêëíìîïñóòôöõøœßúùûüýÿÀÂÄÁÃÅÆÇÉÈÊËÍÌÎÏÑÓÒÔÖÕØŒÚÙÛÜÝ’‘“”„–—…«»€£°§·•ºª©®™¿¡\xa0"
)
_SAMPLE = 64 * 1024
_SMALL = re.compile("[а-яёіїєґ]")
_LARGE = re.compile("[А-ЯЁІЇЄҐ]")
_RUNS = re.compile(b"[\x80-\xff]{2,}")
_INSIDE = re.compile("[а-яёіїєґ][А-ЯЁІЇЄҐ]")


def decode(data: bytes) -> str:
    """The text; where nothing is sure, the likeliest reading, with replacements for what it cannot be."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        # One bad byte in what else is UTF-8 does not make it another encoding.
        if error.start > _SAMPLE or data[:_SAMPLE].decode("utf-8", "replace").count("�") * 200 < len(data):
            return data.decode("utf-8", "replace")
    sample = data[:_SAMPLE]
    encoding = _cyrillic(sample) or _western(sample) or _guessed(sample)
    return data.decode(encoding, "replace")


def _cyrillic(sample: bytes) -> str | None:
    """The Cyrillic encoding in which the sample is written like words: small letters, capitals in front."""
    high = sum(byte >= 0x80 for byte in sample)
    scores = {}
    for encoding in _CYRILLIC:
        text = sample.decode(encoding, "replace")
        small, large = len(_SMALL.findall(text)), len(_LARGE.findall(text))
        scores[encoding] = small + 0.5 * large - 3 * len(_INSIDE.findall(text))
    best = max(scores, key=lambda encoding: scores[encoding])
    together = sum(map(len, _RUNS.findall(sample)))
    # In Western languages accented letters stand alone; in Cyrillic whole words stand above 0x80.
    return best if scores[best] > 0.7 * high and together > 0.6 * high else None


def _western(sample: bytes) -> str | None:
    """cp1252, where every sign above 0x80 is a Western one: a guess is bad at short texts."""
    signs = {char for char in sample.decode("cp1252", "replace") if char >= "\x80"}
    return "cp1252" if signs <= _WESTERN else None


def _guessed(sample: bytes) -> str:
    best = from_bytes(sample).best()
    return best.encoding if best is not None else "cp1252"
