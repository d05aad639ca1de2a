#!/usr/bin/env python3
"""Compares two results of the benchmarks: scripts/bench --json DIR writes them.

    scripts/bench_compare.py OLD NEW [--json]      files, or folders of files of the same names

For each benchmark: median time of a cell [ns] in OLD and NEW, the ratio NEW / OLD with its spread (quartiles of the repetitions),
and the ratio in copies: both times measured in the copy of the same run, so that two machines can be compared. "faster" and
"slower" where the whole spread lies on one side of 1. No time decides an exit code: 0, and 66 or 65 for a file that is missing or
no result.
"""

import argparse
import json
import pathlib
import statistics
import sys

MISSING, BAD_DATA = 66, 65
COPY = "copy"  # of so many MiB


def times_of(path):
    """{benchmark: times of a cell [ns], sorted} of a file; a benchmark of another precision has another name."""
    try:
        runs = json.loads(path.read_text())["benchmarks"]
        result = {}
        for run in runs:
            if run["run_type"] == "iteration":
                name, *details = run["name"].split("/")
                time = run["real_time" if "real_time" in details else "cpu_time"]
                result.setdefault(COPY if name.startswith("copy of ") else name, []).append(time / run["cells"])
    except FileNotFoundError:
        fail(MISSING, f"There is no file '{path}': scripts/bench --json DIR writes such files.")
    except (ValueError, KeyError, TypeError) as error:
        fail(BAD_DATA, f"'{path}' is no result of the benchmarks ({error!r}): scripts/bench --json DIR writes such files.")
    return {name: sorted(times) for name, times in result.items()}


def fail(code, sentence):
    print(sentence, file=sys.stderr)
    sys.exit(code)


def quartiles(times):
    return statistics.quantiles(times, n=4, method="inclusive") if len(times) > 1 else [times[0]] * 3


def compare(old, new):
    """A row for each benchmark of both; those of one alone have none."""
    rows = []
    copy = statistics.median(new[COPY]) / statistics.median(old[COPY]) if COPY in old and COPY in new else None
    for name in old:
        if name not in new:
            continue
        (low_old, mid_old, high_old), (low_new, mid_new, high_new) = quartiles(old[name]), quartiles(new[name])
        low, high = low_new / high_old, high_new / low_old
        rows.append({"name": name, "old_ns": mid_old, "new_ns": mid_new, "ratio": mid_new / mid_old, "low": low, "high": high,
                     "in_copies": mid_new / mid_old / copy if copy else None,
                     "verdict": "faster" if high < 1 else "slower" if low > 1 else ""})
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", type=pathlib.Path)
    parser.add_argument("new", type=pathlib.Path)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    pairs = [("", arguments.old, arguments.new)]
    if arguments.old.is_dir():
        pairs = [(p.stem, p, arguments.new / p.name) for p in sorted(arguments.old.glob("*.json"))]
        if not pairs:
            fail(MISSING, f"The folder '{arguments.old}' has no JSON file: scripts/bench --json DIR writes them.")
    tables = {}
    for title, old, new in pairs:
        times_old, times_new = times_of(old), times_of(new)
        tables[title] = {"rows": compare(times_old, times_new), "in_one_alone": sorted(times_old.keys() ^ times_new.keys())}
    if arguments.json:
        print(json.dumps(tables, indent=2))
        return
    print(f"{'':<52} {'old ns':>9} {'new ns':>9} {'ratio':>6} {'spread':>13} {'copies':>7}")
    for title, table in tables.items():
        if title:
            print(f"\n{title}")
        for r in table["rows"]:
            copies = f"{r['in_copies']:>7.3f}" if r["in_copies"] else f"{'':>7}"
            print(f"{r['name'][:52]:<52} {r['old_ns']:>9.3f} {r['new_ns']:>9.3f} {r['ratio']:>6.3f} "
                  f"{r['low']:>6.3f}-{r['high']:<6.3f} {copies} {r['verdict']}".rstrip())
        for name in table["in_one_alone"]:
            print(f"{name[:52]:<52} in one alone")


if __name__ == "__main__":
    main()
