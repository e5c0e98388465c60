"""`seawall logs summarize`: what an operator asks first, from any log, in bounded memory."""

import gzip
import json
import random
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from seawall.cli import log_groups, log_tally, logs, root
from seawall.cli.latency_sketch import LatencySketch


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run the command in a folder of its own."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments, stdin=None, **options):
        result = CliRunner().invoke(root.root, arguments, input=stdin, prog_name="seawall", **options)
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result

    return run


def attempt(provider="alpha", outcome="answered", **more):
    line = {"event": "llm.attempt", "time": "2026-11-22T12:00:00Z", "provider": provider, "model": "m"}
    return json.dumps(
        {**line, "outcome": outcome, "why": "first", "latency_ms": 10.0, **more}, separators=(",", ":")
    )


def call(latency_ms, outcome="answered", **more):
    line = {"event": "llm.call", "time": "2026-11-22T12:00:01Z", "outcome": outcome, "attempts": 1}
    return json.dumps({**line, "provider": "alpha", "latency_ms": latency_ms, **more}, separators=(",", ":"))


LINES = [
    *(call(float(n), first_token_ms=n / 2) for n in range(1, 101)),
    call(5_000.0, "failed", error="AllProvidersFailed", provider=None, attempts=3, retries=1),
    call(3.0, "cancelled", provider=None),
    call(7.0, provider="beta", fell_back=True, attempts=2, hedges=1, restarts=1, continuations=2, cost=0.75),
    attempt(latency_ms=20.0, input_tokens=5, output_tokens=6, cost=0.5),
    attempt(outcome="failed", failure="overloaded"),
    attempt("beta", why="fallback"),
]


def test_a_log_summed_up(run, tmp_path):
    """Success, quantiles, who answered, what failed."""
    (tmp_path / "a.log").write_text("\n".join(LINES) + "\n")
    document = json.loads(run("logs", "summarize", "a.log", "--format", "json").output)
    calls, (alpha, beta) = document["calls"], document["providers"]

    assert (calls["count"], calls["answered"], calls["failed"], calls["cancelled"]) == (103, 101, 1, 1)
    assert calls["success_rate"] == pytest.approx(101 / 102)
    near = {"p50": 50.0, "p95": 95.0, "p99": 99.0, "max": 100.0}
    assert calls["latency_ms"] == pytest.approx(near, rel=0.005)
    assert calls["first_token_ms"]["p50"] == pytest.approx(25.0, rel=0.005)
    assert calls["attempts_per_call"] == pytest.approx(106 / 103)
    assert (calls["fell_back"], calls["retries"], calls["hedges"], calls["restarts"]) == (1, 1, 1, 1)
    assert calls["continuations"] == 2
    assert calls["answered_by"] == {"alpha": 100, "beta": 1}
    assert calls["errors"] == {"AllProvidersFailed": 1}
    assert (alpha["attempts"], alpha["failures"], alpha["latency_ms"]["p50"]) == (2, {"overloaded": 1}, 20.0)
    assert (calls["cost"], alpha["cost"]) == (0.75, 0.5)
    assert (alpha["input_tokens"], beta["whys"]) == (5, {"fallback": 1})


def test_the_table_says_the_same(run, tmp_path):
    """For reading at three in the morning."""
    (tmp_path / "a.log").write_text("\n".join(LINES) + "\n")
    shown = run("logs", "summarize", "a.log").output

    assert "103: 101 answered, 1 failed, 1 cancelled; success 99.02%" in shown
    assert "p50 50 ms  p95 95 ms  p99 99 ms  max 100 ms" in shown
    assert "answered by alpha 100, beta 1" in shown
    assert "alpha m failed by overloaded 1" in shown
    assert shown.rstrip().endswith("106 lines read")


def test_many_files_plain_gzip_and_standard_input(run, tmp_path):
    """Compression is seen from the content, not the name; rotated logs are given all at once."""
    (tmp_path / "a.log").write_text("\n".join(LINES[:50]) + "\n")
    (tmp_path / "b.log").write_bytes(gzip.compress("\n".join(LINES[50:100]).encode()))
    document = json.loads(
        run(
            "logs", "summarize", "a.log", "b.log", "-", "--format", "json", stdin="\n".join(LINES[100:])
        ).output
    )

    assert document["lines"] == len(LINES)
    assert document["calls"]["count"] == 103
    assert (
        json.loads(run("logs", "summarize", "--format", "json", stdin=LINES[0]).output)["calls"]["count"] == 1
    )


