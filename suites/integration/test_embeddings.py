"""Embedding through the client, with fake providers in a process of their own."""

import asyncio

import numpy as np
import pytest

from seawall import AllProvidersFailed, ConfigurationError, DeadlineExceeded, load_settings
from seawall.sync import LLMManager as SyncLLMManager

pytestmark = pytest.mark.real_processes
TEXTS = ["pier", "quay", "pier"]
# Azure and OpenAI serve the same model, Gemini one of its own.
EMBEDDERS = ("delta", "alpha", "gamma")


@pytest.fixture
def embedders(providers):
    """Settings of the three, those of OpenAI's model in one space."""

    def settings(**options):
        overrides = providers.settings(EMBEDDERS, **options)
        for provider in overrides["providers"]:
            provider["embedding_model"] = "vectors"
            provider["embedding_space"] = "google" if provider["name"] == "gamma" else "openai"
        return overrides

    return settings


@pytest.fixture
async def llm(embedders, notes):
    """A manager whose providers embed."""
    from seawall import LLMManager  # noqa: PLC0415 - beside the sync one of the same name

    async with LLMManager.from_settings(environ={}, overrides=embedders(), observers=[notes]) as manager:
        yield manager


async def test_a_vector_for_each_text_in_their_order(llm, providers):
    """From the first provider of the first space, with its name, model and counts."""
    answer = await llm.embed(TEXTS, dimensions=32)
    first, second, third = answer.vectors

    assert (answer.provider, answer.model) == ("delta", "vectors")
    assert first == third != second
    assert np.asarray(second).shape == (32,)
    assert answer.usage.input_tokens > 0
    assert answer.trace.operation == "embeddings"
    assert answer.trace.attempts[0].client_request_id.startswith(answer.trace.call_id)


async def test_another_provider_of_the_same_space_stands_in(llm, providers, notes):
    """With the same vectors, so that nobody need know; and the trace tells it."""
    expected = await llm.embed(TEXTS)
    providers.fault("delta", "http_status", status=500)
    answer = await llm.embed(TEXTS)

    assert answer.provider == "alpha"
    assert answer.vectors == expected.vectors
    assert [record.why for record in answer.trace.attempts] == ["first", "fallback"]
    assert [trace.operation for trace in notes.calls] == ["embeddings"] * 2


async def test_no_provider_of_another_space_stands_in(llm, providers):
    """However healthy it is: its vectors would pass for what they are not."""
    for name in ("delta", "alpha"):
        providers.fault(name, "http_status", status=500)
    with pytest.raises((AllProvidersFailed, DeadlineExceeded)) as caught:
        await llm.embed(TEXTS, deadline_s=0.5)
    asked = {record.provider for record in caught.value.trace.attempts}

    assert asked == {"delta", "alpha"}
    assert (await llm.embed(TEXTS, space="google")).provider == "gamma"


async def test_embedding_has_breakers_of_its_own(llm, providers):
    """A model that embeds no more says nothing of the one that answers."""
    providers.fault("delta", "http_status", status=500)
    for _ in range(8):
        await llm.embed(TEXTS)
    providers.heal("delta")
    skipped = (await llm.embed(TEXTS)).trace.skipped

    assert [skip.provider for skip in skipped] == ["delta"]
    assert llm.breaker_states()["delta"] == "closed"
    assert (await llm.complete("How is the harbour?")).provider == "delta"


async def test_an_operator_shuts_a_provider_out_for_good(llm, providers):
    """Its embeddings, too, until it is let in again."""
    llm.force_breaker("delta", "open")
    without = await llm.embed(TEXTS)
    llm.force_breaker("delta", None)

    assert without.provider == "alpha"
    assert (await llm.embed(TEXTS)).provider == "delta"


async def test_one_that_was_shut_out_embeds_in_no_other_space_either(llm, embedders):
    """What an operator forced holds after a reload that gives the provider another space."""
    llm.force_breaker("delta", "open")
    overrides = embedders()
    overrides["providers"][0]["embedding_space"] = "azure"
    await llm.reload(load_settings(environ={}, overrides=overrides))
    with pytest.raises(AllProvidersFailed):
        await llm.embed(TEXTS, space="azure", deadline_s=0.5)


async def test_a_slow_provider_is_hedged_or_given_up(llm, providers):
    """Like any call: the next of the space answers within the deadline."""
    providers.fault("delta", "blackhole")
    answer = await llm.embed(TEXTS, deadline_s=4)

    assert answer.provider == "alpha"


async def test_many_at_once(llm, providers):
    """Each call's vectors are of its own texts."""
    texts = [[f"boat {n}", f"buoy {n}"] for n in range(40)]
    answers = await asyncio.gather(*(llm.embed(pair, dimensions=8) for pair in texts))
    alone = await llm.embed([text for pair in texts for text in pair], dimensions=8)

    assert [vector for answer in answers for vector in answer.vectors] == list(alone.vectors)


@pytest.mark.parametrize(
    ("texts", "options", "said"),
    [
        ("pier", {}, "takes a list of texts"),
        ([], {}, "at least one text"),
        (["pier", ""], {}, "text 2 is empty"),
        (["pier", 3], {}, "text 2 is int"),
        (["pier"], {"dimensions": 0}, "dimensions 0"),
        (["pier"], {"space": "mars"}, "space 'mars': there are openai, google"),
        (["pier"] * 101, {"space": "google"}, "provider gamma takes at most 100"),
        (["pier"] * 2_049, {}, "takes at most 2048"),
    ],
)
async def test_what_cannot_be_embedded_is_sent_to_nobody(llm, providers, texts, options, said):
    """It is said at once, and what would work."""
    with pytest.raises(ConfigurationError, match=said):
        await llm.embed(texts, **options)

    assert await providers.saw(0) == []


async def test_without_an_embedding_model_it_is_said_who_could_have_one(service):
    """Anthropic could not."""
    async with service(("beta",)) as llm:
        with pytest.raises(ConfigurationError, match="anthropic has none"):
            await llm.embed(TEXTS)


def test_from_threads(embedders):
    """The same without `await`."""
    with SyncLLMManager.from_settings(environ={}, overrides=embedders()) as llm:
        assert len(llm.embed(TEXTS, dimensions=8).vectors) == 3
