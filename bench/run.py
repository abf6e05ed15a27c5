"""Measure speed and accuracy: `make bench`, or one section: `make bench ARGS=fit`.

Prints tables and writes results.json. Nothing here is asserted in a test: the numbers belong
to a machine and its day.
"""

import os

# before numpy is imported: one thread, so that seconds of CPU are seconds of one core
os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")

import argparse
import json
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import animals
import depletion
import figures
import fitting
import replication

import report
import workflow

HERE = Path(__file__).parent
RESULTS = HERE / "results.json"


def peers() -> None:
    """The curve engine beside other programs, which have an environment and results of their own.

    Raises
    ------
    SystemExit
        If one of them cannot be installed or run, with its name.
    """
    if status := subprocess.run([sys.executable, HERE / "peers" / "run.py"]).returncode:
        raise SystemExit(status)


SECTIONS = {
    "fit": fitting.measure,
    "depletion": depletion.measure,
    "statistics": replication.measure,
    "workflow": workflow.measure,
    "figures": figures.measure,
    "animals": animals.measure,
    "report": report.measure,
    "peers": peers,
}


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
        if (numbers := SECTIONS[section]()) is not None:
            measured[section] = numbers
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
