"""The same packets through Sluice and through an nftables ruleset that does the same job.

    generator namespace        node                      backends namespace
    gen0 ──────────────▶ node0 ─── balance ─── out0 ──────────────▶ sink0

The generator sends from one core at a steady rate; the node receives in a kernel thread on the other one. Each side
gets the cheapest sink that its packets allow: XDP for redirected frames, an ingress hook for the kernel's own.
"""

import json
import pathlib
import statistics
import subprocess
import time
from dataclasses import dataclass

import packets
from node import INSTANCE, run
from packets import ACK, CLIENT_PREFIXES, PORT, SYN, VIPS, Packet
from policies import BACKEND_COUNT, backend_address, blocked_prefixes, blocking_policy

SETTLE = 0.3
LOSS = 0.02
REACHED = 0.9  # of the rate asked for; the generator has its limit too
RANGE = (10.0, 8_000.0)  # thousand packets per second
RESOLUTION = 1.04
GENERATOR_CPU, NODE_CPU = "0", "1"


@dataclass(frozen=True)
class Task:
    name: str
    flows: int
    flags: int = ACK
    prefixes: int = 0
    denied: bool = False

    @property
    def packet(self) -> Packet:
        source = packets.STRANGERS[4] if self.denied else ""
        return Packet(4, self.flags, source, destination_mac=Lab.node_mac)


TASKS = [
    Task("balance, established", 1),
    Task("balance, established", 100_000),
    Task("balance, established", 100_000, prefixes=10_000),
    Task("balance, new", 0, SYN),
    Task("drop", 100_000, denied=True),
    Task("drop", 100_000, prefixes=10_000, denied=True),
]


class Lab:
    node_mac = "02:00:00:00:00:01"

    def __init__(self):
        run("ip", "netns", "add", "generator")
        run("ip", "netns", "add", "backends")
        run("ip", "link", "add", "node0", "address", self.node_mac, "type", "veth",
            "peer", "name", "gen0", "netns", "generator")
        run("ip", "link", "add", "out0", "type", "veth", "peer", "name", "sink0", "netns", "backends")
        for words in (["-n", "generator", "link", "set", "gen0"], ["-n", "backends", "link", "set", "sink0"],
                      ["link", "set", "node0"], ["link", "set", "out0"]):
            run("ip", *words, "up")
        run("ip", "address", "add", "192.168.0.1/16", "dev", "out0")
        run("ip", "route", "add", "10.0.0.0/8", "dev", "node0")
        for number in range(BACKEND_COUNT):
            run("ip", "neighbour", "add", backend_address(4, number), "dev", "out0",
                "lladdr", f"02:00:00:00:01:{number:02x}", "nud", "permanent")
        run("sysctl", "-q", "-w", "net.ipv4.ip_forward=1", "net.ipv4.conf.all.rp_filter=0",
            "net.ipv4.conf.node0.rp_filter=0")
        # Receiving in a thread is what lets the node have a core of its own.
        run("ethtool", "-K", "node0", "gro", "on")
        pathlib.Path("/sys/class/net/node0/threaded").write_text("1")
        for name in pathlib.Path("/proc").glob("[0-9]*/comm"):
            if name.read_text().startswith("napi/node0-"):
                run("taskset", "-p", "-c", NODE_CPU, name.parent.name)

    def inside(self, namespace: str, *words: object) -> list[str]:
        return ["nsenter", f"--net=/run/netns/{namespace}", *[str(word) for word in words]]

    def remove(self) -> None:
        for namespace in ("generator", "backends"):
            run("ip", "netns", "delete", namespace)


class Sluice:
    def __init__(self, lab: Lab, folder: pathlib.Path, sluice: pathlib.Path, sink: pathlib.Path):
        self.lab, self.path, self.program, self.sink = lab, folder / "throughput.yaml", sluice, sink

    def start(self, task: Task) -> None:
        run(*self.lab.inside("backends", "ip", "link", "set", "sink0", "xdpdrv", "obj", self.sink, "sec", "xdp"))
        self.path.write_text(blocking_policy("node0", "out0", task.prefixes))
        run(self.program, "apply", self.path, "--instance", INSTANCE)

    def stop(self) -> None:
        run(self.program, "down", "--instance", INSTANCE)
        run(*self.lab.inside("backends", "ip", "link", "set", "sink0", "xdpdrv", "off"))


