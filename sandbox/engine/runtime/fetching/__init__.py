"""`fetch` of actions: the host makes the request, never the JS process, and only to whom the policy allows.

policy.py decides, client.py asks; practice/ and practice_service.py answer what is asked of the built-in outside world.
"""

from sandbox.engine.runtime.fetching.client import Fetcher, FetchRequest, FetchResponse
from sandbox.engine.runtime.fetching.policy import FetchPolicy
from sandbox.engine.runtime.fetching.practice import Asker, Charge, Mail, Mood, PracticeCall, PracticeService

__all__ = [
    "Asker",
    "Charge",
    "FetchPolicy",
    "FetchRequest",
    "FetchResponse",
    "Fetcher",
    "Mail",
    "Mood",
    "PracticeCall",
    "PracticeService",
]
