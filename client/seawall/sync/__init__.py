"""The client without `async` and `await`, for threads, scripts and forked workers.

>>> with LLMManager.from_settings() as llm:
...     answer = llm.complete("Summarise this ticket", deadline_s=20)
"""

from seawall.sync.llm_manager import LLMManager
from seawall.sync.llm_stream import LLMStream

__all__ = ["LLMManager", "LLMStream"]
