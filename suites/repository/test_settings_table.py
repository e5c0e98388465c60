"""docs/SETTINGS.md says of every setting what the code says of it."""

import re

import msgspec
import pytest
from click.testing import CliRunner

from seawall.cli.root import root as command
from seawall.providers.options import ProviderOptions
from seawall.settings import Settings
from seawall.settings.schema import PROVIDER_FIELDS, SETTINGS, dotted, variable
from seawall.settings.table import meanings, settings_table


def structs(struct):
    """A struct of options and those that it holds."""
    yield struct
    for field in msgspec.structs.fields(struct):
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            yield from structs(field.type)


OPTIONS = [*structs(Settings), ProviderOptions]


def test_the_committed_table_is_up_to_date(root):
    """The file is what the command prints."""
    printed = CliRunner().invoke(command, ["config", "table"])

    assert printed.exit_code == 0
    committed = (root / "docs" / "SETTINGS.md").read_text(encoding="utf-8")
    assert committed == printed.output, "run: .venv/bin/seawall config table > docs/SETTINGS.md"


def test_the_table_has_a_row_for_every_setting():
    """With its variable; nothing is left out, nothing is there twice."""
    rows = re.findall(r"^\| `([\w.]+)` \| (?:`(\w+)`)? ?\|", settings_table(), re.MULTILINE)
    expected = [
        (f"providers.{field}", variable(("providers", "name", field)) if field != "name" else "")
        for field in PROVIDER_FIELDS
    ]
    expected += [(dotted(path), variable(path)) for path in SETTINGS]

    assert sorted(rows) == sorted(expected)


@pytest.mark.parametrize("struct", OPTIONS, ids=lambda struct: struct.__name__)
def test_every_option_says_what_it_means_and_its_range(struct):
    """Where its default is written; the range in words is the one that is enforced."""
    said = meanings(struct)
    for field in msgspec.structs.fields(struct):
        if field.type in OPTIONS or field.name in {"origins", "providers"}:
            continue
        assert said.get(field.name), f"{struct.__name__}.{field.name}"
        for low, high in re.findall(r"ge=([\d.]+).*?le=([\d.]+)", str(field.type)):
            words = " to ".join(re.sub(r"\.0$", "", number) for number in (low, high))
            assert words in said[field.name], f"{struct.__name__}.{field.name}: {words}"
