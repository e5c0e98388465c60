"""Why a scenario may prove nothing: faults that did not fire, load that did not arrive, a run cut short."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from seawall_chaos.recording import ScenarioRecord
from seawall_reports.wording import count, percent, plain

LOAD_SHARE_MIN = 0.95


def doubts(
    scenario: ScenarioRecord, calls: pd.DataFrame, attempts: pd.DataFrame, faults: pd.DataFrame
) -> Iterator[str]:
    """Every reason, in plain words, why these tables of one scenario decide nothing."""
    if scenario.status == "partial":
        yield "the scenario was cut short"
    if not scenario.subjects:
        yield "no subject took part"
    yield from _steady_state(scenario)
    yield from _load(scenario, calls, attempts)
    yield from _faults(scenario, attempts, faults)
    if not scenario.expect:
        yield "no gate demands anything of a subject of this run, so there is nothing to pass"


def _steady_state(scenario: ScenarioRecord) -> Iterator[str]:
    for subject in scenario.subjects:
        steady = scenario.steady_state.get(subject)
        if steady is None:
            yield f"the steady state of {subject} was not checked"
        elif not steady.met:
            found = f"{percent(steady.success_rate)} % of {count(steady.calls, 'call')} ok"
            yield f"{subject} was not in its steady state before any fault: {found}, not {percent(steady.at_least)} %"


def _load(scenario: ScenarioRecord, calls: pd.DataFrame, attempts: pd.DataFrame) -> Iterator[str]:
    recorded = calls["subject"].value_counts()
    journalled = attempts.loc[attempts["side"] == "provider", "subject"].value_counts()
    for subject in scenario.subjects:
        load = scenario.load_count.get(subject)
        intended, sent = (load.intended, load.sent) if load else (0, 0)
        rows = int(recorded.get(subject, 0))
        if sent == 0 or sent < LOAD_SHARE_MIN * intended:
            yield f"only {sent} of the {count(intended, 'intended call')} of {subject} were sent"
        if rows < sent:
            yield f"of {count(sent, 'call')} that {subject} was given, only {rows} were recorded"
        if not journalled.get(subject, 0):
            yield f"no request of {subject} reached a provider"


def _faults(scenario: ScenarioRecord, attempts: pd.DataFrame, faults: pd.DataFrame) -> Iterator[str]:
    fired = faults.groupby(["entry", "subject"])["fired"].sum()
    uses = set(zip(attempts["subject"], attempts["provider"], strict=True))
    for entry in scenario.method:
        name = f"fault {entry.entry} ({plain(entry.fault)} on {plain(entry.on)})"
        known = faults.loc[faults["entry"] == entry.entry, "subject"].unique()
        if not len(known):
            yield f"{name} was never recorded as applied, for any subject"
            continue
        for subject in scenario.subjects:
            # A subject without windows does not have the provider, unless it was seen to use it.
            if subject not in known and (subject, entry.on) in uses:
                yield f"{name} was never recorded as applied for {subject}"
            elif subject in known and int(fired[entry.entry, subject]) == 0:
                yield f"{name} never fired for {subject}"
