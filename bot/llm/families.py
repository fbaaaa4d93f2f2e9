"""Which tokenizer stands nearest to a model's own."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Family:
    """An encoding of tiktoken; `exact` is false where the vendor's own tokenizer differs from it."""

    encoding: str
    exact: bool


MODERN = Family("o200k_base", exact=True)
CLASSIC = Family("cl100k_base", exact=True)
FOREIGN = Family("cl100k_base", exact=False)

_CLASSIC = re.compile(r"gpt-4(?!o|\.\d|5)|gpt-?3\.?5|gpt-35|text-embedding-")
_MODERN = re.compile(r"gpt-|chatgpt|(?:^|/)o\d|mnema-")
_FOREIGN = re.compile(
    r"llama|qwen|qwq|mistral|mixtral|ministral|magistral|codestral|devstral|pixtral|claude|gemini|gemma|deepseek|phi"
    r"|command|aya|grok|yi-|glm|kimi|granite|falcon|nova|nemotron|hermes|solar|vicuna|smollm|olmo|internlm|minimax"
)


def family_of(model: str) -> Family:
    """The family by the model's name; unknown names count as OpenAI's newer models."""
    name = model.lower()
    for pattern, family in ((_CLASSIC, CLASSIC), (_FOREIGN, FOREIGN), (_MODERN, MODERN)):
        if pattern.search(name):
            return family
    return MODERN
