"""An error said inside a response that began as a success."""

from seawall_chaos.faults.fault import FaultType, MitmproxyRule
from seawall_chaos.faults.simulated import on_simulator
from seawall_chaos.faults.wire_frames import encoded, event_rule, request_id_place
from seawall_simulators.faults.error_event import ErrorEvent
from seawall_simulators.wires import WIRES


def on_mitmproxy(params: ErrorEvent, wire: str) -> MitmproxyRule:
    """The provider's error event comes right behind the tokens, and the end; a plain body becomes its error."""
    speaker = WIRES[wire]
    _, body = speaker.error(
        speaker.overload_status, code=params.code, message=None, request_id=request_id_place(wire)
    )
    own = {"after_tokens": params.after_tokens, "code": params.code, "error_body": encoded(body)}
    return event_rule("error_event", own, wire)


FAULT = FaultType("error_event", ErrorEvent, {"mitmproxy": on_mitmproxy, "simulator": on_simulator})
