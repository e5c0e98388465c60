"""What the name of a value says about its secrecy."""

from __future__ import annotations

from enum import Enum


class Trust(Enum):
    """How far a name vouches for its value."""

    PASSWORD = "password"  # noqa: S105  whatever stands there is the secret
    TOKEN = "token"  # noqa: S105  what looks random is
    KEY = "key"  # only what is long and random is
    NONE = "none"


_PASSWORDS = frozenset(
    [
        "password",
        "passwd",
        "passphrase",
        "passcode",
        "pwd",
        "pass",
        "pw",
        "psk",
        "passwort",
        "contrasena",
        "motdepasse",
    ]
)
_SECRETS = frozenset(
    [
        "secret",
        "secrets",
        "token",
        "tokens",
        "credential",
        "credentials",
        "apikey",
        "apikeys",
        "authtoken",
        "accesstoken",
        "refreshtoken",
        "secretkey",
        "accesskey",
        "privatekey",
        "authkey",
        "jwt",
        "bearer",
        "authorization",
    ]
)
_KEY_QUALIFIERS = frozenset(
    "api access secret private auth authentication encryption signing master client service app application account admin deploy license session token shared storage subscription license hmac aes rsa webhook bot server instrumentation ingest write consumer user integration".split()  # noqa: SIM905
)
# What a name ends in that tells of the secret instead of being it.
_DESCRIPTIONS = frozenset(
    "id ids name names file files path paths url uri uris endpoint size length len type types count version versions field fields header headers param params prefix suffix algorithm alg format status expiry expires expiration expired "  # noqa: SIM905
    "ttl limit limits index store vault provider policy config settings class rotation usage label enabled required max min manager service helper handler factory builder error errors exception message hint reset regex pattern placeholder "
    "source variable env issuer audience scope scopes location arn alias fingerprint thumbprint date time timestamp at by for from ref reference mode level kind state host port user username email column table list set map dict group role code "
    "budget counter counts usage price cost input output prompt completion tokens".split()
)
_PUBLIC = frozenset(
    [
        "authenticity",
        "csrf",
        "xsrf",
        "nonce",
        "public",
        "pub",
        "publishable",
        "primary",
        "foreign",
        "sort",
        "partition",
        "cache",
        "bucket",
        "sequence",
        "schema",
        "object",
        "row",
        "hot",
        "shortcut",
        "keyboard",
        "column",
        "composite",
        "unique",
        "natural",
        "surrogate",
        "registry",
        "host",
        "press",
        "pressed",
        "down",
        "up",
        "valid",
        "str",
        "chars",
        "bar",
        "word",
        "accessibility",
        "accessor",
        "access_id",
        "key_pair",
        "keypair",
        "idempotency",
        "i18n",
        "translation",
        "locale",
        "accelerator",
        "binding",
        "blind",
    ]
)


def words_of(name: str) -> list[str]:
    """Split an identifier at underscores, dots, dashes, digits and changes of case; words in lower case."""
    words: list[str] = []
    start = 0
    for index, char in enumerate(name):
        if not char.isalpha():
            words.append(name[start:index])
            start = index + 1
        elif char.isupper() and index > start and not name[index - 1].isupper():
            words.append(name[start:index])
            start = index
    words.append(name[start:])
    return [word.lower() for word in words if word]


def trust_of(name: str) -> Trust:
    """Return what a name vouches for, by its last words."""
    words = words_of(name)
    if not words or not _PUBLIC.isdisjoint(words[-2:]):
        return Trust.NONE
    last = words[-1]
    if last in _PASSWORDS:
        return Trust.PASSWORD
    if last in _DESCRIPTIONS and last != "tokens":
        return Trust.NONE
    if last in ("secrets", "credentials", "keys"):
        return Trust.KEY
    if last in _SECRETS or "".join(words[-2:]) in _SECRETS:
        return Trust.TOKEN
    if last == "key":
        qualified = len(words) > 1 and words[-2] in _KEY_QUALIFIERS
        return Trust.TOKEN if qualified else Trust.KEY
    if last in ("auth", "dsn", "salt", "pat", "cookie", "session", "sid", "seed", "mnemonic", "webhook"):
        return Trust.KEY
    return Trust.KEY if any(word in _SECRETS or word in _PASSWORDS for word in words[-3:]) else Trust.NONE
