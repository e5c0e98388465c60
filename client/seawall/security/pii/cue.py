"""Words near a number that say what the number is."""

from __future__ import annotations

from seawall.security.folded_text import FoldedText
from seawall.security.linear_pattern import LinearPattern, LinearPatternSet

REACH = 40


class Cue:
    """A set of words, looked for in lower case in front of a span, right behind it, or in its column's header."""

    __slots__ = ("_occurs", "_pattern")

    def __init__(self, words: str) -> None:
        """Take alternatives of a regular expression, in lower case; each stands as a whole word."""
        self._pattern = LinearPattern(rf"(?:^|[^a-z])(?:{words})(?:$|[^a-z])")
        self._occurs = LinearPatternSet((self._pattern.source,))  # whether, without where: half the work

    def nearness(self, text: FoldedText, start: int, *, reach: int = REACH) -> int:
        """Return where in the `reach` characters in front of `start` the last word ends: 0 if there is none."""
        last = 0
        for match in self._pattern.finditer(text.before(start, reach)):
            last = match.span()[1]
        return last

    def precedes(self, text: FoldedText, start: int, *, reach: int = REACH) -> bool:
        """Tell whether a word stands in front of `start`, or heads the column that `start` is in."""
        if self._occurs.present(text.before(start, reach)):
            return True
        header = text.column_header(start)
        return bool(header and self._occurs.present(header))

    def follows(self, text: FoldedText, end: int, *, reach: int = 16) -> bool:
        """Tell whether a word stands in the `reach` characters from `end` on."""
        return bool(self._occurs.present(text.after(end, reach)))


# What numbers are called that are no personal data, whatever they look like.
RECORD_NUMBER = Cue(
    r"order|orders|bestellung|commande|pedido|ordine|zam.wienie|tracking|track|shipment|parcel|invoice|rechnung|facture|factura|fattura|receipt|"
    r"ticket|case|issue|bug|pull request|pr|commit|revision|build|version|release|serial|model|part|sku|article|item|"
    r"isbn|issn|doi|ean|upc|gtin|asin|imei|imsi|vin|uuid|guid|hash|sha|md5|checksum|transaction|txn|trace|span|session|request|job|"
    r"batch|lot|row|column|line|page|offset|port|pid|epoch|timestamp|unix time|time|size|bytes|length|int|float|pi|seed|id: int|"
    r"quantity|qty|total|amount|price|sum|count|score|distance|chapter|section|room|seat|flight|gate|booking|reservation|coupon|voucher"
)
