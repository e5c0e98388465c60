"""Settings: where values come from, which wins, and what is said of those that cannot work."""

import functools
import inspect
import itertools
import json
import pickle
import re

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from seawall.providers.customs import WIRES
from seawall.providers.options import ProviderOptions
from seawall.providers.secret import Secret
from seawall.resilience.options import PolicyOptions
from seawall.settings import Settings, SettingsError, load_settings
from seawall.settings.schema import PROVIDER_FIELDS, SETTINGS, choices, dotted

KEY = "sk-very-secret-0123456789"
ENVIRON = {"OPENAI_API_KEY": KEY}
GOOD = """\
providers:
  - {name: alpha, wire: openai_chat, model: gpt-x, base_url: "http://127.0.0.1:8080/v1", api_key_env: A_KEY}
  - name: beta
    wire: anthropic
    model: 4
    api_version: 2023-06-01
    api_key_env: B_KEY
deadline_s: 30
timeouts: {connect_s: 2}
retry:
"""


@pytest.fixture
def load(tmp_path):
    """Load a YAML text, a .env text and variables; paths are those of the test's own folder."""

    def load(text=None, *, dotenv=None, environ=ENVIRON, **more):
        path = tmp_path / "seawall.yaml" if text is not None else None
        if path is not None:
            path.write_text(text, encoding="utf-8")
        if dotenv is not None:
            (tmp_path / ".env").write_text(dotenv, encoding="utf-8")
        return load_settings(path, environ=environ, dotenv=tmp_path / ".env", **more)

    return load


@pytest.fixture
def problems(load, tmp_path):
    """What is wrong with settings, without the test folder's name."""

    def problems(*args, **kwargs):
        with pytest.raises(SettingsError) as caught:
            load(*args, **kwargs)
        assert str(caught.value) == "\n".join(caught.value.problems)
        assert KEY not in str(caught.value)
        return [line.replace(f"{tmp_path}/", "") for line in caught.value.problems]

    return problems


def test_one_key_is_enough(load):
    """The provider it belongs to, its current model, and every default."""
    settings = load()

    assert [(p.name, p.wire, p.base_url) for p in settings.providers] == [("openai", "openai_chat", None)]
    assert settings.providers[0].api_key.reveal() == KEY
    assert msgspec.structs.replace(settings, providers=(), origins={}) == Settings()
    assert settings.retry == PolicyOptions().retry


def test_every_known_key_adds_a_provider(load):
    """In one fixed order, at the address that the official SDK would use."""
    settings = load(
        environ={
            "GOOGLE_API_KEY": "g",
            "ANTHROPIC_API_KEY": "a",
            "ANTHROPIC_BASE_URL": "http://127.0.0.1:1",
            "OPENAI_API_KEY": " ",
            "SEAWALL_PROVIDERS__GEMINI__MODEL": "gemini-x",
        }
    )

    assert [(p.name, p.model) for p in settings.providers] == [
        ("anthropic", WIRES["anthropic"].default_model),
        ("gemini", "gemini-x"),
    ]
    assert settings.providers[0].base_url == "http://127.0.0.1:1"
    assert settings.origins["providers.gemini.model"] == "SEAWALL_PROVIDERS__GEMINI__MODEL"


def test_gemini_key_before_google_key(load):
    """Where both are set, the one that names the wire."""
    provider = load(environ={"GOOGLE_API_KEY": "g", "GEMINI_API_KEY": "h"}).providers[0]

    assert provider.api_key.reveal() == "h"


AZURE = {"AZURE_OPENAI_API_KEY": KEY, "AZURE_OPENAI_ENDPOINT": "https://harbour.example/"}


def test_azure_needs_a_key_and_an_endpoint(load, problems):
    """With both in the environment it is a provider; a version there is the one that is asked for, as in the SDK."""
    (provider,) = load(environ=AZURE).providers
    (dated,) = load(environ={**AZURE, "OPENAI_API_VERSION": "2024-10-21"}).providers
    (line,) = problems(environ={"AZURE_OPENAI_API_KEY": KEY})

    assert (provider.name, provider.wire) == ("azure", "azure_openai")
    assert (provider.base_url, provider.api_version) == ("https://harbour.example/", None)
    assert provider.api_key.reveal() == KEY
    assert dated.api_version == "2024-10-21"
    assert "AZURE_OPENAI_API_KEY (with AZURE_OPENAI_ENDPOINT)" in line


