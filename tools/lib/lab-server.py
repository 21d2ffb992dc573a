"""The server of a host of tools/lab: HTTP on port 80, and echo (RFC 862) on UDP port 7, over both IP versions.

    GET /               "NAME sees CLIENT-ADDRESS"
    GET /bytes/N        N bytes, the same on every server
    GET /bytes/N/RATE   the same, paced to RATE bytes per second
    POST /digest        the SHA-256 of what was sent, in hexadecimal
"""

import hashlib
import http.server
import socket
import sys
import threading
import time

BLOCK = hashlib.shake_128(b"sluice").digest(1 << 16)
STEPS_PER_SECOND = 20


def plain(address):
    """Without the prefix under which a dual-stack socket shows IPv4 addresses."""
    return address.removeprefix("::ffff:")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        parts = self.path.split("?")[0].strip("/").split("/")
        if parts == [""]:
            self.answer(f"{self.server.host} sees {plain(self.client_address[0])}\n".encode())
        elif parts[0] == "bytes" and 2 <= len(parts) <= 3 and all(part.isdecimal() for part in parts[1:]):
            self.stream(*map(int, parts[1:]))
        else:
            self.send_error(404)

    def do_POST(self):
        digest = hashlib.sha256()
        left = int(self.headers.get("Content-Length", 0))
        while left > 0 and (chunk := self.rfile.read(min(left, len(BLOCK)))):
            digest.update(chunk)
            left -= len(chunk)
        self.answer(digest.hexdigest().encode())

    def answer(self, body):
        self.start(len(body))
        self.wfile.write(body)

    def stream(self, length, rate=None):
        self.start(length)
        step = len(BLOCK) if rate is None else max(1, min(len(BLOCK), rate // STEPS_PER_SECOND))
        sent = 0
        while sent < length:
            offset = sent % len(BLOCK)
            self.wfile.write(BLOCK[offset : offset + min(step, length - sent)])
            sent += min(step, length - sent, len(BLOCK) - offset)
            if rate is not None:
                time.sleep(step / rate)

    def start(self, length):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, *_):
        """Clients say what they got."""


class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6
    daemon_threads = True
    request_queue_size = 512

    def __init__(self, host):
        self.host = host
        super().__init__(("::", 80), Handler)

    def handle_error(self, request, client_address):
        """A client that goes away in the middle is everyday business here."""


def echo():
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as endpoint:
        endpoint.bind(("::", 7))
        while True:
            endpoint.sendto(*endpoint.recvfrom(65535))


if __name__ == "__main__":
    server = Server(sys.argv[1])
    threading.Thread(target=echo, daemon=True).start()
    server.serve_forever()
