"""From request bytes to typed requests, and what was wrong with bytes that are none."""

from typing import Literal, TypeVar

import msgspec

T = TypeVar("T")
Kind = Literal["missing", "unknown", "invalid", "malformed"]

_MISSING = "Object missing required field `"
_UNKNOWN = "Object contains unknown field `"


class BodyError(ValueError):
    """A request body that does not have the form asked for.

    `field` is the path of the field at fault, such as `messages[0].role`, empty for the whole body; `detail` says
    what is wrong with it, for the kinds `invalid` and `malformed`.
    """

    def __init__(self, kind: Kind, field: str, detail: str) -> None:
        super().__init__(kind, field, detail)
        self.kind: Kind = kind
        self.field = field
        self.detail = detail

    def dotted(self) -> str:
        """The path of the field with dots alone: `messages.0.role`."""
        return self.field.replace("[", ".").replace("]", "")


def read(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """The typed request in a body; raises BodyError."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise body_error(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BodyError("malformed", "", str(error)) from error
    except RecursionError as error:
        raise too_deep() from error


def too_deep() -> BodyError:
    """A body so deeply nested that reading it, or counting its tokens, exhausts the stack."""
    return BodyError("malformed", "", "nested too deeply")


def body_error(said: str) -> BodyError:
    """What msgspec said of a body that did not fit its type."""
    detail, _, place = said.partition(" - at `")
    path = place.rstrip("`").removeprefix("$").removeprefix(".")
    for kind, opening in (("missing", _MISSING), ("unknown", _UNKNOWN)):
        if detail.startswith(opening):
            name = detail[len(opening) :].rstrip("`")
            return BodyError(
                "missing" if kind == "missing" else "unknown", f"{path}.{name}".lstrip("."), detail
            )
    return BodyError("invalid", path, detail)
