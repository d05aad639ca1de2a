"""What cannot be is refused: as an option with its place in the case, in a start file (test_start_file.py), in the state
that physics is handed. Never silent."""

import pathlib
import re
import shutil
import subprocess
import sys

import netCDF4
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from model_run import HAS_MPIRUN, IS_BUILT, finished, refused, run, write_topography  # noqa: E402

pytestmark = pytest.mark.skipif(not (IS_BUILT and HAS_MPIRUN), reason="MERIDIAN_EXECUTABLE or mpirun is not there")

CASE = """title: Impossible inputs
grid: {n_lon: 24, n_lat: 12, levels: L26}
time: {run_steps: 12}
dycore: {equations: hydrostatic, dt_s: 1200}
planet: {}
initial: {name: rest, temperature_k: 280}
tracers: [{name: qv, initial: uniform, value: 1e-3, limiter: monotone}]
physics:
  suite:
    - {scheme: grey_radiation, preset: byrne13, albedo: 0.2, co2_ppm: 400}
    - frierson_surface_layer
    - {scheme: slab_ocean, depth_m: 2, initial_temperature_k: 285}
output: {streams: [{name: snap, fields: [ps, ta, tas], every: 2 steps}]}
restart: {every: never}
log: {format: none}
"""
LAYOUTS = ["", "1x2"]


def write(folder, *changes):
    text = CASE
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    (folder / "case.yaml").write_text(text)
    return folder / "case.yaml"


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_case_itself_runs(layout, tmp_path):
    finished(run(write(tmp_path), tmp_path / "run", layout=layout))


@pytest.mark.parametrize("old, new", [
    ("albedo: 0.2", "albedo: 2"),
    ("albedo: 0.2", "albedo: -0.1"),
    ("albedo: 0.2", "albedo: nan"),
    ("albedo: 0.2", "albedo: .inf"),
    ("co2_ppm: 400", "co2_ppm: 0"),
    ("co2_ppm: 400", "co2_ppm: 1e7"),
    ("depth_m: 2", "depth_m: 0"),
    ("initial_temperature_k: 285", "initial_temperature_k: 5"),
    (" temperature_k: 280", " temperature_k: 5"),
    (" temperature_k: 280", " temperature_k: 500"),
    ("value: 1e-3", "value: 1.5"),
    ("value: 1e-3", "value: -1e-3"),
    ("value: 1e-3", "value: nan"),
    (", value: 1e-3", ""),  # the default, 1, is no humidity
    ("dt_s: 1200", "dt_s: -1200"),
    ("dt_s: 1200", "dt_s: nan"),
])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_impossible_option_is_refused_with_its_place(layout, old, new, tmp_path):
    case = write(tmp_path, (old, new))
    lines = case.read_text().splitlines()
    [number] = [n + 1 for n, line in enumerate(CASE.splitlines()) if old in line]
    key = old.strip(" ,").split(":")[0]
    result = refused(run(case, tmp_path / "run", layout=layout), 78, f"case.yaml:{number}:", f"{key}' ")
    column = int(result.errors.split(f"case.yaml:{number}:")[1].split(":")[0])
    assert 0 < column <= len(lines[number - 1])
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("old, new, line, words", [
    ("    - {scheme: slab_ocean, depth_m: 2, initial_temperature_k: 285}\n", "", 10,
     ("'physics.suite[0]' (grey_radiation) needs 'surface_temperature'", "'slab_ocean' to 'physics.suite'")),
    ("- frierson_surface_layer", "- frierson_surface_layer\n    - bulk_surface_fluxes", 12,
     ("'physics.suite[2]' (bulk_surface_fluxes) writes 'surface_upward_sensible_heat_flux'", "'physics.suite[1]'")),
])
def test_a_suite_that_does_not_fit_is_refused_with_its_place(old, new, line, words, tmp_path):
    refused(run(write(tmp_path, (old, new)), tmp_path / "run"), 78, f"case.yaml:{line}:", *words)


