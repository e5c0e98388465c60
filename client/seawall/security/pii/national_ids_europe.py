"""National ids of Europe."""

from __future__ import annotations

from seawall.security.pii.checksum import luhn, mod11_10, weighted
from seawall.security.pii.national_id_scheme import Proof, Scheme, is_date, is_short_date

_NIF_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
_HETU_CHECK = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_CODICE_MONTHS = "ABCDEHLMPRST"
_CODICE_ODD = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (
            1,
            0,
            5,
            7,
            9,
            13,
            15,
            17,
            19,
            21,
            1,
            0,
            5,
            7,
            9,
            13,
            15,
            17,
            19,
            21,
            2,
            4,
            18,
            20,
            11,
            3,
            6,
            8,
            12,
            14,
            16,
            10,
            22,
            25,
            24,
            23,
        ),
        strict=True,
    )
)
_CODICE_OMOCODIA = str.maketrans("LMNPQRSTUV", "0123456789")


def is_nino(number: str) -> bool:
    """Tell whether the prefix of a UK National Insurance number is one that is issued."""
    first, second = number[0], number[1]
    return (
        first not in "DFIQUV"
        and second not in "DFIQUVO"
        and number[:2] not in {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"}
    )


def is_nhs_number(number: str) -> bool:
    """Tell whether a UK NHS number's last digit is its modulo 11 check."""
    check = 11 - weighted(number, range(10, 1, -1)) % 11
    return check != 10 and check % 11 == int(number[9])  # noqa: PLR2004


def is_steuer_id(number: str) -> bool:
    """Tell whether a German tax id repeats one digit, two or three times, no other, and its check digit is right."""
    counts = sorted(number[:10].count(digit) for digit in set(number[:10]))
    return number[0] != "0" and counts[-1] in (2, 3) and counts[-2] == 1 and mod11_10(number)


def is_nir(number: str) -> bool:
    """Tell whether a French NIR's key is 97 minus the rest; Corsica's letters count as 19 and 18."""
    body = number[:13].replace("2A", "19").replace("2B", "18")
    return body.isdigit() and number[13:].isdigit() and 97 - int(body) % 97 == int(number[13:])


def is_nif(number: str) -> bool:
    """Tell whether a Spanish DNI or NIE ends in the letter of its digits."""
    digits = number[:-1].translate(str.maketrans("XYZ", "012"))
    return digits.isdigit() and _NIF_LETTERS[int(digits) % 23] == number[-1]


def is_codice_fiscale(number: str) -> bool:
    """Tell whether an Italian tax code has a month, a day and the right control letter."""
    day = number[9:11].translate(_CODICE_OMOCODIA)
    if number[8] not in _CODICE_MONTHS or not day.isdigit() or not (1 <= int(day) % 40 <= 31):  # noqa: PLR2004
        return False
    total = sum(_CODICE_ODD[char] for char in number[:15:2])
    total += sum(int(char) if char.isdigit() else ord(char) - 65 for char in number[1:15:2])
    return chr(65 + total % 26) == number[15]


def is_bsn(number: str) -> bool:
    """Tell whether a Dutch BSN passes the eleven test."""
    return number.strip("0") != "" and weighted(number, (9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0


def is_belgian(number: str) -> bool:
    """Tell whether a Belgian national number has a date and the right modulo 97 check."""
    body, check = number[:9], int(number[9:])
    dated = int(number[2:4]) % 20 <= 12 and int(number[4:6]) <= 31  # noqa: PLR2004
    return dated and check in (97 - int(body) % 97, 97 - int("2" + body) % 97)


def is_pesel(number: str) -> bool:
    """Tell whether a Polish PESEL has a date (century in the month) and the right check digit."""
    month = int(number[2:4])
    year = (1900, 2000, 2100, 2200, 1800)[month // 20] + int(number[:2])
    return (
        is_date(year, month % 20, int(number[4:6]))
        and weighted(number, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)) % 10 == 0
    )


def is_swedish(number: str) -> bool:
    """Tell whether a Swedish personal number has a date (60 added for coordination numbers) and the Luhn digit."""
    short = number[-10:]
    day = int(short[4:6])
    return is_short_date(short[:2], short[2:4], str(day - 60 if day > 60 else day)) and luhn(short)  # noqa: PLR2004


def is_norwegian(number: str) -> bool:
    """Tell whether a Norwegian birth number has a date and both modulo 11 check digits."""
    day = int(number[:2])
    if not is_short_date(number[4:6], number[2:4], str(day - 40 if day > 40 else day)):  # noqa: PLR2004
        return False
    first = weighted(number, (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)) % 11
    return first == 0 and weighted(number, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)) % 11 == 0


def is_cpr(number: str) -> bool:
    """Tell whether a Danish CPR number has a date; its check digit was given up in 2007."""
    return is_short_date(number[4:6], number[2:4], number[:2])


def is_hetu(number: str) -> bool:
    """Tell whether a Finnish code has a date and the right control character."""
    digits = number[:6] + number[-4:-1]
    return is_short_date(number[4:6], number[2:4], number[:2]) and _HETU_CHECK[int(digits) % 31] == number[-1]


def is_rodne_cislo(number: str) -> bool:
    """Tell whether a Czech or Slovak birth number has a date and the right check digit."""
    month = int(number[2:4]) % 50
    dated = is_short_date(number[:2], str(month - 20 if month > 20 else month), number[4:6])  # noqa: PLR2004
    return dated and int(number[:9]) % 11 % 10 == int(number[9])


def is_cnp(number: str) -> bool:
    """Tell whether a Romanian CNP has a date and the right check digit."""
    check = weighted(number, (2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9)) % 11
    return (
        number[0] != "0"
        and is_short_date(number[1:3], number[3:5], number[5:7])
        and check % 10 + check // 10 == int(number[12])
    )


def is_egn(number: str) -> bool:
    """Tell whether a Bulgarian EGN has a date (century in the month) and the right check digit."""
    dated = is_short_date(number[:2], str(int(number[2:4]) % 20), number[4:6])
    return dated and weighted(number, (2, 4, 8, 5, 10, 9, 7, 3, 6)) % 11 % 10 == int(number[9])


def is_baltic(number: str) -> bool:
    """Tell whether an Estonian or Lithuanian code has a date and the right two-stage check digit."""
    check = weighted(number, (1, 2, 3, 4, 5, 6, 7, 8, 9, 1)) % 11
    if check == 10:  # noqa: PLR2004
        check = weighted(number, (3, 4, 5, 6, 7, 8, 9, 1, 2, 3)) % 11 % 10
    return is_short_date(number[1:3], number[3:5], number[5:7]) and check == int(number[10])


def is_amka(number: str) -> bool:
    """Tell whether a Greek AMKA has a date and the Luhn digit."""
    return is_short_date(number[4:6], number[2:4], number[:2]) and luhn(number)


def is_portuguese(number: str) -> bool:
    """Tell whether a Portuguese NIF has the right modulo 11 check digit."""
    check = 11 - weighted(number, range(9, 1, -1)) % 11
    return (0 if check > 9 else check) == int(number[8])  # noqa: PLR2004


def is_pps(number: str) -> bool:
    """Tell whether an Irish PPS number has the right check letter."""
    extra = (ord(number[8]) - 64) * 9 if len(number) == 9 and number[8] != "W" else 0  # noqa: PLR2004
    return "WABCDEFGHIJKLMNOPQRSTUV"[(weighted(number[:7], range(8, 1, -1)) + extra) % 23] == number[7]


def is_ahv(number: str) -> bool:
    """Tell whether a Swiss AHV number has the right EAN-13 check digit."""
    return weighted(number, (1, 3) * 6 + (1,)) % 10 == 0


def is_austrian(number: str) -> bool:
    """Tell whether an Austrian social insurance number has a date and the right check digit."""
    check = weighted(number[:3] + number[4:], (3, 7, 9, 5, 8, 4, 2, 1, 6)) % 11
    return number[0] != "0" and check == int(number[3]) and 1 <= int(number[4:6]) <= 31  # noqa: PLR2004


def is_turkish(number: str) -> bool:
    """Tell whether a Turkish identity number has both check digits right."""
    digits = [int(digit) for digit in number]
    tenth = (sum(digits[0:9:2]) * 7 - sum(digits[1:8:2])) % 10
    return digits[0] != 0 and tenth == digits[9] and sum(digits[:10]) % 10 == digits[10]


def is_snils(number: str) -> bool:
    """Tell whether a Russian SNILS has the right check."""
    return weighted(number, range(9, 0, -1)) % 101 % 100 == int(number[9:])


EUROPE = (
    Scheme(
        "uk_nino",
        r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][ -]?[0-9]{2}[ -]?[0-9]{2}[ -]?[0-9]{2}[ -]?[A-D]",
        is_nino,
        Proof.FORM,
        r"nino|national insurance|ni number|ni no",
    ),
    Scheme(
        "uk_nhs", r"[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{4}", is_nhs_number, Proof.NAME, r"nhs|nhs number|nhs no"
    ),
    Scheme(
        "de_steuer_id",
        r"[1-9][0-9]{10}|[1-9][0-9] [0-9]{3} [0-9]{3} [0-9]{3}",
        is_steuer_id,
        Proof.WORD,
        r"steuer-?id|steueridentifikationsnummer|steuer|idnr|tax id|tin|identifikationsnummer",
    ),
    Scheme(
        "fr_nir",
        r"[12] ?[0-9]{2} ?[0-9]{2} ?(?:[0-9]{2}|2[AB]) ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}",
        is_nir,
        Proof.FORM,
        r"nir|insee|s.curit. sociale|num.ro de s.cu",
    ),
    Scheme(
        "es_nif",
        r"[0-9]{8}[ -]?[A-HJ-NP-TV-Z]|[XYZ][ -]?[0-9]{7}[ -]?[A-HJ-NP-TV-Z]",
        is_nif,
        Proof.FORM,
        r"dni|nie|nif|documento",
    ),
    Scheme(
        "it_codice_fiscale",
        r"[A-Z]{6} ?[0-9LMNP-V]{2}[A-EHLMPR-T][0-9LMNP-V]{2} ?[A-Z][0-9LMNP-V]{3}[A-Z]",
        is_codice_fiscale,
        Proof.FORM,
        r"codice fiscale|cf|c\.f\.",
    ),
    Scheme(
        "nl_bsn",
        r"[0-9]{9}|[0-9]{4}[. ][0-9]{2}[. ][0-9]{3}|[0-9]{3}[. ][0-9]{3}[. ][0-9]{3}",
        is_bsn,
        Proof.WORD,
        r"bsn|burgerservicenummer|sofi|sofinummer",
    ),
    Scheme(
        "be_national",
        r"[0-9]{2}[. ]?[0-9]{2}[. ]?[0-9]{2}[ -]?[0-9]{3}[. ]?[0-9]{2}",
        is_belgian,
        Proof.WORD,
        r"rijksregister|rijksregisternummer|registre national|niss|insz|rrn",
    ),
    Scheme("pl_pesel", r"[0-9]{11}", is_pesel, Proof.WORD, r"pesel"),
    Scheme(
        "se_personnummer",
        r"(?:[0-9]{2})?[0-9]{6}[-+][0-9]{4}",
        is_swedish,
        Proof.FORM,
        r"personnummer|pnr|person nr|samordningsnummer",
    ),
    Scheme(
        "se_personnummer_bare",
        r"(?:19|20)?[0-9]{10}",
        is_swedish,
        Proof.WORD,
        r"personnummer|pnr|samordningsnummer",
    ),
    Scheme(
        "no_fodselsnummer",
        r"[0-9]{6}[ -]?[0-9]{5}",
        is_norwegian,
        Proof.WORD,
        r"f.dselsnummer|fnr|personnummer",
    ),
    Scheme("dk_cpr", r"[0-3][0-9][01][0-9]{3}-[0-9]{4}", is_cpr, Proof.FORM, r"cpr|cpr-nummer|personnummer"),
    Scheme("dk_cpr_bare", r"[0-3][0-9][01][0-9]{7}", is_cpr, Proof.NAME, r"cpr|cpr-nummer|cpr-nr"),
    Scheme(
        "fi_hetu",
        r"[0-3][0-9][01][0-9]{3}[-+A-FU-Y][0-9]{3}[0-9A-FHJ-NPR-Y]",
        is_hetu,
        Proof.FORM,
        r"hetu|henkil.tunnus",
    ),
    Scheme(
        "cz_rodne_cislo",
        r"[0-9]{6}/[0-9]{4}",
        is_rodne_cislo,
        Proof.FORM,
        r"rodn. ..slo|rodn. .{1,2}slo|r\.? ?c\.",
    ),
    Scheme("cz_rodne_cislo_bare", r"[0-9]{10}", is_rodne_cislo, Proof.WORD, r"rodn. .{1,2}slo|rodne cislo"),
    Scheme("ro_cnp", r"[1-8][0-9]{12}", is_cnp, Proof.WORD, r"cnp|cod numeric personal"),
    Scheme("bg_egn", r"[0-9]{10}", is_egn, Proof.WORD, r"egn"),
    Scheme("ee_isikukood", r"[1-6][0-9]{10}", is_baltic, Proof.WORD, r"isikukood|asmens kodas"),
    Scheme("hr_oib", r"[0-9]{11}", mod11_10, Proof.WORD, r"oib"),
    Scheme("gr_amka", r"[0-9]{11}", is_amka, Proof.WORD, r"amka"),
    Scheme("pt_nif", r"[1-35-9][0-9]{2} ?[0-9]{3} ?[0-9]{3}", is_portuguese, Proof.WORD, r"nif|contribuinte"),
    Scheme("ie_pps", r"[0-9]{7}[A-W][A-IW]?", is_pps, Proof.FORM, r"pps|ppsn"),
    Scheme("ch_ahv", r"756[. ]?[0-9]{4}[. ]?[0-9]{4}[. ]?[0-9]{2}", is_ahv, Proof.FORM, r"ahv|avs"),
    Scheme(
        "at_svnr",
        r"[1-9][0-9]{3} ?[0-3][0-9][01][0-9]{3}",
        is_austrian,
        Proof.WORD,
        r"sv-?nummer|svnr|sozialversicherungsnummer",
    ),
    Scheme("tr_kimlik", r"[1-9][0-9]{10}", is_turkish, Proof.WORD, r"kimlik|tckn|t\.c\."),
    Scheme("ru_snils", r"[0-9]{3}-[0-9]{3}-[0-9]{3}[ -][0-9]{2}", is_snils, Proof.FORM, r"snils"),
)
