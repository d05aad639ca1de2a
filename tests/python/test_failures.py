"""Failing runs through the executable: exit code, one message, the whole job gone, the last good set intact."""

import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time

import netCDF4
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from model_run import (HAS_MPIRUN, IS_BUILT, differing, finished, leftovers, meridian, output_of, ranks_of,  # noqa: E402
                       refused, run, sets, start, state_hash, step_of, wait_until, write_topography)

pytestmark = pytest.mark.skipif(not (IS_BUILT and HAS_MPIRUN), reason="MERIDIAN_EXECUTABLE or mpirun is not there")

STEPS = 12
CASE = """title: Failures
grid: {n_lon: 24, n_lat: 12, levels: L26}
time: {run_steps: 12}
dycore: {equations: hydrostatic, dt_s: 1200}
initial: {name: ullrich}
boundary: {topography: topography.nc, smoothing_passes: 2}
physics: {suite: [held_suarez]}
output:
  streams:
    - {name: snap, fields: [ps, ta], every: 2 steps}
    - {name: mean, fields: [ps, ua], statistic: mean, every: 2 hours}
restart: {every: 4 steps, keep: 2}
log: {format: none}
"""
SHALLOW_WATER = """title: Failures, shallow water
grid: {n_lon: 36, n_lat: 18}
time: {run_days: 10000}
dycore: {equations: shallow_water, dt_s: 900}
initial: {name: williamson_2}
output: {streams: [{name: snap, fields: [h, ua], every: 1 day}]}
restart: {every: never}
log: {format: none, every_s: 0}
"""
RANKS = {"one process": "", "two ranks": "1x2"}
LONGEST_END = 10  # [s] until a failing job is gone


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    folder = tmp_path_factory.mktemp("case")
    write_topography(folder / "topography.nc")
    (folder / "case.yaml").write_text(CASE)
    return folder / "case.yaml"


@pytest.fixture(scope="module")
def water(case):
    path = case.parent / "water.yaml"
    path.write_text(SHALLOW_WATER)
    return path


@pytest.fixture(scope="module")
def quiet(case, tmp_path_factory):
    """The run that nothing disturbs; others copy it and must not change it."""
    folder = tmp_path_factory.mktemp("quiet")
    finished(run(case, folder))
    assert [step_of(name) for name in sets(folder)] == [8, 12]
    return folder


@pytest.fixture
def half(quiet, tmp_path):
    """A run directory whose newest set is that of step 8."""
    folder = tmp_path / "half"
    shutil.copytree(quiet, folder)
    shutil.rmtree(folder / "restart" / sets(folder)[-1])
    return folder


def contents(folder):
    """Bytes of all files below, but those that say how the last call went."""
    told = ("progress.jsonl", "timing.txt", "run.json", "case.resolved.yaml", "case.yaml", "lock")
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*")
            if path.is_file() and path.name not in told}


def require_same(folder, quiet):
    assert state_hash(folder) == state_hash(quiet)
    assert differing(output_of(folder), output_of(quiet)) == []
    assert leftovers(folder) == []


# ---- inputs ----

