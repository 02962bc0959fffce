"""`fetch` of actions: the host makes the request, never the JS process, and only to whom the policy allows.

policy.py decides, client.py asks, practice_service.py answers what is asked of the built-in outside world.
"""

from sandbox.engine.runtime.fetching.client import Fetcher, FetchRequest, FetchResponse
from sandbox.engine.runtime.fetching.policy import FetchPolicy

__all__ = ["FetchPolicy", "FetchRequest", "FetchResponse", "Fetcher"]
