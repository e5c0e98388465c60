"""A lean, resilient and secure LLM client: answers as long as any one provider can.

A service holds one `LLMManager`:

>>> async with LLMManager.from_settings() as llm:
...     answer = await llm.complete("Summarise this ticket", deadline_s=20)
...     answer.text, answer.provider, answer.trace.attempts
"""

from seawall._version import __version__
from seawall.embed_options import EmbedOptions
from seawall.embeddings import Embeddings
from seawall.errors import (
    AllProvidersFailed,
    ConfigurationError,
    DeadlineExceeded,
    InvalidRequest,
    LLMError,
    Overloaded,
    RequestBlocked,
    StreamInterrupted,
)
from seawall.llm_manager import LLMManager
from seawall.llm_stream import LLMStream
from seawall.messages import (
    Completion,
    CompletionRequest,
    Done,
    HeldToolCall,
    Image,
    Message,
    Source,
    StreamEvent,
    StreamRestarted,
    TextDelta,
    Tool,
    ToolCall,
    ToolCallDelta,
    Usage,
)
from seawall.prompts import CallOptions
from seawall.resilience.failures import Failure, FailureKind
from seawall.rollout.policy import RolloutPosition
from seawall.rollout.record import PathOutcome, RolloutAnswer, RolloutObserver, RolloutRecord
from seawall.security.grounding_options import Grounding
from seawall.security.verification import Verification
from seawall.settings import Settings, SettingsError, load_settings
from seawall.settings.changes import SettingChange
from seawall.telemetry.audit_context import audit_context
from seawall.telemetry.logs import configure_json_logs
from seawall.trace import (
    AttemptRecord,
    CallContext,
    CallTrace,
    Observer,
    SkippedProvider,
    StageRecord,
)
from seawall.unified_client import UnifiedLLMClient, Upstream

__all__ = [
    "AllProvidersFailed",
    "AttemptRecord",
    "CallContext",
    "CallOptions",
    "CallTrace",
    "Completion",
    "CompletionRequest",
    "ConfigurationError",
    "DeadlineExceeded",
    "Done",
    "EmbedOptions",
    "Embeddings",
    "Failure",
    "FailureKind",
    "Grounding",
    "HeldToolCall",
    "Image",
    "InvalidRequest",
    "LLMError",
    "LLMManager",
    "LLMStream",
    "Message",
    "Observer",
    "Overloaded",
    "PathOutcome",
    "RequestBlocked",
    "RolloutAnswer",
    "RolloutObserver",
    "RolloutPosition",
    "RolloutRecord",
    "SettingChange",
    "Settings",
    "SettingsError",
    "SkippedProvider",
    "Source",
    "StageRecord",
    "StreamEvent",
    "StreamInterrupted",
    "StreamRestarted",
    "TextDelta",
    "Tool",
    "ToolCall",
    "ToolCallDelta",
    "UnifiedLLMClient",
    "Upstream",
    "Usage",
    "Verification",
    "__version__",
    "audit_context",
    "configure_json_logs",
    "load_settings",
]
