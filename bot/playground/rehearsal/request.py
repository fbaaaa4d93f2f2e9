"""The shape of a chat request; what does not have it is refused as the field's servers refuse it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class _Part(BaseModel):
    type: Literal["text", "image_url"]
    text: str | None = None
    image_url: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _complete(self) -> _Part:
        if self.type == "text" and self.text is None:
            raise ValueError("a text part needs 'text'")
        if self.type == "image_url" and not isinstance((self.image_url or {}).get("url"), str):
            raise ValueError("an image part needs 'image_url.url'")
        return self


class _CalledFunction(BaseModel):
    name: str
    arguments: str


class _Call(BaseModel):
    id: str
    function: _CalledFunction


class _Message(BaseModel):
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[_Part] | None = None
    tool_calls: list[_Call] | None = None
    tool_call_id: str | None = None

    @model_validator(mode="after")
    def _complete(self) -> _Message:
        if self.content is None and not (self.role == "assistant" and self.tool_calls):
            raise ValueError(f"a message of role '{self.role}' needs 'content'")
        if self.role == "tool" and self.tool_call_id is None:
            raise ValueError("a message of role 'tool' needs 'tool_call_id'")
        return self


class _OfferedFunction(BaseModel):
    name: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
    description: str | None = None
    parameters: dict[str, Any] | None = None


class _Tool(BaseModel):
    type: Literal["function"]
    function: _OfferedFunction


class _Schema(BaseModel):
    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)
    name: str
    definition: dict[str, Any] | None = Field(default=None, alias="schema")


class _Format(BaseModel):
    type: Literal["text", "json_object", "json_schema"]
    json_schema: _Schema | None = None

    @model_validator(mode="after")
    def _complete(self) -> _Format:
        if self.type == "json_schema" and self.json_schema is None:
            raise ValueError("a format of type 'json_schema' needs 'json_schema'")
        return self


class _StreamOptions(BaseModel):
    include_usage: bool = False


class ChatRequest(BaseModel):
    """A chat completion request; fields that a rule-bound model has no use for are ignored."""

    model: str
    messages: Annotated[list[_Message], Field(min_length=1)]
    tools: Annotated[list[_Tool], Field(min_length=1)] | None = None
    tool_choice: str | dict[str, Any] | None = None
    response_format: _Format | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    stream: bool | None = None
    stream_options: _StreamOptions | None = None

    @model_validator(mode="after")
    def _consistent(self) -> ChatRequest:
        if self.stream_options is not None and not self.stream:
            raise ValueError("'stream_options' is only allowed when 'stream' is enabled")
        waiting: set[str] = set()
        for message in self.messages:
            if message.role == "tool":
                if message.tool_call_id not in waiting:
                    raise ValueError(
                        "messages with role 'tool' must follow a message with their 'tool_calls'"
                    )
                waiting.discard(message.tool_call_id)
            elif waiting:
                raise ValueError(
                    "an assistant message with 'tool_calls' must be followed by an answer to each"
                )
            else:
                waiting = {call.id for call in message.tool_calls or ()}
        if waiting:
            raise ValueError("the last 'tool_calls' have not been answered")
        return self

    @property
    def limit(self) -> int | None:
        """The cap on the reply's tokens, by either of its two names."""
        return self.max_completion_tokens or self.max_tokens
