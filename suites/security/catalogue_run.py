"""The whole catalogue, attack by attack: `python suites/security/catalogue_run.py` prints what gets through.

`--write-misses` writes it to known_misses.yaml, which the suite holds: a new miss fails, and so does one that is none
any more. Read the difference before it is committed.
"""

import argparse
import asyncio
import sys
from pathlib import Path
from typing import NamedTuple

import yaml
from catalogue_attack import carry_out, wire_of
from catalogue_judge import miss

from seawall_simulators.payload import Payload
from seawall_simulators.payloads import catalogue

KNOWN_MISSES = Path(__file__).with_name("known_misses.yaml")
HEAD = (
    "# Entries of the payload catalogue that do not get their verdict, and what becomes of them instead.\n"
    "# Written by `python suites/security/catalogue_run.py --write-misses`; docs/SECURITY.md says what they mean.\n"
)


class Carried(NamedTuple):
    """An entry and why its verdict does not hold, None if it does."""

    entry: Payload
    why: str | None


def known_misses():
    """Each known miss by its id, with its reason."""
    return yaml.safe_load(KNOWN_MISSES.read_text(encoding="utf-8")) or {}


async def carry_out_all():
    """Every entry, whole and streamed."""
    carried = []
    for place, entry in enumerate(catalogue().values()):
        whys = [
            miss(entry, await carry_out(entry, wire=wire_of(entry, place), stream=stream))
            for stream in (False, True)
        ]
        carried.append(Carried(entry, next(filter(None, whys), None)))
    return carried


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write-misses", action="store_true")
    arguments = parser.parse_args()
    misses = {entry.id: why for entry, why in asyncio.run(carry_out_all()) if why}
    text = HEAD + (yaml.safe_dump(misses, sort_keys=False, width=200) if misses else "{}\n")
    if arguments.write_misses:
        KNOWN_MISSES.write_text(text, encoding="utf-8")
    else:
        print(text, end="")  # noqa: T201 - a report
    return 0


if __name__ == "__main__":
    sys.exit(main())
