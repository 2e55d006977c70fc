"""A TCP proxy in front of a database server, for tests: slow, or one that falls silent."""
import contextlib
import socket
import threading
import time


class Proxy:
    """Forwards to `port`. What the server says comes in pieces of `piece` bytes, `delay` seconds each; after `silent_after`
    bytes nothing more comes, and the connection stays open."""

    def __init__(self, port, piece=1 << 16, delay=0.0, silent_after=None):
        self.target, self.piece, self.delay, self.silent_after = port, piece, delay, silent_after
        self.sent = 0
        self.silent = threading.Event()
        self.sockets = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1", self.target))
                self.sockets += [client, server]
                threading.Thread(target=self.pump, args=(client, server, False), daemon=True).start()
                threading.Thread(target=self.pump, args=(server, client, True), daemon=True).start()

    def pump(self, source, sink, from_server):
        with contextlib.suppress(OSError):
            while data := source.recv(self.piece):
                if from_server:
                    time.sleep(self.delay)
                    self.sent += len(data)
                    if self.silent_after is not None and self.sent > self.silent_after:
                        self.silent.set()
                        continue
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def close(self):
        self.listener.close()
        for each in self.sockets:
            each.close()


@contextlib.contextmanager
def slow_proxy(port, **kinds):
    proxy = Proxy(port, **kinds)
    try:
        yield proxy
    finally:
        proxy.close()