def cut(path):
    os.truncate(path, path.stat().st_size // 2)


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 16
    path.write_bytes(data)


def no_topography(path):
    path.unlink()


def topography_of_text(path):
    path.write_text("not a NetCDF file\n")


def topography_with_nan(path):
    write_topography(path, spoil=(20, 30))


@pytest.mark.parametrize("layout", RANKS.values(), ids=RANKS.keys())
@pytest.mark.parametrize("damage, code, words", [
    (no_topography, 66, "topography.nc"),
    (cut, 65, "topography.nc"),
    (topography_of_text, 65, "is not NetCDF"),
    (topography_with_nan, 65, "orog"),
])
def test_bad_topography(damage, code, words, layout, case, tmp_path):
    for path in case.parent.glob("*"):
        shutil.copy(path, tmp_path)
    damage(tmp_path / "topography.nc")
    result = run(tmp_path / "case.yaml", tmp_path / "run", layout=layout)
    refused(result, code, words)
    assert result.seconds <= LONGEST_END
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("file", ["state.nc", "MANIFEST"])
@pytest.mark.parametrize("damage", [cut, flip])
def test_a_damaged_set_is_refused_by_name(damage, file, quiet, case, half, tmp_path):
    damaged = half / "restart" / sets(half)[-1]
    damage(damaged / file)
    refused(run(case, tmp_path / "other", "--resume", damaged), 65, str(damaged / file))
    refused(run(case, tmp_path / "other", "--resume", damaged, layout="1x2"), 65, str(damaged / file))
    refused(meridian("hash", half), 65, str(damaged / file))
    # Nor is it replaced by the initial state, which would remove the output: that must be asked for.
    before = {path.name: path.read_bytes() for path in (half / "output").iterdir()}
    result = run(case, half)
    refused(result, 65, "None of the restart sets", "--resume none")
    assert f"WARNING Restart set '{damaged.name}' is passed over" in result.errors
    assert {path.name: path.read_bytes() for path in (half / "output").iterdir()} == before
    finished(run(case, half, "--resume", "none"))
    require_same(half, quiet)


def test_a_set_of_another_grid_is_refused(case, half, tmp_path):
    resume = ("--resume", half / "restart" / sets(half)[-1])
    refused(run(case, tmp_path / "other", "grid.n_lon=48", *resume), 65, "'grid.n_lon' was 24 and is 48")
    refused(run(case, tmp_path / "other", "grid.levels=sigma:26", *resume), 65, "'grid.levels' was L26 and is \"sigma:26\"")
    # A file that a MANIFEST with right checksums belongs to, but not this run's.
    refused(run(case, tmp_path / "other", "--resume", tmp_path / "nowhere"), 66, "nowhere")


@pytest.mark.parametrize("layout", RANKS.values(), ids=RANKS.keys())
def test_wrong_words_are_refused(layout, case, tmp_path):
    refused(run("held_suares", tmp_path / "run", layout=layout), 78, "did you mean 'held_suarez'")
    refused(run(case, tmp_path / "run", "dycore.dt=5", layout=layout), 78, "did you mean 'dycore.dt_s'")
    refused(run(case, tmp_path / "run", "time.run_days=0.01", layout=layout), 78, "no whole number of steps")
    refused(run(case, tmp_path / "run", "dycore.remap_reference_k=200", "grid.levels=L60", layout=layout), 78, "begin at 0 Pa")
    refused(run(case, tmp_path / "run", "--fast", layout=layout), 64, "--fast")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("layout, n_lat, words", [
    ("4x1", 20, "allowed: 1x4, 2x2"), ("3x1", 20, "allowed: 1x3"),
    ("1x3", 12, "3 ranks do not fit a grid of 24 x 12 cells; the nearest number that fits is 2 below and 4 above"),
])
def test_a_bad_layout_names_the_allowed_ones(layout, n_lat, words, case, tmp_path):
    refused(run(case, tmp_path / "run", f"grid.n_lat={n_lat}", layout=layout), 78, words)
    assert not (tmp_path / "run").exists()


# ---- the run directory ----

def test_a_file_in_the_way(case, tmp_path):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        refused(run(case, folder), 73, str(tmp_path / "file"))
        refused(run(case, folder, layout="1x2"), 73, str(tmp_path / "file"))
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "restart").write_text("")
    refused(run(case, tmp_path / "run"), 73, "restart")


def test_a_directory_that_cannot_be_written(case, tmp_path):
    for folder in ("/proc/meridian", "/sys/meridian"):  # not even for root
        for layout in RANKS.values():
            result = refused(run(case, folder, layout=layout), 73, folder, "--run-dir")
            assert result.seconds <= 5


def test_of_many_starts_one_wins(water, tmp_path):
    processes = [start(water, tmp_path) for _ in range(6)]
    try:
        wait_until(lambda: sum(process.poll() is None for process in processes) == 1)
        ends = [process for process in processes if process.poll() is not None]
        assert [process.returncode for process in ends] == [73] * 5
        assert all("in use by another run" in process.stderr.read() for process in ends)
        wait_until((tmp_path / "log" / "progress.jsonl").exists)
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def test_a_refused_restart_leaves_no_lock(water, tmp_path):
    """Another host cannot tell it from that of a living run."""
    finished(run(water, tmp_path, "time.run_steps=2"))
    for setting, words in (("time.run_steps=1", "after the end of this run"), ("dycore.dt_s=600", "'dycore.dt_s' was 900")):
        for layout in RANKS.values():
            record = (tmp_path / "run.json").read_text()
            refused(run(water, tmp_path, setting, layout=layout), 78, words)
            assert not (tmp_path / "lock").exists()
            assert (tmp_path / "run.json").read_text() == record, "it is that of the run before"


