"""Two results of the benchmarks side by side."""

import json
import pathlib
import subprocess
import sys

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "bench_compare.py"


def result(path, **times):
    """A file as Google Benchmark writes it: times of a call, 100 cells each."""
    runs = [{"name": f"{name}/repeats:9", "run_type": "iteration", "cpu_time": 100 * time, "cells": 100}
            for name, all_times in times.items() for time in all_times]
    runs += [{"name": f"{name}/repeats:9_median", "run_type": "aggregate", "cpu_time": 1e9, "cells": 100} for name in times]
    path.write_text(json.dumps({"benchmarks": runs}))
    return path


def compared(*arguments):
    return subprocess.run([sys.executable, SCRIPT, *map(str, arguments)], capture_output=True, text=True, check=False)


def test_ratios_of_medians_with_the_spread_of_quartiles(tmp_path):
    copy = "copy of 64 MiB"
    old = result(tmp_path / "old.json", **{copy: [1.0] * 9, "same": [1, 2, 3, 4, 5], "slow": [2.0, 2.1, 1.9], "gone": [1]})
    new = result(tmp_path / "new.json", **{copy: [2.0] * 9, "same": [1, 2, 3, 4, 5], "slow": [6.0, 6.3, 5.7], "more": [1]})
    table = json.loads(compared(old, new, "--json").stdout)[""]
    rows = {row["name"]: row for row in table["rows"]}
    assert table["in_one_alone"] == ["gone", "more"]
    assert rows["same"]["ratio"] == 1 and (rows["same"]["low"], rows["same"]["high"]) == (0.5, 2) and not rows["same"]["verdict"]
    assert rows["same"]["in_copies"] == 0.5  # the machine copies half as fast
    slow = rows["slow"]
    assert abs(slow["ratio"] - 3) < 1e-12 and slow["verdict"] == "slower" and abs(slow["low"] - 5.85 / 2.05) < 1e-12
    back = json.loads(compared(new, old, "--json").stdout)[""]["rows"]
    assert {row["name"]: row["verdict"] for row in back}["slow"] == "faster"


def test_folders_are_compared_file_by_file(tmp_path):
    for folder, time in (("a", 2.0), ("b", 1.0)):
        (tmp_path / folder).mkdir()
        result(tmp_path / folder / "kernels_cpu.json", step=[time] * 3)
    text = compared(tmp_path / "a", tmp_path / "b").stdout
    assert "kernels_cpu" in text and "0.500" in text and "faster" in text


def test_what_is_no_result_is_refused(tmp_path):
    good = result(tmp_path / "good.json", step=[1.0])
    (tmp_path / "bad.json").write_text("{}")
    assert compared(good, tmp_path / "none.json").returncode == 66
    wrong = compared(good, tmp_path / "bad.json")
    assert wrong.returncode == 65 and "bad.json" in wrong.stderr
