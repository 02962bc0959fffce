"""Runs that a workspace page steps through: one for each of its two people. What is said and asked, and their ends.

Nothing here decides how a run goes: that is the engine's Stepper. When the page is gone its runs end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sandbox.engine import EngineError, LearnerError, StepEvent, Stepper
from sandbox.gateway import activity, keys

if TYPE_CHECKING:
    from sandbox.engine import Deployment, Outcome

GONE = "The page that stepped through this run is gone."


class SteppedRuns:
    """Those of one page. `say` sends a message to it."""

    def __init__(self, deployment: Deployment, workspace_id: str, say: Callable[[activity.Message], None]) -> None:
        self._deployment = deployment
        self._workspace_id = workspace_id
        self._say = say
        self._steppers: dict[keys.Persona, tuple[int, Stepper]] = {}
        self._is_open = True

    def obey(self, message: Mapping[str, Any]) -> bool:
        """Whether the message was understood."""
        match message:
            case {"type": "step-start", "side": "alice" | "bob" as side, "run": int(run), "path": str(path)}:
                args = message.get("args")
                if isinstance(args, dict):
                    self._start(side, run, path, args)
                return isinstance(args, dict)
            case {"type": "step-go", "side": "alice" | "bob" as side, "run": int(run), "how": str(how)}:
                known, stepper = self._steppers.get(side, (0, None))
                if stepper is not None and known == run and how in _WISHES:
                    _WISHES[how](stepper)
                return how in _WISHES
            case _:
                return False

    def close(self) -> None:
        """Ends what is held. The runs end by themselves then; nobody hears of them."""
        self._is_open = False
        for _, stepper in self._steppers.values():
            stepper.end(GONE)

    def _start(self, side: keys.Persona, run: int, path: str, args: dict[str, Any]) -> None:
        if side in self._steppers:
            self._tell(side, run, _refused("A run of this person is under way. Let it end first."))
            return
        stepper = Stepper(lambda event: self._hear(side, run, event))
        self._steppers[side] = run, stepper
        self._deployment.run_to_end(self._run(side, run, path, args, stepper))

    async def _run(self, side: keys.Persona, run: int, path: str, args: dict[str, Any], stepper: Stepper) -> None:
        try:
            identity = keys.verify_identity(self._workspace_id, keys.issue_identity(self._workspace_id, side))
            outcome = await self._deployment.run(path, args, identity=identity, stepper=stepper)
        except LearnerError as error:
            self._tell(side, run, _refused(error.message))
        except EngineError:
            self._tell(side, run, _refused("The store cannot be used now. Nothing of this run was written."))
            raise
        else:
            self._tell(side, run, _ended(outcome, stepper))
        finally:
            del self._steppers[side]

    def _hear(self, side: keys.Persona, run: int, event: StepEvent) -> None:
        self._tell(side, run, activity.step_event(event))

    def _tell(self, side: keys.Persona, run: int, event: activity.Message) -> None:
        if self._is_open:
            self._say({"type": "step", "side": side, "run": run, "event": event})


_WISHES: dict[str, Callable[[Stepper], None]] = {
    "step": Stepper.let_go,
    "on": Stepper.run_on,
    "crash": Stepper.crash,
    "end": lambda stepper: stepper.end("The run was ended. Nothing of it was written."),
}


def _refused(message: str) -> activity.Message:
    return {"kind": "ended", "commit_ts": None, "error": message, "crashed": False, "retries": 0, "writes": []}


def _ended(outcome: Outcome, stepper: Stepper) -> activity.Message:
    run = activity.run_message(outcome.note, {})["run"]
    told = {name: run[name] for name in ("commit_ts", "error", "retries", "writes")}
    return {"kind": "ended", "crashed": stepper.crashed, **told}