def test_azure_in_a_file(load, problems):
    """The file names the deployment and may leave address and key to the environment; a foreign address wants a key."""
    listed = "providers: [{{name: a, wire: azure_openai, model: ours{}}}]"
    (provider,) = load(listed.format(""), environ=AZURE).providers
    elsewhere = listed.format(', base_url: "https://other.example"')

    assert (provider.model, provider.base_url) == ("ours", AZURE["AZURE_OPENAI_ENDPOINT"])
    assert provider.api_key.reveal() == KEY
    assert "needs api_key_env" in problems(elsewhere, environ=AZURE)[0]
    assert "has no base_url" in problems(listed.format(", api_key_env: K"), environ={"K": KEY})[0]


def test_a_file(load):
    """Order, types, text as it was written, sections left empty."""
    settings = load(GOOD, environ={"A_KEY": "a", "B_KEY": "b"})

    assert [p.name for p in settings.providers] == ["alpha", "beta"]
    assert settings.providers[1].model == "4"
    assert settings.providers[1].api_version == "2023-06-01"
    assert (settings.deadline_s, settings.timeouts.connect_s) == (30, 2)
    assert settings.origins["timeouts.connect_s"].endswith("seawall.yaml:9")
    assert settings.origins["providers.beta.model"].endswith("seawall.yaml:5")
    assert settings.origins["providers.beta.api_key"] == "B_KEY"


def test_who_wins(load):
    """Defaults < YAML < .env < environment < arguments, for each value on its own."""
    layers = {
        "text": "deadline_s: 1\n",
        "dotenv": "SEAWALL_DEADLINE_S=2\n",
        "environ": {"SEAWALL_DEADLINE_S": "3"},
        "overrides": {"deadline_s": 4},
    }
    for count in range(len(layers) + 1):
        given_ = dict(itertools.islice(layers.items(), count))
        environ = {**ENVIRON, **given_.pop("environ", {})}
        if "dotenv" not in given_:
            given_["dotenv"] = ""
        assert load(**given_, environ=environ).deadline_s == (count or Settings().deadline_s)


def test_the_file_can_be_named_by_a_variable(load, tmp_path):
    """For programs that call `from_settings()` and are configured from outside."""
    path = tmp_path / "other.yaml"
    path.write_text("deadline_s: 9\n")

    assert load(environ={**ENVIRON, "SEAWALL_SETTINGS": str(path)}).deadline_s == 9


def test_a_dotenv_file(load):
    """Quotes, comments, `export`, several lines; keys too; the environment itself is left alone."""
    settings = load(
        dotenv=(
            "# a comment\n\nexport OPENAI_API_KEY='k1' # trailing\nSEAWALL_DEADLINE_S = 7 # seconds\n"
            'SEAWALL_PROVIDERS__OPENAI__MODEL="two\nlines \\" \\t."\nnot for us\nSEAWALL_HTTP__KEEPALIVE_S="5"\n'
        ),
        environ={},
    )

    assert settings.providers[0].api_key.reveal() == "k1"
    assert settings.providers[0].model == 'two\nlines " \t.'
    assert (settings.deadline_s, settings.http.keepalive_s) == (7, 5)
    assert settings.origins["deadline_s"].endswith(".env:4")
    assert settings.origins["http.keepalive_s"].endswith(".env:8")


def test_providers_given_as_arguments_replace_those_of_the_file(load):
    """A list is one value; and a single field of a listed provider can be set by its name."""
    provider = {"name": "x.y", "wire": "gemini", "model": "m", "api_key": KEY}
    replaced = load(GOOD, overrides={"providers": [provider]}, environ={"SEAWALL_PROVIDERS__X_Y__MODEL": "n"})
    changed = load(
        GOOD, environ={"A_KEY": "a", "B_KEY": "b", "SEAWALL_PROVIDERS__ALPHA__HEADERS": '{"X-Team": "t"}'}
    )

    assert [(p.name, p.model) for p in replaced.providers] == [("x.y", "n")]
    assert changed.providers[0].headers == {"X-Team": "t"}
    assert changed.providers[0].model == "gpt-x"


