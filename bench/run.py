"""Measure speed and accuracy: `make bench`, or `bench/run.py fit` or `workflow` alone.

Prints tables and writes bench/results.json. Nothing here is asserted in a test: the numbers
belong to a machine and its day.
"""

import os

# before numpy is imported: one thread, so that seconds of CPU are seconds of one core
os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")

import argparse
import json
import platform
import statistics
import sys
from importlib.metadata import version
from pathlib import Path

import fitting

import workflow

SECTIONS = {
    "fit": fitting.measure,
    "statistics": statistics.measure,
    "workflow": workflow.measure,
}
RESULTS = Path(__file__).parent / "results.json"


def main() -> None:
    """Run the sections named on the command line, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("sections", nargs="*", help=f"some of {', '.join(SECTIONS)}; default: all")
    wanted = parser.parse_args().sections or list(SECTIONS)
    if unknown := set(wanted) - set(SECTIONS):
        parser.error(f"no such section: {', '.join(sorted(unknown))}")
    measured = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    measured["machine"] = {
        "processor": processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
    } | {name: version(name) for name in ("numpy", "scipy", "pandas", "snakemake")}
    for section in wanted:
        measured[section] = SECTIONS[section]()
        RESULTS.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
    print(f"\nwritten: {RESULTS}")


def processor() -> str:
    """Name of the processor, as far as the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((li.split(": ")[1] for li in lines if li.startswith("model name")), "unknown")


if __name__ == "__main__":
    sys.exit(main())
