"""Writes sentences to learn from: attacks, and what looks like them and is none."""

import random
import re
from pathlib import Path
from typing import NamedTuple

import yaml

GRAMMAR = Path(__file__).parent / "ngram_grammar.yaml"


class Row(NamedTuple):
    """A text, the part of it that is the attack (all of it where not known), and where it is from."""

    text: str
    payload: str
    label: int
    source: str
    tier: str = ""


ROWS_EACH = 160


class Grammar:
    """Writes sentences."""

    def __init__(self, seed):
        self.rules = yaml.safe_load(GRAMMAR.read_text(encoding="utf-8"))
        self.parts = {**self.rules["parts"], "act": self.rules["acts"]}
        self.random = random.Random(seed)

    def sentence(self, text):
        for _ in range(6):
            text = re.sub(r"<([^<>]*\|[^<>]*)>", lambda found: self.random.choice(found[1].split("|")), text)
            text = re.sub(
                r"\{([a-z0-9]+)\}", lambda found: str(self.random.choice(self.parts[found[1]])), text
            )
        text = text.translate(str.maketrans("«»¦", "<>|")).strip()
        case = self.random.random()
        return text.upper() if case < 0.06 else text.lower() if case < 0.15 else text[:1].upper() + text[1:]

    def rows(self, name, label):
        for number, template in enumerate(self.rules[name]):
            for _ in range(ROWS_EACH):
                text = self.sentence(template)
                yield Row(text, text, label, f"own/{name}/{number}")

    def planted(self, rows, carriers):
        """Yield attacks inside of harmless documents."""
        for row in rows:
            paragraphs = [
                self.sentence(self.random.choice(self.rules["untrusted_benign"]))
                if self.random.random() < 0.5 or not carriers
                else self.random.choice(carriers)
                for _ in range(self.random.randint(0, 2))
            ]
            paragraphs.insert(self.random.randint(0, len(paragraphs)), row.payload)
            yield row._replace(text=self.random.choice(["\n", "\n\n", " "]).join(paragraphs))
