"""What the client's README and .env.example say of settings is so."""

import re
from pathlib import Path

import pytest

from seawall import LLMManager, load_settings
from seawall.providers.customs import WIRES
from seawall.settings import Settings
from seawall.settings.schema import SETTINGS, variable

ROOT = Path(__file__).parents[2]
README = (ROOT / "client" / "README.md").read_text(encoding="utf-8")
DOTENV = (ROOT / ".env.example").read_text(encoding="utf-8")
COMMENTED = dict(re.findall(r"^# (SEAWALL_\w+)=(.*)$", DOTENV, re.MULTILINE))
KEYS = {"OPENAI_API_KEY": "a", "ANTHROPIC_API_KEY": "b", "GEMINI_API_KEY": "c"}
OTHERS = {
    **dict.fromkeys(re.findall(r"api_key_env: (\w+)", README), "d"),
    "AZURE_OPENAI_API_KEY": "e",
    "AZURE_OPENAI_ENDPOINT": "https://harbour.example",
}
YAML, MAIN = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL), "deadline_s: 30"


@pytest.fixture
def readme_file(tmp_path):
    """The settings file of the README."""
    (yaml,) = (block for block in YAML if MAIN in block)
    path = tmp_path / "seawall.yaml"
    path.write_text(yaml, encoding="utf-8")
    return path


def test_the_readmes_file_is_good(readme_file, tmp_path):
    """Its providers, with the models that are current."""
    settings = load_settings(readme_file, environ=KEYS, dotenv=tmp_path / "none")

    assert [p.name for p in settings.providers] == ["openai", "anthropic", "local"]
    assert [p.model for p in settings.providers[:2]] == [
        WIRES["openai_chat"].default_model,
        WIRES["anthropic"].default_model,
    ]
    assert settings.deadline_s == 30


def test_the_readmes_other_settings_are_good(tmp_path):
    """Those that it shows on their own."""
    for number, yaml in enumerate(block for block in YAML if MAIN not in block):
        path = tmp_path / f"{number}.yaml"
        path.write_text(yaml, encoding="utf-8")
        assert load_settings(path, environ=KEYS | OTHERS, dotenv=tmp_path / "none").origins


async def test_the_readmes_code_reads_it(readme_file, monkeypatch, capsys):
    """The example about settings runs as it stands, next to that file."""
    (code,) = re.findall(r"<!-- example: settings -->\n```python\n(.*?)```", README, re.DOTALL)
    monkeypatch.chdir(readme_file.parent)
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    names = {}
    exec(compile(code, "README.md", "exec"), names)

    assert isinstance(names["llm"], LLMManager)
    assert capsys.readouterr().out == "2.0 seawall.yaml:6\n"
    await names["llm"].aclose()


def test_names_in_the_readme_exist():
    """Every option that it mentions by its dotted name."""
    sections = {path[0] for path in SETTINGS if len(path) > 1}
    mentioned = re.findall(rf"`((?:{'|'.join(sections)})\.[a-z_]+)`", README)

    assert mentioned
    assert [name for name in mentioned if tuple(name.split(".")) not in SETTINGS] == []


def test_dotenv_example_changes_nothing(tmp_path):
    """With every line put to use and keys filled in, the settings are the defaults."""
    text = re.sub(r"^# (SEAWALL_\w+=)", r"\1", DOTENV, flags=re.MULTILINE)
    text = re.sub(r"^(\w+_API_KEY)=$", r"\1=k", text, flags=re.MULTILINE)
    text = text.replace("SEAWALL_SETTINGS=seawall.yaml\n", "")
    dotenv = tmp_path / ".env"
    dotenv.write_text(text, encoding="utf-8")
    settings = load_settings(environ={}, dotenv=dotenv)
    plain = load_settings(environ=KEYS, dotenv=tmp_path / "none")

    assert [(p.name, p.wire, p.model) for p in settings.providers] == [
        (p.name, p.wire, p.model) for p in plain.providers
    ]
    for path in SETTINGS:
        found, default = settings, Settings()
        for key in path:
            found, default = getattr(found, key), getattr(default, key)
        assert found == default, path
    stated = {variable(path) for path in SETTINGS} & set(COMMENTED)
    assert len(stated) >= 10