@pytest.mark.parametrize("path", SETTINGS, ids=dotted)
def test_every_setting_can_be_set_from_anywhere(load, path):
    """By YAML, by variable and by argument, and its origin says so."""
    value = example(SETTINGS[path])
    text = json.dumps(value) if isinstance(value, bool | list | tuple | dict) else str(value)
    if path == ("http", "ca_file"):
        value = text = "/dev/null"
    if path == ("http", "proxy"):
        value = text = "http://127.0.0.1:1"
    secret = Secret in getattr(SETTINGS[path].type, "__args__", ())
    nested = functools.reduce(lambda inner, key: {key: inner}, reversed(path), value)
    variable = f"SEAWALL_{'__'.join(path).upper()}"

    for settings, origin in (
        (load(yaml.safe_dump(nested)), "seawall.yaml:"),
        (load(environ={**ENVIRON, variable: text}), variable),
        (load(overrides=nested), f"argument {dotted(path)}"),
    ):
        found = settings
        for key in path:
            found = getattr(found, key)
        assert found == (Secret(value) if secret else value)
        assert origin in settings.origins[dotted(path)]


def example(leaf):
    """A value that is allowed and is not the default."""
    candidates = [not leaf.default if isinstance(leaf.default, bool) else None]
    if isinstance(leaf.default, int | float) and not isinstance(leaf.default, bool):
        candidates = [leaf.default * 2, leaf.default / 2, leaf.default + 1, 0.75, 0.25]
    if Secret in getattr(leaf.type, "__args__", ()):
        return "redis://127.0.0.1:1/0"
    candidates += [2.5, 3, True, *choices(leaf.type), "text", ["text"], {"text": ["text"]}]
    for candidate in candidates:
        if candidate is not None and candidate != leaf.default:
            try:
                return msgspec.convert(candidate, leaf.type)
            except msgspec.ValidationError:
                continue
    raise AssertionError(leaf)


# Where any value of the type will not do; `wire` where a provider of another wire is refused the field.
FIELD_EXAMPLES = {
    "name": ("b", {}),
    "wire": ("gemini", {}),
    "base_url": ("http://127.0.0.1:1/v1", {}),
    "api_key": ("sk-other", {}),
    "api_key_env": ("OTHER_KEY", {}),
    "api_version": ("v1beta", {"wire": "gemini"}),
    "embedding_space": ("s", {"embedding_model": "e"}),
    "replay_reasoning": (True, {"wire": "openai_responses"}),
    "tags": (["eu", "fast"], {}),
    "headers": ({"X-Team": "t"}, {}),
}


@pytest.mark.parametrize("field", PROVIDER_FIELDS)
def test_every_field_of_a_provider_can_be_set_from_anywhere(load, field):
    """In the file's list, by variable and by argument, and its origin says so."""
    value, more = FIELD_EXAMPLES.get(field) or (example(PROVIDER_FIELDS[field]), {})
    given = {"name": "a", "wire": "openai_chat", "model": "m", "api_key_env": "OPENAI_API_KEY", **more}
    stated = {"providers": [{**given, field: value}]}
    environ = {**ENVIRON, "OTHER_KEY": KEY}
    text = ", ".join(value) if isinstance(value, list) else msgspec.json.encode(value).decode().strip('"')
    ways = [
        (load(yaml.safe_dump(stated), environ=environ), "seawall.yaml:"),
        (load(environ=environ, overrides=stated), "argument providers.0."),
    ]
    if field != "name":
        variable = f"SEAWALL_PROVIDERS__A__{field.upper()}"
        listed = yaml.safe_dump({"providers": [given]})
        ways.append((load(listed, environ={**environ, variable: text}), variable))

    for settings, origin in ways:
        (provider,) = settings.providers
        expected = {"api_key": Secret("sk-other"), "tags": ("eu", "fast")}.get(field, value)
        assert getattr(provider, field) == expected
        assert origin in settings.origins[f"providers.{provider.name}.{field}"]


