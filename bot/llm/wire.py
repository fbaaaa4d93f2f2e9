"""One HTTP exchange with an endpoint through the openai SDK."""

from __future__ import annotations

import asyncio
import importlib
import ssl
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from bot.llm.faults import Fault, fault_of_status
from bot.llm.reply import Reply
from bot.llm.stream import read_reply

if TYPE_CHECKING:
    from openai import AsyncOpenAI

OPENAI_URL = "https://api.openai.com/v1"
_CONNECT_SECONDS = 15.0

_AS_THEY_ARE = ("messages", "tools")
"""What goes past the SDK's conversion, which walks through all messages and tools to change nothing."""


@cache
def _certificates() -> ssl.SSLContext:
    """What endpoints are checked against, read once: that takes a while."""
    import httpx2

    return httpx2.create_ssl_context()


class Wire:
    """The endpoint at `base_url`. The SDK takes a second to import, so that waits for the first call."""

    def __init__(self, base_url: str, api_key: str | None) -> None:
        self.base_url = base_url
        # The SDK insists on a key; servers without keys take any.
        self._api_key = api_key or "none"
        self._client: AsyncOpenAI | None = None

    async def client(self) -> AsyncOpenAI:
        """The SDK's client, without retries and read timeouts of its own: deadlines are the caller's.

        Raises `Fault` for a base URL that no client takes.
        """
        if self._client is None:
            openai = await asyncio.to_thread(importlib.import_module, "openai")
            if self._client is None:
                self._client = self._new_client(openai)
        client = self._client
        assert client is not None
        return client

    def _new_client(self, openai: Any) -> Any:
        import httpx2

        try:
            return openai.AsyncOpenAI(
                base_url=self.base_url,
                api_key=self._api_key,
                max_retries=0,
                timeout=openai.Timeout(None, connect=_CONNECT_SECONDS),
                http_client=openai.DefaultAsyncHttpxClient(verify=_certificates()),
            )
        except (httpx2.InvalidURL, ValueError) as error:
            reason = type(error).__name__
        raise Fault("unavailable", f"the base URL is no address ({reason})")

    async def exchange(self, body: dict[str, Any], reply: Reply, changed: Callable[[], None]) -> None:
        """Send `body` and fill `reply`. Raises `Fault` for everything that can go wrong, and nothing else."""
        client = await self.client()
        import httpx2
        import openai

        broken: Fault
        try:
            async with client.chat.completions.with_streaming_response.create(
                **{name: value for name, value in body.items() if name not in _AS_THEY_ARE},
                messages=[],
                extra_body={name: body[name] for name in _AS_THEY_ARE if name in body},
            ) as response:
                reply.heard = True
                await read_reply(response.iter_bytes(), reply, changed)
                return
        except Fault:
            raise
        except openai.APIStatusError as error:
            headers = {name.lower(): value for name, value in error.response.headers.items()}
            broken = fault_of_status(error.status_code, headers, error.body)
        except (openai.OpenAIError, httpx2.HTTPError, OSError) as error:
            # Once the answer had begun, sending the request again pays for it again.
            broken = Fault("unavailable", type(error).__name__, "once" if reply.heard else "often")
        except (ValueError, RecursionError) as error:
            broken = Fault("bad_response", type(error).__name__)
        # Outside the handlers: the SDK's errors carry the request, which must not follow ours into a log.
        raise broken

    async def models(self) -> list[str]:
        """Names of the models that the endpoint lists. Raises `Fault`."""
        client = await self.client()
        import httpx2
        import openai

        broken: Fault
        try:
            page = await client.models.list()
            return sorted(str(model.id) for model in page.data or ())
        except openai.APIStatusError as error:
            broken = fault_of_status(error.status_code, {}, error.body)
        except (openai.OpenAIError, httpx2.HTTPError, OSError) as error:
            broken = Fault("unavailable", type(error).__name__)
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            broken = Fault("bad_response", type(error).__name__)
        raise broken

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            client, self._client = self._client, None
            await client.close()
