"""Requests as documents print them (curl lines, HTTP blocks, JavaScript's fetch), read into requests."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

_FETCH = re.compile(
    r"fetch\(\s*['\"`]\s*(?P<url>[^'\"`]*?)\s*['\"`]\s*,\s*\{(?P<options>.*)\}\s*\)", re.DOTALL
)
_SENT = re.compile(r"JSON\.stringify\((\{.*?\})\)", re.DOTALL)
_KEY = re.compile(r"([{,]\s*)([A-Za-z_]\w*)\s*:")


@dataclass(frozen=True)
class Printed:
    """A request; `path` with its query, without the host that stands in the document."""

    method: str
    path: str
    headers: dict[str, str]
    body: str | None


def curl(line: str) -> Printed:
    """A curl line, over several lines where it ends in backslashes. Raises ValueError for an unknown flag."""
    words = iter(shlex.split(line.replace("\\\n", " ")))
    if next(words) != "curl":
        raise ValueError("no curl line")
    method, url, body = None, "", None
    headers: dict[str, str] = {}
    for word in words:
        if word == "-X":
            method = next(words)
        elif word == "-H":
            name, _, value = next(words).partition(":")
            headers[name] = value.strip()
        elif word == "-d":
            body = next(words)
        elif word.startswith("-"):
            raise ValueError(f"unknown flag {word}")
        else:
            url = word
    return Printed(method or ("GET" if body is None else "POST"), _local(url), headers, body)


def http(block: str) -> Printed:
    """A request line, headers, an empty line and a body."""
    head, _, body = block.strip().partition("\n\n")
    first, *lines = head.splitlines()
    method, path = first.split(" ", 1)
    headers = dict(re.split(r":\s*", line, maxsplit=1) for line in lines)
    return Printed(method, path, headers, body or None)


def fetch(code: str, **values: str) -> Printed:
    """A call of fetch with a JSON body; `values` stand for what is in `${…}`, dots as underscores."""
    found = _FETCH.search(code)
    if found is None:
        raise ValueError("no fetch with options")
    url, options = found["url"], found["options"]
    path = re.sub(r"\$\{([\w.]+)\}", lambda name: values[name[1].replace(".", "_")], url)
    sent = _SENT.search(options)
    body = None if sent is None else json.dumps(_literal(sent[1]), ensure_ascii=False)
    method = re.search(r"method:\s*'(\w+)'", options)
    kind = re.search(r"'Content-Type':\s*'([^']+)'", options)
    headers = {} if kind is None else {"Content-Type": kind[1]}
    return Printed("GET" if method is None else method[1], path, headers, body)


def _literal(text: str) -> Any:
    """A JavaScript object of plain strings as a value."""
    return json.loads(_KEY.sub(r'\1"\2":', text).replace("'", '"'))


def _local(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
