"""Which HTML tags run code, fetch or submit something."""

from __future__ import annotations

import html
import re

from seawall.security.output.url_risk import url_risk

_ACTIVE_TAG_NAMES = (
    "script style iframe frame frameset object embed applet link meta base form input button textarea select option svg math video "
    "audio source track template noscript portal marquee body html head isindex layer image animate set foreignobject "
    "dialog xml xss title plaintext listing xmp noembed noframes slot param keygen fencedframe bgsound use picture"
)
_ACTIVE_TAGS = frozenset(_ACTIVE_TAG_NAMES.split())
_BLOCK_NAMES = (
    "address|article|aside|base|basefont|blockquote|body|caption|center|col|colgroup|dd|details|dialog|dir|div|dl|dt|fieldset|"
    "figcaption|figure|footer|form|frame|frameset|h[1-6]|head|header|hr|html|iframe|legend|li|link|main|menu|menuitem|nav|"
    "noframes|ol|optgroup|option|p|param|pre|script|search|section|style|summary|table|tbody|td|textarea|tfoot|th|thead|title|"
    "tr|track|ul"
)
_BLOCK = re.compile(rf"(?i)</?(?:{_BLOCK_NAMES})(?:[\s/>]|\Z)")
_NAME = re.compile(r"</?([A-Za-z][^\s/>]*)")
_ATTRIBUTE = re.compile(r"""([^\s"'<>/=\x00]+)\s*(?:=\s*("[^"]*"|'[^']*'|[^\s"'>]+))?""")
_FETCHED = frozenset(
    {"src", "srcset", "background", "poster", "data", "lowsrc", "dynsrc", "longdesc", "ping"}
)
_FOLLOWED = frozenset({"href", "xlink:href", "action", "formaction", "cite", "manifest"})
_STYLE_RISK = re.compile(
    r"(?i)url\s*\(|@import|expression\s*\(|javascript:|\\|image-set|-moz-binding|position\s*:"
)
_DANGEROUS_NAMES = re.compile(
    r"(?i)\A(?:on|srcdoc|srcset|ping|formaction|xmlns|http-equiv|autofocus|is\Z|data-bind)"
)


def begins_block(text: str) -> bool:
    """Tell whether what begins with this `<`, finished or not, begins a block of HTML at the start of a line in Markdown."""
    return _BLOCK.match(text) is not None


def tag_risk(tag: str) -> str | None:
    """Return what a tag, from `<` to `>`, would do, if it should not: "active", "data", "private"."""
    name = _NAME.match(tag)
    if name is None:
        return None if tag.startswith("<!--") and tag.endswith("-->") and "<" not in tag[4:] else "active"
    if name[1].lower().rpartition(":")[2] in _ACTIVE_TAGS:
        return "active"
    if tag.startswith("</"):
        return None
    for match in _ATTRIBUTE.finditer(tag, name.end()):
        risk = _attribute_risk(match[1].lower(), html.unescape((match[2] or "").strip("\"'")))
        if risk:
            return risk
    return None


def _attribute_risk(name: str, value: str) -> str | None:
    if _DANGEROUS_NAMES.match(name):
        return "active"
    if name == "style":
        return "active" if _STYLE_RISK.search(value) else None
    if name in _FETCHED or name in _FOLLOWED:
        return url_risk(value, fetched=name in _FETCHED)
    return None
