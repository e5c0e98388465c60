"""Scenario files: what they may say, and how they are refused."""

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from seawall_chaos.durations import parse_duration
from seawall_chaos.library import SHIPPED, select, shipped
from seawall_chaos.loader import load_scenario, parse_scenario
from seawall_chaos.timeline import expand, steps
from seawall_chaos.yaml_document import NODES_MAX, SIZE_MAX, DocumentError

GOOD = """\
title: A good one
duration_s: 8
load: {rate_per_s: 4}
method:
  - {at: 1s, for: 6s, on: alpha, fault: http_status, status: 503}
expect:
  - {subject: seawall, metric: success_rate, at_least: 1.0}
"""


@pytest.fixture
def write(tmp_path):
    """Puts text into a scenario file."""

    def to_file(text, name="outage.yaml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return to_file


def problems(path):
    """What is said about a bad file, without the file's name, which every line must begin with."""
    with pytest.raises(DocumentError) as refusal:
        load_scenario(path)
    assert all(line.startswith(f"{path}:") for line in refusal.value.problems)
    return [line.removeprefix(f"{path}:") for line in refusal.value.problems]


def test_a_minimal_scenario_needs_little(write):
    """Everything but title, duration and faults has a default that is right."""
    file = load_scenario(write(GOOD))

    assert file.name == "outage"
    assert file.scenario.path == "full"
    assert [provider.wire for provider in file.scenario.providers.values()] == [
        "openai",
        "anthropic",
        "gemini",
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("title:", "titel:", r"1: unknown key 'titel'; did you mean 'title'\?"),
        ("duration_s: 8", "duration_s: long", r"2: duration_s: 'long': not a duration .*"),
        ("duration_s: 8", "duration_s: -3", r"2: duration_s: -3.*greater than 0"),
        ("duration_s: 8", "duration_s: 90m", r"1: runs for 5400s, longer than 3600s; see time_scale"),
        ("rate_per_s", "rate", r"3: unknown key 'load.rate'; did you mean 'rate_per_s'\?"),
        ("rate_per_s: 4", "rate_per_s: 0", r"3: load.rate_per_s: 0: .*greater than 0"),
        ("at: 1s", "at: 1", r"5: method\[0\].at: 1: not a duration .* a unit is missing"),
        ("for: 6s", "for: 6x", r"5: method\[0\].for: '6x': not a duration like .*"),
        ("for: 6s", "for: 9s", r"5: method\[0\]: the fault ends at 10s, after the scenario's 8s"),
        ("for: 6s", "for: 6s, times: 2", r"5: method\[0\]: every and times belong together.*"),
        ("for: 6s", "for: 2s, every: 1s, times: 2", r"5: method\[0\]: windows overlap.*"),
        ("on: alpha", "on: alhpa", r"5: method\[0\].on: unknown provider 'alhpa'; did you mean 'alpha'\?"),
        ("http_status", "http_statsu", r"5: .*unknown fault 'http_statsu'; did you mean 'http_status'\?"),
        ("status: 503", "statsu: 503", r"5: unknown key 'method\[0\].statsu'; did you mean 'status'\?"),
        ("status: 503", "status: sad", r"5: method\[0\].status: 'sad': .*"),
        ("status: 503", "status: 503, carrier: pigeon", r"5: method\[0\]: .*carrier.*pigeon.*"),
        ("subject: seawall", "subject: seewall", r"7: .*unknown subject 'seewall'; did you mean 'seawall'\?"),
        ("success_rate", "succes_rate", r"7: .*unknown metric 'succes_rate'; did you mean 'success_rate'\?"),
        ("at_least: 1.0", "at_leat: 1.0", r"7: unknown key 'expect\[0\].at_leat'; did you mean 'at_least'\?"),
        (
            "expect:",
            "providers: {alpha: {wire: morse}}\nexpect:",
            r"6: providers.alpha.wire: 'morse': .*'openai'.*",
        ),
        ("expect:", "title: Again\nexpect:", r"6: key 'title' is given twice \(first in line 1\)"),
        ("load:", "load: [", r"\d+: not YAML: .*"),
        ("title: A good one", "title: !!python/object:os.system x", r"1: not YAML: could not determine .*"),
    ],
)
def test_a_mistake_is_named_by_line_and_value(write, old, new, said):
    """Each mistake is one line that says where it is and what would have been right."""
    assert old in GOOD
    found = problems(write(GOOD.replace(old, new)))

    assert any(re.fullmatch(said, line) for line in found), found


def test_all_mistakes_are_told_at_once(write):
    """In the order in which they stand in the file."""
    text = GOOD.replace("rate_per_s", "rate").replace("6s", "6x").replace("seawall", "seewall")

    assert [line.partition(":")[0] for line in problems(write(text))] == ["3", "5", "7"]


def test_excess_is_refused(write):
    """Files too large, aliases that multiply, and nesting without end do no harm."""
    billion = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{name}: &{name} [{', '.join(['*' + before] * 10)}]\n"
        for before, name in zip("abcdefg", "bcdefgh", strict=True)
    )

    assert "KiB" in problems(write("x" * (SIZE_MAX + 1)))[0]
    assert str(NODES_MAX) in problems(write(billion))[0]
    assert "nested too deep" in problems(write("[" * 100_000))[0]
    assert str(NODES_MAX) in problems(write("a: &x [*x]"))[0]


