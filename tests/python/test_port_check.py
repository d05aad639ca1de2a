"""`meridian doctor`, and what scripts/port_check makes of a machine that is fit and of one that is not."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from model_run import HAS_MPIRUN, IS_BUILT, meridian, refused  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
needs_model = pytest.mark.skipif(not IS_BUILT, reason="MERIDIAN_EXECUTABLE is not there")

# Stands in for the model: what differs from a fit machine comes from the environment.
PROGRAM = """#!/usr/bin/env python3
import json, os, pathlib, sys
words = sys.argv[1:]
folder = pathlib.Path(words[words.index("--run-dir") + 1]) if "--run-dir" in words else None
if words[0] == "submit":
    ranks = int(words[words.index("--ranks") + 1])
    if ranks > int(os.environ.get("ROOM", "2")):
        sys.exit(78)
    print(json.dumps({"environment": ["export OMP_NUM_THREADS=1"], "launcher": "env RANKS=%d" % ranks}))
elif words[0] == "doctor":
    print(json.dumps({"copy_bandwidth": 2e10, "parallel_write": 3e8, "mpi_gpu_aware": "no", "precision": "double",
                      "ranks_per_gpu": int(os.environ.get("SHARED", "1"))}))
elif words[0] == "run":
    (folder / "log").mkdir(parents=True, exist_ok=True)
    (folder / "hash").write_text(os.environ["RANKS"] if "BITS" in os.environ else "same")
    wind = os.environ.get("WIND", "28") if "RANKS" not in os.environ else "28"
    wind = None if wind == "unknown" else float(wind)  # the other build has no launcher
    report = {"max_wind_m_per_s": wind, "courant": 0.5, "mass_drift": 0, "energy_drift": 4e-5,
              "angular_momentum_drift": -1e-4}
    (folder / "log" / "progress.jsonl").write_text(json.dumps(report))
    (folder / "run.json").write_text(json.dumps({"precision": "float"}))
elif words[0] == "hash":
    print((pathlib.Path(words[1]) / "hash").read_text())
elif words[0] == "verify":
    print("1 figures, 0 failed" if words[1] != os.environ.get("BAD") else "  l2_error 1 <= 0.5 FAILED")
    sys.exit(int(words[1] == os.environ.get("BAD")))
"""


def suite(tmp_path, **changes):
    """Exit code and lines of the report on the machine that stands in."""
    program = tmp_path / "meridian"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    source = (ROOT / "scripts" / "lib" / "port_check.py").read_text()
    tree = tmp_path / "tree" / "scripts" / "lib"
    tree.mkdir(parents=True, exist_ok=True)
    (tree / "port_check.py").write_text(source)
    if "WIND" in changes:
        other = tmp_path / "tree" / "build" / "fp32"
        other.mkdir(parents=True)
        (other / "meridian").symlink_to(program)
    done = subprocess.run([sys.executable, str(tree / "port_check.py"), str(program), "cpu", "here",
                           str(tmp_path / "report")], env={**os.environ, **changes}, capture_output=True, text=True,
                          timeout=60, check=False)
    record = json.loads((tmp_path / "report" / "port_check.json").read_text())
    page = (tmp_path / "report" / "port_check.md").read_text()
    for line in record["lines"]:
        assert f"| {line['name']} | {line['status']} | " in page
    return done.returncode, {line["name"]: (line["status"], line["figure"]) for line in record["lines"]}


def test_a_fit_machine_passes_and_what_was_left_out_is_said(tmp_path):
    code, lines = suite(tmp_path)
    assert code == 0 and {status for status, _ in lines.values()} == {"passed", "left out"}
    assert lines["layouts"] == ("passed", "state hash same on 1x1, 1x2, 2x1 ranks")
    assert lines["layouts 2x2, 2x4"][0] == "left out" and lines["comparison of two builds"][0] == "left out"
    code, lines = suite(tmp_path, WIND="28.00001")
    assert code == 0 and lines["comparison with fp32"][0] == "passed" and "allowed 1e-05" in lines["comparison with fp32"][1]


def test_more_ranks_are_used_where_there_is_room(tmp_path):
    code, lines = suite(tmp_path, ROOM="8")
    assert code == 0 and "2x4" in lines["layouts"][1] and lines["restart"][1].endswith("2x4 after")


@pytest.mark.parametrize("name, figure, changes", [
    ("layouts", "the bits differ", {"BITS": "1"}),
    ("restart", "the bits differ", {"BITS": "1"}),
    ("doctor", "2 ranks share a GPU", {"SHARED": "2"}),
    ("verify galewsky", "l2_error 1 <= 0.5 FAILED", {"BAD": "galewsky"}),
    ("comparison with fp32", "max_wind_m_per_s", {"WIND": "28.01"}),
    ("comparison with fp32", "cannot be read", {"WIND": "unknown"}),
    ("start", "code 78", {"ROOM": "0"}),
])
def test_what_is_wrong_fails_its_line(name, figure, changes, tmp_path):
    code, lines = suite(tmp_path, **changes)
    assert code == 1 and lines[name][0] == "failed" and figure in lines[name][1], lines


@needs_model
def test_the_doctor_measures_and_leaves_nothing(tmp_path):
    result = meridian("doctor", "--json", "--run-dir", tmp_path)
    found = json.loads(result.output)
    assert result.code == 0 and found["not_usable"] == [] and list(tmp_path.iterdir()) == []
    for name in ("copy_bandwidth", "parallel_write", "clock_resolution", "disk_free", "device_memory"):
        assert found[name] > 0
    assert 1e8 < found["copy_bandwidth"] < 1e14 and found["clock_resolution"] < 1e-5
    assert found["mpi_gpu_aware"] in ("yes", "no", "unknown") and found["compiler"] and found["mpi"]
    assert "parallel_write" in meridian("doctor", cwd=tmp_path).output


@needs_model
@pytest.mark.skipif(not HAS_MPIRUN, reason="mpirun is not there")
def test_the_doctor_writes_with_all_ranks(tmp_path):
    result = meridian("doctor", "--json", "--run-dir", tmp_path, ranks=2)
    assert result.code == 0 and json.loads(result.output)["ranks"] == 2 and list(tmp_path.iterdir()) == []
    refused(meridian("doctor", "--run-dir", tmp_path / "none", ranks=2), 74, "creating it failed")


@needs_model
def test_the_doctor_says_what_is_not_usable(tmp_path):
    result = meridian("doctor", "--json", "--run-dir", tmp_path / "none")
    assert result.code == 74 and json.loads(result.output)["not_usable"] == ["parallel_write"]


def test_wrong_words_are_refused():
    for words, code in ((["--machin", "x"], 64), (["--machine", "nowhere"], 66)):
        done = subprocess.run([str(ROOT / "scripts" / "port_check"), *words], capture_output=True, text=True, timeout=60,
                              check=False)
        assert done.returncode == code and done.stderr.startswith("ERROR ")
