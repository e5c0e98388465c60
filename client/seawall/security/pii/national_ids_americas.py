"""National ids of the Americas, Africa and Oceania."""

from __future__ import annotations

from seawall.security.pii.checksum import luhn, weighted
from seawall.security.pii.national_id_scheme import Proof, Scheme, is_short_date

# Printed on sample cards and in advertisements: never issued to a person.
_SSN_SPECIMENS = {"078051120", "219099999", "457555462"}
_CURP_CHARS = "0123456789ABCDEFGHIJKLMN\xd1OPQRSTUVWXYZ"
_CURP_STATES = frozenset(
    "AS BC BS CC CL CM CS CH DF CX DG GT GR HG JC MC MN MS NT NL OC PL QT QR SP SL SR TC TS TL VZ YN ZS NE".split()  # noqa: SIM905
)


def is_ssn(number: str) -> bool:
    """Tell whether area, group and serial of a US SSN or ITIN may be issued."""
    area, group, serial = number[:3], number[3:5], number[5:]
    if area in ("000", "666") or group == "00" or serial == "0000" or number in _SSN_SPECIMENS:
        return False
    itin = area[0] == "9" and (50 <= int(group) <= 65 or 70 <= int(group) <= 88 or 90 <= int(group) <= 99)  # noqa: PLR2004
    return area[0] != "9" or itin


def is_sin(number: str) -> bool:
    """Tell whether a Canadian SIN has the Luhn digit."""
    return number[0] not in "08" and luhn(number)


def is_cpf(number: str) -> bool:
    """Tell whether a Brazilian CPF has both check digits right."""
    first = weighted(number, range(10, 1, -1)) * 10 % 11 % 10
    second = weighted(number, range(11, 1, -1)) * 10 % 11 % 10
    return len(set(number)) > 1 and f"{first}{second}" == number[9:]


def is_curp(number: str) -> bool:
    """Tell whether a Mexican CURP has a date, a state and the right check digit."""
    total = sum(
        _CURP_CHARS.index(char) * weight for char, weight in zip(number[:17], range(18, 1, -1), strict=True)
    )
    dated = is_short_date(number[4:6], number[6:8], number[8:10])
    return dated and number[11:13] in _CURP_STATES and str(-total % 10) == number[17]


def is_cuit(number: str) -> bool:
    """Tell whether an Argentine CUIT or CUIL has the right check digit; 9 stands for 10."""
    check = 11 - weighted(number, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
    return {11: 0, 10: 9}.get(check, check) == int(number[10])


def is_rut(number: str) -> bool:
    """Tell whether a Chilean RUT has the right check character."""
    check = 11 - weighted(number[-2::-1], (2, 3, 4, 5, 6, 7) * 2) % 11
    return {11: "0", 10: "K"}.get(check, str(check)) == number[-1]


def is_south_african(number: str) -> bool:
    """Tell whether a South African id has a date, a citizenship digit and the Luhn digit."""
    return is_short_date(number[:2], number[2:4], number[4:6]) and number[10] in "012" and luhn(number)


def is_tfn(number: str) -> bool:
    """Tell whether an Australian tax file number has the right check."""
    return weighted(number, (1, 4, 3, 7, 5, 8, 6, 9, 10)) % 11 == 0


def is_medicare(number: str) -> bool:
    """Tell whether an Australian Medicare number has the right check digit."""
    return weighted(number, (1, 3, 7, 9, 1, 3, 7, 9)) % 10 == int(number[8])


AMERICAS = (
    Scheme(
        "us_ssn",
        r"[0-9]{3}-[0-9]{2}-[0-9]{4}|[0-9]{3} [0-9]{2} [0-9]{4}",
        is_ssn,
        Proof.FORM,
        r"ssn|ssns|social security|soc\.? sec|itin|social",
    ),
    Scheme(
        "us_ssn_bare",
        r"[0-9]{9}",
        is_ssn,
        Proof.NAME,
        r"ssn|social security|social security number|itin|taxpayer",
    ),
    Scheme(
        "ca_sin",
        r"[0-9]{3}[ -][0-9]{3}[ -][0-9]{3}|[0-9]{9}",
        is_sin,
        Proof.WORD,
        r"sin|social insurance|nas",
    ),
    Scheme("br_cpf", r"[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}", is_cpf, Proof.FORM, r"cpf"),
    Scheme("br_cpf_bare", r"[0-9]{11}", is_cpf, Proof.WORD, r"cpf"),
    Scheme(
        "mx_curp",
        r"[A-Z][AEIOUX][A-Z]{2}[0-9]{6}[HMX][A-Z]{2}[B-DF-HJ-NP-TV-Z]{3}[0-9A-Z][0-9]",
        is_curp,
        Proof.FORM,
        r"curp",
    ),
    Scheme("ar_cuil", r"(?:20|23|24|27|30|33|34)-[0-9]{8}-[0-9]", is_cuit, Proof.FORM, r"cui[tl]"),
    Scheme(
        "cl_rut", r"[0-9]{1,2}\.[0-9]{3}\.[0-9]{3}-[0-9K]|[0-9]{7,8}-[0-9K]", is_rut, Proof.WORD, r"rut|run"
    ),
    Scheme(
        "za_id",
        r"[0-9]{6} ?[0-9]{4} ?[012][0-9]{2}",
        is_south_african,
        Proof.WORD,
        r"south african|sa id|id number",
    ),
    Scheme("au_tfn", r"[0-9]{3} ?[0-9]{3} ?[0-9]{3}", is_tfn, Proof.NAME, r"tfn|tax file"),
    Scheme("au_medicare", r"[2-6][0-9]{3} ?[0-9]{5} ?[0-9]", is_medicare, Proof.NAME, r"medicare"),
)
