"""Which of the clients' requests an event or a frame is about: a fault on demand is meant for one request. Pure."""

from selador_local.data_plane.json_members import members_of


def request_id(text: str | bytes) -> str | None:
    """Return the `requestId` of a client's message, of an envelope on the queue or of a frame; None if it has none."""
    found = members_of(text).get("requestId")
    return found if isinstance(found, str) else None


def request_ids(event: bytes) -> set[str]:
    """Return the ids of the requests in a function's event: of each record in a batch, or of a WebSocket message."""
    members = members_of(event)
    bodies = [record["body"] for record in members.get("Records", [members]) if isinstance(record.get("body"), str)]
    return {found for body in bodies if (found := request_id(body)) is not None}
