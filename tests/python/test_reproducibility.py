"""Reruns, rank layouts, threads, outputs and restarts at any step change no bit of state and output."""

import pathlib
import shutil
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from model_run import (HAS_MPIRUN, IS_BUILT, differing, finished, leftovers, output_of, run, sets, state_hash,  # noqa: E402
                       step_of, write_topography)

pytestmark = pytest.mark.skipif(not (IS_BUILT and HAS_MPIRUN), reason="MERIDIAN_EXECUTABLE or mpirun is not there")

STEPS = 24
# 84 columns are four filter blocks, for 4x1. Layers are remapped every 2nd step; the intervals of the streams are 3, 6,
# 4 and 12 steps, so all phases of a cycle of 12 steps differ.
CASE = """title: Reruns
grid: {n_lon: 84, n_lat: 16, levels: L26}
time: {run_steps: %d}
dycore: {equations: hydrostatic, dt_s: 900}
initial: {name: ullrich}
tracers:
  - {name: hills, initial: gaussian_hills}
  - {name: cylinders, initial: slotted_cylinders, limiter: positive}
  - {name: bells, initial: dcmip_11_q1, limiter: none}
boundary: {topography: topography.nc, smoothing_passes: 2}
physics: {suite: [held_suarez]}
restart: {every: never, keep: 100}
log: {format: none}
""" % STEPS
STREAMS = """output:
  budgets: 4 steps
  streams:
    - {name: snap, fields: [ps, ua, va, hills], every: 3 steps, precision: double}
    - {name: mean, fields: [ps, ta, va, zg, cylinders], statistic: mean, every: 90 minutes, precision: double}
    - {name: high, fields: [ua, vo, bells], statistic: max, every: 4 steps, vertical: ["850", "10"], precision: double}
    - {name: long, fields: [ta, va], statistic: mean, every: 3 hours, vertical: ["500"], precision: double}
"""

# Physics acts after every 2nd step; radiation is called in every 3rd step of physics, and held in between.
MOIST = CASE.replace("initial: {name: ullrich}", "initial: {name: ullrich, specific_humidity: 0.018}").replace(
    "tracers:\n", "tracers:\n  - {name: qv, initial: state}\n").replace("physics: {suite: [held_suarez]}", """physics:
  energy_correction: true
  suite:
    - {scheme: grey_radiation, preset: byrne13, every: 3, coupling: parallel}
    - frierson_surface_layer
    - frierson_boundary_layer
    - betts_miller
    - {scheme: large_scale_condensation, reevaporate: true}
    - {scheme: slab_ocean, depth_m: 1, initial_contrast_k: 40}""")
MOIST_STREAMS = (STREAMS.replace("[ps, ua, va, hills]", "[ps, ua, pr, ts, uas, huss, tnt_betts_miller, hills]")
                 .replace("[ps, ta, va, zg, cylinders]", "[ps, qv, rlut, hfls, prc, tas, hur, hus, prw, cylinders]"))


@pytest.fixture(scope="module", params=["dry", "moist"])
def case(tmp_path_factory, request):
    folder = tmp_path_factory.mktemp("case")
    write_topography(folder / "topography.nc")
    text, streams = {"dry": (CASE, STREAMS), "moist": (MOIST, MOIST_STREAMS)}[request.param]
    (folder / "case.yaml").write_text(text + streams)
    (folder / "silent.yaml").write_text(text)
    return folder / "case.yaml"


@pytest.fixture(scope="module")
def quiet(case, tmp_path_factory):
    """The unbroken run: one process, no set before the end."""
    folder = tmp_path_factory.mktemp("quiet")
    finished(run(case, folder))
    assert [step_of(name) for name in sets(folder)] == [STEPS]
    streams = {stream for stream, _ in output_of(folder)}
    assert streams == {"snap", "mean", "high", "long", "budgets"}
    return folder


@pytest.fixture(scope="module")
def with_sets(case, tmp_path_factory):
    """A run that writes a set after every step."""
    folder = tmp_path_factory.mktemp("sets")
    finished(run(case, folder, "restart.every=1 steps"))
    assert [step_of(name) for name in sets(folder)] == list(range(1, STEPS + 1))
    return folder


