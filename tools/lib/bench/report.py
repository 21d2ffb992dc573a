"""Prints what was measured."""

import os
import platform
import re


def machine() -> dict:
    with open("/proc/cpuinfo") as file:
        model = re.search(r"^model name\s*: (.*)$", file.read(), re.MULTILINE)
    return {"kernel": platform.release(), "cpu": model[1] if model else platform.machine(), "cpus": os.cpu_count()}


def table(rows: list[list[str]], right: int) -> None:
    """Columns from `right` on hold numbers."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row[:right], widths)]
        cells += [cell.rjust(width) for cell, width in zip(row[right:], widths[right:])]
        print("  ".join(cells).rstrip())


def flows(count: int) -> str:
    return "new" if count == 0 else f"{count:,}"


def datapath(rows: list[dict]) -> None:
    print("\nData path: nanoseconds per packet over the floor; between quartiles; ratio to the first line\n")
    lines = [["packet", "flows", "rules", "services", "cost", "spread", "ratio", "floor"]]
    for row in sorted(rows, key=lambda row: (row["flows"] == 0, row["flows"], row["rules"] > 10, row["services"] > 1)):
        lines.append([
            row["name"], flows(row["flows"]), f"{row['rules']:,}", f"{row['services']:,}", f"{row['cost']:.1f}",
            f"{row['spread']:.1f}", f"{row['ratio']:.2f}", f"{row['floor']:.1f}"])
    table(lines, 1)


def control(times: dict) -> None:
    print("\nControl plane: 1,000 services of 10 backends, 1,000 rules; milliseconds\n")
    table([[name, f"{value:.1f}"] for name, value in times.items()], 1)


def comparison(rows: list[dict]) -> None:
    print("\nThroughput over veth, the node on one core: thousand packets per second of which at most 2 % are lost\n")
    lines = [["task", "flows", "prefixes", "sluice", "nftables", "ratio"]]
    for row in rows:
        lines.append([
            row["name"], flows(row["flows"]), f"{row['prefixes']:,}", f"{row['sluice']:,.0f}",
            f"{row['nftables']:,.0f}", f"{row['sluice'] / row['nftables']:.1f}" if row["nftables"] else "-"])
    table(lines, 1)


def everything(result: dict) -> None:
    about = result["machine"]
    print(f"Linux {about['kernel']}, {about['cpu']}, {about['cpus']} CPUs")
    for part, show in {"datapath": datapath, "control": control, "throughput": comparison}.items():
        if part in result:
            show(result[part])
