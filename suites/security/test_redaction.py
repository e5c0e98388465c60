"""What is taken out comes back to the character, and nothing else ever does."""

import copy
import itertools
import json
import pickle
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.security.redaction import Detection, Kind, Redactor, VaultFullError, json_escaped
from seawall.security.redaction.placeholder import LENGTH_MAX

pytestmark = pytest.mark.security
VALUES = [
    "jane.doe@corp.example",
    "4111 1111 1111 1111",
    "DE89 3704 0044 0532 0130 00",
    "81.2.69.142",
    "3c:22:fb:aa:10:9e",
    "+44 20 7946 0958",
    "536-22-8726",
    "Anna Kowalska",
    "12 Acacia Avenue, Springfield, IL 62704",
]
FRAGMENTS = [
    "[[",
    "]]",
    "[",
    "[[EMAIL-1-",
    "[[EMAIL-1-aaaaaaaaaaaa]]",
    "-",
    "\n",
    ", ",
    " ",
    "Dear ",
    "card ",
]
PIECES = st.one_of(
    st.sampled_from(VALUES),
    st.sampled_from(FRAGMENTS),
    st.text(alphabet=st.characters(codec=None), max_size=12),
)
TEXTS = st.lists(PIECES, max_size=12).map("".join)
NO_SECRETS = Detection(kinds=frozenset(Kind) - {Kind.SECRET})


def in_chunks(text, cuts):
    edges = [0, *sorted(cut % (len(text) + 1) for cut in cuts), len(text)]
    return [text[start:end] for start, end in itertools.pairwise(edges)]


@settings(max_examples=150, deadline=None)
@given(TEXTS)
def test_restoring_what_was_redacted_is_the_identity(text):
    """restore(redact(x)) == x, whatever x holds."""
    redactor = Redactor(NO_SECRETS)

    assert redactor.restore(redactor.redact(text).text) == text


def test_ten_thousand_texts_come_back_however_they_are_cut():
    """The same at a number that chance does not get past: one conversation of a hundred texts after another."""
    chance = random.Random(20)
    odd = [
        "\u200b",
        "\U0001f600",
        "\xe9",
        "\u0130",
        "\r",
        "\t",
        "1",
        "9",
        "@",
        ".",
        "+",
        "Zoe",
        "of ",
        "\x00",
    ]
    pieces = VALUES + FRAGMENTS + odd
    for _ in range(100):
        redactor = Redactor(NO_SECRETS)
        for _ in range(100):
            text = "".join(chance.choices(pieces, k=chance.randrange(9)))
            redacted = redactor.redact(text).text
            restorer = redactor.stream_restorer()
            cuts = [chance.randrange(400) for _ in range(chance.randrange(6))]
            shown = "".join(map(restorer.feed, in_chunks(redacted, cuts))) + restorer.close()
            assert shown == redactor.restore(redacted) == text


@settings(max_examples=150, deadline=None)
@given(TEXTS, st.lists(st.integers(0, 400), max_size=10))
def test_any_chunking_restores_the_same(text, cuts):
    """A stream that is cut anywhere gives the same text, and never holds back more than a placeholder."""
    redactor = Redactor(NO_SECRETS)
    redacted = redactor.redact(text).text
    restorer = redactor.stream_restorer()
    given_out = taken_in = 0
    pieces = []
    for chunk in in_chunks(redacted, cuts):
        pieces.append(restorer.feed(chunk))
        taken_in += len(chunk)
        held = int(repr(restorer).split("(")[1].split()[0])
        assert held < LENGTH_MAX
        given_out += len(pieces[-1])
    pieces.append(restorer.close())

    assert "".join(pieces) == text


@settings(max_examples=50, deadline=None)
@given(st.lists(TEXTS, min_size=2, max_size=4))
def test_a_conversation_is_consistent(messages):
    """One value has one placeholder in all messages; redacting a redacted message again still restores."""
    redactor = Redactor(NO_SECRETS)
    first = [redactor.redact(message).text for message in messages]

    assert [redactor.redact(message).text for message in messages] == first
    for redacted in first:
        assert redactor.restore(redactor.redact(redacted).text) == redacted


def placeholder_of(redactor, value="jane.doe@corp.example"):
    return redactor.redact(value).text


def test_nothing_of_a_value_is_left():
    """What leaves holds none of the values."""
    text = ". ".join(f"Contact: {value}" for value in VALUES)
    redacted = Redactor().redact(text)

    assert [value for value in VALUES if value in redacted.text] == []
    assert redacted.text.count("[[") >= len(VALUES)


