"""Numbers that identify a person are found by their proof, and numbers that only look like them are left alone."""

import pytest

from seawall.security.redaction import Kind, find

pytestmark = pytest.mark.security

# One number for each scheme, made up; every check digit was confirmed by an independent implementation.
NATIONAL_IDS = {
    "uk_nino": "WJ580730C",
    "de_steuer_id": "36574261809",
    "fr_nir": "161074099169206",
    "es_nif": "53459566E",
    "it_codice_fiscale": "RSSMRB85M01H501R",
    "nl_bsn": "573796270",
    "be_national": "85.07.30-996.64",
    "pl_pesel": "44051481070",
    "se_personnummer": "811218-9371",
    "no_fodselsnummer": "01015050418",
    "fi_hetu": "131052-308T",
    "cz_rodne_cislo": "736028/2072",
    "ro_cnp": "1800101929781",
    "bg_egn": "8001016990",
    "ee_isikukood": "37605030299",
    "hr_oib": "32117780207",
    "gr_amka": "01018078509",
    "pt_nif": "242835520",
    "ie_pps": "7020368V",
    "ch_ahv": "756.6594.6639.20",
    "at_svnr": "5414010180",
    "tr_kimlik": "12224677326",
    "ru_snils": "112-233-437 95",
    "us_ssn": "536-22-8726",
    "ca_sin": "265-187-328",
    "br_cpf": "849.970.766-19",
    "mx_curp": "HEGG560427MVZRRL70",
    "ar_cuil": "20-81572581-7",
    "cl_rut": "12.345.162-7",
    "za_id": "8001015003080",
    "in_aadhaar": "2518 9539 8564",
    "cn_resident": "110105184812318228",
    "th_id": "1998539719681",
}
# No check digit: a changed digit cannot show.
UNCHECKED = {"uk_nino", "us_ssn"}


def spans(text, kind=None):
    return [text[f.start : f.end] for f in find(text) if kind is None or f.kind is kind]


@pytest.mark.parametrize("scheme", NATIONAL_IDS)
def test_a_national_id_is_found_in_a_sentence(scheme):
    """Each scheme's number is found whole where a sentence calls it an id."""
    number = NATIONAL_IDS[scheme]

    assert spans(f"The client's ID is {number}, as registered.", Kind.NATIONAL_ID) == [number]


@pytest.mark.parametrize("scheme", sorted(set(NATIONAL_IDS) - UNCHECKED))
def test_a_national_id_with_a_wrong_digit_proves_nothing(scheme):
    """Its scheme rejects a number whose check is wrong."""
    number = NATIONAL_IDS[scheme]
    position = max(index for index, char in enumerate(number) if char.isdigit())
    text = f"ID {number[:position]}{(int(number[position]) + 1) % 10}{number[position + 1 :]}."

    assert f"national_id.{scheme}" not in {finding.detector for finding in find(text)}


def test_a_number_that_is_called_an_id_needs_no_known_scheme():
    """A country that is not known here is not a leak."""
    assert spans("national identity card number: 88412-7731-9", Kind.NATIONAL_ID) == ["88412-7731-9"]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("charged to 4111 1111 1111 1111 today", "4111 1111 1111 1111"),
        ("charged to 4111-1111-1111-1111 today", "4111-1111-1111-1111"),
        ("amex 378282246310005", "378282246310005"),
        ("card 4111111111111111 cvv 123", "4111111111111111"),
        ("card \uff14\uff11\uff11\uff11 1111 1111 1111", "\uff14\uff11\uff11\uff11 1111 1111 1111"),
        ("card 4111\u200b1111\u200b1111\u200b1111", "4111\u200b1111\u200b1111\u200b1111"),
    ],
)
def test_cards_are_found_however_they_are_written(text, number):
    """Separators, digits of other scripts and invisible characters hide no card."""
    assert spans(text, Kind.CREDIT_CARD) == [number]


def test_a_card_with_a_wrong_check_digit_is_no_card():
    """Range and length alone prove nothing."""
    assert spans("paid with card 4111 1111 1111 1112", Kind.CREDIT_CARD) == []


