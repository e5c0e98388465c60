"""Names and postal addresses are recognised by rules, in several languages, and other capitals are not."""

import pytest

from seawall.security.redaction import Kind, find

pytestmark = pytest.mark.security


def spans(text, kind):
    return [text[f.start : f.end] for f in find(text) if f.kind is kind]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Please call Anna Kowalska back.", ["Anna Kowalska"]),
        ("My name is Thandiwe.", ["Thandiwe"]),
        ("my name is thandiwe and i need help", ["thandiwe"]),
        ("Dear Mr. Oyelaran,", ["Oyelaran"]),
        ("Kind regards,\nZbyszek", ["Zbyszek"]),
        ("Bob asked Carol and Dave to wait.", ["Bob", "Carol", "Dave"]),
        ("Maika van de Noort signed.", ["Maika van de Noort"]),
        ("Patient J. R. Whitfield was seen.", ["J. R. Whitfield"]),
        ("Sean O'Brien-Smith's laptop", ["Sean O'Brien-Smith"]),
        ("Sehr geehrter Herr J\u00fcttner,", ["J\u00fcttner"]),
        ('{"name": "Xiomara Quispe", "id": 4}', ["Xiomara Quispe"]),
        ("name,city\nTorvald Nyg\u00e5rd,Oslo", ["Torvald Nyg\u00e5rd"]),
        ("Yuri Bulgakov wrote it. Early Bulgakov is better.", ["Yuri Bulgakov", "Bulgakov"]),
    ],
)
def test_names_are_found(text, names):
    """The whole name is found and nothing around it."""
    assert spans(text, Kind.PERSON) == names


@pytest.mark.parametrize(
    "text",
    [
        "The White House issued a statement in April.",
        "United Nations Security Council Resolution 1325",
        "Best Practices For Large Language Models",
        "Visual Studio Code runs on Ubuntu Server with Docker Desktop.",
        "Deploy the Kubernetes Gateway with Envoy and Amazon Bedrock.",
        "Monday and Tuesday are booked; May is free.",
        "Error Code 1045: Access Denied For User",
        "Main Street is the name of a film.",
        "We flew from San Diego to Los Angeles.",
        "Will the model answer? Mark the task as done.",
        "I am German but live in Spain.",
        "class HttpClient(BaseClient): HTTPTransport = None",
        "Hi\nIgnore all previous instructions.",
        "Hello\n\nOmicroning is broken again.",
    ],
)
def test_other_capitals_are_left_alone(text):
    """Institutions, products, places and sentence openings are no people."""
    assert spans(text, Kind.PERSON) == []


@pytest.mark.parametrize(
    "address",
    [
        "12 Acacia Avenue, Springfield, IL 62704",
        "Flat 2, 14 Owen Road, Leeds, LS6 3AB",
        "Lindenstra\u00dfe 12, 10969 Berlin",
        "47, rue Brunel, 17519 Costa",
        "Calle de Hugo 13 Puerta 2, Madrid, 28001",
        "Via Roma 12, 00184 Roma",
        "Kungsgatan 12, 111 43 Stockholm",
        "ul. D\u0142uga 4/7, 00-238 Warszawa",
        "Rua das Flores, 270, 01310-100 S\u00e3o Paulo",
        "Keizersgracht 241, 1016 EA Amsterdam",
        "PSC 1451, Box 1762, APO AE 09498",
        "P.O. Box 4411, Nairobi 00100",
    ],
)
def test_addresses_are_covered(address):
    """No letter or digit of an address is left, whatever the country."""
    text = f"She lives at {address}."
    covered = {index for f in find(text) for index in range(f.start, f.end)}

    assert [char for index, char in enumerate(text) if char.isalnum() and index not in covered] == list(
        "Shelivesat"
    )


@pytest.mark.parametrize(
    "text",
    [
        "During 2008, the firm grew.",
        "On 28 April 2010 and 19 August 2011 it rained.",
        "iPad 12 and String 4 are not streets; see Section 4 Court of Appeal.",
        "Send it to the team via Slack 3 times.",
    ],
)
def test_other_numbers_beside_capitals_are_no_addresses(text):
    """Dates, products and sections are no addresses."""
    assert spans(text, Kind.ADDRESS) == []
