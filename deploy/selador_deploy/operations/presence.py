"""Whether a client is still connected, as API Gateway says of its connection."""

from enum import StrEnum
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from selador_deploy.operations.asking import asking, is_denied

if TYPE_CHECKING:
    from types_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient

_GONE = 410
_NO_SUCH_ID = 400  # an id that no connection can have (CB-07)


class Presence(StrEnum):
    """What is known of a client."""

    CONNECTED = "connected"
    GONE = "gone"
    UNKNOWN = "unknown"


def presence(connections: "ApiGatewayManagementApiClient", connection_id: str) -> Presence:
    """Return whether the client is there. Raises DeniedError if the caller may not ask.

    Any other failure leaves it unknown: only API Gateway's own word makes a client gone.
    """
    try:
        connections.get_connection(ConnectionId=connection_id)
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        if status in {_GONE, _NO_SUCH_ID}:
            return Presence.GONE
        if is_denied(error):
            with asking("execute-api:ManageConnections", "GET/@connections/* of the API"):
                raise
        return Presence.UNKNOWN
    except BotoCoreError:
        return Presence.UNKNOWN
    return Presence.CONNECTED
