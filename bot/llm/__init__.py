"""The model room: an OpenAI-compatible chat client that survives what endpoints do, and a token counter."""

from bot.llm.build import build_llm, build_tokens
from bot.llm.client import NoLLM, OpenAIChat
from bot.llm.spend import SpendGuard, Unlimited
from bot.llm.tokens import Tokens

__all__ = ["NoLLM", "OpenAIChat", "SpendGuard", "Tokens", "Unlimited", "build_llm", "build_tokens"]
