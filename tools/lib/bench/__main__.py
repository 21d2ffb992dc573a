"""The bench; `tools/bench` builds what it needs and runs it in namespaces of its own."""

import argparse
import json
import pathlib
import sys
import tempfile

import control
import report
import throughput
from datapath import Bench
from node import Node

PARTS = ["datapath", "control", "throughput"]


def main() -> None:
    arguments = argparse.ArgumentParser(prog="tools/bench", description=__doc__)
    arguments.add_argument("--quick", action="store_true", help="few rounds: shows that it works, not how fast")
    arguments.add_argument("--json", action="store_true", help="one document on standard output")
    arguments.add_argument("--only", choices=PARTS, action="append", help="this part; may be given several times")
    arguments.add_argument("--programs", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    arguments.add_argument("--sluice", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    options = arguments.parse_args()

    parts = options.only or PARTS
    repeats = 3 if options.quick else 11
    result: dict = {"machine": report.machine()}

    def progress(row: dict) -> None:
        print(" ", json.dumps(row), file=sys.stderr)

    with tempfile.TemporaryDirectory(prefix="sluice-bench-") as name:
        folder = pathlib.Path(name)
        if "datapath" in parts or "control" in parts:
            node = Node(folder, options.sluice)
            if "datapath" in parts:
                rounds = 200_000 if options.quick else 2_000_000
                bench = Bench(node, options.programs, options.programs / "generator.bpf.o", rounds, repeats)
                result["datapath"] = bench.all(progress)
            if "control" in parts:
                result["control"] = control.control(node, options.programs, repeats)
            node.remove()
        if "throughput" in parts:
            seconds = 0.3 if options.quick else 1
            result["throughput"] = throughput.throughput(
                folder, options.sluice, options.programs, 1 if options.quick else 3, seconds, progress)

    if options.json:
        json.dump(result, sys.stdout, indent=2)
        print()
    else:
        report.everything(result)


main()
