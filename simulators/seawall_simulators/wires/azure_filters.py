"""What Azure's content filters say of prompts and answers, which a fake's never have anything to say against."""

from typing import Any

from msgspec import json

from seawall_simulators.wires import azure_headers
from seawall_simulators.wires.openai_dialect import Dialect

HARMS = ("hate", "self_harm", "sexual", "violence")
SAFE = {harm: {"filtered": False, "severity": "safe"} for harm in HARMS}
PROMPT = {**SAFE, "jailbreak": {"filtered": False, "detected": False}}
PROMPT_RESULTS = json.encode([{"prompt_index": 0, "content_filter_results": PROMPT}])
BLOCKED = {
    "code": "ResponsibleAIPolicyViolation",
    "content_filter_result": {**SAFE, "jailbreak": {"filtered": True, "detected": True}},
}
"""The inner error of a prompt that is refused."""


def verdict(source: str, results: dict[str, Any]) -> dict[str, Any]:
    """What a response says of its prompt or of its completion."""
    offsets = {"start_offset": 0, "end_offset": 0, "check_offset": 0}
    return {
        "blocked": False,
        "source_type": source,
        "content_filter_results": results,
        "content_filter_offsets": offsets,
    }


AZURE = Dialect(
    azure_headers.request_id,
    azure_headers.headers,
    choice=b',"content_filter_results":' + json.encode(SAFE),
    silent_choice=b',"content_filter_results":{}',
    completion=b',"prompt_filter_results":' + PROMPT_RESULTS,
    opening=b'data: {"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":%b}\n\n'
    % PROMPT_RESULTS,
    response_begun=b',"content_filters":null',
    response=b',"content_filters":' + json.encode([verdict("prompt", PROMPT), verdict("completion", SAFE)]),
)
