"""The bench's policy files, made by the number of rules and services that they shall have."""

from packets import CLIENT_PREFIXES, PORT, VIPS, plus

BACKENDS = {4: "192.168.1.1", 6: "fd00:b::101"}
BACKEND_COUNT = 10


def policy(interface: str, version: int, forward: str, family: int, rules: int = 10, services: int = 1,
           scheduler: str = "maglev") -> str:
    """A file with VIPs of one IP version and backends of one family.

    All rules but the last name a /24 and a /56 of the clients each, spread over all of them, so that random clients
    meet as many different classes as there are; the last one lets every client in.
    """
    lines = ["version: 1", "defaults: {new-flows: 1000000000}", "interfaces:", f"  {interface}: {{mode: native}}", "services:"]
    for number in range(services):
        lines += [
            f"  service-{number}:",
            f"    vips: ['{plus(VIPS[version], number)}']",
            f"    ports: [{PORT}/tcp, 80/tcp]",
            f"    forward: {forward}",
            f"    scheduler: {scheduler}",
            "    backends:",
        ]
        lines += [f"      {backend_name(i)}: {{address: '{backend_address(family, i)}'}}" for i in range(BACKEND_COUNT)]
    lines.append("policies:")
    for number in range(rules - 1):
        block = number * 40503 % 65536
        high, low = block >> 8, block & 0xFF
        action, port = ("deny", 80) if number % 3 == 0 else ("allow", PORT)
        lines += [
            f"  rule-{number}:",
            f"    from: [{{cidr: 10.{high}.{low}.0/24}}, {{cidr: '2001:db8:{high:x}:{low << 8:x}::/56'}}]",
            f"    to: [service-{number % services}]",
            f"    ports: [{port}/tcp]",
            f"    action: {action}",
        ]
    everyone = ", ".join(f"{{cidr: '{prefix}'}}" for prefix in CLIENT_PREFIXES.values())
    lines += ["  clients:", f"    from: [{everyone}]", "    to: any", f"    ports: [{PORT}/tcp]"]
    return "\n".join(lines) + "\n"


def blocked_prefixes(count: int) -> list[str]:
    """Prefixes all over the clients that hold so few of them that hardly a random client is blocked."""
    return [f"10.{block >> 8}.{block & 0xFF}.{number % 64 * 4}/30"
            for number in range(count) for block in [number * 40503 % 65536]]


def blocking_policy(interface: str, blocked: int) -> str:
    """One IPv4 service for every client but `blocked` prefixes of them."""
    lines = policy(interface, 4, "ipip", 4, rules=1).splitlines()
    if blocked:
        lines += ["  blocked:", "    from: [blocked]", "    to: any", "    action: deny"]
        lines += ["identities:", "  blocked:", "    cidrs:"]
        lines += [f"      - {prefix}" for prefix in blocked_prefixes(blocked)]
    return "\n".join(lines) + "\n"


def backend_name(number: int) -> str:
    return f"backend-{number}"


def backend_address(family: int, number: int) -> str:
    return plus(BACKENDS[family], number)
