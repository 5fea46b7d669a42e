"""Runs the benchmarks, prints ratios of times measured side by side, writes them to var/bench.json.

Every part is a file bench_PART.py with a function `measure() -> dict[str, float]`, whose keys begin
with the name of the part. Run it by `make bench`, or `make bench ONLY=features` for one part. The
part `grid` and parts whose name ends in `_large` or `_s3` run only if they are asked for.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
RESULTS = HERE.parents[1] / "var" / "bench.json"


def main() -> None:
    parts = sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))
    parser = argparse.ArgumentParser(description="Measure Tocsin.")
    parser.add_argument("--only", choices=parts, help="one part")
    only = parser.parse_args().only
    sys.path[:0] = [str(HERE), str(HERE.parents[1])]
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    usual = [part for part in parts if not part.endswith(("grid", "_large", "_s3"))]
    for part in [only] if only else usual:
        found = importlib.import_module(f"bench_{part}").measure()
        results.update(found)
        for key, value in found.items():
            print(f"{key:48} {value:12.4g}", flush=True)
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(dict(sorted(results.items())), indent=2) + "\n")
    print(f"Written to {RESULTS}")


if __name__ == "__main__":
    main()
