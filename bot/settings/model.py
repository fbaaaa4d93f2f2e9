"""All settings: names, defaults, ranges, and what each is for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.settings import values

DEFAULT_MODEL = "gpt-4o-mini"

Url = Annotated[str, AfterValidator(values.http_url)]
Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(values.split_list)]
UserIds = Annotated[tuple[int, ...], NoDecode, BeforeValidator(values.user_ids)]
Prices = Annotated[dict[str, values.Price], NoDecode, BeforeValidator(values.prices)]
DatabaseUrl = Annotated[str, AfterValidator(values.database_url)]
Token = Annotated[SecretStr, BeforeValidator(values.bot_token)]
ApiKey = Annotated[SecretStr, BeforeValidator(values.api_key)]
WebhookSecret = Annotated[SecretStr, BeforeValidator(values.webhook_secret)]
PromptFile = Annotated[str, AfterValidator(values.prompt_file)]
Timezone = Annotated[str, AfterValidator(values.timezone)]


def _model_default(data: dict[str, Any]) -> str | None:
    return DEFAULT_MODEL if data.get("llm_base_url") or data.get("llm_api_key") else None


def _database_default(data: dict[str, Any]) -> str:
    return values.default_database_url(data.get("data_dir", Path("data")))


class Settings(BaseSettings):
    """Read once at the start and never changed; each field's upper-case name is its variable."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        env_ignore_empty=True,
        env_file_encoding="utf-8-sig",
        str_strip_whitespace=True,
        hide_input_in_errors=True,
        validate_default=True,
    )

    # Telegram
    bot_token: Token | None = Field(None, description="The token from @BotFather.")
    telegram_api_url: Url | None = Field(
        None, description="A self-hosted Bot API server or the emulator; unset means Telegram itself."
    )
    owner_id: int | None = Field(None, gt=0, description="The owner's numeric Telegram id.")
    access: Literal["owner", "allowlist", "open"] = Field(
        "owner", description="Who may talk to the bot: owner, allowlist or open."
    )
    allowed_users: UserIds = Field((), description="Telegram ids for ACCESS=allowlist, comma-separated.")
    bot_names: Names = Field((), description="Names that address the bot in groups, comma-separated.")
    webhook_url: Url | None = Field(
        None, repr=False, description="Public https address for updates; unset means long polling."
    )
    webhook_secret: WebhookSecret | None = Field(
        None, description="Checked in each webhook request; required with WEBHOOK_URL."
    )
    stream_mode: Literal["edit", "draft", "off"] = Field(
        "edit", description="How a growing answer is shown: edit, draft (private chats) or off."
    )

    # Language model
    llm_base_url: Url | None = Field(
        None, repr=False, description="An OpenAI-compatible endpoint up to /v1; unset means OpenAI."
    )
    llm_api_key: ApiKey | None = Field(None, description="The endpoint's key; local servers need none.")
    llm_model: str | None = Field(
        default_factory=_model_default,
        description=f"The chat model; {DEFAULT_MODEL} once an endpoint or a key is set.",
    )
    llm_fallback_models: Names = Field(
        (), description="Tried in order when LLM_MODEL fails, comma-separated."
    )
    llm_vision_enabled: bool = Field(True, description="Whether the model is shown images.")
    llm_max_response_tokens: int = Field(2048, ge=256, le=16384, description="Longest reply, in tokens.")
    llm_timeout_seconds: int = Field(
        120, ge=5, le=1800, description="Total deadline of one model call, retries included, in seconds."
    )
    llm_prices: Prices = Field(
        {},
        description="Dollars per million tokens: model=input/output[/cached input], comma-separated.",
    )
    daily_spend_limit: float | None = Field(
        None,
        ge=0,
        le=100000,
        allow_inf_nan=False,
        description="Dollars a day after which no model is called; unset means no limit.",
    )
    transcription_model: str | None = Field(
        None, description="Model that turns voice into text; unset means none."
    )
    embedding_model: str | None = Field(
        None, description="Model for search by meaning; unset means text search."
    )
    embedding_base_url: Url | None = Field(
        None, repr=False, description="Endpoint of the embedding model; unset means LLM_BASE_URL."
    )
    embedding_api_key: ApiKey | None = Field(
        None, description="Key of the embedding endpoint; unset means LLM_API_KEY."
    )

    # Context
    context_max_tokens: int = Field(
        8000, ge=2000, le=128000, description="Ceiling of the whole prompt, in tokens."
    )
    context_strategy: Literal["layered", "window", "summary", "important"] = Field(
        "layered", description="How history enters the prompt: layered, window, summary or important."
    )
    immediate_context_messages: int = Field(
        100, ge=10, le=500, description="Latest messages kept word for word."
    )
    recent_summary_tokens: int = Field(
        1024, ge=128, le=8192, description="Length of the 7-day summary, in tokens."
    )
    recent_summary_interval_days: int = Field(3, ge=1, le=7, description="Days between 7-day summaries.")
    long_summary_tokens: int = Field(
        4096, ge=256, le=16384, description="Length of the 30-day summary, in tokens."
    )
    long_summary_interval_days: int = Field(14, ge=1, le=30, description="Days between 30-day summaries.")
    user_memory_max_facts: int = Field(50, ge=10, le=100, description="Valid facts kept for one person.")
    system_prompt_file: PromptFile = Field(
        "default.md", description="The system prompt: a file name in prompts/."
    )
    conversation_summary_after: int = Field(
        20, ge=10, le=1000, description="Messages after which a conversation gets a running summary."
    )
    conversation_window_messages: int = Field(
        10, ge=10, le=20, description="Messages kept beside the summary by CONTEXT_STRATEGY=summary."
    )
    conversation_max_messages: int = Field(
        1000, ge=100, le=100000, description="Messages of a conversation that may enter its window."
    )
    max_active_conversations: int = Field(
        10, ge=1, le=1000, description="Active conversations of one person."
    )
    importance_threshold: float = Field(
        0.7, ge=0, le=1, allow_inf_nan=False, description="From this a message counts as important."
    )
    important_messages_limit: int = Field(
        15, ge=1, le=100, description="Messages that CONTEXT_STRATEGY=important takes."
    )
    cache_ttl_seconds: int = Field(
        3600, ge=0, le=86400, description="Age of in-process caches; 0 turns them off."
    )

    # Keeping and deleting
    message_retention_days: int = Field(365, ge=1, le=36500, description="Days until RETENTION_ACTION.")
    retention_action: Literal["archive", "delete"] = Field(
        "archive", description="What happens to old messages: archive or delete."
    )
    delete_grace_days: int = Field(
        30, ge=0, le=365, description="Days until a deleted conversation is purged."
    )
    trace_retention_days: int = Field(14, ge=1, le=365, description="Days that prompt traces are kept.")
    backup_retention_days: int = Field(14, ge=1, le=365, description="Days that backups are kept.")

    # House
    data_dir: Path = Field(Path("data"), description="Folder for the database, backups and caches.")
    database_url: DatabaseUrl = Field(
        default_factory=_database_default,
        repr=False,
        description="sqlite:///file or postgresql://…; unset means mnema.db in DATA_DIR.",
    )
    secret_key: SecretStr | None = Field(
        None, min_length=32, description="Signs sessions and links; unset means one made in DATA_DIR."
    )
    default_language: Literal["en", "uk", "ru"] = Field(
        "en", description="Language for people whose own is unknown."
    )
    default_timezone: Timezone = Field("UTC", description="Time zone for people whose own is unknown.")

    # Web
    http_host: str = Field("127.0.0.1", min_length=1, description="Address that the web server listens on.")
    http_port: int = Field(8000, ge=1, le=65535, description="Port of the API, dashboard and webhook.")
    dashboard_port: int | None = Field(
        None, ge=1, le=65535, description="A port of its own for the dashboard."
    )
    admin_password: SecretStr | None = Field(None, min_length=8, description="Password of the dashboard.")
    api_auth: Literal["on", "off"] = Field("on", description="off only with a loopback HTTP_HOST.")
    api_rate_per_minute: int = Field(
        600, ge=1, le=100000, description="Requests a minute that one caller of the API may make."
    )
    jwt_secret: SecretStr | None = Field(
        None, min_length=32, description="Accepts HS256 tokens signed with it."
    )
    cors_origins: Names = Field((), description="Web origins that may call the API, comma-separated.")

    @property
    def has_model(self) -> bool:
        """Whether any model is configured."""
        return bool(self.llm_base_url or self.llm_api_key or self.llm_model)

    @model_validator(mode="after")
    def _together(self) -> Self:
        if self.bot_token and not self.has_model:
            raise ValueError(
                "BOT_TOKEN is set but no language model is: set LLM_API_KEY for OpenAI, "
                "or LLM_BASE_URL and LLM_MODEL for another endpoint."
            )
        if self.webhook_url and not self.webhook_secret:
            raise ValueError(
                "WEBHOOK_URL needs WEBHOOK_SECRET, a random word that only Telegram and the bot know."
            )
        if self.webhook_url and not self._webhook_reachable(self.webhook_url):
            raise ValueError("WEBHOOK_URL must start with https://: Telegram sends updates nowhere else.")
        models = {self.llm_model, *self.llm_fallback_models} - {None}
        if self.daily_spend_limit is not None and not models <= self.llm_prices.keys():
            raise ValueError("DAILY_SPEND_LIMIT needs LLM_PRICES for LLM_MODEL and for every fallback model.")
        if self.api_auth == "off" and not values.is_loopback(self.http_host):
            raise ValueError(
                "API_AUTH=off is possible only when HTTP_HOST is a loopback address such as 127.0.0.1."
            )
        if self.api_auth == "off" and "*" in self.cors_origins:
            raise ValueError(
                "CORS_ORIGINS=* does not go with API_AUTH=off: "
                "every site that you open could read everything."
            )
        if self.dashboard_port == self.http_port:
            raise ValueError("DASHBOARD_PORT must differ from HTTP_PORT; leave it unset to share the port.")
        return self

    @staticmethod
    def _webhook_reachable(url: str) -> bool:
        parts = urlsplit(url)
        return parts.scheme == "https" or values.is_loopback(parts.hostname or "")
