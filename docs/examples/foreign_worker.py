"""A client that knows nothing of the harness takes part in a run: the worker's protocol, in one file without imports.

    seawall chaos run primary-503 --worker "mine=python docs/examples/foreign_worker.py" --subjects mine,seawall

It asks its providers in turn, once each. docs/BENCH.md has the table of orders and events; any language will do.
"""

import hashlib
import json
import sys
import threading
import time
import urllib.request
from typing import Any

TIMEOUT_S = 2.0
out, lock = sys.stdout, threading.Lock()


def tell(event: str, **fields: Any) -> None:
    with lock:
        print(json.dumps({"event": event, **fields}), file=out, flush=True)


def ask(endpoint: dict[str, str], call: dict[str, Any], attempt: int) -> str:
    """One request on OpenAI's wire; the harness joins both sides by the header."""
    document = {"model": endpoint["model"], "messages": [{"role": "user", "content": call["prompt"]}]}
    headers = {
        "Content-Type": "application/json",
        "Authorization": f"Bearer {endpoint['api_key']}",
        "X-Client-Request-Id": f"{call['call_id']}-{attempt}",
    }
    url = f"{endpoint['base_url']}/chat/completions"
    request = urllib.request.Request(url, json.dumps(document).encode(), headers)
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
        return str(json.load(response)["choices"][0]["message"]["content"])


def make(call: dict[str, Any], endpoints: list[dict[str, str]]) -> None:
    """One call, streamed or not the same way: what counts is the text that the caller has in the end."""
    started_s, text, failure, attempts = time.monotonic(), "", None, []
    tell("sent", number=call["number"], at_s=started_s)
    for number, endpoint in enumerate(endpoints, 1):
        note: dict[str, Any] = {
            "client_request_id": f"{call['call_id']}-{number}",
            "provider": endpoint["name"],
            "started_s": time.monotonic(),
        }
        try:
            text, failure, note["outcome"] = ask(endpoint, call, number), None, "answered"
        except OSError as error:
            failure = note["failure"] = str(error)[:80]
            note["outcome"] = "failed"
        attempts.append(note | {"finished_s": time.monotonic()})
        if failure is None:
            break
    outcome = {
        "number": call["number"],
        "started_s": started_s,
        "finished_s": time.monotonic(),
        "first_token_s": None,
        "gave_up": False,
        "failure": failure,
        "text_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "chars": len(text),
        "restarts": 0,
        "attempts": attempts,
    }
    tell("finished", outcome=outcome)


def make_all(calls: list[dict[str, Any]], endpoints: list[dict[str, str]], start_s: float) -> None:
    """Open loop: every call begins when it is due, whatever became of those before."""
    threads = []
    for call in calls:
        time.sleep(max(0.0, start_s + call["intended_s"] - time.monotonic()))
        threads.append(threading.Thread(target=make, args=(call, endpoints), daemon=True))
        threads[-1].start()
    for thread in threads:
        thread.join()
    tell("done", sent=len(calls))


def main() -> None:
    tell("ready", wires=["openai"], one_provider=False, versions={"mine": "1.0"})
    endpoints: list[dict[str, str]] = []
    calls: list[dict[str, Any]] = []
    for line in sys.stdin:  # ends with the harness
        order = json.loads(line)
        match order["do"]:
            case "warm_up":
                tell("warm")
            case "open":
                endpoints = order["endpoints"]
                tell("open")
            case "plan":
                calls += order["calls"]
            case "make_calls":
                work = (calls, endpoints, order["start_s"])
                threading.Thread(target=make_all, args=work, daemon=True).start()
                calls = []
            case "stop":
                tell("stopped")
            case "close":
                tell("closed")


main()