def test_a_file_that_is_none_is_refused(tmp_path, write):
    """Missing files, folders, other encodings and lists are told apart."""
    assert "cannot be read: No such file" in problems(tmp_path / "nowhere.yaml")[0]
    (tmp_path / "folder.yaml").mkdir()
    assert "cannot be read: Is a directory" in problems(tmp_path / "folder.yaml")[0]
    assert problems(write("- a\n- b\n"))[0].startswith("1: not a scenario")
    assert problems(write(""))[0].startswith("1: not a scenario")
    (tmp_path / "latin.yaml").write_bytes(b"title: x\ndescription: \xe9\n")
    assert problems(tmp_path / "latin.yaml") == ["2: not UTF-8"]


leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)


def mappings(inner):
    keys = [
        "title",
        "duration_s",
        "load",
        "path",
        "providers",
        "method",
        "expect",
        "at",
        "for",
        "on",
        "fault",
        "x",
        3,
    ]
    return st.dictionaries(st.sampled_from(keys) | st.text(max_size=4), inner, max_size=5)


values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | mappings(inner), max_leaves=12)


@example({"08": None})
@given(mappings(values) | st.builds(lambda changed: yaml.safe_load(GOOD) | changed, mappings(values)))
def test_no_document_causes_a_traceback(data):
    """Whatever a file holds, it is a scenario or refused as a document."""
    refused = ()
    try:
        parse_scenario(Path("any.yaml"), yaml.safe_dump(data))
    except DocumentError as refusal:
        refused = refusal.problems

    assert all(re.match(r"any\.yaml:\d+: .", line) for line in refused), refused


@given(st.text(alphabet="[]{}:-,&*!|>%@\"'#\n\t ab1", max_size=60))
def test_no_text_causes_a_traceback(text):
    """The same for what is hardly YAML."""
    with pytest.raises(DocumentError):
        parse_scenario(Path("any.yaml"), text)


@given(st.integers(1, 10**6), st.sampled_from([("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600)]))
def test_a_duration_is_its_number_times_its_unit(number, unit):
    """500ms, 6s, 2m, 1h."""
    name, seconds = unit

    assert parse_duration(f"{number}{name}") == pytest.approx(number * seconds)


@pytest.mark.parametrize(
    "text", ["", "6", "s", "6 s", "-1s", "1e3s", "6S", "٣s", "1.s", None, 6, True, ["6s"]]
)
def test_what_is_no_duration_is_refused(text):
    """A number without its unit is a question, not an answer."""
    with pytest.raises(ValueError, match="not a duration"):
        parse_duration(text)


def test_a_repeated_entry_becomes_windows(write):
    """One entry with `every` and `times` is that many windows, in order of time."""
    text = GOOD.replace("at: 1s, for: 6s", "at: 1s, for: 1s, every: 2s, times: 3")

    windows = expand(load_scenario(write(text)).scenario)

    assert [(w.entry, w.window, w.start_s, w.end_s) for w in windows] == [
        (1, 1, 1, 2),
        (1, 2, 3, 4),
        (1, 3, 5, 6),
    ]


def test_time_scale_multiplies_the_method_and_its_duration(write):
    """Two hours become 7.2 seconds; the load keeps its rate."""
    text = (
        GOOD.replace("duration_s: 8", "duration_s: 2h\ntime_scale: 0.001")
        .replace("at: 1s", "at: 30m")
        .replace("for: 6s", "for: 1h")
    )
    scenario = load_scenario(write(text)).scenario

    assert scenario.run_s == pytest.approx(7.2)
    assert [(w.start_s, w.end_s) for w in expand(scenario)] == [(1.8, 5.4)]
    assert scenario.load.rate_per_s == 4


def test_at_the_same_instant_what_ends_comes_first(write):
    """A fault that follows on another does not find it still in force."""
    entry = "  - {at: 1s, for: 6s, on: alpha, fault: http_status, status: 503}"
    text = GOOD.replace(
        entry, entry.replace("6s", "1s") + "\n" + entry.replace("at: 1s, for: 6s", "at: 2s, for: 1s")
    )

    order = [(s.at_s, s.action, s.window.entry) for s in steps(expand(load_scenario(write(text)).scenario))]

    assert order == [(1, "inject", 1), (2, "heal", 1), (2, "inject", 2), (3, "heal", 2)]


def test_the_seed_settles_the_chances_of_a_fault(write):
    """An entry's own seed comes before that of the run."""
    entry = load_scenario(write(GOOD)).scenario.method[0]

    assert entry.parse(seed=7).seed == 7
    assert (
        load_scenario(write(GOOD.replace("status: 503", "status: 503, seed: 3")))
        .scenario.method[0]
        .parse(seed=7)
        .seed
        == 3
    )


def test_every_shipped_scenario_is_good():
    """Those that come with the harness load, explain themselves, and the quick set is whole."""
    files = shipped()

    assert all(file.scenario.description for file in files)
    assert [file.name for file in select(["quick"])] == [
        "healthy",
        "flapping",
        "primary-429-retry-after",
        "primary-503",
        "primary-hang",
        "primary-slow",
        "stream-cut",
        "stream-stall",
        "two-down",
    ]


def test_names_files_and_folders_mean_scenarios(write, tmp_path):
    """A scenario asked for twice is run once; unknown names are answered with the nearest."""
    path = write(GOOD)

    assert [file.name for file in select([str(path), "primary-503", str(tmp_path), "primary-503"])] == [
        "outage",
        "primary-503",
    ]
    with pytest.raises(DocumentError, match="'primary-530'; did you mean 'primary-503'"):
        select(["primary-530"])


def test_two_files_of_one_name_are_refused(write):
    """Their calls could not be told apart."""
    path = write((SHIPPED / "healthy.yaml").read_text(encoding="utf-8"), "healthy.yaml")

    with pytest.raises(DocumentError, match="a scenario named healthy is also in"):
        select(["healthy", str(path)])
