"""The time series of budgets: shares add up to the residual, in a moist and a dry run, alone and in a chain of runs."""

import json
import pathlib
import sys

import netCDF4
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from model_run import HAS_MPIRUN, IS_BUILT, finished, refused, run, sets  # noqa: E402

pytestmark = pytest.mark.skipif(not (IS_BUILT and HAS_MPIRUN), reason="MERIDIAN_EXECUTABLE or mpirun is not there")

COMMON = """title: Budgets
grid: {n_lon: 24, n_lat: 12, levels: L26}
time: {run_steps: 24}
dycore: {equations: hydrostatic, dt_s: 1800}
restart: {every: never}
log: {format: line}
output: {budgets: 2 steps}
"""
MOIST = COMMON + """initial: {name: ullrich, specific_humidity: 0.018}
tracers: [{name: qv, initial: state}]
physics:
  suite:
    - {scheme: grey_radiation, preset: frierson06}
    - frierson_surface_layer
    - frierson_boundary_layer
    - {scheme: large_scale_condensation, reevaporate: true}
    - {scheme: slab_ocean, depth_m: 1}
    - {scheme: rayleigh_sponge, below_pa: 2e4, time_days: 1}
"""
CORRECTED = MOIST.replace("physics:\n", "physics:\n  energy_correction: true\n")
DRY = COMMON + """initial: {name: ullrich}
physics: {suite: [held_suarez]}
"""
# Of sums of 2.6e9 J m-2 and 1e13 kg s-1 in double precision, over 12 steps of physics.
ROUND_OFF = {"energy_residual": 1e-5, "angular_momentum_residual": 0.1}


def series_of(folder):
    """Numbers of all files of budgets by name, one after the other."""
    series = {}
    for path in sorted((folder / "output").glob("*.budgets.2step.instant.*.nc"), key=lambda path: path.name.split(".")[-2]):
        with netCDF4.Dataset(path) as file:
            for name, variable in file.variables.items():
                series.setdefault(name, []).extend(float(x) for x in variable[:])
    return series


def shares_of(series, residual):
    return [name for name in series if name.startswith(residual + "_")]


def run_case(text, folder, *arguments, **options):
    (folder / "case.yaml").write_text(text)
    return finished(run(folder / "case.yaml", folder / "run", *arguments, **options))


@pytest.mark.parametrize("text", [MOIST, CORRECTED, DRY],
                         ids=["moist", "corrected", "dry"])
def test_shares_add_up_to_the_residual(text, tmp_path):
    result = run_case(text, tmp_path)
    series = series_of(tmp_path / "run")
    assert series["time"] == [n / 24 for n in range(0, 25, 1)][:13]
    for residual, limit in ROUND_OFF.items():
        shares = shares_of(series, residual)
        assert {"dynamics", "remap", "physics"} <= {name[len(residual) + 1:] for name in shares}
        for n in range(13):
            assert abs(sum(series[name][n] for name in shares) - series[residual][n]) < limit
        assert max(abs(series[name][-1]) for name in shares) > 1000 * limit  # something was there to add up
    brought = [name for name in series if name.startswith("energy_brought_")]
    for n in range(13):
        change = series["energy"][n] - series["energy"][0] - sum(series[name][n] for name in brought)
        assert abs(change - series["energy_residual"][n]) < ROUND_OFF["energy_residual"]
    assert max(abs(x / series["dry_air"][0] - 1) for x in series["dry_air"]) < 1e-14
    assert "energy, change" in result.errors and "of it in the dynamics" in result.errors


def test_each_process_has_what_is_its_own(tmp_path):
    run_case(MOIST, tmp_path)
    moist = series_of(tmp_path / "run")
    last = {name: values[-1] for name, values in moist.items()}
    assert last["energy_residual_rayleigh_sponge"] < -1  # [J m-2] its friction is not returned as heat
    assert abs(last["energy_residual_frierson_boundary_layer"]) < 1e-3  # that of this one is
    assert last["energy_brought_grey_radiation"] < -1e5
    assert last["energy_residual_correction"] == 0 and last["energy_residual_earlier"] == 0
    assert abs(last["water_residual"]) < 1e-12 < last["water_brought"]
    assert abs(last["water"] - moist["water"][0] - last["water_brought"]) < 1e-12
    assert last["tracer_qv"] == last["water"]
    assert abs(last["surface_heat_residual"]) < 1e-4 < abs(last["surface_heat_brought"])  # [J m-2] of 1.2e9
    assert abs(last["surface_heat_change"] - last["surface_heat_brought"] - last["surface_heat_residual"]) < 1e-9


