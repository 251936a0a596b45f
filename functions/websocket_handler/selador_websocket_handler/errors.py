"""The root of the websocket handler's and the authorizer's exceptions."""


class SeladorWebsocketHandlerError(Exception):
    """Whatever these two functions raise by themselves. What libraries raise is translated where they are called."""
