"""Failures on demand of posts to clients: which request's posts fail, how, and how often."""

from collections import defaultdict, deque
from dataclasses import dataclass


@dataclass(frozen=True)
class PostFault:
    """The answer to a post that fails."""

    status: int
    error_type: str


class PostFaults:
    """The failures that wait for posts; those of a request come in the order in which they were asked for."""

    def __init__(self) -> None:
        self._waiting: defaultdict[str, deque[tuple[PostFault, int]]] = defaultdict(deque)

    def __bool__(self) -> bool:
        """Whether any failure waits: a post's body needn't be read if none does."""
        return bool(self._waiting)

    def add(self, request_id: str, fault: PostFault, times: int = 1) -> None:
        """Let the next `times` posts of the request's frames that no earlier fault has claimed fail so."""
        self._waiting[request_id].append((fault, times))

    def take(self, request_id: str | None) -> PostFault | None:
        """Return the failure of a post that carries a frame of this request, None for any other."""
        if request_id is None or request_id not in self._waiting:
            return None
        waiting = self._waiting[request_id]
        fault, times = waiting.popleft()
        if times > 1:
            waiting.appendleft((fault, times - 1))
        elif not waiting:
            del self._waiting[request_id]
        return fault