def test_torn_and_foreign_lines_are_counted(run, tmp_path, monkeypatch):
    """What other programs wrote, what was cut while being written, what is absurdly long.

    An event of Seawall's that is no call and no attempt is neither.
    """
    monkeypatch.setattr(logs, "LINE_BYTES_MAX", 2_000)
    odd = [
        "Starting up ...",
        '{"event":"other"}',
        '{"event":"llm.unknown"}',
        "",
        LINES[0][:40],
        LINES[0].replace("1.0", '"fast"'),
        LINES[0][:-1] + ',"x":"' + "y" * 5_000 + '"}',
        "\x00\xff{",
    ]
    (tmp_path / "a.log").write_text("\n".join([*odd, f"INFO seawall {LINES[1]}", LINES[2][:50]]))
    document = json.loads(run("logs", "summarize", "a.log", "--format", "json").output)

    assert document["calls"]["count"] == 1
    assert (document["foreign_lines"], document["torn_lines"]) == (3, 4)
    assert "3 not Seawall's, 4 torn" in run("logs", "summarize", "a.log").output


def test_a_gzip_file_that_is_cut(run, tmp_path):
    """What is whole of it counts."""
    packed = gzip.compress("\n".join(LINES).encode() * 20)
    (tmp_path / "a.gz").write_bytes(packed[: len(packed) // 2])
    document = json.loads(run("logs", "summarize", "a.gz", "--format", "json").output)

    assert document["calls"]["count"] > 0
    assert document["torn_lines"] >= 1


def test_a_log_with_nothing_of_ours(run, tmp_path):
    """No evidence is no good news: exit code 3."""
    (tmp_path / "a.log").write_text("hello\n")
    result = run("logs", "summarize", "a.log")

    assert result.exit_code == 3
    assert "no call and no attempt among them" in result.output


@pytest.mark.parametrize("name", ["nowhere.log", "."])
def test_a_log_that_cannot_be_read(run, name):
    """One line, exit code 2."""
    result = run("logs", "summarize", name)

    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith(f"seawall: {name}: ")


def test_only_what_is_recent(run):
    """`--since` takes a duration or a time; what is older is counted and left out."""
    now = datetime.now(UTC)
    stdin = "\n".join(
        call(1.0, time=(now - timedelta(minutes=minutes)).isoformat()) for minutes in (1, 10, 20, 3_000)
    )
    counted = {}
    for since in ("15m", "1h", "90s", (now - timedelta(minutes=12)).isoformat()):
        document = json.loads(
            run("logs", "summarize", "--since", since, "--format", "json", stdin=stdin).output
        )
        counted[since] = document["calls"]["count"], document["older_lines"]

    assert list(counted.values()) == [(2, 2), (3, 1), (1, 3), (2, 2)]
    assert "3 older" in run("logs", "summarize", "--since", "90s", stdin=stdin).output
    assert run("logs", "summarize", "--since", "1s", stdin=stdin).exit_code == 3


def test_a_time_without_a_zone_is_in_utc(run):
    """In the log and in the option."""
    stdin = call(1.0, time="2026-11-22T12:00:01")
    document = json.loads(
        run("logs", "summarize", "--since", "2026-11-22T12:00", "--format", "json", stdin=stdin).output
    )

    assert document["first"] == "2026-11-22T12:00:01Z"


@pytest.mark.parametrize(
    "arguments",
    [("--since", "yesterday"), ("--since", "999999999d"), ("--by", "colour"), ("--by", "caller.")],
)
def test_options_that_mean_nothing(run, arguments):
    """One line with the value and what would be valid, exit code 2."""
    result = run("logs", "summarize", *arguments, stdin=LINES[0])

    assert result.exit_code == 2
    assert result.stderr.startswith(f"seawall: {' '.join(arguments)}: ")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("by", "of", "rows"),
    [
        ("provider", "attempts", [("alpha", 2, 1, 1), ("beta", 1, 1, 0)]),
        ("failure", "attempts", [("-", 2, 2, 0), ("overloaded", 1, 0, 1)]),
        ("why", "attempts", [("first", 2, 1, 1), ("fallback", 1, 1, 0)]),
        ("error", "calls", [("-", 102, 101, 0), ("AllProvidersFailed", 1, 0, 1)]),
        ("day", "calls", [("2026-11-22", 103, 101, 1)]),
    ],
)
def test_groups(run, by, of, rows):
    """By what attempts say, attempts; by time and error, calls; the largest group first."""
    document = json.loads(
        run("logs", "summarize", "--by", by, "--format", "json", stdin="\n".join(LINES)).output
    )
    groups = document["groups"]

    assert (groups["by"], groups["of"]) == (by, of)
    assert [(row["name"], row["count"], row["answered"], row["failed"]) for row in groups["rows"]] == rows


def test_groups_by_time_and_by_the_callers_own_fields(run):
    """Time in its order; the fields of `seawall.audit_context` by their names."""
    stdin = "\n".join(
        call(
            100.0 * hour,
            time=f"2026-11-22T{hour:02}:30:00Z",
            caller={"tenant": "acme" if hour % 2 else "blue"},
        )
        for hour in (3, 1, 2, 3)
    )
    hours, tenants = (
        run("logs", "summarize", "--by", by, stdin=stdin).output.split("\n\n")[1].splitlines()
        for by in ("hour", "caller.tenant")
    )

    assert [line.split()[:2] for line in hours] == [
        ["hour", "calls"], ["2026-11-22T01", "1"], ["2026-11-22T02", "1"], ["2026-11-22T03", "2"],
    ]  # fmt: skip
    assert hours[-1].split()[5:7] == ["100.00%", "300"]
    assert [line.split()[:2] for line in tenants] == [
        ["caller.tenant", "calls"],
        ["acme", "3"],
        ["blue", "1"],
    ]


def test_markdown(run):
    """The same, for an incident's record; names from the log cannot break out of their cells."""
    stdin = "\n".join([*LINES, attempt("ev|il<b>", outcome="failed", failure="connect")])
    shown = run("logs", "summarize", "--by", "why", "--format", "markdown", stdin=stdin).output

    assert "| calls | 103: 101 answered, 1 failed, 1 cancelled; success 99.02% |" in shown
    assert "| why | attempts | answered |" in shown
    assert "| alpha | m | 2 | 1 | 1 | 0 | 20 ms |" in shown
    assert "| ev\\|il\\<b\\> m | connect 1 |" in shown


def test_colours_only_on_a_terminal(run, monkeypatch):
    """None in a file or a pipe, none where NO_COLOR is set; never a control character from the log."""
    stdin = "\n".join([*LINES, call(1.0, "failed", error="X\x1b[31m")] * 2)
    monkeypatch.delenv("NO_COLOR", raising=False)
    piped, shown = (run("logs", "summarize", stdin=stdin, color=color).output for color in (False, True))
    monkeypatch.setenv("NO_COLOR", "1")
    plain = run("logs", "summarize", stdin=stdin, color=True).output

    assert "\x1b" not in piped
    assert "\x1b" not in plain
    assert shown.count("\x1b[31m") == 1
    assert "X\ufffd[31m 2" in shown


def test_memory_is_bounded(run, monkeypatch):
    """Whatever number of names a log brings, so many are kept and the rest is counted together."""
    monkeypatch.setattr(log_groups, "GROUPS_MAX", 5)
    monkeypatch.setattr(log_tally, "NAMES_MAX", 5)
    stdin = "\n".join(
        attempt(outcome="failed", failure=f"kind-{number}", status=number + 1) for number in range(50)
    )
    document = json.loads(run("logs", "summarize", "--by", "status", "--format", "json", stdin=stdin).output)

    assert document["providers"][0]["failures"]["(other)"] == 45
    first, *others = document["groups"]["rows"]
    assert (first["name"], first["count"], len(others)) == ("(other)", 45, 5)


@pytest.mark.parametrize("spread", [0.1, 1.0, 3.0])
def test_quantiles_are_within_half_a_percent_however_many(spread):
    """Of a hundred thousand latencies, in fewer than 3,000 numbers."""
    rng, sketch = random.Random(3), LatencySketch()
    values = sorted(rng.lognormvariate(6, spread) for _ in range(100_000))
    for value in values:
        sketch.add(value)
    found = sketch.quantiles()

    for share, quantile in ((0.5, found.p50), (0.95, found.p95), (0.99, found.p99)):
        assert quantile == pytest.approx(values[int(share * len(values)) - 1], rel=0.0051)
    assert found.max == values[-1]
    assert len(sketch._buckets) < 3_000


@pytest.mark.parametrize("values", [[4.0], [-1.0, 0.0], [1e300]])
def test_quantiles_of_hardly_anything(values):
    """A single value is itself; what no latency can be is taken for the least or the most."""
    sketch = LatencySketch()
    for value in values:
        sketch.add(value)
    found = sketch.quantiles()

    assert found.p50 == found.p99 == found.max == min(max(values[-1], 0.001), 1e9)
    assert LatencySketch().quantiles().p50 is None
