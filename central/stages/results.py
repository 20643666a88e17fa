"""What a worker elsewhere hands in, and who stores it: one recorder a stage, its owner's.

The owner of a stage (detections, analyses …) registers a model of the result's body and a function
that writes it; both run in the transaction that settles the claim, so that a stage is never done
without its result, nor a result there without its stage.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError
from sqlalchemy.orm import Session

from central.errors import BadRequest
from central.stages.claims import Claim
from central.stages.lifecycle import Stage


@dataclass(frozen=True)
class Recorder:
    """How the result of a stage looks, and who writes it.

    `record` gets the session, the claim and the checked result; it does database work alone.
    """

    model: type[BaseModel]
    record: Callable[[Session, Claim, Any], None]


class Results:
    """The recorders of this process, by stage."""

    def __init__(self) -> None:
        self._recorders: dict[Stage, Recorder] = {}

    def register(self, stage: Stage, recorder: Recorder) -> None:
        """Let an owner take the results of its stage. Raises ValueError for a second owner."""
        if stage in self._recorders:
            raise ValueError(f"the results of {stage} have an owner already")
        self._recorders[stage] = recorder

    def prepare(self, held: Claim, result: dict[str, Any] | None) -> Callable[[Session], None]:
        """Check a result and return what writes it. Raises BadRequest, naming what is wrong."""
        recorder = self._recorders.get(held.stage)
        if recorder is None:
            if result is not None:
                raise BadRequest(f"nobody stores results of {held.stage}; leave `result` out")
            return lambda _session: None
        if result is None:
            raise BadRequest(f"{held.stage} is not done without its `result`")
        try:
            checked = recorder.model.model_validate(result)
        except ValidationError as error:
            raise BadRequest(_told(error)) from error
        return lambda session: recorder.record(session, held, checked)


def _told(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in ("result", *first["loc"]))
    return f"{place}: {first['msg']}"