class NFTables:
    """As its manual would have it: who may not is dropped before connection tracking, the set is an interval set, the
    backend is chosen by a hash."""

    def __init__(self, lab: Lab):
        self.lab = lab

    def load(self, rules: str, *inside: str) -> None:
        subprocess.run([*inside, "nft", "-f", "-"], input=rules, text=True, check=True)

    def start(self, task: Task) -> None:
        self.load("table netdev sink { chain in { type filter hook ingress device sink0 priority 0; policy drop; }; }",
                  *self.lab.inside("backends"))
        backends = ", ".join(f"{i} : {backend_address(4, i)}" for i in range(BACKEND_COUNT))
        elements = f"elements = {{ {', '.join(blocked_prefixes(task.prefixes))} }}" if task.prefixes else ""
        self.load(f"""
            table ip bench {{
                set blocked {{ type ipv4_addr; flags interval; {elements} }}
                chain filter {{
                    type filter hook prerouting priority raw; policy drop;
                    ip saddr @blocked drop
                    ip saddr {CLIENT_PREFIXES[4]} ip daddr {VIPS[4]} tcp dport {PORT} accept
                }}
                chain balance {{
                    type nat hook prerouting priority dstnat;
                    ip daddr {VIPS[4]} tcp dport {PORT} \\
                        dnat to jhash ip saddr . tcp sport mod {BACKEND_COUNT} map {{ {backends} }}
                }}
            }}""")

    def stop(self) -> None:
        run("nft", "delete", "table", "ip", "bench")
        run(*self.lab.inside("backends", "nft", "delete", "table", "netdev", "sink"))


@dataclass(frozen=True)
class Counts:
    taken: int  # by the node
    lost: int  # before it took them, because its queue was full
    left: int  # for the backends

    @staticmethod
    def now() -> "Counts":
        def read(interface: str, counter: str) -> int:
            return int(pathlib.Path(f"/sys/class/net/{interface}/statistics/{counter}").read_text())

        return Counts(read("node0", "rx_packets"), read("node0", "rx_dropped"), read("out0", "tx_packets"))

    def __sub__(self, other: "Counts") -> "Counts":
        return Counts(self.taken - other.taken, self.lost - other.lost, self.left - other.left)


class Search:
    """For the highest rate of which no more than `LOSS` is lost, as RFC 2544, section 26.1, asks, though for less
    time. An overloaded node would do worse than it can: what it throws away costs it too."""

    def __init__(self, lab: Lab, programs: pathlib.Path, seconds: float):
        self.lab, self.programs, self.seconds = lab, programs, seconds
        self.first = 0

    def attempt(self, side: Sluice | NFTables, task: Task, kpps: float) -> float | None:
        """What came through, if that rate could be sent and little of it was lost."""
        interface = json.loads(run("ip", "-json", "-n", "generator", "link", "show", "gen0"))[0]["ifindex"]
        sender = subprocess.Popen(self.lab.inside(
            "generator", "taskset", "-c", GENERATOR_CPU, self.programs / "send", self.programs / "generator.bpf.o",
            interface, round(1_000_000 / kpps), 4, task.flows, self.first, 1, task.packet.template()))
        try:
            time.sleep(SETTLE)
            before, start = Counts.now(), time.monotonic()
            time.sleep(self.seconds)
            counts, passed = Counts.now() - before, time.monotonic() - start
            if sender.poll() is not None:
                raise SystemExit("bench: the generator stopped")
        finally:
            sender.kill()
            sender.wait()
        if task.flows == 0:
            self.first += 1 << 26
        if (counts.left > counts.taken / 1000) == task.denied:
            raise SystemExit(f"bench: {type(side).__name__}, {task}: {counts}")
        done, sent = counts.taken if task.denied else counts.left, counts.taken + counts.lost
        if done < sent * (1 - LOSS) or sent < kpps * 1000 * passed * REACHED:
            return None
        return done / passed / 1000

    def rate(self, side: Sluice | NFTables, task: Task) -> float:
        """Thousand packets per second."""
        low, high = RANGE
        best = 0.0
        side.start(task)
        try:
            while high / low > RESOLUTION:
                middle = (low * high) ** 0.5
                # A second try, because a hiccup of the machine is not the node's limit.
                got = self.attempt(side, task, middle) or self.attempt(side, task, middle)
                low, high = (low, middle) if got is None else (middle, high)
                best = max(best, got or 0)
        finally:
            side.stop()
        return best


def throughput(folder: pathlib.Path, sluice: pathlib.Path, programs: pathlib.Path, repeats: int, seconds: float,
               progress) -> list[dict]:
    lab = Lab()
    try:
        sides = {"sluice": Sluice(lab, folder, sluice, programs / "sink.bpf.o"), "nftables": NFTables(lab)}
        search = Search(lab, programs, seconds)
        rows = []
        for task in TASKS:
            rates = {name: [] for name in sides}
            for _ in range(repeats):
                for name, side in sides.items():
                    rates[name].append(search.rate(side, task))
            row = {"name": task.name, "flows": task.flows, "prefixes": task.prefixes}
            row |= {name: round(statistics.median(values), 1) for name, values in rates.items()}
            rows.append(row)
            progress(row)
        return rows
    finally:
        lab.remove()