def test_what_is_held_between_calls_keeps_the_budgets(tmp_path):
    """Fluxes are held, and what they give to each layer, whose mass changes."""
    text = MOIST[:MOIST.index("    - {scheme: rayleigh_sponge")]
    text = text.replace("preset: frierson06", "preset: frierson06, every: 4").replace(
        "reevaporate: true", "reevaporate: true, every: 2").replace(
        "- frierson_surface_layer", "- {scheme: frierson_surface_layer, every: 3}")
    run_case(text, tmp_path)
    last = {name: values[-1] for name, values in series_of(tmp_path / "run").items()}
    assert abs(last["water_residual"]) < 1e-12 < abs(last["water_brought"])
    assert abs(last["energy_residual_grey_radiation"]) < 1e-4
    assert abs(last["energy_residual_large_scale_condensation"]) < 1e-4
    assert abs(last["surface_heat_residual"]) < 1e-4


def test_stress_evaporation_and_rain_explain_what_physics_do_to_angular_momentum(tmp_path):
    """Water moves with the ground where it evaporates; without the sponge nothing else has a torque."""
    run_case(MOIST[:MOIST.index("    - {scheme: rayleigh_sponge")], tmp_path)
    last = {name: values[-1] for name, values in series_of(tmp_path / "run").items()}
    assert abs(last["angular_momentum_residual_physics"]) < 0.02 * abs(last["angular_momentum_brought"])


def test_the_correction_gives_what_the_others_take(tmp_path):
    run_case(CORRECTED, tmp_path)
    corrected = series_of(tmp_path / "run")
    others = sum(corrected[name][-1] for name in shares_of(corrected, "energy_residual") if "correction" not in name)
    assert others != 0 and abs(corrected["energy_residual_correction"][-1] + others) < 1e-2 * abs(others)


def test_a_book_that_begins_later_keeps_what_was_before_apart(tmp_path):
    run_case(MOIST, tmp_path, "time.run_steps=9", "output.budgets=never")
    assert not list((tmp_path / "run" / "output").iterdir())
    run_case(MOIST, tmp_path, "time.run_steps=16")
    run_case(MOIST, tmp_path, "time.run_steps=20", "output.budgets=never")
    run_case(MOIST, tmp_path, layout="2x1")
    assert len(sets(tmp_path / "run")) == 2
    series = series_of(tmp_path / "run")
    assert [round(48 * t) for t in series["time"]] == [10, 12, 14, 16, 22, 24]
    shares = shares_of(series, "energy_residual")
    for n in range(6):
        assert abs(sum(series[name][n] for name in shares) - series["energy_residual"][n]) < 1e-5
    earlier = series["energy_residual_earlier"]
    assert earlier[0] != 0 and earlier[0] == earlier[3] != earlier[4] == earlier[5]


def test_the_log_has_the_shares_as_means_since_the_start(tmp_path):
    run_case(MOIST, tmp_path)
    line = json.loads((tmp_path / "run" / "log" / "progress.jsonl").read_text().splitlines()[-1])
    series = series_of(tmp_path / "run")
    assert line["step"] == 24
    for key, residual in (("energy_residual_shares_w_per_m2", "energy_residual"),
                          ("angular_momentum_residual_shares_kg_per_s2", "angular_momentum_residual")):
        for name, value in line[key].items():
            assert value == pytest.approx(series[f"{residual}_{name}"][-1] / 43200, rel=1e-12)


def test_each_report_knows_the_water_and_how_far_the_layers_were_off(tmp_path):
    run_case(MOIST, tmp_path, "log.every_s=0")
    lines = [json.loads(line) for line in (tmp_path / "run" / "log" / "progress.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == list(range(2, 25, 2))
    assert all(abs(line["water_imbalance"]) < 1e-12 for line in lines)
    assert all(0.5 < line["thinnest_layer_ratio"] < 1 for line in lines)


def test_shallow_water_has_depth_energy_and_enstrophy(tmp_path):
    run_case("""title: Waves
grid: {n_lon: 24, n_lat: 12}
time: {run_steps: 4}
dycore: {equations: shallow_water, dt_s: 600}
initial: {name: williamson_6}
output: {budgets: 2 steps}
log: {format: none}
""", tmp_path)
    series = series_of(tmp_path / "run")
    assert set(series) == {"time", "depth", "energy", "enstrophy"}
    assert len(series["time"]) == 3
    assert series["depth"][2] == pytest.approx(series["depth"][0], rel=1e-14)


def test_records_between_remaps_and_a_stream_of_the_same_name_are_refused(tmp_path):
    (tmp_path / "case.yaml").write_text(DRY)
    for every in ("3 steps", "30 minutes"):
        refused(run(tmp_path / "case.yaml", tmp_path / "run", f"output.budgets={every}"), 78, "output.budgets",
                "no whole number of 2 times steps")
    stream = "output.streams=[{name: budgets, fields: [ps], every: 1 day}]"
    refused(run(tmp_path / "case.yaml", tmp_path / "run", stream), 78, "'output.budgets'", "choose another")
