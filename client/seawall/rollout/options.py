"""How far a service has moved from its old LLM path to this client."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

Stage = Literal["off", "shadow", "percent", "on"]


class RolloutOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of `LLMManager.rollout`. Calls that do not go through it (`complete`, `stream`) never heed them.

    Attributes:
        stage: "off": the old path answers. "shadow": it still does, and the new one is asked behind its back.
            "percent": the new path answers for a share of the keys. "on": it answers all; the old one is not
            called any more.
        percent: in stage "percent", the share of keys that the new path answers. Raising it never moves a key
            back. 0 to 100.
        sticky_salt: goes into the hash of a key; with another one, other keys come first.
        fallback: in stage "percent", the old path answers where the new one fails. What the new one's security
            stages block stays blocked.
        killed: the kill switch: the old path answers every call, whatever stage and flag say.
        shadow_share: in stage "shadow", at most this share of calls is asked twice. 0 to 1.
        shadow_concurrent_max: no more shadows than this run at once; further ones are left out. 1 to 10000.
        flag: the key of an OpenFeature flag of type string that decides the stage: "off", "shadow", "on", or a
            percentage such as "25". None: the settings decide. Needs the extra `openfeature`.
        flag_refresh_s: how often the flag is read, beside the calls. 0.1 to 3600.
        flag_wait_s: how long entering the manager waits for the flag's first value; calls never wait. 0 to 60.
    """

    stage: Stage = "off"
    percent: Annotated[float, msgspec.Meta(ge=0, le=100)] = 0.0
    sticky_salt: str = "seawall"
    fallback: bool = True
    killed: bool = False
    shadow_share: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.1
    shadow_concurrent_max: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 10
    flag: str | None = None
    flag_refresh_s: Annotated[float, msgspec.Meta(ge=0.1, le=3600)] = 5.0
    flag_wait_s: Annotated[float, msgspec.Meta(ge=0, le=60)] = 1.0
