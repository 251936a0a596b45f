"""The dead-letter queue: receive its letters, hide them for a while, show them again, delete them.

No redrive policy counts a receive here, so looking uses nothing up. What is looked at is hidden from others meanwhile.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import batched
from typing import TYPE_CHECKING

from selador_deploy.operations.asking import asking
from selador_deploy.operations.letter import DeadLetter, read_letter

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

HIDDEN_SECONDS = 60
"""How long a received letter is hidden from others, unless it is shown again before."""

_WAIT_SECONDS = 1
"""A receive that waits asks all of SQS's servers; one that doesn't may miss letters."""

_EMPTY_RECEIVES = 2


@dataclass(frozen=True)
class DeadLetterQueue:
    """A dead-letter queue by its URL."""

    sqs: "SQSClient"
    url: str

    def depth(self) -> int:
        """Return about how many letters there are, hidden ones too."""
        with asking("sqs:GetQueueAttributes", self.url):
            counts = self.sqs.get_queue_attributes(
                QueueUrl=self.url,
                AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
            )["Attributes"]
        return sum(int(count) for count in counts.values())

    def receive(self, most: int = 10) -> list[DeadLetter]:
        """Return up to ten letters, and hide them."""
        with asking("sqs:ReceiveMessage", self.url):
            answer = self.sqs.receive_message(
                QueueUrl=self.url,
                MaxNumberOfMessages=most,
                VisibilityTimeout=HIDDEN_SECONDS,
                WaitTimeSeconds=_WAIT_SECONDS,
                MessageSystemAttributeNames=["All"],
                MessageAttributeNames=["All"],
            )
        return [read_letter(message) for message in answer.get("Messages", [])]

    def read(self, most: int, seen: Callable[[DeadLetter], object]) -> bool:
        """Hand each letter to `seen`, once, until none is left or `most` were; return whether none is left.

        All are shown again at the end, also after an interruption.
        """
        hidden: dict[str, str] = {}
        empty = 0
        try:
            while empty < _EMPTY_RECEIVES and len(hidden) < most:
                letters = self.receive()
                unknown = [letter for letter in letters if letter.message_id not in hidden]
                # The newest receipt handle is the one that counts; what was shown again meanwhile isn't handed twice.
                hidden |= {letter.message_id: letter.receipt_handle for letter in letters}
                empty = 0 if unknown else empty + 1
                for letter in unknown:
                    seen(letter)
        finally:
            self.show_again(hidden.values())
        return len(hidden) < most

    def show_again(self, receipt_handles: Iterable[str]) -> None:
        """Let others receive these letters at once. One that fails comes back by itself, after HIDDEN_SECONDS."""
        for batch in batched(receipt_handles, 10, strict=False):
            with asking("sqs:ChangeMessageVisibility", self.url):
                self.sqs.change_message_visibility_batch(
                    QueueUrl=self.url,
                    Entries=[
                        {"Id": str(number), "ReceiptHandle": receipt_handle, "VisibilityTimeout": 0}
                        for number, receipt_handle in enumerate(batch)
                    ],
                )

    def delete(self, letter: DeadLetter) -> None:
        """Delete a letter that was just received. With an older receipt handle SQS may not (SQS-15)."""
        with asking("sqs:DeleteMessage", self.url):
            self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=letter.receipt_handle)