def test_everything_that_is_wrong_is_said_at_once(problems):
    """Each line names the file and line or the variable, the value, and the nearest name that exists."""
    found = problems(
        """\
providers:
  - {name: alpha, wire: openai_chat, model: m, base_url: "http://127.0.0.1:99999/v1", api_key_env: A_KEY}
  - {name: beta, wire: anthropc, model: m}
  - {name: gamma, wire: gemini, modell: m, api_version: v7}
  - {name: alpha, wire: gemini, model: m}
deadline_s: 0
timeouts: {connect: 2, first_token_s: soon}
retry: 3
xyz: red
streaming: {on_midstream_failure: restrt}
breaker:
  window_s: [1]
""",
        environ={
            "SEAWALL_TIMEOUTS__CONECT_S": "1",
            "SEAWALL_DEADLINE": "2",
            "SEAWALL_PROVIDERS__BETA__MODLE": "x",
        },
    )

    assert found == [
        "seawall.yaml:2: providers.alpha.base_url = http://127.0.0.1:99999/v1: impossible port; valid: 1 to 65535",
        "seawall.yaml:2: provider alpha has no key: A_KEY is not set",
        "seawall.yaml:3: providers.beta.wire = anthropc: did you mean anthropic?",
        "seawall.yaml:4: providers.modell is not a setting; did you mean model?",
        "seawall.yaml:4: provider gamma has no model",
        "seawall.yaml:5: a second provider alpha; the first is at seawall.yaml:2",
        "seawall.yaml:6: deadline_s = 0: expected a number >= 0.05",
        "seawall.yaml:7: timeouts.connect is not a setting; did you mean connect_s?",
        "seawall.yaml:7: timeouts.first_token_s = soon: expected a number, got text",
        "seawall.yaml:8: retry = 3: expected a section with settings of its own",
        "seawall.yaml:9: xyz is not a setting; valid here: " + ", ".join(sorted({p[0] for p in SETTINGS} | {"providers"})),
        "seawall.yaml:10: streaming.on_midstream_failure = restrt: did you mean restart?",
        "seawall.yaml:12: breaker.window_s = [1]: expected a number, got a list",
        "SEAWALL_TIMEOUTS__CONECT_S is not a setting; did you mean SEAWALL_TIMEOUTS__CONNECT_S?",
        "SEAWALL_DEADLINE is not a setting; did you mean SEAWALL_DEADLINE_S?",
        "SEAWALL_PROVIDERS__BETA__MODLE is not a setting of provider beta; did you mean model?",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("deadline_s: [", "seawall.yaml:1: "),
        ("- 1", "seawall.yaml:1: the top of the file must be a mapping of settings"),
        ("a: 1\nb: 2\na: 3", "seawall.yaml:3: a is set twice"),
        ("x: *nowhere", "seawall.yaml:1: "),
        ("deadline_s: !!python/object/apply:os.getcwd []", "seawall.yaml:1: "),
        ("a: \x00", "seawall.yaml: not YAML"),
        ("? [a]\n: 1", "seawall.yaml:1: a key must be a name"),
        ("[" * 600, "seawall.yaml"),
        ("a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
            f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join([f'*{chr(97 + i)}'] * 10)}]\n" for i in range(8)
        ), "more than 20000 values"),
        ("providers: {alpha: {}}", "seawall.yaml:1: providers is a list of mappings"),
        ("providers: [alpha]", "seawall.yaml:1: a provider is a mapping"),
        ("providers: [{name: a b, wire: gemini, model: m}]", "seawall.yaml:1: providers.a b.name = a b: "),
        ("deadline_s: .nan", "seawall.yaml:1: deadline_s = .nan: expected a number >= 0.05"),
        ("deadline_s: true", "seawall.yaml:1: deadline_s = true: expected a number"),
        ("deadline_s: 2026-13-45", "seawall.yaml:1: deadline_s = 2026-13-45: expected a number, got text"),
        ("limits: {json_depth_max: 2.5}", "seawall.yaml:1: limits.json_depth_max = 2.5: expected a whole number"),
        ("x" * 1_100_000, "seawall.yaml: larger than"),
    ],
)  # fmt: skip
def test_files_that_cannot_work(problems, text, line):
    """One line with its place, whatever is in them."""
    found = problems(text)

    assert any(line in problem for problem in found), found
    assert all("\n" not in problem for problem in found)


