"""Sockets that only read: `python -m bench.readers PORT SOCKETS PATH`.

Reads one hello (base64, may be empty) a socket from standard input, opens all sockets, sends each
its hello as a WebSocket frame and prints "ready". For every empty line it waits until nothing has
come for a while and prints how many frames came since the last time. For a line with a word it
prints "listening" and, when the word has come to every socket, the moments at which it came (JSON,
seconds of the machine's monotonic clock, the first first).
"""

import base64
import json
import os
import select
import socket
import sys
import time

QUIET_SECONDS = 0.4
BUFFER = bytearray(1 << 20)
PING = 0x89
PONG = bytes((0x8A, 0x80, 0, 0, 0, 0))
"""Empty, as the pings are, under a mask of zeros."""


class Reader:
    """One socket, and how far its current frame goes."""

    def __init__(self, port: int, path: str, hello: bytes) -> None:
        """Connect, upgrade, say hello."""
        self.socket = socket.create_connection(("127.0.0.1", port))
        key = base64.b64encode(os.urandom(16))
        self.socket.sendall(
            b"GET %b HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %b\r\n\r\n" % (path.encode(), key)
        )
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self.socket.recv(4096)
        assert b" 101 " in answer, answer
        self.head = answer.partition(b"\r\n\r\n")[2]
        self.left = 0
        self.latest = memoryview(b"")
        if hello:
            # A mask of zeros is a mask: the payload goes as it is (RFC 6455, section 5.3).
            size = len(hello).to_bytes(2) if len(hello) > 125 else b""
            short = 126 if size else len(hello)
            self.socket.sendall(bytes((0x81, 0x80 | short)) + size + bytes(4) + hello)
        self.socket.setblocking(False)

    def read(self) -> int:
        """Read what is there; return how many frames began in it."""
        got = self.socket.recv_into(BUFFER)
        assert got, "the server closed a socket"
        self.latest = memoryview(BUFFER)[:got]
        data = self.head + bytes(self.latest)
        at, frames = self.left, 0
        while at + 10 <= len(data) or (at + 2 <= len(data) and data[at + 1] < 126):
            if data[at] == PING:
                self.socket.send(PONG)
            else:
                frames += 1
            short, at = data[at + 1], at + 2
            if short == 126:
                short, at = int.from_bytes(data[at : at + 2]), at + 2
            elif short == 127:
                short, at = int.from_bytes(data[at : at + 8]), at + 8
            at += short
        self.head = data[at:] if at < len(data) else b""
        self.left = max(0, at - len(data))
        return frames


def drain(readers: dict[int, Reader], epoll: select.epoll) -> int:
    """Read until nothing comes for a while; return the number of frames."""
    frames = 0
    while events := epoll.poll(QUIET_SECONDS):
        for fd, _ in events:
            frames += readers[fd].read()
    return frames


def listen(readers: dict[int, Reader], epoll: select.epoll, word: bytes) -> list[float]:
    """Read until `word` has come to every socket; return when it came to each."""
    ends = dict.fromkeys(readers, b"")
    moments: list[float] = []
    while ends:
        for fd, _ in epoll.poll():
            readers[fd].read()
            if fd not in ends:
                continue
            text = ends[fd] + readers[fd].latest  # a word may come in two pieces
            if word in text:
                moments.append(time.monotonic())
                del ends[fd]
            else:
                ends[fd] = text[-len(word) :]
    return moments


def say(answer: object) -> None:
    """Answer the benchmark with one line."""
    sys.stdout.write(f"{answer}\n")
    sys.stdout.flush()


def main(port: int, sockets: int, path: str) -> None:
    """Open the sockets and count for as long as somebody asks."""
    readers, epoll = {}, select.epoll()
    for _ in range(sockets):
        reader = Reader(port, path, base64.b64decode(sys.stdin.readline()))
        readers[reader.socket.fileno()] = reader
        epoll.register(reader.socket, select.EPOLLIN)
    drain(readers, epoll)
    say("ready")
    stdin = sys.stdin.fileno()
    epoll.register(stdin, select.EPOLLIN)
    frames = 0
    while True:
        ready = {fd for fd, _ in epoll.poll()}
        for fd in ready - {stdin}:
            frames += readers[fd].read()
        if stdin not in ready:
            continue
        asked = os.read(stdin, 64)
        if not asked:
            return
        epoll.unregister(stdin)
        if word := asked.strip():
            say("listening")
            say(json.dumps(listen(readers, epoll, word)))
        else:
            say(frames + drain(readers, epoll))
            frames = 0
        epoll.register(stdin, select.EPOLLIN)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
