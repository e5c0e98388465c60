"""The bench's rows for half-open breakers and callers who leave: met, and measured on something that happened."""

from seawall.resilience.breaker import Breaker
from seawall_chaos.bench.promises import measure_promises


def test_one_probe_goes_and_nothing_is_left():
    """Of fifty calls at once exactly one tries the recovering provider; ten thousand callers leave no trace."""
    measured = [row.measured for row in measure_promises()]
    assert measured == [1, 0, 0, 0]


def test_a_breaker_that_lets_everybody_through_is_seen(monkeypatch):
    """With half-open as others have it, all fifty calls would try."""
    monkeypatch.setattr(Breaker, "wants_probe", property(lambda self: False))
    monkeypatch.setattr(Breaker, "admissible_at", lambda self, now: now)
    assert measure_promises()[0].measured > 1
