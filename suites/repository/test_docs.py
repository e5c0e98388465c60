"""What the documents say is true: examples run, commands exist, links lead somewhere."""

import ast
import asyncio
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from seawall import LLMManager
from seawall.cli.root import root as command
from seawall.resilience.call import Call
from seawall.resilience.failures import Failure, FailureKind
from seawall.resilience.fleet import Fleet
from seawall.resilience.options import PolicyOptions
from seawall.trace import CallContext

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([ROOT / "README.md", ROOT / "client" / "README.md", *(ROOT / "docs").glob("*.md")])
EXAMPLE = re.compile(r"<!-- example: (?P<runner>\w+) -->\n```python\n(?P<code>.*?)```", re.DOTALL)
# Examples of other kinds are run where their subject is tested.
RUNNERS = {"env", "overrides", "stream", "rollout", "kill", "guarded", "settings", "hangup", "machine"}


def examples(*runners):
    return [
        pytest.param(found["code"], id=f"{document.name}-{found['runner']}")
        for document in DOCUMENTS
        for found in EXAMPLE.finditer(document.read_text(encoding="utf-8"))
        if found["runner"] in runners
    ]


@pytest.fixture
def provider_variables(fake_providers):
    """The environment of a service whose three providers are the fake ones."""
    names = {"alpha": "OPENAI", "beta": "ANTHROPIC", "gamma": "GEMINI"}
    variables = {f"{name}_API_KEY": "sk-example" for name in names.values()}
    for provider, name in names.items():
        variables[f"SEAWALL_PROVIDERS__{name}__BASE_URL"] = fake_providers.base_urls[provider]
        variables[f"SEAWALL_PROVIDERS__{name}__MODEL"] = f"{provider}-1"
    variables["SEAWALL_PROVIDERS__OPENAI__EMBEDDING_MODEL"] = "alpha-1"
    return variables


@pytest.mark.real_processes
@pytest.mark.parametrize("code", examples("env"))
def test_a_script_from_the_documents_runs_as_it_stands(code, provider_variables, tmp_path):
    """Copied into a file and run, with keys in the environment, it gets an answer."""
    script = tmp_path / "example.py"
    script.write_text(code, encoding="utf-8")
    environment = os.environ | provider_variables
    result = subprocess.run(
        [sys.executable, script], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert result.returncode == 0, result.stderr
    assert result.stdout.strip()


@pytest.mark.real_processes
@pytest.mark.parametrize(
    ("code", "security"),
    [
        *(
            pytest.param(*found.values, "off", id=found.id)
            for found in examples("overrides", "stream", "rollout", "kill")
        ),
        *(pytest.param(*found.values, "enforce", id=found.id) for found in examples("guarded")),
    ],
)
async def test_a_fragment_from_the_documents_runs_inside_a_service(code, security, provider_variables):
    """Given an open manager called `llm`, it does what it says without an error."""
    code = code.replace('"alpha"', '"openai"')
    variables = provider_variables | {"SEAWALL_SECURITY__MODE": security}
    async with LLMManager.from_settings(environ=variables) as llm:
        names = {"llm": llm, "user_id": 7, "legacy_summary": lambda text: asyncio.sleep(0, text)}
        compiled = compile(code, "<example>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        running = eval(compiled, names)
        if running is not None:
            await running

        assert (await llm.complete("still there?")).text


@pytest.mark.parametrize("code", examples("machine"))
def test_the_machine_answers_as_its_document_says(code):
    """Each line's comment names the actions that the line returns, in order."""
    names = {
        "Call": Call,
        "CallContext": CallContext,
        "Fleet": Fleet,
        "PolicyOptions": PolicyOptions,
        "failure": Failure(kind=FailureKind.SERVER_ERROR),
        "now": 0.0,
        "random": random,
    }
    for line in filter(None, code.splitlines()):
        exec(line, names)
        promised = re.findall(r"[A-Z]\w+(?=\()", line.partition("#")[2])
        actions = [type(action).__name__ for action in names.get("actions", ())]

        assert [name for name in promised if name not in actions] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_python_example_is_run(document):
    """No example may rot: each block of Python names what runs it."""
    text = document.read_text(encoding="utf-8")

    assert text.count("```python") == len(EXAMPLE.findall(text))
    assert {found["runner"] for found in EXAMPLE.finditer(text)} <= RUNNERS


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document):
    """Every relative link names a file of the project."""
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text(encoding="utf-8"))

    assert [link for link in links if not (document.parent / link).exists()] == []


def commands():
    found = set()
    for document in DOCUMENTS:
        for block in re.findall(
            r"```(?:sh|bash|console)?\n(.*?)```", document.read_text(encoding="utf-8"), re.DOTALL
        ):
            for line in block.splitlines():
                words = line.partition("#")[0].partition("|")[0].split()
                if words and words[0] in {"seawall", ".venv/bin/seawall", "make"}:
                    found.add((words[0].rpartition("/")[2], *(word for word in words[1:])))
    return sorted(found)


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_commands_in_the_documents_exist(words):
    """The targets, commands and options that people are told to type are there."""
    program, *rest = words
    if program == "make":
        targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
        assert not rest or rest[0] in targets
        return
    group, path = command, []
    context = CliRunner()
    for word in rest:
        commands_here = getattr(group, "list_commands", lambda _context: [])(None)
        if word not in commands_here:
            break
        path.append(word)
        group = group.get_command(None, word)
    shown = context.invoke(command, [*path, "--help"])

    assert shown.exit_code == 0, shown.output
    assert path or not [word for word in rest if not word.startswith("-")], f"no command {rest}"
    options = [word for word in rest if word.startswith("--") and word not in {"--help", "--version"}]
    assert [option for option in options if option not in shown.output] == []
