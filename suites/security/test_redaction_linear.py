"""Work grows with the length of the text and not faster, counted in operations and not by a clock."""

import importlib
import re
import subprocess
import sys

import pytest

from seawall.security.linear_pattern import LinearPattern
from seawall.security.redaction import Detection, Redactor, find
from seawall.security.secrets.registered import RegisteredSecrets
from seawall.security.secrets.vendor_key import vendor_rules

pytestmark = pytest.mark.security
SIZE = 4_000
HOSTILE = {
    "digits": "4",
    "groups of digits": "4111 1111 1111 1111 ",
    "single digits": "4 1 ",
    "phones": "(415) 555-2671 ",
    "at signs": "a@",
    "dots": "a@b.",
    "brackets": "[[",
    "placeholders": "[[EMAIL-1-aaaaaaaaaaaa",
    "names": "Anna Smith, ",
    "names in a row": "Anna Smith ",
    "capitals": "Aa ",
    "colons": "a:",
    "ibans": "GB82",
    "assignments": "secret_key = ",
    "quotes": '"password": \'',
    "keys": "-----BEGIN PRIVATE KEY-----\n",
    "tokens": "eyJhbGci.",
    "base64": "QUJDRA",
    "addresses": "12 Main Street, ",
    "urls": "https://a:b@",
    "tables": "a,b\n",
    "cyrillic": "\u0436\u0416 ",
    "escapes": "%41\\x41&#65;",
    "the registered secret": "Zk3vv9Qp0Lm2",
    "passports": "passport no ",
    "births": "born on the ",
    "ids": "AB123456C ",
    "curl": "curl -u a:'",
}
REGISTERED = Detection(registered=RegisteredSecrets(["Zk3-vv9-Qp0-Lm2-Wx8-Zk3-vv9"]))


def operations_of(function):
    """Count the lines that run in the security package, and all calls that they make, of Python and of C."""
    count = 0

    def count_call(_frame, event, _argument):
        nonlocal count
        count += event in ("call", "c_call")

    def count_line(_frame, event, _argument):
        nonlocal count
        count += event == "line"
        return count_line

    def enter(frame, _event, _argument):
        return count_line if "/seawall/security/" in frame.f_code.co_filename else None

    sys.setprofile(count_call)
    sys.settrace(enter)
    try:
        function()
    finally:
        sys.settrace(None)
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("name", HOSTILE)
def test_twice_the_text_is_at_most_twice_the_work(name):
    """Doubling a hostile text costs at most 2.3 times the operations."""
    unit = HOSTILE[name]
    small, large = ((unit * (size // len(unit) + 1))[:size] for size in (SIZE, 2 * SIZE))
    find(large, REGISTERED)
    cost = operations_of(lambda: find(small, REGISTERED)), operations_of(lambda: find(large, REGISTERED))

    assert cost[1] <= 2.3 * cost[0] + 200


@pytest.mark.parametrize("size", [1, 3, 50])
def test_restoring_a_stream_costs_its_length(size):
    """However small the pieces, each character is looked at a bounded number of times."""
    redactor = Redactor()
    text = redactor.redact("jane.doe@corp.example ").text * 40 + "[[" * 400

    def restore(times):
        restorer = redactor.stream_restorer()
        for start in range(0, len(text) * times, size):
            restorer.feed((text * times)[start : start + size])

    assert operations_of(lambda: restore(2)) <= 2.3 * operations_of(lambda: restore(1)) + 200


def patterns():
    for name in sorted(sys.modules):
        if name.startswith("seawall.security.") and name.split(".")[2] in ("pii", "secrets", "column"):
            for attribute, value in vars(importlib.import_module(name)).items():
                if isinstance(value, LinearPattern):
                    yield f"{name}.{attribute}", value.source
    for rule in vendor_rules():
        yield rule.name, rule.pattern.source


def test_no_pattern_looks_ahead_without_bound():
    """`.*` and `.+` are nowhere, lazy or greedy: what they would scan is not limited by a class or a line."""
    find("warm up")
    unbounded = [
        name
        for name, source in patterns()
        if re.search(r"(?<!\\)\.(?:\*|\+|\{\d+,\})", re.sub(r"\[[^\]]*\]", "C", source))
    ]

    # Matched against one bounded value, never against a text.
    assert [name for name in unbounded if not name.endswith("assignment._CODE")] == []


def test_importing_the_client_loads_no_engine():
    """`import seawall` needs none of the extra's packages; the redaction modules load on first use."""
    code = (
        "import sys, seawall; print([m for m in ('re2', 'phonenumbers', 'ahocorasick') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert result.stdout.strip() == "[]"
