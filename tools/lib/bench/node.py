"""The node under test: one interface, ten neighbours, and the `sluice` of this tree."""

import pathlib
import subprocess
import time

from policies import BACKEND_COUNT, backend_address

INSTANCE = "bench"
PROGRAM = f"/sys/fs/bpf/sluice/{INSTANCE}/prog/ingress"


def run(*words: object) -> str:
    """Runs a command and returns what it prints; ends the bench with its complaint where it fails."""
    result = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if result.returncode != 0:
        raise SystemExit(f"bench: {' '.join(map(str, words))}: {result.stderr}")
    return result.stdout


def index(interface: str) -> int:
    return int(pathlib.Path(f"/sys/class/net/{interface}/ifindex").read_text())


class Node:
    """An interface whose other end nobody listens to, with a neighbour entry for each backend, so that next hops come
    from the kernel's own tables."""

    def __init__(self, folder: pathlib.Path, sluice: pathlib.Path, interface: str = "bench0"):
        self.folder = folder
        self.sluice_path = sluice
        self.interface = interface
        run("ip", "link", "add", interface, "type", "veth", "peer", "name", "bench1")
        for name in (interface, "bench1"):
            run("ip", "link", "set", name, "up")
        run("ip", "address", "add", "192.168.0.1/16", "dev", interface)
        run("ip", "address", "add", "fd00:b::1/64", "dev", interface, "nodad")
        for family in (4, 6):
            for number in range(BACKEND_COUNT):
                run("ip", "neighbour", "add", backend_address(family, number), "dev", interface,
                    "lladdr", f"02:00:00:00:{family:02x}:{number:02x}", "nud", "permanent")
        self.index = index(interface)

    def sluice(self, *words: object) -> str:
        return run(self.sluice_path, *words, "--instance", INSTANCE)

    def write(self, text: str) -> pathlib.Path:
        path = self.folder / "bench.yaml"
        path.write_text(text)
        return path

    def apply(self, text: str) -> float:
        """Seconds it took."""
        path = self.write(text)
        start = time.monotonic()
        self.sluice("apply", path)
        return time.monotonic() - start

    def down(self) -> None:
        self.sluice("down")

    def remove(self) -> None:
        run("ip", "link", "delete", self.interface)
