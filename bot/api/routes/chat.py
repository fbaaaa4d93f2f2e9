"""POST /chat/: ask, and get the answer whole or as it grows."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from bot.api.access import Writer
from bot.api.chatting import ChatDesk, Question
from bot.api.replaying import seed_of
from bot.api.routing import make_router
from bot.api.schemas import MODEL_PROBLEMS, MessageId, UserId
from bot.api.services import service
from bot.api.streaming import EventStream
from bot.core.text import visible
from bot.services.api_talk import TurnAnswer

router = make_router("chat")

LONGEST_PROMPT = 100_000


def _said(prompt: str) -> str:
    if not visible(prompt).strip():
        raise ValueError("must say something")
    return prompt


class ChatRequest(BaseModel):
    """A question. Give the same `user_id` to be remembered, the same `conversation_id` to go on."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"prompt": "Hello! My name is Ivan, I am a programmer."},
                {
                    "prompt": "What is my name?",
                    "user_id": "ivan",
                    "conversation_id": "desk-7",
                    "stream": True,
                },
            ]
        }
    )

    prompt: Annotated[str, AfterValidator(_said)] = Field(min_length=1, max_length=LONGEST_PROMPT)
    model: str | None = Field(None, max_length=255, description="One of the configured models.")
    user_id: UserId | None = None
    conversation_id: str | None = Field(
        None,
        min_length=1,
        max_length=255,
        description="The id of an earlier answer, or a name of your own; left out, a new one begins.",
    )
    stream: bool = False


class Usage(BaseModel):
    """Tokens of all model calls that the answer took."""

    prompt_tokens: int = Field(examples=[812])
    completion_tokens: int = Field(examples=[24])
    total_tokens: int = Field(examples=[836])


class ChatAnswer(BaseModel):
    """The answer as it stands in the conversation; `message_id` is null when something was only saved."""

    response: str = Field(examples=["Hello Ivan! I have noted that you write programs."])
    conversation_id: str = Field(examples=["2f1c8a54-6f0e-4a55-9d5c-0a4f6c1f7f0e"])
    message_id: MessageId | None
    model: str | None = Field(examples=["gpt-4o-mini"])
    usage: Usage


_EXAMPLE = """\
event: delta
data: {"text": "Hello"}

event: delta
data: {"text": " Ivan!"}

event: done
data: {"response": "Hello Ivan!", "conversation_id": "2f1c8a54-6f0e-4a55-9d5c-0a4f6c1f7f0e", \
"message_id": "4294967297", "model": "gpt-4o-mini", \
"usage": {"prompt_tokens": 812, "completion_tokens": 3, "total_tokens": 815}}

"""

_STREAMED = {
    "description": "The answer; with `stream` or Accept: text/event-stream as events: delta, done, error.",
    "content": {
        "text/event-stream": {
            "itemSchema": {
                "type": "object",
                "description": "One event; its data is JSON.",
                "required": ["event", "data"],
                "properties": {
                    "event": {"type": "string", "enum": ["delta", "done", "error"]},
                    "data": {"type": "string", "contentMediaType": "application/json"},
                },
            },
            "example": _EXAMPLE,
        }
    },
    "headers": {
        "X-Conversation-ID": {
            "description": "With a stream: the conversation, before the answer is whole.",
            "schema": {"type": "string", "examples": ["2f1c8a54-6f0e-4a55-9d5c-0a4f6c1f7f0e"]},
        }
    },
}


@router.post("/chat", include_in_schema=False)
@router.post(
    "/chat/", response_model=ChatAnswer, responses={200: _STREAMED, **MODEL_PROBLEMS}, summary="Ask the bot"
)
async def chat(
    asked: ChatRequest,
    request: Request,
    caller: Writer,
    desk: Annotated[ChatDesk, Depends(service(ChatDesk))],
) -> Any:
    """Ask something; the answer goes through the same flow, memory and tools as in Telegram.

    The answer is made durably: it is in the conversation even when nobody waited for it. Send an
    Idempotency-Key to be able to send the question again without asking twice.
    """
    question = Question(asked.prompt, asked.user_id, asked.conversation_id, asked.model, seed_of(request))
    stored = await desk.ask(caller, question)
    if asked.stream or "text/event-stream" in request.headers.get("accept", ""):
        headers = {"X-Conversation-ID": stored.conversation_id}
        return EventStream(desk.events(stored, lambda found: _shape(found).model_dump(mode="json")), headers)
    return _shape(await desk.answer(stored, request.is_disconnected))


def _shape(found: TurnAnswer) -> ChatAnswer:
    return ChatAnswer(
        response=found.text,
        conversation_id=found.conversation_id,
        message_id=None if found.message_id is None else str(found.message_id),
        model=found.model,
        usage=Usage(
            prompt_tokens=found.prompt_tokens,
            completion_tokens=found.completion_tokens,
            total_tokens=found.prompt_tokens + found.completion_tokens,
        ),
    )
