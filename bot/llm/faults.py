"""What went wrong with one attempt, judged from status, code and words; the words themselves go nowhere."""

from __future__ import annotations

import email.utils
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from bot.core.errors import LLMError, LLMErrorKind

Again = Literal["never", "often", "once"]
"""Whether the same request may go out again: "often" when nothing was paid, "once" when an answer broke."""

_BY_STATUS: Mapping[int, tuple[LLMErrorKind, Again]] = {
    401: ("auth", "never"),
    402: ("quota", "never"),
    403: ("auth", "never"),
    404: ("not_found", "never"),
    408: ("unavailable", "often"),
    409: ("unavailable", "often"),
    413: ("too_large", "never"),
    425: ("unavailable", "often"),
    429: ("rate_limited", "often"),
}
_TOO_LARGE = re.compile(
    r"context.{0,20}(length|window|size)|maximum context|too many tokens|prompt is too long|too large|"
    r"exceeds? the (available|maximum)|input is too long|reduce the length"
)
_FILTERED = re.compile(
    r"content.?(filter|policy|management)|moderation|safety|flagged|data_inspection_failed"
)
_NO_MODEL = re.compile(
    r"model.{0,80}(not found|does not exist|not exist|unknown)|model_not_found|no such model|invalid model|"
    r"unknown model"
)
_QUOTA = re.compile(r"insufficient_quota|exceeded your current quota|insufficient (credit|balance)|billing")
_BUSY = re.compile(r"overloaded|unavailable|try again later|capacity|loading")
_RATE = re.compile(r"rate.?limit|too many requests")
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,48}")
_WORDS = 2000


class Fault(Exception):
    """One attempt failed. `detail` is the endpoint's wording, for judging only: it may echo the prompt."""

    def __init__(
        self,
        kind: LLMErrorKind,
        log: str,
        again: Again = "never",
        *,
        retry_after: float | None = None,
        detail: str = "",
        status: int | None = None,
    ) -> None:
        super().__init__(log)
        self.kind: LLMErrorKind = kind
        self.again: Again = again
        self.retry_after = retry_after
        self.detail = detail
        self.status = status

    def as_error(self, model: str, partial: str = "") -> LLMError:
        """The error that leaves the room; it names model, status and code, never words of the endpoint."""
        return LLMError(self.kind, f"{model}: {self}", retry_after=self.retry_after, partial=partial)


def fault_of_status(status: int, headers: Mapping[str, str], body: Any) -> Fault:
    """The fault that an HTTP refusal stands for."""
    detail, code = words(body), _code(body)
    kind, again = _BY_STATUS.get(
        status, ("unavailable", "often") if status >= 500 else ("bad_response", "never")
    )
    if status in (400, 404, 422) or (status == 403 and _FILTERED.search(detail)):
        kind = _by_words(detail) or kind
        again = "once" if "tool_use_failed" in detail else again
    elif status == 429 and _QUOTA.search(detail):
        kind, again = "quota", "never"
    return Fault(
        kind,
        f"HTTP {status}{f' {code}' if code else ''}",
        again,
        retry_after=retry_after(headers) if kind in ("rate_limited", "unavailable") else None,
        detail=detail,
        status=status,
    )


def fault_of_error_body(body: Any) -> Fault:
    """The fault that an error object sent with status 200 stands for."""
    error = body.get("error") if isinstance(body, dict) else None
    for holder in (error, body):
        status = holder.get("code", holder.get("status")) if isinstance(holder, dict) else None
        if isinstance(status, int) and 400 <= status < 600:
            fault = fault_of_status(status, {}, body)
            return Fault(fault.kind, f"{fault} inside 200", fault.again, detail=fault.detail, status=status)
    detail = words(body)
    kind = _by_words(detail) or "bad_response"
    again: Again = "once" if kind in ("bad_response", "unavailable", "rate_limited") else "never"
    return Fault(kind, "an error inside 200", again, detail=detail, status=200)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the endpoint asks to wait, None if it does not say."""
    if (milliseconds := _float(headers.get("retry-after-ms"))) is not None:
        return milliseconds / 1000
    value = headers.get("retry-after")
    if (seconds := _float(value)) is not None:
        return seconds
    try:
        moment = email.utils.parsedate_to_datetime(value or "")
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def words(body: Any) -> str:
    """All text of an error body in lower case, capped."""
    found: list[str] = []
    waiting: list[Any] = [body]
    while waiting and sum(map(len, found)) < _WORDS:
        item = waiting.pop(0)
        if isinstance(item, str):
            found.append(item[:_WORDS])
        elif isinstance(item, dict):
            waiting += [item[key] for key in item if key != "input"]
        elif isinstance(item, list):
            waiting += item
    return " ".join(found).lower()[:_WORDS]


def _by_words(detail: str) -> LLMErrorKind | None:
    rules: tuple[tuple[re.Pattern[str], LLMErrorKind], ...] = (
        (_TOO_LARGE, "too_large"),
        (_QUOTA, "quota"),
        (_NO_MODEL, "not_found"),
        (_FILTERED, "refused"),
        (_RATE, "rate_limited"),
        (_BUSY, "unavailable"),
    )
    return next((kind for pattern, kind in rules if pattern.search(detail)), None)


def _code(body: Any) -> str:
    error = body.get("error", body) if isinstance(body, dict) else None
    code = error.get("code") or error.get("type") if isinstance(error, dict) else None
    return code if isinstance(code, str) and _CODE.fullmatch(code) else ""


def _float(value: str | None) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if 0 <= number < 1e7 else None
