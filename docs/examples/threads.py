"""Questions from standard input, one a line, answered by eight threads over one client.

`printf 'Name a harbour.\\nName a river.\\n' | python threads.py`, with keys in the environment.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

from seawall import LLMError, TextDelta
from seawall.sync import LLMManager


def main() -> None:
    """Print an answer for each line, in the order of the lines; then a stream, piece by piece."""
    questions = [line.strip() for line in sys.stdin if line.strip()]
    with LLMManager.from_settings() as llm:

        def answer(question: str) -> str:
            try:
                completion = llm.complete(question, deadline_s=20)
            except LLMError as error:
                return f"{question} -> no answer: {error}"
            return f"{question} -> {completion.text} ({completion.provider})"

        with ThreadPoolExecutor(8) as pool:
            for line in pool.map(answer, questions):
                print(line)

        with llm.stream("Sum that up.") as events:
            for event in events:
                if isinstance(event, TextDelta):
                    print(event.text, end="", flush=True)
        print()


if __name__ == "__main__":
    main()
