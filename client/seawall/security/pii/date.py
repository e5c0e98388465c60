"""Dates as people write them, in numbers or with the month's name."""

from __future__ import annotations

MONTHS = (
    r"jan(?:uary|uar|vier|uari|eiro)?|feb(?:ruary|ruar|ruari)?|f[e\xe9]v(?:rier|ereiro)?|mar(?:ch|s|zo|t|\xe7o)?|m\xe4rz|maart|"
    r"apr(?:il|ile)?|avril|abr(?:il)?|may|mai|mayo|maggio|mei|maj|maio|june?|juni|juin|junio|giugno|junho|july?|juli|juillet|julio|luglio|julho|"
    r"aug(?:ust|usti|ustus)?|ao[u\xfb]t|ago(?:sto)?|sep(?:t(?:ember|embre)?|tiembre)?|set(?:tembre|embro)?|"
    r"oct(?:ober|obre|ubre)?|okt(?:ober)?|ott(?:obre)?|out(?:ubro)?|nov(?:ember|embre|iembre|embro)?|"
    r"dec(?:ember)?|d[e\xe9]c(?:embre)?|dez(?:ember|embro)?|dic(?:iembre|embre)?|gen(?:naio)?|ene(?:ro)?|"
    r"stycznia|lutego|marca|kwietnia|maja|czerwca|lipca|sierpnia|wrze\xb6nia|wrzesnia|pa\xbcdziernika|pazdziernika|listopada|grudnia"
)
DATE = (
    r"(?:[0-9]{4} ?[-/.] ?[0-9]{1,2} ?[-/.] ?[0-9]{1,2}"
    r"|[0-9]{1,2} ?[-/.] ?[0-9]{1,2} ?[-/.] ?(?:[0-9]{4}|[0-9]{2})"
    rf"|[0-9]{{1,2}}(?:st|nd|rd|th|\.|er)? ?[ /-]?(?:of |de |d')?(?:{MONTHS})\.?,?(?: de| del|[ /-])? ?(?:[0-9]{{4}}|'?[0-9]{{2}})"
    rf"|(?:{MONTHS})\.? [0-9]{{1,2}}(?:st|nd|rd|th)?,? [0-9]{{4}}"
    r"|[0-9]{8}"
    r"|[0-9]{4}\xaa ?[0-9]{1,2}\xaa ?[0-9]{1,2}\xaa)"
)
