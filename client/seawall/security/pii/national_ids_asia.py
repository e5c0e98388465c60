"""National ids of Asia."""

from __future__ import annotations

from seawall.security.pii.checksum import luhn, verhoeff, weighted
from seawall.security.pii.national_id_scheme import Proof, Scheme, is_date, is_short_date

_RESIDENT_CHECK = "10X98765432"
_TAIWAN_LETTERS = "ABCDEFGHJKLMNPQRSTUVXYWZIO"


def is_aadhaar(number: str) -> bool:
    """Tell whether an Indian Aadhaar number has the Verhoeff digit; palindromes are not issued."""
    return number[0] not in "01" and number != number[::-1] and verhoeff(number)


def is_pan(number: str) -> bool:
    """Tell whether the fourth letter of an Indian PAN is a holder type."""
    return number[3] in "ABCFGHJLPT"


def is_chinese_resident(number: str) -> bool:
    """Tell whether a Chinese resident id has a date and the right check character (GB 11643)."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    dated = is_date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    return dated and _RESIDENT_CHECK[weighted(number[:17], weights) % 11] == number[17]


def is_korean(number: str) -> bool:
    """Tell whether a Korean resident number has a date; its check digit was given up in 2020."""
    return is_short_date(number[:2], number[2:4], number[4:6])


def is_my_number(number: str) -> bool:
    """Tell whether a Japanese individual number has the right check digit."""
    rest = weighted(number, (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
    return (0 if rest <= 1 else 11 - rest) == int(number[11])


def is_taiwanese(number: str) -> bool:
    """Tell whether a Taiwanese id has the right check digit."""
    letter = _TAIWAN_LETTERS.index(number[0]) + 10
    return weighted(f"{letter}{number[1:]}", (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1)) % 10 == 0


def is_nric(number: str) -> bool:
    """Tell whether a Singapore NRIC or FIN has the right check letter."""
    total = weighted(number[1:8], (2, 7, 6, 5, 4, 3, 2)) + {"T": 4, "G": 4, "M": 3}.get(number[0], 0)
    letters = {
        "S": "JZIHGFEDCBA",
        "T": "JZIHGFEDCBA",
        "F": "XWUTRQPNMLK",
        "G": "XWUTRQPNMLK",
        "M": "KLJNPQRTUWX",
    }
    index = total % 11
    return letters[number[0]][10 - index if number[0] == "M" else index] == number[8]


def is_hong_kong(number: str) -> bool:
    """Tell whether a Hong Kong id card number has the right check character."""
    body, check = number.strip("()")[:-1].replace("(", ""), number.rstrip(")")[-1]
    letters = body.rstrip("0123456789").rjust(2)
    values = [36 if char == " " else ord(char) - 55 for char in letters] + [int(digit) for digit in body[-6:]]
    total = sum(value * weight for value, weight in zip(values, range(9, 1, -1), strict=True))
    return "0123456789A"[-total % 11] == check


def is_thai(number: str) -> bool:
    """Tell whether a Thai id has the right check digit."""
    return (11 - weighted(number, range(13, 1, -1)) % 11) % 10 == int(number[12])


def is_israeli(number: str) -> bool:
    """Tell whether an Israeli id has the Luhn digit."""
    return number.strip("0") != "" and luhn(number)


ASIA = (
    Scheme(
        "in_aadhaar",
        r"[2-9][0-9]{3}[ -][0-9]{4}[ -][0-9]{4}",
        is_aadhaar,
        Proof.FORM,
        r"aadhaar|aadhar|uid|uidai",
    ),
    Scheme("in_aadhaar_bare", r"[2-9][0-9]{11}", is_aadhaar, Proof.WORD, r"aadhaar|aadhar|uid|uidai"),
    Scheme("in_pan", r"[A-Z]{5}[0-9]{4}[A-Z]", is_pan, Proof.FORM, r"pan|permanent account"),
    Scheme(
        "cn_resident",
        r"[1-8][0-9]{5}(?:18|19|20)[0-9]{2}[01][0-9][0-3][0-9]{4}[0-9X]",
        is_chinese_resident,
        Proof.FORM,
        None,
    ),
    Scheme("kr_rrn", r"[0-9]{6}-[1-8][0-9]{6}", is_korean, Proof.FORM, r"rrn|resident"),
    Scheme(
        "jp_my_number",
        r"[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{4}",
        is_my_number,
        Proof.NAME,
        r"my number|individual number|mynumber|kojin bango",
    ),
    Scheme("tw_id", r"[A-Z][1289][0-9]{8}", is_taiwanese, Proof.FORM, None),
    Scheme("sg_nric", r"[STFGM][0-9]{7}[A-Z]", is_nric, Proof.FORM, r"nric|fin"),
    Scheme("hk_id", r"[A-Z]{1,2}[0-9]{6}\([0-9A]\)", is_hong_kong, Proof.FORM, r"hkid"),
    Scheme("th_id", r"[1-8][ -]?[0-9]{4}[ -]?[0-9]{5}[ -]?[0-9]{2}[ -]?[0-9]", is_thai, Proof.WORD, r"thai"),
    Scheme("il_id", r"[0-9]{9}", is_israeli, Proof.NAME, r"teudat zehut|teudat|israeli id"),
)