def test_files_that_cannot_be_read(problems, tmp_path):
    """Missing, a folder, not text."""
    with pytest.raises(SettingsError, match=r"nowhere.yaml: no such file or directory"):
        load_settings(tmp_path / "nowhere.yaml", environ=ENVIRON, dotenv=tmp_path / ".env")
    with pytest.raises(SettingsError, match=r"is a directory"):
        load_settings(tmp_path, environ=ENVIRON, dotenv=tmp_path / ".env")
    (tmp_path / "latin.yaml").write_bytes(b"a: 1\nb: \xe9\n")
    with pytest.raises(SettingsError, match=r"latin.yaml:2: not valid UTF-8"):
        load_settings(tmp_path / "latin.yaml", environ=ENVIRON, dotenv=tmp_path / ".env")
    assert problems(dotenv="OPENAI_API_KEY=k\nSEAWALL_DEADLINE_S 3\n") == [
        ".env:2: not a line of the form NAME=value"
    ]
    assert problems(dotenv='X="open\n') == [".env:1: a quote that is never closed"]


ALPHA = "name: alpha, wire: openai_chat, model: m"


@pytest.mark.parametrize(
    ("provider", "line"),
    [
        (ALPHA, "provider alpha has no key: OPENAI_API_KEY is not set"),
        ("name: alpha, wire: gemini, model: m", "no key: GEMINI_API_KEY or GOOGLE_API_KEY is not set"),
        (f"{ALPHA}, api_key_env: MISSING", "provider alpha has no key: MISSING is not set"),
        (f"{ALPHA}, base_url: http://h/v1", "with a base_url of its own it needs api_key_env"),
        (f"{ALPHA}, api_key_env: {KEY}", "api_key_env is not the name of a variable (is it the key itself?)"),
        (f"{ALPHA}, api_key: '{KEY} x'", "its key is empty or holds characters that cannot be sent"),
        (f"{ALPHA}, api_key: ''", "provider alpha has no key"),
        (f"{ALPHA}, api_key: [{KEY}]", "providers.alpha.api_key: "),
        (
            f"{ALPHA}, auth: none, base_url: ftp://h",
            "= ftp://h: must begin with http:// or https:// and a host",
        ),
        (f"{ALPHA}, auth: none, base_url: 'http://h:0'", "impossible port"),
        (f"{ALPHA}, auth: none, base_url: 'http://h:x'", "impossible port"),
        (f"{ALPHA}, auth: none, base_url: 'http://u:{KEY}@h'", "holds a user name or password"),
        (f"{ALPHA}, auth: none, base_url: 'http://h/v1?k=1'", "must end with the path"),
        (f"{ALPHA}, auth: none, base_url: 'http://h /'", "holds characters that an address cannot"),
        (f"{ALPHA}, auth: none, base_url: 'http://[::1'", "not an address"),
        (
            f"{ALPHA}, auth: none, api_version: v1",
            "providers.alpha.api_version = v1: valid: wire openai_chat has none",
        ),
        (f"{ALPHA}, auth: none, headers: {{'X Y': a}}", "providers.alpha.headers: 'X Y' cannot be sent"),
        (f'{ALPHA}, auth: none, headers: {{X: "{KEY}\\n"}}', "providers.alpha.headers: 'X' cannot be sent"),
        (f"{ALPHA}, auth: none, headers: {KEY}", "providers.alpha.headers: "),
        (
            f"{ALPHA}, auth: none, headers: {{content-Length: '3'}}",
            "headers: content-Length says where a request ends",
        ),
        (
            "name: a, wire: gemini, model: m, auth: none, stream_usage: no",
            "only for wire openai_chat or azure_openai, not gemini",
        ),
        ("wire: gemini, model: m", "provider number 1 has no name"),
        (
            "name: a, wire: azure_openai, model: m, base_url: 'http://h', auth: none, api_version: soon",
            "providers.a.api_version = soon: valid: v1, preview, a date such as 2024-10-21",
        ),
        (
            "name: a, wire: anthropic, model: m, auth: none, embedding_model: e",
            "only for wire openai_chat or openai_responses or azure_openai or gemini, not anthropic",
        ),
        (
            f"{ALPHA}, auth: none, embedding_space: e",
            "names the space of an embedding_model, and there is none",
        ),
        (f"{ALPHA}, auth: none, replay_reasoning: yes", "only for wire openai_responses, not openai_chat"),
    ],
)
def test_providers_that_cannot_work(problems, provider, line):
    """Named, with their place, and never with a key in the message."""
    found = problems(f"providers:\n  - {{{provider}}}\n", environ={})

    assert any(line in problem for problem in found), found
    assert all(problem.startswith("seawall.yaml:2: ") for problem in found)


