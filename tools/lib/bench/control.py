"""How long the control plane takes, with 1,000 services of 10 backends and 1,000 rules."""

import statistics
import subprocess
import time

from node import PROGRAM, Node
from packets import SYN, VIPS, Packet, packed, plus
from policies import BACKEND_COUNT, backend_address, backend_name, policy

SERVICES = RULES = 1_000
OUTER_DESTINATION = slice(30, 34)


def control(node: Node, programs, repeats: int) -> dict:
    text = policy(node.interface, 4, "ipip", 4, RULES, SERVICES)
    cold = []
    for number in range(repeats):
        if number:
            node.down()
        cold.append(node.apply(text))
    try:
        changes = [change(node, programs, number) for number in range(repeats)]
        status = [timed(node, "status", "--json") for _ in range(repeats)]
        again = [node.apply(text.replace("80/tcp]", f"{8000 + number}/tcp]", 1)) for number in range(repeats)]
    finally:
        node.down()
    times = {
        "cold apply": cold,
        "apply of one changed service": again,
        "drained backend, until packets show it": [seen for seen, _ in changes],
        "drained backend, whole command": [whole for _, whole in changes],
        "status": status,
    }
    return {name: round(statistics.median(values) * 1000, 1) for name, values in times.items()}


def timed(node: Node, *words: str) -> float:
    start = time.monotonic()
    node.sluice(*words)
    return time.monotonic() - start


def change(node: Node, programs, number: int) -> tuple[float, float]:
    """Drains the backend that a new connection would go to. Seconds until such a packet goes elsewhere, and until the
    command is done."""
    service = number * 97 % SERVICES
    packet = Packet(4, SYN, "10.1.2.3", plus(VIPS[4], service), 10_000 + number)
    watch = subprocess.Popen(
        ["taskset", "-c", "1", programs / "watch", PROGRAM, str(node.index), packet.frame().hex()],
        stdout=subprocess.PIPE, text=True)
    try:
        outer = bytes.fromhex(watch.stdout.readline())[OUTER_DESTINATION]
        backend = next(i for i in range(BACKEND_COUNT) if packed(backend_address(4, i)) == outer)
        words = (f"service-{service}", backend_name(backend))
        start = time.monotonic()
        node.sluice("backend", "drain", *words)
        end = time.monotonic()
        # Python's monotonic clock is the one that `watch` reads.
        seen = int(watch.stdout.readline()) / 1e9
    finally:
        watch.kill()
        watch.wait()
    node.sluice("backend", "undrain", *words)
    return seen - start, end - start
