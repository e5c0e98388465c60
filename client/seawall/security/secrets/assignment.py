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

_KEYWORDS = r"secret|token|passw|passphrase|passcode|pwd|pass|credential|api_?-?key|key|auth|dsn|salt|signature|session|cookie|psk|pat|webhook|license|seed|mnemonic|bot|client|account|access|private|service|id"
_VALUE = r"\"([^\"\n\\]{1,512})\\?\"|'([^'\n\\]{1,512})\\?'|`([^`\n]{1,512})`|([^\s\"'`,;<>(){}\[\]\\]{4,512})"
ASSIGNMENT = LinearPattern(
    rf"([a-z0-9_.$/ -]{{0,40}}(?:{_KEYWORDS})[a-z0-9_.-]{{0,32}})(?:\\?[\"'\])]){{0,3}}[ \t]{{0,24}}(?:=>|:=|\?=|\|\|:|==|=|:|,|<-|\bis\b)[ \t]{{0,24}}(?:\\?[\"'`]{{0,2}}(?:bearer |basic |token ))?(?:@|[brfu]{{1,2}})?[\\\"'`]{{0,2}}?(?:{_VALUE})",
    ignore_case=True,
)
FLAG = LinearPattern(rf"--([a-z0-9-]{{0,30}}(?:secret|token|password|passwd|passphrase|api-?key|key)[a-z0-9-]{{0,12}})[ =]{{1,2}}(?:{_VALUE})", ignore_case=True)
ELEMENT = LinearPattern(r"<([a-z0-9_.:-]{0,30}(?:secret|token|passw|passphrase|pwd|apikey|api_key|key)[a-z0-9_.-]{0,20})(?: [^<>]{0,120})?>([^<>\s]{4,512})</", ignore_case=True)
ATTRIBUTE = LinearPattern(r"(?:key|name)=\"([^\"]{0,40}(?:secret|token|passw|pwd|apikey|api_key|api-key)[^\"]{0,30})\"\s{1,40}value=\"([^\"\n]{4,512})\"", ignore_case=True)
_PREFILTER = (b"secret", b"token", b"passw", b"passphrase", b"passcode", b"pwd", b"credential", b"key", b"auth", b"pass", b"dsn", b"salt", b"pat", b"sid", b"session", b"cookie", b"client", b"_id", b"signature", b"bot", b"psk", b"webhook")
HEX_LENGTH_MIN, NUMBER_LENGTH_MIN = 16, 15
PASSWORD_LENGTH_MIN, TOKEN_LENGTH_MIN, KEY_LENGTH_MIN = 6, 10, 20
_CODE = LinearPattern(r"^(?:[A-Za-z_$][A-Za-z0-9_$]*(?:(?:\.|::|->)[A-Za-z_$][A-Za-z0-9_$]*)+\(?|(?:self|this|os|process|env|config|settings|args|vault|secrets|var|local|data|request|params|context|module)[.\[(].*|[a-z]+(?:_[a-z]+)+|[A-Z]+(?:_[A-Z0-9]+)+|.*[(\[{]|https?:/{0,2}.*|[./~].*/.*|[A-Za-z]:\\.*|.*\.(?:pem|crt|cer|key|json|ya?ml|txt|py|js|ts|go|rs|java|xml|conf|cfg|ini|p12|pfx|jks|png|svg|keytab|md|html)|v?[0-9]+(?:\.[0-9]+)+.*)$")


def find_assigned_secrets(text: FoldedText) -> Iterator[Finding]:
    """Yield values that stand behind a secret's name: in code, settings, JSON, XML, on command lines and in prose."""
    lower = text.lower
    if not any(word in lower for word in _PREFILTER):
        return
    for pattern in (ASSIGNMENT, FLAG, ELEMENT, ATTRIBUTE):
        for match in pattern.finditer(text.shadow):
            last = 5 if pattern in (ASSIGNMENT, FLAG) else 2
            group = next((index for index in range(2, last + 1) if match.span(index)[0] >= 0), None)
            if group is None:
                continue
            start, end = match.span(group)
            if _is_secret(match.group(1), text.shadow[start:end], is_quoted=group < last):
                yield Finding(start, end, Kind.SECRET, 0.8, "secret.assigned")


def _is_secret(name: bytes, value: bytes, *, is_quoted: bool) -> bool:
    trust = trust_of(name.decode("latin-1"))
    if trust is Trust.NONE or is_placeholder(value) or _CODE.search(value) is not None:
        return False
    if trust is Trust.PASSWORD:
        return _is_password(value, is_quoted=is_quoted)
    if b" " in value or is_wordy(value):
        return False
    if value.isdigit():
        return trust is Trust.TOKEN and is_quoted and len(value) >= NUMBER_LENGTH_MIN
    if trust is Trust.TOKEN:
        return len(value) >= TOKEN_LENGTH_MIN and _is_mixed(value) and entropy_bits(value) >= 2.6  # noqa: PLR2004
    return len(value) >= KEY_LENGTH_MIN and _is_mixed(value) and entropy_bits(value) >= 3 and not is_uuid(value)  # noqa: PLR2004


def _is_password(value: bytes, *, is_quoted: bool) -> bool:
    if len(value) < PASSWORD_LENGTH_MIN or value.count(b" ") > 4:  # noqa: PLR2004
        return False
    if b" " in value:
        return has_digit(value) and is_quoted and not is_wordy(value)
    classes = character_classes(value)
    return (classes >= 2 and (has_digit(value) or classes >= 3)) and not (is_wordy(value) and not has_digit(value))  # noqa: PLR2004


def _is_mixed(value: bytes) -> bool:
    """Tell whether letters and digits mix, or a long value is hexadecimal or of both cases without being words."""
    if HEX.issuperset(value):
        return has_digit(value) and not value.isdigit() and len(value) >= HEX_LENGTH_MIN
    return has_digit(value) and not value.isdigit()
