"""An error status with the body and headers the provider would give it."""

from typing import Literal

from pydantic import Field, field_validator
from typing_extensions import override

from seawall_simulators.fault import Context, Fault
from seawall_simulators.script import Script, whole

_HEADER_CHARS_MAX = 1000
_RETRY_AFTER_S_MAX = 86_400  # a day; beyond is hostile and not repeated in a body


class HttpStatus(Fault, frozen=True):
    """Answers every request with `status`."""

    fault: Literal["http_status"] = "http_status"
    status: int = Field(default=503, ge=200, le=599)
    retry_after: str | int | float | None = None
    """The Retry-After header, literally: seconds, a date, or nonsense."""
    code: str | None = Field(default=None, max_length=200)
    """The provider's error code; None: what it customarily says with this status."""

    @field_validator("retry_after")
    @classmethod
    def _fits_a_header(cls, value: str | float | None) -> str | float | None:
        if isinstance(value, str) and (
            len(value) > _HEADER_CHARS_MAX or not value.isprintable() or not value.isascii()
        ):
            raise ValueError(f"a header value is at most {_HEADER_CHARS_MAX} printable ASCII characters")
        return value

    @override
    def apply(self, script: Script, context: Context) -> Script:
        headers, body = context.wire.error(
            self.status,
            code=self.code,
            message=None,
            request_id=context.request_id,
            retry_after_s=_seconds(self.retry_after),
        )
        if self.retry_after is not None:
            kept = (header for header in headers if header[0].lower() != "retry-after")
            headers = (*kept, ("retry-after", str(self.retry_after)))
        return whole(self.status, headers, body)


def _seconds(value: str | float | None) -> float | None:
    """What a plain number of seconds says, for wires that repeat it in their body."""
    plain = isinstance(value, int | float) and 0 <= value <= _RETRY_AFTER_S_MAX
    return float(value) if plain and value is not None else None