def test_no_provider_at_all(problems):
    """The message says what would be enough."""
    (line,) = problems(environ={})
    variables = (
        "OPENAI_API_KEY, AZURE_OPENAI_API_KEY (with AZURE_OPENAI_ENDPOINT), ANTHROPIC_API_KEY, GEMINI_API_KEY, "
        "GOOGLE_API_KEY"
    )

    assert line == f"no provider: set one of {variables}, or list providers in a settings file"


def test_http_options_that_cannot_work(problems):
    """What a type cannot say: an address, a file that is there."""
    assert problems(f"http: {{proxy: 'http://u:{KEY}@h:0', ca_file: /nowhere/ca.pem}}") == [
        "seawall.yaml:1: http.proxy = http://***@...: impossible port; valid: 1 to 65535",
        "seawall.yaml:1: http.ca_file = /nowhere/ca.pem: no such file or directory",
    ]


def test_secrets_do_not_show(load):
    """Not printed, not formatted, not encoded, not pickled."""
    settings = load()
    secret = settings.providers[0].api_key

    assert KEY not in f"{settings} {settings!r} {secret} {secret!r} {[secret]}"
    assert secret == Secret(KEY)
    assert secret != Secret("other")
    with pytest.raises(TypeError):
        msgspec.json.encode(settings)
    with pytest.raises(TypeError):
        pickle.dumps(settings)


def test_variables_of_other_programs_are_left_alone(load):
    """They begin alike, but are like no setting; what is like one is taken for a slip."""
    others = {"SEAWALL_CACHE": "x", "SEAWALL_TOXIPROXY": "y", "SEAWALL_TEST_LOOPBACK_LOG": "z"}

    assert load(environ={**ENVIRON, **others}).providers


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("SEAWALL_TIMEOUT_CONNECT_S", "did you mean SEAWALL_TIMEOUTS__CONNECT_S?"),
        ("SEAWALL_DEADLINE_MS", "did you mean SEAWALL_DEADLINE_S?"),
        ("SEAWALL_HTTP_PROXY", "did you mean SEAWALL_HTTP__PROXY?"),
        ("SEAWALL_HTTP__COLOUR", "valid here: SEAWALL_HTTP__CA_FILE, "),
        ("SEAWALL_NO__SUCH", "sections: breaker, concurrency, "),
        ("SEAWALL_PROVIDERS", "it is SEAWALL_PROVIDERS__NAME__FIELD, one for each"),
    ],
)
def test_slips_in_the_names_of_variables(problems, name, hint):
    """In the environment and in .env, where the line is named too."""
    (line,) = problems(environ={**ENVIRON, name: "1"})
    (dotenv_line,) = problems(dotenv=f"\n{name}=1\n")

    assert line.startswith(f"{name} is not a setting; {hint}")
    assert dotenv_line == f".env:2: {line}"


@given(
    names=st.dictionaries(
        st.from_regex(r"SEAWALL_[A-Z_]{0,20}", fullmatch=True)
        | st.sampled_from(["SEAWALL_PROVIDERS", "SEAWALL_PROVIDERS__", "SEAWALL___", "SEAWALL_TIMEOUTS__"]),
        st.text(max_size=20),
        max_size=4,
    ),
    text=st.text(max_size=60)
    | st.sampled_from(["providers:", "retry: []", "providers: [[]]", "http: {proxy: 1}"]),
)
def test_anything_is_settings_or_a_settings_error(tmp_path_factory, names, text):
    """No file and no variable gives another error."""
    folder = tmp_path_factory.getbasetemp()
    path = folder / "any.yaml"
    path.write_text(text, encoding="utf-8", errors="replace")
    for file in (path, None):
        problems = ()
        try:
            load_settings(file, environ={**ENVIRON, **names}, dotenv=folder / "none.env")
        except SettingsError as error:
            problems = error.problems or ("",)
        assert all(re.fullmatch(r"[^\n]+", problem) for problem in problems)


def test_the_options_of_providers_are_documented():
    """Each field is explained where its default is written."""
    assert all(f"\n    {field}: " in inspect.getdoc(ProviderOptions) for field in PROVIDER_FIELDS)