@pytest.mark.parametrize(
    "iban",
    ["DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432", "NO93 8601 1117 947", "nl91abna0417164300"],
)
def test_ibans_are_found_and_checked(iban):
    """Length by country and modulo 97 decide, whatever the case and grouping."""
    assert spans(f"pay to {iban} please", Kind.IBAN) == [iban]
    assert spans(f"pay to {iban[:-1]}{(int(iban[-1]) + 1) % 10} please", Kind.IBAN) == []


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("login from 81.2.69.142 failed", "81.2.69.142", Kind.IP_ADDRESS),
        ("peer [2001:db8::8a2e:370:7334]:443", "2001:db8::8a2e:370:7334", Kind.IP_ADDRESS),
        ("eth0 3c:22:fb:aa:10:9e up", "3c:22:fb:aa:10:9e", Kind.MAC_ADDRESS),
        ("mail jane.doe+x@corp.example!", "jane.doe+x@corp.example", Kind.EMAIL),
        ("write to jane [at] corp [dot] org", "jane [at] corp [dot] org", Kind.EMAIL),
        ("jane dot doe at corp dot com", "jane dot doe at corp dot com", Kind.EMAIL),
        ("\u8054\u7cfbabc@corp.example\u8c22\u8c22", "abc@corp.example", Kind.EMAIL),
        ("passport no. X1234567", "X1234567", Kind.PASSPORT),
        ("born on 12 March 1984 in Leeds", "12 March 1984", Kind.DATE_OF_BIRTH),
        ("Geburtsdatum: 03.11.1971", "03.11.1971", Kind.DATE_OF_BIRTH),
        ("n\u00e9e le 4 ao\u00fbt 1990", "4 ao\u00fbt 1990", Kind.DATE_OF_BIRTH),
        ("name,dob\nX,1990-01-02", "1990-01-02", Kind.DATE_OF_BIRTH),
        ("call +44 20 7946 0958 now", "+44 20 7946 0958", Kind.PHONE),
        ("(415) 555-2671", "(415) 555-2671", Kind.PHONE),
        ("Tel. 030 901820", "030 901820", Kind.PHONE),
        ("id,phone\n1,0581729160", "0581729160", Kind.PHONE),
        ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", Kind.CRYPTO),
    ],
)
def test_other_kinds_are_found_exactly(text, value, kind):
    """The finding is the value, to the character."""
    assert spans(text, kind) == [value]


def test_a_machine_readable_passport_is_found():
    """Both lines of a travel document's zone are taken out."""
    names = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<"
    number = "L898902C36UTO7408122F1204159ZE184226B<<<<<10"

    assert spans(f"{names}\n{number}", Kind.PASSPORT) == [names, number]


@pytest.mark.parametrize(
    "text",
    [
        "Order #57454835 was shipped on 2024-10-06.",
        "commit fef8137f656d374a2a32f9ab7efe851f03a19d5c fixes issue #7821",
        "version 10.2.33.4 of the library requires Python 3.11",
        "UUID 8fe5afdc-7ac4-47c4-a0b5-68cb74b65b6d is not unique",
        "tracking code 4111111111111111",
        "ISBN 978-3-16-148410-0 is a book",
        "The meeting is on 2024-10-03 at 10:30.",
        "x: int = 36783376",
        "Pi is 3.14159265358979 and e is 2.71828182845905",
        "row 1024, column 2048, offset 0x8350c4e0",
        "EAN 4006381333931, IMEI 490154203237518, 25 in stock",
        "The build took 1700000000123 ms on 127.0.0.1:8080",
        "SELECT * FROM t WHERE id = 1234567890",
        "std::vector<int> a::b::c; 10:22:01 ab::cd",
        "Budget: $1,234,567.89 for FY 2024/25, ratio 16:9, 21-15, 18-21",
        "GET /api/v1/users/12345678/orders/99887766 HTTP/1.1",
        "latitude 48.858370, longitude 2.294481",
        "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16",
        "logo@2x.png and git@host.example:team/repo.git",
    ],
)
def test_numbers_of_records_are_left_alone(text):
    """Nothing is taken out of text that holds no personal data."""
    assert spans(text) == []
