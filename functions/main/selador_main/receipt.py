"""The receive of a message as SQS knows it: its receipt handle, and what may be done with it."""

from typing import TYPE_CHECKING

import structlog

from selador_main.lease import LeaseLostError

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

READ_SECONDS = 3
"""SQS answers within tens of milliseconds."""

log = structlog.get_logger()


class Receipt:
    """One receive of one message."""

    def __init__(self, sqs: "SQSClient", queue_url: str, receipt_handle: str) -> None:
        self._sqs = sqs
        self._queue_url = queue_url
        self._receipt_handle = receipt_handle

    def change_visibility(self, seconds: int) -> None:
        """Make the message receivable `seconds` from now. Raises LeaseLostError, and what boto3 raises for the rest."""
        exceptions = self._sqs.exceptions
        try:
            self._sqs.change_message_visibility(
                QueueUrl=self._queue_url, ReceiptHandle=self._receipt_handle, VisibilityTimeout=seconds
            )
        # By class: the code in the response is the name of SQS's older query protocol (SQS-30).
        except (exceptions.MessageNotInflight, exceptions.ReceiptHandleIsInvalid) as error:
            raise LeaseLostError(type(error).__name__) from error

    def release(self, seconds: int) -> None:
        """Give the message back. A failure is only logged: the lease, a minute at most, ends by itself."""
        try:
            self.change_visibility(seconds)
        except Exception as error:
            log.warning("message not released", error=type(error).__name__, reason=str(error))

    def delete(self) -> bool:
        """Delete the message; return whether SQS says that it did."""
        try:
            self._sqs.delete_message(QueueUrl=self._queue_url, ReceiptHandle=self._receipt_handle)
        except Exception as error:
            log.warning("message not deleted", error=type(error).__name__, reason=str(error))
            return False
        return True