def require_same(folder, quiet):
    assert state_hash(folder) == state_hash(quiet)
    assert differing(output_of(folder), output_of(quiet)) == []
    assert leftovers(folder) == []


def test_the_comparison_sees_one_bit(quiet, case, tmp_path):
    """Otherwise the others could not fail: a change in the last place of an option changes hash and every stream."""
    finished(run(case, tmp_path, "dycore.divergence_damping=0.0050000000000000009"))
    assert state_hash(tmp_path) != state_hash(quiet)
    changed = differing(output_of(tmp_path), output_of(quiet))
    assert {stream for stream, _ in changed} == {"snap", "mean", "high", "long", "budgets"}


@pytest.mark.parametrize("layout", ["", "1x1", "2x1", "1x2", "2x2", "4x1", "1x3", "2x3"])
def test_any_layout_gives_the_same_bits(layout, quiet, case, tmp_path):
    finished(run(case, tmp_path, layout=layout))
    require_same(tmp_path, quiet)


@pytest.mark.parametrize("layout", ["2x2", "4x1", "1x3"])
@pytest.mark.parametrize("way", ["messages=host", "overlap=false"])
def test_the_way_of_messages_changes_no_bit(way, layout, quiet, case, tmp_path):
    result = finished(run(case, tmp_path, f"parallel.{way}", layout=layout))
    assert ("messages through host memory" in result.errors) == (way == "messages=host")
    require_same(tmp_path, quiet)


def test_replayed_kernels_give_the_same_bits(quiet, case, tmp_path):
    finished(run(case, tmp_path, "parallel.graph=true"))
    require_same(tmp_path, quiet)


@pytest.mark.parametrize("threads", ["2", "3", "4"] * 4)  # a race of two writers shows now and then
def test_any_number_of_threads_gives_the_same_bits(threads, quiet, case, tmp_path):
    finished(run(case, tmp_path, OMP_NUM_THREADS=threads, OMP_WAIT_POLICY="passive"))
    require_same(tmp_path, quiet)


def test_rows_in_the_other_order_give_the_same_bits(quiet, case, tmp_path):
    """A row that reads what another row of its loop writes shows every time; with threads now and then."""
    finished(run(case, tmp_path, MERIDIAN_DESCENDING_ROWS="1"))
    require_same(tmp_path, quiet)


def test_sets_after_every_step_change_nothing(quiet, with_sets):
    require_same(with_sets, quiet)


def test_neither_output_nor_reports_change_the_state(quiet, case, tmp_path):
    finished(run(case.parent / "silent.yaml", tmp_path / "silent"))
    assert output_of(tmp_path / "silent") == {}
    assert state_hash(tmp_path / "silent") == state_hash(quiet)
    finished(run(case, tmp_path / "talking", "log.every_s=0", "log.format=json"))
    require_same(tmp_path / "talking", quiet)


@pytest.mark.parametrize("step", range(1, 13))
def test_a_restart_at_any_step_gives_the_same_bits(step, quiet, with_sets, case, tmp_path):
    """Killed some time after the set of this step, resumed on another layout."""
    folder = tmp_path / "run"
    shutil.copytree(with_sets, folder)
    for name in sets(folder):
        if step_of(name) > step:
            shutil.rmtree(folder / "restart" / name)
    layout = ["", "2x1", "", "1x3", "", "2x2"][step % 6]
    result = finished(run(case, folder, layout=layout))
    assert f"-{step}\n" in result.errors
    require_same(folder, quiet)


def test_a_chain_of_five_restarts_gives_the_same_bits(quiet, case, tmp_path):
    chain = ((5, "1x2"), (9, ""), (10, "2x1"), (17, "4x1"), (22, ""), (STEPS, "1x3"))
    for step, layout in chain:
        finished(run(case, tmp_path, f"time.run_steps={step}", layout=layout))
        assert step_of(sets(tmp_path)[-1]) == step
    require_same(tmp_path, quiet)
