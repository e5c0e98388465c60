"""What the security pipeline does, stage by stage. Needs the extra `security` where a stage is not off."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from seawall.security.tools.options import ToolPolicyOptions
from seawall.trace import StageMode

Score = Annotated[float, msgspec.Meta(ge=0, le=1)]
BudgetMs = Annotated[float, msgspec.Meta(ge=0.1, le=60_000)]


class StageOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options that every stage has.

    Attributes:
        mode: "enforce" acts on what it finds, "shadow" only reports it, "off" does not look; "inherit": as
            `security.mode` says.
        budget_ms: time that the stage may take for one call, looked at between the pieces of its work. 0.1 to 60000.
        on_error: what becomes of a call whose stage fails or is over its budget: "closed" refuses the request or the
            answer, "open" lets it pass. Both say so in the trace.
    """

    mode: Literal["inherit", "enforce", "shadow", "off"] = "inherit"
    budget_ms: BudgetMs = 1000.0
    on_error: Literal["closed", "open"] = "closed"

    def effective_mode(self, inherited: StageMode) -> StageMode:
        """Return the mode in force."""
        return inherited if self.mode == "inherit" else self.mode


class FirewallStageOptions(StageOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the injection firewall.

    Attributes:
        on_untrusted: what becomes of a source or a tool's result that is an attack: "withhold" takes it out of the
            request, "block" refuses the whole request.
        user_block: score from which on what the user says is blocked. 0 to 1.
        untrusted_block: the same for what nobody vouches for. 0 to 1.
    """

    on_untrusted: Literal["withhold", "block"] = "withhold"
    user_block: Score = 0.6
    untrusted_block: Score = 0.6


class RedactionStageOptions(StageOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of redaction.

    Attributes:
        kinds: what is replaced before a request leaves, such as EMAIL, PHONE, PERSON, SECRET; empty: all kinds.
        score_min: how sure a detector has to be. 0 to 1.
        phone_regions: ISO 3166 codes of where phone numbers without a country code are from; empty: the usual ones.
    """

    kinds: tuple[str, ...] = ()
    score_min: Score = 0.5
    phone_regions: tuple[str, ...] = ()


class ToolStageOptions(StageOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the tool policy: those of every stage, and `policy`."""

    policy: ToolPolicyOptions = ToolPolicyOptions()


class SecurityOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the security pipeline.

    Attributes:
        mode: what stages do that say nothing themselves: "enforce", "shadow" or "off".
        firewall: attempts to take the model over, in what the user says and in what nobody vouches for.
        redaction: personal data and secrets, replaced before the request leaves and put back into the answer.
        grounding: answers that break their JSON Schema, their citations or their figures are refused and asked anew.
        verification: answers that are not sure enough are refused and asked anew.
        tools: tool calls that untrusted text could have asked for are held.
        output: what an answer would fetch, run or hide when it is shown is taken out.
    """

    mode: StageMode = "off"
    firewall: FirewallStageOptions = FirewallStageOptions()
    redaction: RedactionStageOptions = RedactionStageOptions()
    grounding: StageOptions = StageOptions()
    verification: StageOptions = StageOptions(budget_ms=10_000.0)
    tools: ToolStageOptions = ToolStageOptions()
    output: StageOptions = StageOptions()

    @property
    def active(self) -> bool:
        """Whether any stage looks at anything."""
        stages = (self.firewall, self.redaction, self.grounding, self.verification, self.tools, self.output)
        return any(stage.effective_mode(self.mode) != "off" for stage in stages)
