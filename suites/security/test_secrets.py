"""Secrets are found by their form and by their name, and placeholders and code are not."""

import base64
import hashlib
import json
import random
import re
import string

import pytest

from seawall.security.redaction import Detection, Kind, find
from seawall.security.secrets.vendor_key import vendor_rules

pytestmark = pytest.mark.security
ALPHABETS = {
    "alnum": string.ascii_letters + string.digits,
    "hex": "0123456789abcdef",
    "upper": string.ascii_uppercase + string.digits,
    "lower": string.ascii_lowercase + string.digits,
    "letter": string.ascii_lowercase,
    "digit": string.digits,
    "base32": string.ascii_uppercase + "234567",
    "base64": string.ascii_letters + string.digits + "+/",
    "url": string.ascii_letters + string.digits,
    "x": "x",
}
ONLY_SECRETS = Detection(kinds=frozenset({Kind.SECRET}))
RULES = {rule.name: rule for rule in vendor_rules()}


def expand(notation, seed=1):
    """Write out the notation of the rules' file: `<alnum*36>` is that many characters of that alphabet."""
    draw = random.Random(f"{notation}{seed}")

    def letters(match):
        alphabet, count = ALPHABETS[match[1]], int(match[2])
        return "".join(draw.choice(alphabet) for _ in range(count))

    return re.sub(r"<(\w+)\*(\d+)>", letters, notation)


def secrets_in(text):
    return [text[f.start : f.end] for f in find(text, ONLY_SECRETS)]


@pytest.mark.parametrize("name", RULES)
def test_every_rule_finds_its_examples(name):
    """Bare, in JSON, behind an assignment and in a sentence, the example is found by its own rule."""
    rule = RULES[name]
    for notation in rule.examples:
        for seed in range(3):
            example = expand(notation, seed)
            for text in (
                example,
                json.dumps({"value": example}),
                f"export X={example}\n",
                f"(it is {example})",
            ):
                assert any(
                    example.endswith(secret[-8:]) or secret in example for secret in secrets_in(text)
                ), text
            assert f"secret.{name}" in {finding.detector for finding in find(example, ONLY_SECRETS)}, example


@pytest.mark.parametrize("name", RULES)
def test_no_rule_finds_its_counterexamples(name):
    """A placeholder, a fragment or a namesake is not found by the rule."""
    for notation in RULES[name].counterexamples:
        text = expand(notation)
        assert f"secret.{name}" not in {f.detector for f in find(text, ONLY_SECRETS)}, text


def test_rules_are_many_and_named_once():
    """The catalogue covers the vendors that are met most, each rule under a name of its own."""
    assert len(RULES) == len(vendor_rules()) >= 100


def test_a_key_that_everybody_knows_is_none():
    """A key printed in documentation is known by its hash; any other of the same form is a secret."""
    key = expand("AIzaSy<url*33>").encode()
    other = key[:6] + key[:5:-1]
    digest = hashlib.sha256(key).hexdigest()[:16]
    rule = RULES["gcp-api-key"]
    assert all(
        len(known) == len(digest) and not set(known) - set("0123456789abcdef") for known in rule.published
    )
    assert rule._replace(published=frozenset({digest})).is_published(key)
    assert not rule._replace(published=frozenset({digest})).is_published(other)


