"""A single column through the whole program: restarts at any step, refusals, its place in output files."""

import json
import pathlib
import shutil
import sys

import netCDF4
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from model_run import (HAS_MPIRUN, IS_BUILT, differing, finished, meridian, output_of, refused, run, sets, state_hash,  # noqa: E402
                       step_of)

pytestmark = pytest.mark.skipif(not IS_BUILT, reason="MERIDIAN_EXECUTABLE is not there")

STEPS = 12
CASE = """title: A moist column
grid: {levels: L26, latitude_degrees: 33.3}
time: {run_steps: %d}
initial: {name: ullrich, specific_humidity: 0.018}
tracers:
  - {name: qv, initial: state}
  - {name: dust, initial: uniform, value: 0.5}
dycore:
  equations: column
  dt_s: 900
  large_scale:
    vertical_velocity_pa_per_s: [{pressure_pa: 100000, value: 0}, {pressure_pa: 50000, value: -0.2}, {pressure_pa: 10000, value: 0}]
    temperature_tendency_k_per_day: [{pressure_pa: 50000, value: -3}]
    vapour_tendency_g_per_kg_per_day: [{pressure_pa: 90000, value: 2}, {pressure_pa: 80000, value: 0}]
    geostrophic_eastward_wind_m_per_s: [{pressure_pa: 100000, value: 5}, {pressure_pa: 0, value: 30}]
physics:
  energy_correction: true
  suite:
    - {scheme: grey_radiation, preset: byrne13, every: 3, coupling: parallel}
    - frierson_surface_layer
    - frierson_boundary_layer
    - betts_miller
    - {scheme: large_scale_condensation, reevaporate: true}
    - {scheme: slab_ocean, depth_m: 1}
output:
  streams:
    - {name: snap, fields: [ps, ua, pr, ts, tnt_betts_miller, dust], every: 1 step, precision: double}
    - {name: mean, fields: [ps, qv, rlut, zg], statistic: mean, every: 5 steps, precision: double}
restart: {every: 1 steps, keep: 100}
log: {format: none}
""" % STEPS


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    path = tmp_path_factory.mktemp("case") / "column.yaml"
    path.write_text(CASE)
    return path


@pytest.fixture(scope="module")
def with_sets(case, tmp_path_factory):
    folder = tmp_path_factory.mktemp("with_sets")
    finished(run(case, folder))
    return folder


def test_neither_output_nor_restart_sets_change_a_bit(case, with_sets, tmp_path):
    finished(run(case, tmp_path, "output.streams=[]", "restart.every=never"))
    assert state_hash(tmp_path) == state_hash(with_sets)


@pytest.mark.parametrize("step", range(1, STEPS))
def test_a_restart_at_any_step_gives_the_same_bits(step, case, with_sets, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(with_sets, folder)
    for name in sets(folder):
        if step_of(name) > step:
            shutil.rmtree(folder / "restart" / name)
    assert f"-{step}\n" in finished(run(case, folder)).errors
    assert state_hash(folder) == state_hash(with_sets)
    assert differing(output_of(folder), output_of(with_sets)) == []
    logs = [(path / "log" / "progress.jsonl").read_text().splitlines()[-1] for path in (folder, with_sets)]
    keys = ("water_imbalance", "energy_residual_w_per_m2", "energy_correction_w_per_m2")
    one, other = ({key: json.loads(line)[key] for key in keys} for line in logs)
    assert one == other


def test_its_place_is_in_the_files(with_sets):
    path = next(path for path in (with_sets / "output").glob("*.nc") if ".snap." in path.name)
    with netCDF4.Dataset(path) as file:
        assert float(file["lat"][0]) == pytest.approx(33.3, rel=1e-15) and float(file["lon"][0]) == 180
        assert file["ps"].shape[1:] == (1, 1)


@pytest.mark.skipif(not HAS_MPIRUN, reason="mpirun is not there")
def test_a_column_on_two_ranks_is_refused(case, tmp_path):
    result = meridian("run", case, "--run-dir", tmp_path / "run", ranks=2)
    refused(result, 78, "runs on 1 rank, not 2", "without mpirun")


def test_a_run_with_other_large_scale_terms_is_not_continued(case, with_sets, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(with_sets, folder)
    result = run(case, folder, "dycore.large_scale.temperature_tendency_k_per_day[0].value=-4", "time.run_steps=20")
    refused(result, 78, "'dycore.large_scale.temperature_tendency_k_per_day[0].value' was -3 and is -4")
