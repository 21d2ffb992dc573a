"""What a process sees of a service that its sockets are connected to, or send to: a line for each exchange.

    connect ADDRESS PORT COUNT    TCP, an HTTP request over a connection each: "SERVER PEER PORT"
    converse ADDRESS PORT COUNT   UDP, a connected socket each: "SERVER SENDER PORT PEER PORT"
    send ADDRESS PORT COUNT       UDP, one socket for all of them: "SERVER SENDER PORT"
    keep ADDRESS PORT COUNT       like send, ten a second

The peer is what getpeername says, the sender what recvfrom says. "::ffff:192.0.2.10" is asked through an IPv6 socket.
What fails is "error NAME". The UDP servers are those of lab-datagrams.py.
"""

import errno
import socket
import sys
import time


def endpoint(address, kind):
    made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind)
    made.settimeout(2)
    return made


def text(name):
    return f"{name[0]} {name[1]}"


def connect(address, port):
    with endpoint(address, socket.SOCK_STREAM) as client:
        client.connect((address, port))
        peer = text(client.getpeername())
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        answer = b""
        while chunk := client.recv(4096):
            answer += chunk
        server = answer.split(b"\r\n\r\n", 1)[1].split()[0].decode()
        return f"{server} {peer}"


def converse(address, port):
    with endpoint(address, socket.SOCK_DGRAM) as client:
        client.connect((address, port))
        client.send(b"question")
        answer, sender = client.recvfrom(64)
        return f"{answer.split()[1].decode()} {text(sender)} {text(client.getpeername())}"


def send(client, address, port):
    client.sendto(b"question", (address, port))
    answer, sender = client.recvfrom(64)
    return f"{answer.split()[1].decode()} {text(sender)}"


def repeat(count, pause, exchange):
    for _ in range(count):
        try:
            print(exchange(), flush=True)
        except OSError as error:
            print("error", errno.errorcode.get(error.errno, "timeout"), flush=True)
        time.sleep(pause)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["connect", address, port, count]:
            repeat(int(count), 0, lambda: connect(address, int(port)))
        case ["converse", address, port, count]:
            repeat(int(count), 0, lambda: converse(address, int(port)))
        case [("send" | "keep") as verb, address, port, count]:
            with endpoint(address, socket.SOCK_DGRAM) as client:
                repeat(int(count), 0.1 if verb == "keep" else 0, lambda: send(client, address, int(port)))
        case _:
            sys.exit(__doc__)
