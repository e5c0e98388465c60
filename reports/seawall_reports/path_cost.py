"""What lies between client and provider costs, as far as the recording shows it."""

from __future__ import annotations

import pandas as pd

from seawall_reports.intervals import quantiles
from seawall_reports.summary import PathCost


def path_cost(path: str, attempts: pd.DataFrame) -> PathCost:
    """The time from a client's beginning of an attempt to the provider's arrival of the same request.

    Only requests that met no fault, that exist on both sides, and that both sides saw once.
    """
    unharmed = attempts[attempts["fault"].isna() & attempts["client_request_id"].notna()]
    key = ["subject", "client_request_id"]
    client = unharmed[unharmed["side"] == "client"].drop_duplicates(key, keep=False)
    provider = unharmed[unharmed["side"] == "provider"].drop_duplicates(key, keep=False)
    both = client.merge(provider, on=key, suffixes=("_client", "_provider"))
    cost_ms = ((both["started_s_provider"] - both["started_s_client"]) * 1000).to_numpy()
    p50_ms, p95_ms = quantiles(cost_ms, [0.5, 0.95])
    return PathCost(path=path, attempts=len(both), p50_ms=p50_ms, p95_ms=p95_ms)
