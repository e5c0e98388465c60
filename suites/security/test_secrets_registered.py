"""A value that the service registered leaves in no guise: encoded, split, wrapped or in part."""

import base64
import codecs
import html
import json
import pickle
import re
import urllib.parse

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from seawall.security.redaction import Detection, Kind, Redactor
from seawall.security.secrets.registered import STRIDE, WINDOW, RegisteredSecrets

pytestmark = pytest.mark.security
FRAGMENT = WINDOW + STRIDE - 1
SECRETS = st.text(
    alphabet="abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789-_./+=!@#$%&", min_size=20, max_size=48
).filter(lambda value: sum(char.isalnum() for char in value) >= FRAGMENT and len(set(value.lower())) > 8)
ENCODERS = {
    "plain": lambda s: s,
    "upper": str.upper,
    "reversed": lambda s: s[::-1],
    "rot13": lambda s: codecs.encode(s, "rot13"),
    "hex": lambda s: s.encode().hex(),
    "hex with colons": lambda s: s.encode().hex(":"),
    "base64": lambda s: base64.b64encode(s.encode()).decode(),
    "base64, one byte before": lambda s: base64.b64encode(b"k" + s.encode() + b";").decode(),
    "base64, two bytes before": lambda s: base64.b64encode(b"k=" + s.encode() + b";;").decode(),
    "base64 for URLs": lambda s: base64.urlsafe_b64encode(s.encode()).decode(),
    "base64 of UTF-16": lambda s: base64.b64encode(s.encode("utf-16-le")).decode(),
    "base64 twice": lambda s: base64.b64encode(base64.b64encode(s.encode())).decode(),
    "base32": lambda s: base64.b32encode(s.encode()).decode(),
    "URL": urllib.parse.quote,
    "URL, every byte": lambda s: "".join(f"%{byte:02X}" for byte in s.encode()),
    "JSON": json.dumps,
    "JSON escapes": lambda s: "".join(f"\\u{ord(char):04x}" for char in s),
    "entities": html.escape,
    "numeric entities": lambda s: "".join(f"&#{ord(char)};" for char in s),
    "C escapes": lambda s: "".join(f"\\x{byte:02x}" for byte in s.encode()),
    "decimal": lambda s: ", ".join(str(byte) for byte in s.encode()),
    "octal": lambda s: " ".join(f"{byte:03o}" for byte in s.encode()),
    "binary": lambda s: " ".join(f"{byte:08b}" for byte in s.encode()),
}
SPLITTERS = {
    "whole": lambda s: s,
    "lines": lambda s: "\n".join(s[i : i + 7] for i in range(0, len(s), 7)),
    "quoted lines": lambda s: "\n> ".join(s[i : i + 9] for i in range(0, len(s), 9)),
    "concatenation": lambda s: '" + "'.join(s[i : i + 8] for i in range(0, len(s), 8)),
    "spaces": " ".join,
    "zero width": "\u200b".join,
    "escaped line ends": lambda s: "\\n".join(s[i : i + 10] for i in range(0, len(s), 10)),
}


def letters(text):
    return "".join(char for char in text.lower() if char.isalnum() and char.isascii())


def redacted(secret, text):
    detection = Detection(registered=RegisteredSecrets([secret]), kinds=frozenset({Kind.SECRET}))
    return Redactor(detection).redact(text).text


# An escape that is itself cut by an escape is none any more.
TORN = {("JSON escapes", "escaped line ends"), ("C escapes", "escaped line ends")}


GUISES = [(encode, split) for encode in ENCODERS for split in SPLITTERS if (encode, split) not in TORN]
CASES = 10_000
MARK = "\u2603"


