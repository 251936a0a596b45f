"""Why a question got no answer. All errors derive from SeladorClientError; each message says what to do next."""


class SeladorClientError(Exception):
    """Base of every error of this client."""


class NoStackError(SeladorClientError):
    """No URL was given, and none can be found."""


class ConnectionFailedError(SeladorClientError):
    """The connection could not be opened, or was closed before the terminal frame."""


class DeadlinePassedError(SeladorClientError):
    """No terminal frame came before the server's deadline: the request was lost."""


class MessageRefusedError(SeladorClientError):
    """API Gateway itself answered the message, so that the service never saw it, or lost its answer."""


class ProtocolError(SeladorClientError):
    """The server sent something that version 1 of the protocol doesn't allow."""
