"""Datagrams over the network of tools/lab, counted one by one: unlike TCP, nothing hides a lost one.

    serve NAME ADDRESS        answers each datagram to UDP port 7 of ADDRESS with NAME, from that address
    ask ADDRESS FLOWS         from FLOWS source ports, 20000 and up, asks over and over until told to stop (SIGTERM),
                              then prints {"asked": N, "lost": N, "servers": {"PORT": ["NAME", ...], ...}}

An asker waits for the answers of one round before it starts the next; a round that takes longer than a second lost what
has not come.
"""

import json
import select
import signal
import socket
import sys
import time

PORT = 7
FIRST_PORT = 20000
PATIENCE = 1.0
PAUSE = 0.001


def endpoint(address):
    return socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)


def serve(name, address):
    with endpoint(address) as server:
        server.bind((address, PORT))
        print("ready", flush=True)
        while True:
            question, client = server.recvfrom(64)
            server.sendto(question + b" " + name.encode(), client)


def ask(address, flows):
    going = True

    def stop(*_):
        nonlocal going
        going = False

    signal.signal(signal.SIGTERM, stop)
    clients = {}
    for port in range(FIRST_PORT, FIRST_PORT + flows):
        client = endpoint(address)
        client.bind(("", port))
        client.connect((address, PORT))
        clients[client] = port
    asked = lost = 0
    servers = {port: set() for port in clients.values()}
    print("ready", flush=True)
    while going:
        waiting = set(clients)
        question = b"%d" % asked
        for client in clients:
            client.send(question)
            asked += 1
        deadline = time.monotonic() + PATIENCE
        while waiting and (left := deadline - time.monotonic()) > 0:
            for client in select.select(waiting, [], [], left)[0]:
                answered, name = client.recv(64).split(b" ")
                if answered == question:
                    servers[clients[client]].add(name.decode())
                    waiting.discard(client)
        lost += len(waiting)
        time.sleep(PAUSE)
    print(json.dumps({"asked": asked, "lost": lost, "servers": {port: sorted(s) for port, s in servers.items()}}))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve", name, address]:
            serve(name, address)
        case ["ask", address, flows]:
            ask(address, int(flows))
        case _:
            sys.exit(__doc__)
