"""How many ranks write, and whether a thread of theirs does, changes no bit of output, and errors of that thread end the run."""

import json
import os
import pathlib
import signal
import subprocess
import sys

import pytest
import xarray as xr

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from model_run import (HAS_MPIRUN, IS_BUILT, differing, finished, leftovers, meridian, output_of, ranks_of,  # noqa: E402
                       refused, run, sets, start, state_hash, step_of, wait_until)

pytestmark = pytest.mark.skipif(not (IS_BUILT and HAS_MPIRUN), reason="MERIDIAN_EXECUTABLE or mpirun is not there")

# A level of 'snap' has 518 kB, so its variables have four pieces of 4 MB, and those of 'mean' two; surface fields have one.
CASE = """title: Writers
grid: {n_lon: 360, n_lat: 180, levels: L26}
time: {run_steps: 4}
dycore: {equations: hydrostatic, dt_s: 120}
initial: {name: ullrich}
physics: {suite: [held_suarez]}
output:
  budgets: 2 steps
  streams:
    - {name: snap, fields: [ps, ua, ta], every: 2 steps, precision: double}
    - {name: mean, fields: [ps, va], statistic: mean, every: 4 steps}
    - {name: high, fields: [zg], statistic: max, every: 2 steps, vertical: ["850", "500"]}
restart: {every: 3 steps}
log: {format: none}
"""
SMALL = ["grid.n_lon=24", "grid.n_lat=20", "dycore.dt_s=900", "time.run_steps=12"]
LONGEST_END = 10  # [s] until a failing job is gone


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    path = tmp_path_factory.mktemp("case") / "case.yaml"
    path.write_text(CASE)
    return path


@pytest.fixture(scope="module")
def plain(case, tmp_path_factory):
    """One rank that waits until its output is written."""
    folder = tmp_path_factory.mktemp("plain")
    finished(run(case, folder, "output.asynchronous=off"))
    assert {stream for stream, _ in output_of(folder)} == {"snap", "mean", "high", "budgets"}
    assert made_by(folder) == (1, False)
    return folder


def made_by(folder):
    record = json.loads((folder / "run.json").read_text())
    return record["output_writers"], record["output_asynchronous"]


def require_same(folder, plain):
    assert differing(output_of(folder), output_of(plain)) == []
    assert state_hash(folder) == state_hash(plain)
    assert leftovers(folder) == []


@pytest.mark.parametrize("asynchronous", [True, False])
@pytest.mark.parametrize("layout, writers", [("", 1), ("1x2", 1), ("1x2", 2), ("2x2", 3), ("1x4", 4)])
def test_any_number_of_writers_gives_the_same_bits(layout, writers, asynchronous, case, plain, tmp_path):
    finished(run(case, tmp_path, f"output.writers={writers}", "output.asynchronous=" + ("on" if asynchronous else "off"),
                 layout=layout))
    assert made_by(tmp_path) == (writers, asynchronous)
    require_same(tmp_path, plain)


def test_the_model_chooses_as_many_writers_as_have_work(case, plain, tmp_path):
    finished(run(case, tmp_path, layout="1x3"))
    assert made_by(tmp_path) == (3, False)
    require_same(tmp_path, plain)
    finished(run(case, tmp_path / "small", *SMALL, layout="1x3"))
    assert made_by(tmp_path / "small") == (1, True)


def test_what_physics_computes_is_missing_before_its_first_step(case, tmp_path):
    every_step = "output.streams=[{name: snap, every: 1 steps, fields: [ps, ta, tnt, tnt_held_suarez]}]"
    finished(run(case, tmp_path, *SMALL, "time.run_steps=4", "restart.every=never", every_step))
    [file] = (tmp_path / "output").glob("*.snap.*.nc")
    with xr.open_dataset(file) as data:
        missing = {name: data[name].isnull().mean(["lev", "lat", "lon"]).values.tolist() for name in ("ta", "tnt", "tnt_held_suarez")}
        assert missing == {"ta": [0] * 5, "tnt": [1, 1, 0, 0, 0], "tnt_held_suarez": [1, 1, 0, 0, 0]}
        assert abs(data["tnt"][2]).max() > 0


