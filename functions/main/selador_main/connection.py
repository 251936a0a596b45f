"""The client's connection as `@connections` offers it: post a frame, or learn that it can't be."""

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from types_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient


class ConnectionGoneError(Exception):
    """The client has gone (410)."""


class PostFailedError(Exception):
    """A frame was not taken; `transient` where the same post may succeed later."""

    def __init__(self, message: str, *, transient: bool) -> None:
        super().__init__(message)
        self.transient = transient


class Connection:
    """Posts to one connection.

    `api` is expected not to retry: botocore would send a frame whose answer was lost again by itself (CB-15, CB-16),
    and its waits would be neither seen nor bounded here.
    """

    def __init__(self, api: "ApiGatewayManagementApiClient", connection_id: str) -> None:
        self._api = api
        self._connection_id = connection_id

    def post(self, data: bytes) -> None:
        """Post one frame. Raises ConnectionGoneError or PostFailedError."""
        try:
            self._api.post_to_connection(ConnectionId=self._connection_id, Data=data)
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            code = error.response["Error"]["Code"]
            if status == 410:  # by status too: without its type header a 410 is a bare ClientError (CB-05)
                raise ConnectionGoneError from error
            # 429 is the account's rate, or a client that reads slowly (CB-04).
            raise PostFailedError(f"{status} {code}", transient=status == 429 or status >= 500) from error
        except BotoCoreError as error:
            raise PostFailedError(type(error).__name__, transient=True) from error
