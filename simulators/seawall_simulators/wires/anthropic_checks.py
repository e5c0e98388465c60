"""What Anthropic refuses of a request that has the right form."""

from msgspec import UNSET

from seawall_simulators.wire import ApiError, ProviderView, Request
from seawall_simulators.wires.anthropic_headers import NEW_VERSION, VERSIONS
from seawall_simulators.wires.anthropic_request import Message, MessagesRequest, Prompt


def check_version(request: Request) -> str:
    """The version the request speaks; raises ApiError for none or an unknown one."""
    version = request.headers.get("anthropic-version", "")
    if not version:
        raise ApiError(400, None, "anthropic-version: header is required")
    if version not in VERSIONS:
        raise ApiError(400, None, f'anthropic-version: "{version}" is not a valid version')
    return version


def check_prompt(asked: Prompt, version: str, provider: ProviderView) -> None:
    """Raises ApiError for a prompt that cannot be served."""
    if asked.model not in provider.models:
        raise ApiError(404, None, f"model: {asked.model}", model=asked.model)
    if not asked.messages:
        raise ApiError(400, None, "messages: at least one message is required")
    if asked.tool_choice is not None:
        check_tool_choice(asked)
    calls: set[str] = set()
    for index, message in enumerate(asked.messages):
        if calls or not isinstance(message.content, str):
            check_results(index, message, calls)
            calls = {block.id for block in message.blocks() if block.type == "tool_use" and block.id}
            if version == NEW_VERSION:
                check_blocks(index, message)


def check_tool_choice(asked: Prompt) -> None:
    """Raises ApiError for a choice among tools that are not there."""
    choice = asked.tool_choice
    if choice is None or choice.type == "none":
        return
    if not asked.tools:
        raise ApiError(400, None, "tool_choice may only be specified while providing tools")
    if choice.type == "tool" and all(tool.name != choice.name for tool in asked.tools):
        raise ApiError(400, None, f"Tool '{choice.name}' not found in provided tools")


def check_results(index: int, message: Message, calls: set[str]) -> None:
    """Raises ApiError for what a call returned, where the turn before made no such call; or for a call left alone."""
    results = {block.tool_use_id for block in message.blocks() if block.type == "tool_result"}
    for place, block in enumerate(message.blocks()):
        if block.type == "tool_result" and block.tool_use_id not in calls:
            raise ApiError(
                400,
                None,
                f"messages.{index}.content.{place}: unexpected `tool_use_id` found in `tool_result` blocks: "
                f"{block.tool_use_id}. Each `tool_result` block must have a corresponding `tool_use` block in the "
                "previous message.",
            )
    if alone := sorted(calls - {result for result in results if result}):
        raise ApiError(
            400,
            None,
            f"messages.{index - 1}: `tool_use` ids were found without `tool_result` blocks immediately after: "
            + ", ".join(alone),
        )


def check_blocks(index: int, message: Message) -> None:
    """Raises ApiError for blocks the new version has no place for."""
    for place, block in enumerate(message.blocks()):
        where = f"messages.{index}.content.{place}"
        if message.role == "assistant" and block.type == "document":
            raise ApiError(400, None, f"{where}: `document` blocks are not permitted in assistant turns")
        if message.role == "user" and block.type == "text" and block.citations is not None:
            raise ApiError(400, None, f"{where}.citations: Extra inputs are not permitted")


def check_sampling(asked: MessagesRequest, version: str) -> None:
    """Raises ApiError for sampling parameters, which the new version does not have, not even at their defaults."""
    if version != NEW_VERSION:
        return
    for name, value in (("temperature", asked.temperature), ("top_p", asked.top_p), ("top_k", asked.top_k)):
        if value is not UNSET:
            raise ApiError(400, None, f"{name}: Extra inputs are not permitted")