def test_a_directory_in_use(water, tmp_path):
    first = start(water, tmp_path)
    try:
        wait_until((tmp_path / "log" / "progress.jsonl").exists)
        before = contents(tmp_path).keys()
        refused(run(water, tmp_path), 73, "in use by another run", f"pid {first.pid}")
        refused(run(water, tmp_path, layout="1x2"), 73, "in use by another run")
        assert contents(tmp_path).keys() == before
    finally:
        first.kill()
        first.communicate()
    finished(run(water, tmp_path, "time.run_steps=1"))  # the lock of a dead run holds nobody up
    assert not (tmp_path / "lock").exists()


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 2 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("only root can mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("layout", RANKS.values(), ids=RANKS.keys())
@pytest.mark.parametrize("room", [0, 40, 700, 1100, 1800])
def test_a_full_disk(room, layout, small_disk, quiet, case):
    """Room [KiB] for nothing, the first files, some output; at last the disk fills in a later set."""
    folder = small_disk / "run"
    filler = small_disk / "filler"
    filler.write_bytes(bytes(1024 * (2 * 1024 - room)))
    result = run(case, folder, "output.deflate_level=0", layout=layout)
    refused(result, 74)
    if room == 700:
        assert "WARNING Output and restart sets may take" in result.errors and "MiB left" in result.errors
    assert result.seconds <= LONGEST_END
    if room:
        kept = sets(folder)
        assert not any(name.endswith(".partial") for name in kept)
        assert all(size > 0 for size in (path.stat().st_size for path in folder.rglob("*.nc")))
    filler.unlink()
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    result = finished(run(case, folder, layout=layout))
    assert "passed over" not in result.errors
    assert state_hash(folder) == state_hash(quiet)
    assert differing(output_of(folder), output_of(quiet)) == []


# ---- numerical failure ----

@pytest.mark.parametrize("layout, rank, place", [
    ("", 0, "latitude -90, longitude 7.5"), ("2x2", 0, "latitude -90, longitude 7.5"),
    ("2x2", 3, "latitude 0, longitude 187.5"),
])
def test_a_nan_is_named_and_no_set_is_written_after_it(layout, rank, place, quiet, case, tmp_path):
    result = run(case, tmp_path, "restart.every=2 steps", layout=layout, MERIDIAN_FAULTS=f"state_nan:6@{rank}=nan")
    refused(result, 76, f"'y_wind' is nan m s-1 at level 13 from the top, {place} after step 6, 2000-01-01T02:00:00, "
                        f"rank {rank}", str(tmp_path / "restart" / "20000101T012000-4"))
    assert [step_of(name) for name in sets(tmp_path)] == [2, 4]
    assert not list((tmp_path / "output").glob("*T0200.nc"))
    assert result.seconds <= LONGEST_END
    finished(run(case, tmp_path, layout=layout))
    require_same(tmp_path, quiet)


@pytest.mark.parametrize("layout", RANKS.values(), ids=RANKS.keys())
def test_a_step_too_long_ends_with_76(layout, case, tmp_path):
    result = refused(run(case, tmp_path, "dycore.dt_s=7200", "time.run_steps=300", "restart.every=never",
                         "output.streams[1].every=4 hours", layout=layout), 76, "dycore.dt_s", "none")
    assert sets(tmp_path) == []
    assert result.seconds <= 30


# ---- failing ranks ----

@pytest.mark.parametrize("action, ranks", [("kill", 2), ("kill", 4), ("throw", 2), ("throw", 4), ("enospc", 2)])
def test_a_failing_rank_ends_the_job(action, ranks, quiet, case, tmp_path):
    result = run(case, tmp_path, layout={2: "1x2", 4: "2x2"}[ranks], MERIDIAN_FAULTS=f"step:6@{ranks - 1}={action}")
    assert result.seconds <= LONGEST_END
    if action == "kill":
        assert result.code in (71, 128 + signal.SIGKILL), result
        assert result.messages == []
    else:
        refused(result, {"throw": 70, "enospc": 74}[action], f"rank {ranks - 1} of {ranks}")
    assert [step_of(name) for name in sets(tmp_path)] == [4]
    finished(run(case, tmp_path))
    require_same(tmp_path, quiet)


@pytest.mark.parametrize("ranks", [1, 2])
def test_a_hanging_rank_ends_the_job(ranks, quiet, case, tmp_path):
    result = run(case, tmp_path, "log.watchdog_s=2", layout="" if ranks == 1 else "1x2",
                 MERIDIAN_FAULTS=f"step:6@{ranks - 1}=hang")
    refused(result, 71, "No step has ended for")
    assert result.seconds <= LONGEST_END
    finished(run(case, tmp_path, "log.watchdog_s=2"))
    require_same(tmp_path, quiet)


POINTS = ["restart_begin:2", "restart_write:2", "restart_written:2", "restart_manifest:2", "restart_rename:2",
          "restart_renamed:3", "stream_write:3", "stream_write:6", "stream_rename:1", "stream_rename:4"]


@pytest.mark.parametrize("point, layout", [(point, "") for point in POINTS] + [(point, "1x2") for point in POINTS[2::3]])
def test_killed_anywhere_nothing_half_written_has_a_final_name(point, layout, quiet, case, tmp_path):
    result = run(case, tmp_path, layout=layout, MERIDIAN_FAULTS=f"{point}@0=kill")
    assert result.code in (-signal.SIGKILL, 128 + signal.SIGKILL), result
    assert result.seconds <= LONGEST_END
    for name in sets(tmp_path):
        assert name.endswith(".partial") or state_hash(tmp_path / "restart" / name)
    output_of(tmp_path)  # every file with a final name can be read
    result = finished(run(case, tmp_path))
    assert "passed over" not in result.errors
    require_same(tmp_path, quiet)


# ---- signals ----

def stop(case, folder, ranks, signals, victim=-1):
    """Starts a run, sends signals to one rank or all, and gives exit code, seconds and words of the end."""
    process = start(case, folder, ranks=ranks)
    try:
        wait_until((folder / "log" / "progress.jsonl").exists)
        pids = ranks_of(process, ranks)
        assert len(pids) == max(1, ranks)
        begin = time.monotonic()
        for number in signals:
            for pid in pids if victim < 0 else [pids[victim]]:
                os.kill(pid, number)
        errors = process.communicate(timeout=30)[1]
    finally:
        process.kill()
    return process.returncode, time.monotonic() - begin, errors


@pytest.mark.parametrize("ranks, number, victim", [
    (0, signal.SIGUSR1, -1), (0, signal.SIGTERM, -1), (2, signal.SIGUSR1, -1), (2, signal.SIGTERM, 1),
])
def test_a_signal_stops_the_run_cleanly(ranks, number, victim, water, tmp_path):
    folder = tmp_path / "run"
    code, seconds, errors = stop(water, folder, ranks, [number], victim)
    assert (code, "ERROR" in errors) == (75, False), errors
    assert "Stopped cleanly" in errors and seconds <= LONGEST_END
    assert leftovers(folder) == [] and not (folder / "lock").exists()
    steps = step_of(sets(folder)[-1]) + 100
    finished(run(water, folder, f"time.run_steps={steps}"))
    finished(run(water, tmp_path / "unbroken", f"time.run_steps={steps}"))
    require_same(folder, tmp_path / "unbroken")


@pytest.mark.parametrize("ranks", [0, 2])
def test_a_second_signal_leaves_at_once(ranks, water, tmp_path):
    code, seconds, errors = stop(water, tmp_path, ranks, [signal.SIGUSR1, signal.SIGTERM])
    assert code == 75 and seconds <= 5, errors
    finished(run(water, tmp_path, "time.run_steps=1"))


# ---- resuming ----

def test_a_complete_run_has_nothing_to_do(quiet, case, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(quiet, folder)
    before = contents(folder)
    result = finished(run(case, folder))
    assert result.seconds <= 5
    finished(run(case, folder, layout="1x2"))
    assert contents(folder) == before


def test_resume_none_starts_anew(quiet, case, half):
    result = finished(run(case, half, "--resume", "none"))
    assert "WARNING Starting anew: the output of the run before" in result.errors
    assert "Continuing" not in result.errors
    require_same(half, quiet)
    assert [step_of(name) for name in sets(half) if name[-1].isdigit()] == [8, 12]


def test_resume_from_a_set_elsewhere(quiet, case, half, tmp_path):
    newest = half / "restart" / sets(half)[-1]
    before = contents(half)
    for directory, name in ((newest, "of_set"), (half, "of_run")):
        result = finished(run(case, tmp_path / name, "--resume", directory))
        assert f"Continuing from {newest}\n" in result.errors
        assert state_hash(tmp_path / name) == state_hash(quiet)
    assert contents(half) == before


def test_a_set_beyond_the_end_is_refused(case, half):
    refused(run(case, half, "time.run_steps=6"), 78, "after the end of this run at step 6")


@pytest.mark.parametrize("setting, words", [
    ("dycore.divergence_damping=0.01", ("'dycore.divergence_damping' was 0.005 and is 0.01",)),
    ("dycore.dt_s=600", ("'dycore.dt_s' was 1200 and is 600",)),
    ("dycore.vorticity_flux=een", ("'dycore.vorticity_flux' was s5 and is een",)),
    ("planet.radius_m=6.4e6", ("'planet.radius_m' was 6371220 and is 6400000",)),
    ("initial.name=rest", ("'initial.name' was ullrich and is rest", "'initial.angle_degrees' was 0 and is not there")),
    ("boundary.smoothing_passes=3", ("'boundary.smoothing_passes' was 2 and is 3",)),
    ("physics.suite=[]", ("'physics.scheme' was held_suarez and is not there",)),
    ("time.start=2001-01-01", ("'time.start' was 2000-01-01 and is 2001-01-01",)),
])
def test_changed_settings_of_the_state_are_refused(setting, words, case, half):
    before = contents(half)
    refused(run(case, half, setting), 78, *words)
    assert contents(half) == before


def test_a_longer_run_and_other_streams_resume(case, quiet, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(quiet, folder)
    text = CASE.replace("run_steps: 12", "run_steps: 20")
    (case.parent / "longer.yaml").write_text(text)
    other = text.replace("name: snap, fields: [ps, ta]", "name: other, fields: [ps, va]").replace("[ps, ua]", "[ps, va]")
    (case.parent / "other.yaml").write_text(other)
    finished(run(case.parent / "longer.yaml", tmp_path / "unbroken"))
    result = finished(run(case, folder, "time.run_steps=20", "parallel.ranks_lat=1"))
    assert "Continuing from" in result.errors
    require_same(folder, tmp_path / "unbroken")
    shutil.copytree(quiet, tmp_path / "other")
    result = finished(run(case.parent / "other.yaml", tmp_path / "other", "restart.every=never", layout="1x2"))
    assert "Continuing from" in result.errors
    assert state_hash(tmp_path / "other") == state_hash(folder)
    assert [path.name.split(".")[-2] for path in (tmp_path / "other" / "output").glob("*.other.*")] == [
        "20000101T0440-20000101T0640"]


@pytest.mark.parametrize("setting, words", [
    ("output.streams[1].statistic=max", "Output stream 'mean' is another than before: what it gathered so far of an interval, "
                                        "1 sample, is left out."),
    ("output.streams=[]", "Output stream 'mean' is no more"),
    ("output.streams[0].every=1 steps", None)])
def test_a_half_filled_mean_that_is_not_continued_is_told(setting, words, case, half):
    result = finished(run(case, half, setting))
    assert [line for line in result.errors.splitlines() if "WARNING Output stream" in line] == [
        line for line in result.errors.splitlines() if words and words in line]
    assert (words or "Continuing") in result.errors


def test_a_dry_run_writes_nothing(case, tmp_path):
    for layout in RANKS.values():
        result = finished(run(case, tmp_path / "run", "--dry-run", layout=layout))
        assert "nothing was written" in result.output.lower()
    assert list(tmp_path.iterdir()) == []


def test_usage():
    for arguments, words in (([], "subcommand"), (["rum"], "did you mean 'run'"), (["run"], "CASE is required"),
                             (["hash"], "RUN is required"), (["run", "rest", "--resume"], "--resume")):
        refused(meridian(*arguments), 64, words)
    for arguments in (["--help"], ["run", "--help"], ["version"]):
        assert meridian(*arguments).code == 0


def test_the_hash_does_not_depend_on_output(case, quiet, tmp_path):
    silent = CASE[: CASE.index("output:")] + "log: {format: none}\n"
    (case.parent / "silent.yaml").write_text(silent)
    finished(run(case.parent / "silent.yaml", tmp_path, layout="2x1"))
    assert state_hash(tmp_path) == state_hash(quiet)


def records(folder):
    names = ("case.yaml", "case.resolved.yaml", "run.json", "log/timing.txt")
    return {name: (folder / name).read_bytes() for name in names}


def test_a_refused_run_leaves_the_records_of_the_other_one(case, water, quiet, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(quiet, folder)
    before = records(folder)
    refused(run(water, folder), 78, "by the case 'case', not 'water'")
    assert records(folder) == before


def other_settings(folder, case, code, *settings):
    result = run(case, folder, *settings)
    refused(result, code, "with other settings: ")
    return re.search(r"with other settings: (.*)\. Use the same ones", result.errors).group(1).split("; ")


def test_each_setting_that_differs_from_the_set_is_named_with_both_values(case, quiet, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(quiet, folder)
    assert other_settings(folder, case, 78, "dycore.dt_s=600", "boundary.smoothing_passes=3", "time.start=2001-01-01") == [
        "'boundary.smoothing_passes' was 2 and is 3", "'dycore.dt_s' was 1200 and is 600",
        "'time.start' was 2000-01-01 and is 2001-01-01"]
    assert other_settings(folder, case, 78, "grid.n_lon=32", "dycore.dt_s=600") == [
        "'dycore.dt_s' was 1200 and is 600", "'grid.n_lon' was 24 and is 32"]
    assert other_settings(folder, case, 65, "grid.n_lon=32", "grid.n_lat=16") == [
        "'grid.n_lon' was 24 and is 32", "'grid.n_lat' was 12 and is 16"]
    added = other_settings(folder, case, 78, "physics.suite=[rayleigh_sponge, held_suarez]")
    assert added[0] == "'physics.suite[0].scheme' was not there and is rayleigh_sponge"
    assert all("was not there and is" in words for words in added)  # held_suarez is the same
    assert other_settings(folder, case, 78, "tracers=[{name: q}]")[0].startswith("'tracers")


def test_another_content_of_the_same_file_is_another_setting(half, tmp_path):
    (tmp_path / "case").mkdir()
    path = tmp_path / "case" / "case.yaml"
    path.write_text(CASE)
    ground = write_topography(tmp_path / "case" / "topography.nc")
    with netCDF4.Dataset(ground, "a") as file:
        name = next(name for name in file.variables if file.variables[name].ndim == 2)
        file.variables[name][:] *= 0.5
    (words,) = other_settings(half, path, 78)
    assert re.fullmatch(r"'boundary.topography' was .topography.nc@\w+. and is .topography.nc@\w+.", words), words
    write_topography(ground)
    finished(run(path, half))  # the path is another, what it holds is not


def test_quick_steps_are_reported_too(case, tmp_path):
    finished(run(case, tmp_path, "time.run_steps=400", "log.every_s=0.01"))
    lines = (tmp_path / "log/progress.jsonl").read_text().splitlines()
    assert len(lines) > 5  # agreements every 16th step must not miss those where the layers are known


def test_without_progress_the_tables_are_there(case, half):
    result = finished(run(case, half))
    assert "Time on rank 0:" in result.errors and "Budgets since the start" in result.errors
    assert '"percent"' not in result.errors and "years/day" not in result.errors


def test_a_missing_set_is_refused_before_a_directory_is_made(case, tmp_path):
    refused(run(case, tmp_path / "run", "--resume", tmp_path / "nothing"), 66)
    assert not (tmp_path / "run").exists()


def test_a_complete_run_says_so_and_keeps_its_records(case, quiet, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(quiet, folder)
    before = records(folder)
    result = finished(run(case, folder))
    assert "Already complete at 2000-01-01T04:00:00, step 12." in result.errors
    assert records(folder) == before


def test_no_steps_are_no_steps(case, tmp_path):
    finished(run(case, tmp_path, "time.run_steps=0"))
    assert [step_of(name) for name in sets(tmp_path)] == [0]


def last_report(folder):
    return json.loads((folder / "log/progress.jsonl").read_text().splitlines()[-1])


def test_drifts_count_from_the_first_step_of_a_chain(case, tmp_path):
    settings = ["grid.n_lon=24", "log.every_s=0"]
    finished(run(case, tmp_path / "one", *settings))
    finished(run(case, tmp_path / "two", *settings, "time.run_steps=5"))
    finished(run(case, tmp_path / "two", *settings))
    one, two = last_report(tmp_path / "one"), last_report(tmp_path / "two")
    assert one["energy_drift"] == two["energy_drift"] != 0
    assert one["mass_drift"] == two["mass_drift"]


def test_reports_give_null_for_what_is_not_known(case, tmp_path):
    finished(run(case, tmp_path, "log.every_s=0"))
    lines = [json.loads(line) for line in (tmp_path / "log/progress.jsonl").read_text().splitlines()]
    assert len({line["step"] for line in lines}) == len(lines)
    assert lines[0]["eta_s"] is None and lines[0]["simulated_years_per_day"] is None
    assert all(0.9 < line["thinnest_layer_ratio"] < 1 for line in lines[:-1])  # reports come before a remap


def test_mistakes_are_given_to_programs_too(case, tmp_path):
    path = case.parent / "wrong.yaml"
    path.write_text(CASE.replace("levels: L26", "levels: L70").replace("[ps, ta]", "[ps, temp]"))
    result = meridian("check", "--json", path)
    assert result.code == 78
    errors = json.loads(result.output)["errors"]
    assert [error["line"] for error in errors] == [2, 10]
    assert "'grid.levels' = L70" in errors[0]["message"] and "'temp'" in errors[1]["message"]
    assert "wrong.yaml:2:38: " in result.errors


def test_the_command_of_a_run_can_be_pasted(water, tmp_path):
    """Into a shell, from run.json and from the files."""
    words = ["run", water, "--run-dir", tmp_path / "it's mine", "--set", "time.run_steps=1", "--set",
             "output.streams=[{name: a, fields: [h], every: 1 steps}]"]
    assert meridian(*words).code == 0
    command = json.loads((tmp_path / "it's mine" / "run.json").read_text())["command"]
    assert shlex.split(command)[1:] == [str(word) for word in words]
    with netCDF4.Dataset(next((tmp_path / "it's mine" / "output").glob("*.nc"))) as file:
        assert file.history.endswith(command)
    example = meridian("describe", "output.streams[0].every").output.splitlines()[-1]
    assert shlex.split(example) == ["example", "--set", "output.streams[0].every=1 day"]


def test_both_names_of_a_year_without_leap_days_are_one(water, tmp_path):
    finished(run(water, tmp_path, "time.run_steps=1", "time.calendar=365_day"))
    result = run(water, tmp_path, "time.run_steps=2", "time.calendar=noleap")
    assert "Continuing from" in finished(result).errors


def test_a_step_far_too_long_for_a_large_grid_is_told_by_its_courant_number(tmp_path):
    """Where the few steps of the small grid that stands for it fail already."""
    large = ["held_suarez", "--set", "grid={n_lon: 40000, n_lat: 20000, levels: sigma:5}", "--set", "dycore.dt_s=1800"]
    for words in (["check", *large], ["run", *large, "--run-dir", tmp_path / "run"]):
        refused(meridian(*words, cwd=tmp_path), 76, "tried on a small grid", "The Courant number is 611.70, above the limit")
    assert list(tmp_path.iterdir()) == []
