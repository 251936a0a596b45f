"""`@connections`, SQS and a knowledge base for benchmarks, in a process of their own so that their CPU isn't measured.

Usage: `connections_stand_in.py LATENCY_SECONDS CLIENT_BYTES_PER_SECOND`; the port is printed. A post is answered after
the latency; if the client reads at a limited rate, 256 KB wait for it and a post beyond that is answered 429 (CB-04).
`GET /posts` tells the posts taken since the last such request: when each was answered (monotonic clock), and its body.
The knowledge base answers with as many tokens as the question's text says, 100 a second.
"""

import json
import socket
import sys
import threading
import time

from selador_local.bedrock import eventstream

BUFFER_BYTES = 256 * 1024
TOKENS_PER_SECOND = 100


class Client:
    """The client behind the connection."""

    def __init__(self, latency: float, rate: float) -> None:
        self.latency = latency
        self.rate = rate
        self.posts: list[tuple[float, str]] = []
        self.waiting = 0.0
        self.seen = time.monotonic()

    def take(self, body: bytes) -> bool:
        now = time.monotonic()
        self.waiting = max(0, self.waiting - (now - self.seen) * self.rate)
        self.seen = now
        if self.waiting + len(body) > BUFFER_BYTES:
            return False
        self.waiting += len(body)
        return True


def answer(client: Client, connection: socket.socket) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    stream = connection.makefile("rb")
    while request := stream.readline():
        headers = {}
        while (line := stream.readline().strip()) != b"":
            name, _, value = line.partition(b":")
            headers[name.lower()] = value.strip()
        body = stream.read(int(headers.get(b"content-length", 0)))
        if b"/retrieveAndGenerateStream" in request:
            stream_answer(connection, int(json.loads(body)["input"]["text"]))
            continue
        status, content = b"200 OK", b""
        if request.startswith(b"GET /posts"):
            posts, client.posts = client.posts, []
            content = json.dumps(posts).encode()
        elif b"@connections" in request or b"%40connections" in request:
            time.sleep(client.latency)
            if client.rate == 0 or client.take(body):
                client.posts.append((time.monotonic(), body.decode() if client.rate == 0 else ""))
            else:
                status = b"429 Too Many Requests\r\nx-amzn-ErrorType: LimitExceededException"
        else:
            content = b"{}"  # SQS
        head = b"HTTP/1.1 %s\r\nContent-Length: %d\r\nContent-Type: application/x-amz-json-1.0\r\n\r\n"
        connection.sendall(head % (status, len(content)) + content)


def stream_answer(connection: socket.socket, tokens: int) -> None:
    connection.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nTransfer-Encoding: chunked\r\n\r\n" % eventstream.CONTENT_TYPE.encode()
    )
    began = time.monotonic()
    for number in range(tokens):
        time.sleep(max(0, began + number / TOKENS_PER_SECOND - time.monotonic()))
        event = eventstream.encode_event("output", {"text": f"t{number:04d} "})
        connection.sendall(b"%x\r\n%s\r\n" % (len(event), event))
    connection.sendall(b"0\r\n\r\n")


def main(latency: float, rate: float) -> None:
    client = Client(latency, rate)
    with socket.create_server(("127.0.0.1", 0)) as server:
        print(server.getsockname()[1], flush=True)
        while True:
            connection, _ = server.accept()
            threading.Thread(target=answer, args=(client, connection), daemon=True).start()


if __name__ == "__main__":
    main(float(sys.argv[1]), float(sys.argv[2]))