VALUE = expand("<alnum*32>")
PASSWORD = "tr0ub" + "4dor&3x"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f'api_key = "{VALUE}"', VALUE),
        (f"SERVICE_ACCESS_TOKEN={VALUE}", VALUE),
        (f'{{"clientSecret": "{VALUE}"}}', VALUE),
        (f'{{\\"clientSecret\\": \\"{VALUE}\\"}}', VALUE),
        (f"password: {PASSWORD}", PASSWORD),
        (f"The password is {PASSWORD}", PASSWORD),
        (f"<password>{PASSWORD}</password>", PASSWORD),
        (f'<add key="DbPassword" value="{PASSWORD}" />', PASSWORD),
        (f"mysqldump --password {PASSWORD} db", PASSWORD),
        (f"postgres://app:{PASSWORD}@db.corp.example/prod", PASSWORD),
        (f"Server=db;User Id=app;Password={PASSWORD};", PASSWORD),
        (f"curl -u app:{PASSWORD} https://corp.example", PASSWORD),
        (f"Authorization: Bearer {VALUE}", VALUE),
        (f"machine corp.example login app password {PASSWORD}", PASSWORD),
        (f"x-api-key: {VALUE}", VALUE),
    ],
)
def test_a_value_behind_a_secret_name_is_found_exactly(text, secret):
    """In code, settings, JSON, XML, URLs, headers, command lines and prose: the value and nothing else."""
    assert secrets_in(text) == [secret]


@pytest.mark.parametrize(
    "text",
    [
        'password = os.environ["DB_PASSWORD"]',
        "password: string",
        "api_key: ${API_KEY}",
        "token = <your-token-here>",
        "API_KEY=xxxxxxxxxxxxxxxxxxxxxxxx",
        'secret_key = "changeme"',
        "max_tokens: 4096, prompt_tokens=12",
        'public_key = "9Cnzj4p4WGeKLs1Pt8QuKUpRKfFLfRYC9AIKjbJTWit"',
        "keyId: 555ea4a3-d53a-4412-9c66-3a7cb667b0d6",
        "KeyPair = X25519.KeyPair",
        "author = james.fake",
        "curl -u $USER:$PASSWORD https://corp.example",
        "https://user:password@corp.example/",
        "integrity: sha512-o/MgVYc9Xa92jNd5pk+PRtFx/IuWlILW1vqm9UU7V49Cnos+bK2y982EHtXcRgkdtxZylYBaGWEznC9Alo6xhg==",
        "resolved commit fef8137f656d374a2a32f9ab7efe851f03a19d5c",
        "the key to success is patience",
        "Authorization: Bearer $(gcloud auth print-access-token)",
        "api_key = " + "abc123xyz-456def789ghij-klmnopq",
        "token: " + "3123123123123123123123",
        "token: " + "5555555dAAAAA7777777CcccCFaaaa",
    ],
)
def test_placeholders_code_and_hashes_are_left_alone(text):
    """What only names, refers to or checks a secret is no secret."""
    assert secrets_in(text) == []


def key_block(label, body):
    return f"-----BEGIN {label}-----\n{body}\n-----END {label}-----"


@pytest.mark.parametrize(
    "label", ["PRIVATE KEY", "RSA PRIVATE KEY", "OPENSSH PRIVATE KEY", "PGP PRIVATE KEY BLOCK"]
)
def test_private_keys_are_found_whole(label):
    """From the opening to the closing line, also with escaped line ends, also when the end was cut off."""
    body = "\n".join(expand("<base64*64>", seed) for seed in range(4))
    block = key_block(label, body)
    cut = block[: block.index("-----END")]

    assert secrets_in(f"key:\n{block}\nbye") == [block]
    assert secrets_in(json.dumps({"k": block}))[0].startswith("-----BEGIN")
    assert all(line not in secrets_left(f"{cut}\nthat was it") for line in body.split("\n"))


def secrets_left(text):
    for finding in reversed(find(text, ONLY_SECRETS)):
        text = text[: finding.start] + text[finding.end :]
    return text


def test_a_private_key_without_a_key_is_none():
    """Documentation that shows the armour is left alone."""
    assert secrets_in(key_block("PRIVATE KEY", "anything")) == []


def part(document):
    return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()


def test_json_web_tokens_are_known_by_their_header():
    """Three parts with a header that names an algorithm are a token; other dotted base64 is not."""
    token = f"{part({'alg': 'HS256'})}.{part({'sub': '1'})}.{expand('<url*43>')}"
    other = f"{part({'colour': 'red'})}.{part({'sub': '1'})}.{expand('<url*43>')}"

    assert secrets_in(f"see {token} there") == [token]
    assert secrets_in(f"see {other} there") == []
