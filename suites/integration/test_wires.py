"""OpenAI's newer wire and Azure through the whole client, with fake providers in a process of their own."""

import pytest

from seawall import Done, FailureKind, Image, LLMManager, Message, TextDelta, Tool

pytestmark = pytest.mark.real_processes
PLACE = {"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]}
LOOK = Tool(name="look", description="Looks at a place.", parameters=PLACE)
ASKED = [Message(role="user", content="Is it raining in Oslo?")]
ROUTES = {
    "responses": ("alpha", {"wire": "openai_responses"}),
    "azure": ("delta", {"wire": "azure_openai"}),
    "azure-by-deployment": ("delta", {"wire": "azure_openai", "api_version": "2024-10-21"}),
    "azure-responses": ("delta", {"wire": "openai_responses"}),
}


@pytest.fixture(params=list(ROUTES))
async def llm(request, providers):
    """A manager that asks one of them first, and Anthropic next."""
    name, given = ROUTES[request.param]
    overrides = providers.settings((name, "beta"))
    overrides["providers"][0] |= given
    async with LLMManager.from_settings(environ={}, overrides=overrides) as manager:
        manager.first = name
        yield manager


async def test_answers_whole_and_streamed(llm, providers, meant):
    """What was meant, with counts; the last event holds what the pieces make."""
    answer = await llm.complete(ASKED, max_output_tokens=300)
    async with llm.stream(ASKED) as events:
        received = [event async for event in events]
    rows = await providers.saw(2)

    assert (answer.provider, answer.stop_reason) == (llm.first, "stop")
    assert meant(rows[0], answer.text)
    assert answer.usage.output_tokens == rows[0]["output_tokens"]
    assert isinstance(received[-1], Done)
    streamed = "".join(event.text for event in received if isinstance(event, TextDelta))
    assert streamed == received[-1].completion.text
    assert meant(rows[1], streamed)


async def test_tools_images_and_schemas(llm):
    """A conversation with a tool goes on, also at the provider that stands in; an image is taken; a schema is kept to."""
    called = await llm.complete(ASKED, tools=[LOOK], tool_choice="look")
    turn = Message(role="assistant", content=called.text, tool_calls=called.tool_calls)
    seen = [Message(role="tool", tool_call_id=call.id, content="rain") for call in called.tool_calls]
    conversation = [*ASKED, turn, *seen]
    after = await llm.complete(conversation, tools=[LOOK], tool_choice="none")
    llm.force_breaker(llm.first, "open")
    elsewhere = await llm.complete(conversation, tools=[LOOK], tool_choice="none")
    llm.force_breaker(llm.first, None)
    image = Image(media_type="image/png", data=b"\x89PNG")
    looked = await llm.complete([Message(role="user", content="What is this?", images=(image,))])
    shaped = await llm.complete(ASKED, response_schema=PLACE)

    assert called.stop_reason == "tool_calls"
    assert after.text
    assert [answer.provider for answer in (called, after, looked, shaped)] == [llm.first] * 4
    assert elsewhere.provider == "beta"
    assert '"place"' in shaped.text


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"status": 400, "code": "content_filter"}, FailureKind.CONTENT_FILTERED),
        ({"status": 429, "code": "NoCapacity"}, FailureKind.OVERLOADED),
        ({"status": 429, "retry_after": 9}, FailureKind.RATE_LIMITED),
        ({"status": 500}, FailureKind.SERVER_ERROR),
    ],
    ids=["filtered", "its own shortage", "our limit", "down"],
)
async def test_its_refusals_are_answered_elsewhere(llm, providers, fault, kind):
    """And are called what they are: a shortage of its own counts against it, a limit of ours lets it rest."""
    providers.fault(llm.first, "http_status", **fault)
    answer = await llm.complete(ASKED)
    failure = answer.trace.attempts[0].failure

    assert answer.provider == "beta"
    assert failure.kind is kind
    assert failure.retry_after_s == fault.get("retry_after")


async def test_texts_to_stop_at_go_to_a_provider_that_has_them(providers):
    """Responses have none; ignored, the answer would run on unseen."""
    overrides = providers.settings(("alpha", "beta"))
    overrides["providers"][0]["wire"] = "openai_responses"
    async with LLMManager.from_settings(environ={}, overrides=overrides) as llm:
        answer = await llm.complete(ASKED, stop=["END"])

    assert answer.provider == "beta"
    assert answer.trace.attempts[0].failure.kind is FailureKind.INVALID_REQUEST
