"""What calls cost upstream: requests to providers, tokens sent for nothing, attempts that failed early."""

from __future__ import annotations

import pandas as pd

CALL = ["scenario", "subject", "call_id"]


def with_upstream(calls: pd.DataFrame, attempts: pd.DataFrame) -> pd.DataFrame:
    """`calls` with what each of them caused, as new columns.

    requests: requests sent to providers: each one that a provider saw, and each that the client says it made but no
        provider saw (a proxy answered, or the connection was refused).
    provider_requests: those of them that a provider saw.
    tokens, wasted_tokens: tokens sent by providers, and those of them that did not become the answer.
    failed_early: a stream of which an attempt failed before the caller had its first token.
    """
    client = attempts[attempts["side"] == "client"]
    provider = attempts[attempts["side"] == "provider"]
    tokens = provider.assign(tokens=provider["tokens"].fillna(0))
    answers = tokens[_became_the_answer(calls, client, provider)]
    provider_requests = _per_call(calls, provider)
    sent, used = _per_call(calls, tokens, "tokens"), _per_call(calls, answers, "tokens")
    return calls.assign(
        requests=_per_call(calls, requests(attempts)),
        provider_requests=provider_requests,
        tokens=sent,
        wasted_tokens=sent - used,
        failed_early=_failed_early(calls, client, provider),
    )


def requests(attempts: pd.DataFrame) -> pd.DataFrame:
    """One row for each request: those that providers saw, and those of the client that none saw."""
    provider = attempts[attempts["side"] == "provider"]
    client = attempts[attempts["side"] == "client"]
    known = _ids(provider[provider["client_request_id"].notna()])
    return pd.concat([provider, client[~_ids(client).isin(known)]])


def _keys(frame: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(frame[CALL])


def _ids(frame: pd.DataFrame) -> pd.MultiIndex:
    """What tells requests apart: the subjects of a scenario make the same calls, under the same ids."""
    return pd.MultiIndex.from_frame(frame[["scenario", "subject", "client_request_id"]])


def _per_call(calls: pd.DataFrame, rows: pd.DataFrame, column: str | None = None) -> pd.Series[int]:
    """For each call its number of `rows`, or their sum of `column`."""
    grouped = rows.groupby(CALL)
    counts = grouped.size() if column is None else grouped[column].sum()
    found = counts.reindex(_keys(calls)).fillna(0).astype("int64")
    return pd.Series(found.to_numpy(), index=calls.index)


def _became_the_answer(calls: pd.DataFrame, client: pd.DataFrame, provider: pd.DataFrame) -> pd.Series[bool]:
    """Which provider rows carried the answer of a call that is ok.

    The client says which attempt answered. Where a client records no attempts, it is the last complete one.
    """
    ok = _keys(calls[calls["status"] == "ok"])
    of_ok = pd.Series(_keys(provider).isin(ok), index=provider.index)
    named = client["client_request_id"].notna()
    answered = _ids(client[named & (client["outcome"] == "answered")])
    told = of_ok & _ids(provider).isin(answered)
    silent = of_ok & ~_keys(provider).isin(_keys(client)) & (provider["outcome"] == "complete")
    last = provider[silent].sort_values("started_s", kind="stable").drop_duplicates(CALL, keep="last").index
    return told | provider.index.isin(last)


def _failed_early(calls: pd.DataFrame, client: pd.DataFrame, provider: pd.DataFrame) -> pd.Series[bool]:
    """Streams of which an attempt had failed when the first token came, or that ended badly without one.

    The client says which attempt failed. Where it records none, its next request to a provider says it. The providers'
    word is no help: bytes that left one before a proxy cut them off may reach the caller after the cut.
    """
    told = client.loc[client["outcome"] != "answered", [*CALL, "finished_s"]]
    silent = provider[~_keys(provider).isin(_keys(client))].sort_values("started_s", kind="stable")
    again = silent[silent.duplicated(CALL)].rename(columns={"started_s": "known_s"})
    known = pd.concat([told.rename(columns={"finished_s": "known_s"}), again[[*CALL, "known_s"]]])
    first_token_s = calls.groupby(CALL)["first_token_s"].max().fillna(float("inf"))
    limits = first_token_s.reindex(_keys(known)).to_numpy()
    early = known[(known["known_s"] <= limits).to_numpy()]
    hit = pd.Series(_keys(calls).isin(_keys(early)), index=calls.index)
    never_began = (calls["status"] != "ok") & calls["first_token_s"].isna()
    return (calls["kind"] == "stream") & (hit | never_began)
