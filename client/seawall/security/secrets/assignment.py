"""Values assigned to names that call them secret."""

from __future__ import annotations

from collections.abc import Iterator

from seawall.security.finding import Finding, Kind
from seawall.security.folded_text import FoldedText
from seawall.security.linear_pattern import LinearPattern
from seawall.security.secrets.randomness import (
    HEX,
    character_classes,
    entropy_bits,
    has_digit,
    is_placeholder,
    is_uuid,
    is_wordy,
)
from seawall.security.secrets.secret_name import Trust, trust_of

_KEYWORDS = r"secret|token|passw|passphrase|passcode|pwd|pass|credential|key|auth|dsn|salt|session|cookie|psk|webhook|seed|mnemonic|jwt|sid"
# From a keyword to the opening of the value; what stands before the keyword is read backwards.
ASSIGNMENT = LinearPattern(
    rf"(?:{_KEYWORDS})[a-z0-9_.-]*\\?[\"'\])]{{0,3}}[ \t]{{0,24}}(?:=>|:=|\?=|\|\|:|==|=|:|,|<-|\bis\b)[ \t]{{0,24}}(?:\\?[\"'`]{{0,2}}(?:bearer |basic |token ))?(?:@|[brfu]{{1,2}}[\"'])?\\?[\"'`]{{0,3}}",
    ignore_case=True,
)
FLAG = LinearPattern(
    r"--[a-z0-9-]*(?:secret|token|password|passwd|passphrase|api-?key|key)[a-z0-9-]*[ =]{1,2}\\?[\"'`]?",
    ignore_case=True,
)
NAME_LENGTH_MAX, VALUE_LENGTH_MAX = 48, 512
_BARE_VALUE = LinearPattern(r"[^\s\"'`,;<>(){}\[\]\\]{4,512}")
ELEMENT = LinearPattern(
    r"<([a-z0-9_.:-]*(?:secret|token|passw|passphrase|pwd|apikey|api_key|key)[a-z0-9_.-]*)(?: [^<>]*)?>([^<>\s]{4,512})</",
    ignore_case=True,
)
ATTRIBUTE = LinearPattern(
    r"(?:key|name)=\"([^\"<>\n]*(?:secret|token|passw|pwd|apikey|api_key|api-key)[^\"<>\n]*)\"\s{1,40}value=\"([^\"\n]{4,512})\"",
    ignore_case=True,
)
_PREFILTER = tuple(word.encode() for word in _KEYWORDS.split("|"))
HEX_LENGTH_MIN, NUMBER_LENGTH_MIN = 16, 15
PASSPHRASE_SPACES_MAX = 4
TOKEN_ENTROPY_BITS, KEY_ENTROPY_BITS = 2.6, 3.0
PASSWORD_LENGTH_MIN, TOKEN_LENGTH_MIN, KEY_LENGTH_MIN = 6, 10, 20
_CODE = LinearPattern(
    r"^(?:[A-Za-z_$][A-Za-z0-9_$]*(?:(?:\.|::|->)[A-Za-z_$][A-Za-z0-9_$]*)+\(?|(?:self|this|os|process|env|config|settings|args|vault|secrets|var|local|data|request|params|context|module)[.\[(].*|[a-z]+(?:_[a-z]+)+|[A-Z]+(?:_[A-Z0-9]+)+|.*[(\[{]|https?:/{0,2}.*|[./~].*/.*|[A-Za-z]:\\.*|.*\.(?:pem|crt|cer|key|json|ya?ml|txt|py|js|ts|go|rs|java|xml|conf|cfg|ini|p12|pfx|jks|png|svg|keytab|md|html)|v?[0-9]+(?:\.[0-9]+)+.*)$"
)


def find_assigned_secrets(text: FoldedText) -> Iterator[Finding]:
    """Yield values that stand behind a secret's name: in code, settings, JSON, XML, on command lines and in prose."""
    lower = text.lower
    if not any(word in lower for word in _PREFILTER):
        return
    for pattern in (ASSIGNMENT, FLAG):
        for start, end in pattern.spans(text.shadow):
            trust = trust_of(_name_before(text.shadow, start, end).decode("latin-1"))
            value = _value_at(text.shadow, end) if trust is not Trust.NONE else None
            if value is not None and _is_secret(
                trust, text.shadow[slice(*value)], is_quoted=text.shadow[end - 1] in _QUOTES
            ):
                yield Finding(*value, Kind.SECRET, 0.8, "secret.assigned")
    for pattern in (ELEMENT, ATTRIBUTE):
        for match in pattern.finditer(text.shadow):
            if _is_secret(trust_of(match.group(1).decode("latin-1")), match.group(2), is_quoted=True):
                yield Finding(*match.span(2), Kind.SECRET, 0.8, "secret.assigned")


_QUOTES = frozenset(b"\"'`")
_NAME = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.$/-")
_NAME_END = LinearPattern(r"[A-Za-z0-9_.$/-]+")


def _name_before(shadow: bytes, start: int, end: int) -> bytes:
    """Return the whole identifier that the keyword at `start` is a part of."""
    first = start
    while first and start - first < NAME_LENGTH_MAX and shadow[first - 1] in _NAME:
        first -= 1
    match = _NAME_END.match(shadow, first, end)
    return match.group() if match is not None else b""


def _value_at(shadow: bytes, start: int) -> tuple[int, int] | None:
    """Return the span of the value that begins at `start`, up to its closing quote or, bare, to what ends it."""
    quote = shadow[start - 1 : start]
    if quote in (b'"', b"'", b"`"):
        limit = min(len(shadow), start + VALUE_LENGTH_MAX)
        end = shadow.find(quote, start, limit)
        line = shadow.find(b"\n", start, limit)
        if end > start and (line < 0 or end < line):
            return start, end - (shadow[end - 1 : end] == b"\\")
    match = _BARE_VALUE.match(shadow, start)
    return match.span() if match is not None else None


def _is_secret(trust: Trust, value: bytes, *, is_quoted: bool) -> bool:
    if trust is Trust.NONE or is_placeholder(value) or _CODE.search(value) is not None:
        return False
    if trust is Trust.PASSWORD:
        return _is_password(value, is_quoted=is_quoted)
    if b" " in value or is_wordy(value):
        return False
    if value.isdigit():
        return trust is Trust.TOKEN and is_quoted and len(value) >= NUMBER_LENGTH_MIN
    if not _is_mixed(value):
        return False
    if trust is Trust.TOKEN:
        return len(value) >= TOKEN_LENGTH_MIN and entropy_bits(value) >= TOKEN_ENTROPY_BITS
    return len(value) >= KEY_LENGTH_MIN and entropy_bits(value) >= KEY_ENTROPY_BITS and not is_uuid(value)


def _is_password(value: bytes, *, is_quoted: bool) -> bool:
    if len(value) < PASSWORD_LENGTH_MIN or value.count(b" ") > PASSPHRASE_SPACES_MAX:
        return False
    if b" " in value:
        return has_digit(value) and is_quoted and not is_wordy(value)
    if has_digit(value):
        return character_classes(value) > 1
    return character_classes(value) > 2 and not is_wordy(value)  # noqa: PLR2004


def _is_mixed(value: bytes) -> bool:
    """Tell whether letters and digits mix, or a long value is hexadecimal or of both cases without being words."""
    if HEX.issuperset(value):
        return has_digit(value) and not value.isdigit() and len(value) >= HEX_LENGTH_MIN
    return has_digit(value) and not value.isdigit()