@pytest.mark.parametrize(
    "alter",
    [
        lambda p: p.replace("EMAIL-2", "EMAIL-1"),
        lambda p: p.replace("EMAIL", "PHONE"),
        lambda p: p.lower(),
        lambda p: p.upper(),
        lambda p: p[:-3] + ("a" if p[-3] != "a" else "b") + p[-2:],
        lambda p: p.replace("-", "\u2011"),
        lambda p: p[1:],
        lambda p: p[:-1],
        lambda p: p.replace("[[", "[ ["),
        lambda p: p[:5] + "\u200b" + p[5:],
    ],
)
def test_an_altered_placeholder_restores_nothing(alter):
    """Any change makes a placeholder plain text."""
    redactor = Redactor()
    redactor.redact("john.roe@corp.example")
    altered = alter(placeholder_of(redactor))

    assert redactor.restore(f"Mail {altered} now") == f"Mail {altered} now"


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz234567", min_size=12, max_size=12))
def test_an_invented_placeholder_restores_nothing(tag):
    """A guess at the tag is plain text, too."""
    redactor = Redactor()
    real = placeholder_of(redactor)
    invented = f"[[EMAIL-1-{tag}]]"

    assert invented == real or redactor.restore(invented) == invented


def test_placeholders_of_another_conversation_are_inert():
    """A tag is worth nothing elsewhere."""
    one, other = Redactor(), Redactor()
    stolen = placeholder_of(one)
    placeholder_of(other)

    assert other.restore(stolen) == stolen


def test_a_placeholder_in_somebodys_text_is_inert():
    """An attacker who knows a placeholder of this conversation gets it back as he wrote it, not its value."""
    redactor = Redactor()
    known = placeholder_of(redactor)
    attack = f"Send {known} to me"
    leaves = redactor.redact(attack).text

    assert known not in leaves
    assert redactor.restore(leaves) == attack


def test_restoring_is_done_once():
    """A restored value that looks like a placeholder is not restored again."""
    redactor = Redactor()
    placeholder = placeholder_of(redactor)
    wrapped = redactor.redact(placeholder).text

    assert redactor.restore(wrapped) == placeholder


def test_secrets_are_never_restored():
    """A secret's placeholder stays, and the vault does not know the secret."""
    redactor = Redactor()
    secret = "gh" + "p_" + "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dE3fG5"
    redacted = redactor.redact(f"token {secret} of jane.doe@corp.example")
    restored = redactor.restore(redacted.text)

    assert secret not in redacted.text + restored
    assert "jane.doe@corp.example" in restored
    assert redactor.redact(f"again {secret}").text.split()[1] in redacted.text


def test_values_are_escaped_inside_json():
    """In tool arguments a value cannot break out of its string."""
    redactor = Redactor()
    address = '12 Acacia Avenue,\n"Springfield", IL 62704'
    text = redactor.redact(f"lives at {address}").text
    document = redactor.restore(json.dumps({"note": text}), json_escaped)

    assert json.loads(document)["note"] == f"lives at {address}"


def test_the_vault_shows_nothing():
    """Neither printing nor copying nor pickling gives values away."""
    redactor = Redactor()
    redacted = redactor.redact("jane.doe@corp.example")
    restorer = redactor.stream_restorer()
    restorer.feed("[[EMA")

    shown = f"{redactor!r} {redactor} {restorer!r} {redacted!r} {vars(type(redactor))}"
    assert "jane" not in shown
    for take in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError):
            take(redactor)


def test_a_full_vault_says_so():
    """Memory is bounded: beyond the limit redacting is an error that holds no value."""
    redactor = Redactor(entries_max=2)
    redactor.redact("a.one@corp.example b.two@corp.example")

    with pytest.raises(VaultFullError, match="more than 2") as failure:
        redactor.redact("c.three@corp.example")
    assert "corp.example" not in str(failure.value)


def test_forgetting_makes_placeholders_inert():
    """After clear() nothing comes back."""
    redactor = Redactor()
    placeholder = placeholder_of(redactor)
    redactor.clear()

    assert redactor.restore(placeholder) == placeholder


def test_kinds_and_scores_can_be_chosen():
    """A service redacts only what it asked for."""
    only = Redactor(Detection(kinds=frozenset({Kind.EMAIL})))
    strict = Redactor(Detection(score_min=0.99))

    assert only.redact("81.2.69.142").text == "81.2.69.142"
    assert strict.redact("call Anna at 81.2.69.142").text == "call Anna at 81.2.69.142"


def test_an_unknown_phone_region_is_named():
    """A mistyped region is an error, not a silent gap."""
    with pytest.raises(ValueError, match="'XX'"):
        Redactor(Detection(phone_regions=("XX",))).redact("call 030 901820")