def test_carbon_dioxide_that_grows_beyond_its_range_is_refused_at_the_start(tmp_path):
    growing = ("co2_ppm: 400", "co2_ppm: 400, co2_percent_per_year: 50")
    long = ("time: {run_steps: 12}", "time: {run_days: 5110}")
    refused(run(write(tmp_path, growing, long), tmp_path / "run"), 78, "case.yaml:10:",
            "'physics.suite[0]' (grey_radiation): 'co2_percent_per_year' = 50 makes 116", "14 years", "Make the run shorter")
    finished(run(tmp_path / "case.yaml", tmp_path / "run", "time.run_days=4745", "--dry-run"))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_surface_pressure_that_cannot_be(layout, tmp_path):
    """Ground at 11 km, in air of 250 K."""
    with netCDF4.Dataset(write_topography(tmp_path / "topography.nc"), "a") as file:
        file["orog"][:] = 11000
    case = write(tmp_path, ("temperature_k: 280", "temperature_k: 250"),
                 ("planet: {}", "boundary: {topography: topography.nc}"))
    refused(run(case, tmp_path / "run", layout=layout), 76, "Physics step 1: state before 'grey_radiation' has",
            "'surface_air_pressure' = ", " Pa at level 1 of 1, ", "; allowed is 30000 to 120000", "Last good restart set: none.")


@pytest.mark.parametrize("layout, rank, place", [("", 0, "7.500 N, 7.500 E"), ("1x2", 1, "52.500 N, 7.500 E")])
def test_nan_in_a_store_of_a_scheme(layout, rank, place, tmp_path):
    """The store is no part of the dynamics, whose own check after each step does not see it."""
    result = run(write(tmp_path), tmp_path / "run", layout=layout, MERIDIAN_FAULTS=f"state_nan:6@{rank}=nan")
    refused(result, 76, "Physics step 4: state before 'grey_radiation' has 'surface_temperature' = nan K at level 1 of 1",
            place)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_water_below_zero(layout, tmp_path):
    """Undershoots of a cloud with sharp edges: legal without limiter, but physics refuses them."""
    cloud = [("initial: uniform, value: 1e-3", "initial: slotted_cylinder, value: 0.01"),
             ("name: rest, temperature_k: 280", "name: ullrich")]
    case = write(tmp_path, *cloud, ("limiter: monotone", "limiter: none"))
    refused(run(case, tmp_path / "run", layout=layout), 76, "'humidity_mixing_ratio' = -", "allowed is -1e-08 to 0.2",
            "The limiters 'monotone' and 'positive' keep transport from it")
    for limiter in ("monotone", "positive"):
        case = write(tmp_path, *cloud, ("limiter: monotone", f"limiter: {limiter}"))
        finished(run(case, tmp_path / limiter, layout=layout))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_field_that_a_run_does_not_have(layout, tmp_path):
    for field in ("tas", "huss", "uas", "vas", "hur", "hus", "prw"):
        (tmp_path / "dry.yaml").write_text(f"""title: Dry
grid: {{n_lon: 24, n_lat: 12, levels: L26}}
time: {{run_steps: 2}}
dycore: {{equations: hydrostatic, dt_s: 1200}}
initial: {{name: rest}}
physics: {{suite: [held_suarez]}}
output: {{streams: [{{name: s, fields: [ps, {field}], every: 2 steps}}]}}
""")
        result = run(tmp_path / "dry.yaml", tmp_path / "run", layout=layout)
        refused(result, 78, f"there is no field '{field}' in this run; the fields are")
        assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("program", ["cdo", "ncap2"])
def test_a_sea_in_celsius_is_refused_with_a_command_that_mends_it(program, tmp_path):
    with netCDF4.Dataset(tmp_path / "sea.nc", "w", format="NETCDF4_CLASSIC") as file:
        for name, size, first, step, unit in (("time", 12, 15, 30, "days since 2001-01-01"),
                                              ("lat", 18, -85, 10, "degrees_north"), ("lon", 36, 5, 10, "degrees_east")):
            file.createDimension(name, size)
            variable = file.createVariable(name, "f8", (name,))
            variable.units = unit
            variable[:] = [first + step * n for n in range(size)]
        sst = file.createVariable("sst", "f4", ("time", "lat", "lon"))
        sst.units = "degC"
        sst[:] = 20
    case = write(tmp_path, ("{scheme: slab_ocean, depth_m: 2, initial_temperature_k: 285}", "monthly_sst"),
                 ("output:", "boundary: {sea_surface_temperature: sea.nc}\noutput:"))
    message = refused(run(case, tmp_path / "run"), 65, "'sst' has the units 'degC'; they must be 'K'").errors
    if shutil.which(program) is None:
        pytest.skip(f"there is no {program}")
    command = re.search(program + r" .*? kelvin\.nc", message).group(0)
    subprocess.run(command, shell=True, cwd=tmp_path, check=True, capture_output=True)
    with netCDF4.Dataset(tmp_path / "kelvin.nc") as file:
        assert file["sst"].units == "K" and abs(file["sst"][:] - 293.15).max() < 1e-3
    case.write_text(case.read_text().replace("sea.nc", "kelvin.nc"))
    finished(run(case, tmp_path / "run"))
