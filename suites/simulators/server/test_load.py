"""What the bench counts is what the providers answered."""

from urllib.parse import urlsplit

import pytest

from seawall_simulators.bench import Server, measure, summarise
from seawall_simulators.load import Load, chat_requests

ENDS = {False: None, True: b"\r\n0\r\n\r\n"}


def load_on(served, *, stream):
    url = urlsplit(served.urls["alpha"])
    load = Load(chat_requests(served.urls["alpha"], "m", stream=stream), ENDS[stream], duration_s=0.1)
    return load.run(url.hostname, url.port, connections=4)


@pytest.mark.parametrize("stream", [False, True], ids=["chat", "stream"])
async def test_every_answer_is_counted_once(serve, stream):
    """The client's count is the provider's."""
    served = await serve(journal_rows=100_000)

    measured = await load_on(served, stream=stream)

    rows = await served.rows()
    assert len(rows) == measured.answers > 10
    assert {(row["outcome"], row["stream"]) for row in rows} == {("complete", stream)}
    assert 0 < measured.p50_ms <= measured.p99_ms


async def test_errors_are_not_counted_as_answers(serve):
    """A provider that refuses everything is no fast one."""
    served = await serve()
    await served.fault(fault="http_status", status=500)

    with pytest.raises(RuntimeError, match="answers were not 200"):
        await load_on(served, stream=False)


@pytest.mark.real_processes
def test_a_server_of_its_own_can_be_measured():
    """In rounds, of which the median is told."""
    with Server(floor=True) as server:
        before_s = server.cpu_s()
        measured = measure(server.base_url, "m", stream=False, rounds=3, round_s=0.05)

        assert server.cpu_s() >= before_s
    assert summarise("floor", measured)["rate_per_s"] == round(
        sorted(each.rate_per_s for each in measured)[1]
    )
