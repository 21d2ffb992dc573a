"""Nanoseconds per packet, over what the generator alone takes."""

import itertools
import statistics
from dataclasses import dataclass, replace

import packets
from node import PROGRAM, Node, run
from packets import ACK, SYN, Packet
from policies import policy

DROP, TX, REDIRECT = 1, 3, 4
NEW = 0
OVERHEAD = {"direct": {4: 0, 6: 0}, "ipip": {4: 20, 6: 40}, "nat": {4: 0, 6: 0}}


@dataclass(frozen=True)
class Scenario:
    version: int = 4
    forward: str = "ipip"
    family: int = 4  # of the backends
    flags: int = ACK
    flows: int = 1
    rules: int = 10
    services: int = 1
    denied: bool = False
    scheduler: str = "maglev"

    @property
    def file(self) -> tuple:
        return (self.version, self.forward, self.family, self.rules, self.services, self.scheduler)

    @property
    def name(self) -> str:
        what = "new" if self.flags == SYN else "established"
        how = "denied" if self.denied else f"{self.forward} to IPv{self.family}"
        scheduler = "" if self.scheduler == "maglev" else f", {self.scheduler}"
        return f"IPv{self.version} {what}, {how}{scheduler}"

    @property
    def packet(self) -> Packet:
        source = packets.STRANGERS[self.version] if self.denied else ""
        return Packet(self.version, self.flags, source)


def scenarios() -> list[Scenario]:
    """Established and new flows first, then one dimension at a time."""
    found = []
    for flows in (1, 100_000):
        found += [Scenario(flows=flows), Scenario(flags=SYN, flows=flows)]
        found += [Scenario(flows=flows, rules=rules) for rules in (1_000, 10_000)]
        found += [Scenario(flows=flows, services=1_000)]
        found += [Scenario(4, "ipip", 6, flows=flows), Scenario(6, "ipip", 4, flows=flows)]
        found += [Scenario(6, "ipip", 6, flows=flows), Scenario(6, "ipip", 6, flows=flows, rules=10_000)]
        found += [Scenario(version, forward, version, flows=flows) for forward in ("direct", "nat") for version in (4, 6)]
        found += [Scenario(version, "ipip", version, flows=flows, denied=True) for version in (4, 6)]
    for scheduler in ("round-robin", "random", "least-connections", "latency"):
        found += [Scenario(flows=flows, scheduler=scheduler) for flows in (1, 100_000)]
        found += [Scenario(flags=SYN, flows=NEW, scheduler=scheduler)]
    found += [Scenario(flags=SYN, flows=NEW), Scenario(6, "ipip", 6, SYN, NEW), Scenario(4, "nat", 4, SYN, NEW)]
    return sorted(found, key=lambda scenario: scenario.file)


class Bench:
    def __init__(self, node: Node, programs, generator, rounds: int, repeats: int):
        self.node, self.programs, self.generator = node, programs, generator
        self.rounds, self.repeats = rounds, repeats
        self.first = 0

    def once(self, scenario: Scenario, target: object) -> float:
        words = run(
            "taskset", "-c", "1", self.programs / "measure", self.generator, target, self.node.index, self.rounds,
            scenario.version, scenario.flows, self.first, scenario.services, scenario.packet.template()).split()
        if scenario.flows == NEW:
            self.first += 2 * self.rounds
        if target != "floor":
            self.judge(scenario, int(words[1]), int(words[2]))
        return float(words[0])

    def open(self, scenario: Scenario) -> None:
        """Established flows of a scheduler that remembers them are opened before."""
        if scenario.scheduler != "maglev" and scenario.flags == ACK:
            self.once(replace(scenario, flags=SYN), PROGRAM)

    def judge(self, scenario: Scenario, verdict: int, length: int) -> None:
        """A figure counts only where the program did its work."""
        grown = 0 if scenario.denied else OVERHEAD[scenario.forward][scenario.family]
        expected = (DROP,) if scenario.denied else (TX, REDIRECT)
        if verdict not in expected or length != scenario.packet.length + grown:
            raise SystemExit(f"bench: {scenario}: verdict {verdict}, {length} bytes")

    def measure(self, scenario: Scenario) -> dict:
        """Floor and program in turn, so that both see the same moods of the machine."""
        floor, whole = [], []
        self.open(scenario)
        for _ in range(self.repeats):
            floor.append(self.once(scenario, "floor"))
            whole.append(self.once(scenario, PROGRAM))
        return {
            "name": scenario.name,
            "flows": scenario.flows,
            "rules": scenario.rules,
            "services": scenario.services,
            "floor": round(statistics.median(floor), 1),
            "cost": round(statistics.median(whole) - statistics.median(floor), 1),
            "spread": round(statistics.quantiles(whole, n=4)[2] - statistics.quantiles(whole, n=4)[0], 1),
        }

    def all(self, progress) -> list[dict]:
        rows = []
        for file, group in itertools.groupby(scenarios(), key=lambda scenario: scenario.file):
            self.node.apply(policy(self.node.interface, *file))
            try:
                for scenario in group:
                    rows.append(self.measure(scenario))
                    progress(rows[-1])
            finally:
                self.node.down()
        base = next(row for row in rows if row["name"] == Scenario().name and row["flows"] == 1 and row["rules"] == 10
                    and row["services"] == 1)
        for row in rows:
            row["ratio"] = round(row["cost"] / base["cost"], 2)
        return rows
