"""From the outcome frame of a call to its result: texts as Convex prints them, places in the learner's files."""

from __future__ import annotations

import json

from sandbox.engine.errors import FunctionTimedOut, LearnerError
from sandbox.engine.runtime.compile import CompiledProject
from sandbox.engine.runtime.frames import CallStopped, Reply, well_formed
from sandbox.engine.runtime.stack import lines_of, uncaught


def stopped_error(stopped: CallStopped) -> LearnerError:
    """What the caller is told of a call that was stopped."""
    if stopped.code == "FunctionTimedOut":
        return FunctionTimedOut(stopped.message)
    return LearnerError(stopped.message, code=stopped.code)


def thrown_error(reply: Reply, project: CompiledProject) -> LearnerError:
    """What the function threw; a reply without a stack is a text of our own, which Convex prints bare."""
    if reply.stack is None:
        return LearnerError(reply.error)
    message = uncaught(reply.error, lines_of(reply.stack, project.maps))
    if reply.data is None:
        return LearnerError(message, code="UncaughtError")
    try:
        data = json.loads(well_formed(json.dumps(json.loads(reply.data), ensure_ascii=False)))
        return LearnerError(message, code="ConvexError", data=data, has_data=True)
    except (ValueError, RecursionError):
        return LearnerError(message, code="UncaughtError")
