"""Check digits: the arithmetic by which a number proves that it is no accident."""

from __future__ import annotations

from collections.abc import Sequence

_VERHOEFF_PRODUCT = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    (1, 2, 3, 4, 0, 6, 7, 8, 9, 5),
    (2, 3, 4, 0, 1, 7, 8, 9, 5, 6),
    (3, 4, 0, 1, 2, 8, 9, 5, 6, 7),
    (4, 0, 1, 2, 3, 9, 5, 6, 7, 8),
    (5, 9, 8, 7, 6, 0, 4, 3, 2, 1),
    (6, 5, 9, 8, 7, 1, 0, 4, 3, 2),
    (7, 6, 5, 9, 8, 2, 1, 0, 4, 3),
    (8, 7, 6, 5, 9, 3, 2, 1, 0, 4),
    (9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
)
_VERHOEFF_STEP = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
_LUHN_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def luhn(digits: str) -> bool:
    """Tell whether the last digit is the Luhn check digit of the others."""
    numbers = [int(digit) for digit in reversed(digits)]
    return (sum(numbers[::2]) + sum(_LUHN_DOUBLED[number] for number in numbers[1::2])) % 10 == 0


def weighted(digits: str, weights: Sequence[int]) -> int:
    """Return the sum of digit times weight, over the shorter of the two."""
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))


def mod97(alphanumeric: str) -> int:
    """Return the remainder modulo 97 (ISO 7064), letters counted as 10 to 35."""
    return int("".join(str(int(char, 36)) for char in alphanumeric)) % 97


def verhoeff(digits: str) -> bool:
    """Tell whether the last digit is the Verhoeff check digit of the others."""
    check = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit)
        for _ in range(position % 8):
            value = _VERHOEFF_STEP[value]
        check = _VERHOEFF_PRODUCT[check][value]
    return check == 0


def mod11_10(digits: str) -> bool:
    """Tell whether the last digit is the ISO 7064 modulo 11,10 check digit of the others."""
    product = 10
    for digit in digits[:-1]:
        product = ((int(digit) + product) % 10 or 10) * 2 % 11
    return (11 - product) % 10 == int(digits[-1])