@settings(max_examples=-(-CASES // len(GUISES)), deadline=None, phases=(Phase.explicit, Phase.generate))
@given(secret=SECRETS)
def test_no_guise_of_a_registered_secret_is_left(secret):
    """Whatever encoding meets whatever splitting, no whole byte of the value is left, in ten thousand cases.

    What may stay of base64 and base32 are its neighbours and the characters it shares with them.
    """
    guises = [SPLITTERS[split](ENCODERS[encode](secret)) for encode, split in GUISES]
    left = redacted(secret, MARK.join(f"well: {guise} : done" for guise in guises)).split(MARK)

    for (encode, split), piece in zip(GUISES, left, strict=True):
        rest = piece.partition("well: ")[2].rpartition(" : done")[0]
        outside = re.sub(r"\[\[SECRET-[0-9]+-[a-z2-7]{12}\]\]", "", rest)
        assert len(letters(outside)) <= (8 if encode.startswith("base") else 2), (encode, split, piece)


@settings(max_examples=60, deadline=None)
@given(SECRETS, st.data())
def test_no_long_fragment_is_left(secret, data):
    """Any fragment of fifteen letters and digits is found, wherever it begins."""
    size = len(letters(secret))
    start = data.draw(st.integers(0, size - FRAGMENT))
    fragment = letters(secret)[start : start + FRAGMENT]

    assert fragment not in letters(redacted(secret, f"part: {fragment}!"))


@settings(max_examples=60, deadline=None)
@given(SECRETS)
def test_nothing_is_restored(secret):
    """A registered secret does not come back in an answer."""
    redactor = Redactor(Detection(registered=RegisteredSecrets([secret])))
    text = redactor.redact(f"key {secret} end").text

    assert secret not in redactor.restore(text)


@pytest.mark.parametrize(
    "encode", ["plain", "reversed", "URL", "URL, every byte", "base64", "base32", "C escapes"]
)
def test_what_stands_around_the_letters_goes_too(encode):
    """Punctuation at either end, escapes and shared characters leave with the value."""
    guise = ENCODERS[encode]("!$k_LIVE-9aF!x7Q2m@pLz0/Kd8+Wb3!?")

    assert (
        set(guise.strip("=")) & set(redacted("!$k_LIVE-9aF!x7Q2m@pLz0/Kd8+Wb3!?", guise).partition("[[")[0])
        == set()
    )
    assert redacted("!$k_LIVE-9aF!x7Q2m@pLz0/Kd8+Wb3!?", guise).partition("]]")[2].strip("=") == ""


@settings(max_examples=40, deadline=None)
@given(SECRETS.filter(lambda value: value[0].isalnum() and value[-1].isalnum()))
def test_a_full_stop_behind_the_value_stays(secret):
    """Where nothing is encoded nothing stands around the value."""
    assert redacted(secret, f"It is {secret}.").startswith("It is [[SECRET-1-")
    assert redacted(secret, f"It is {secret}.").endswith("]].")


def test_other_text_is_left_alone():
    """Registering a secret takes nothing else out."""
    text = "The quick brown fox jumps over the lazy dog 13 times; see base64 TWFuIGlzIGRpc3Rpbmd1aXNoZWQ= and 0xdeadbeef."
    detection = Detection(
        registered=RegisteredSecrets(["Zk3-vv9-Qp0-Lm2-Wx8"]), kinds=frozenset({Kind.SECRET})
    )

    assert Redactor(detection).redact(text).text == text


@pytest.mark.parametrize("value", ["", "tiny1", "--------!!!!", "a-b-c-d-e"])
def test_a_value_too_short_to_be_told_apart_is_refused(value):
    """The error names the position, never the value."""
    with pytest.raises(ValueError, match="number 2 is too short") as failure:
        RegisteredSecrets(["long-enough-value-1", value])
    assert not value or value not in str(failure.value)


def test_registered_values_are_not_shown():
    """Neither printing nor pickling gives them away."""
    secrets = RegisteredSecrets(["long-enough-value-1"])

    assert "long-enough" not in f"{secrets!r} {Detection(registered=secrets)!r}"
    with pytest.raises(TypeError):
        pickle.dumps(secrets)