def test_more_writers_than_ranks_are_refused(case, tmp_path):
    words = "'output.writers' is 4; there are 3 ranks"
    refused(run(case, tmp_path / "run", *SMALL, "output.writers=4", layout="1x3"), 78, "command line", words)
    refused(meridian("check", case, "--ranks", "3", "--set", "output.writers=4"), 78, words)
    assert not (tmp_path / "run").exists()


# ---- failures of the thread ----

@pytest.fixture(scope="module")
def quiet(case, tmp_path_factory):
    folder = tmp_path_factory.mktemp("quiet")
    finished(run(case, folder, *SMALL))
    return folder


def stopped_by(faults, case, folder, *settings, layout="1x2"):
    """The run that these faults end; nothing half written has a final name, and the same command completes it."""
    result = run(case, folder, *SMALL, *settings, layout=layout, MERIDIAN_FAULTS=faults)
    assert result.seconds <= LONGEST_END
    assert all(name.endswith(".partial") or state_hash(folder / "restart" / name) for name in sets(folder))
    output_of(folder)  # every file with a final name can be read
    return result


def require_goes_on(case, folder, quiet):
    finished(run(case, folder, *SMALL))
    require_same(folder, quiet)


@pytest.mark.parametrize("layout", ["", "1x2"])
def test_an_error_of_the_thread_ends_the_run_as_one_of_the_model(layout, case, quiet, tmp_path):
    """Ninth is the last record of step 4: two at the start, three at step 2, four then."""
    result = stopped_by("stream_write:9@0=enospc", case, tmp_path, layout=layout)
    refused(result, 74, "No space left on device")
    assert [step_of(name) for name in sets(tmp_path)] == [3]
    require_goes_on(case, tmp_path, quiet)


def test_an_error_of_the_thread_ends_a_run_that_waits_for_another_rank(case, quiet, tmp_path):
    """Rank 1 hangs before it sends what is written: rank 0 waits for it, and cannot look for the error."""
    result = stopped_by("step:2@1=hang,stream_write:2@0=enospc", case, tmp_path, "output.budgets=never")
    refused(result, 74, "No space left on device")


def test_a_disk_that_does_not_answer_ends_the_run(case, quiet, tmp_path):
    refused(stopped_by("stream_write:4@0=hang", case, tmp_path, "log.watchdog_s=2"), 71, "No step has ended for")
    require_goes_on(case, tmp_path, quiet)


def test_a_rank_that_dies_while_the_thread_writes_ends_the_run(case, quiet, tmp_path):
    result = stopped_by("stream_write:4@0=hang,step:3@1=kill", case, tmp_path)
    assert result.code in (71, 128 + signal.SIGKILL) and result.messages == [], result
    require_goes_on(case, tmp_path, quiet)


@pytest.mark.parametrize("writers", [1, 2])
def test_a_signal_waits_for_what_is_being_written(writers, case, tmp_path):
    process = start(case, tmp_path, *(word for setting in [*SMALL, "time.run_steps=100000", "restart.every=never", "log.every_s=0",
                                                           f"output.writers={writers}"] for word in ("--set", setting)), ranks=2)
    try:
        wait_until((tmp_path / "log" / "progress.jsonl").exists)
        for pid in ranks_of(process, 2):
            os.kill(pid, signal.SIGUSR1)
        errors = process.communicate(timeout=30)[1]
    finally:
        process.kill()
    assert process.returncode == 75 and "ERROR" not in errors, errors
    assert leftovers(tmp_path) == []
    output_of(tmp_path)


@pytest.mark.parametrize("writers", [1, 2])
def test_a_disk_that_fills_while_the_model_goes_on(writers, case, quiet, tmp_path):
    """As long as a set is not due the files grow alone; the run ends where they do not fit."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("only root can mount a small disk")
    try:
        result = run(case, disk / "run", *SMALL, "output.deflate_level=0", "restart.every=never", "time.run_steps=60",
                     f"output.writers={writers}", layout="1x2")
        refused(result, 74)
        assert all(path.suffix == ".part" for path in (disk / "run" / "output").iterdir())
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
