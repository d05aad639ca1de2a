"""Starts from files: what bad ones are refused for, and that good ones give the state they hold on any layout."""

import json
import shutil

import netCDF4
import numpy as np
import pytest

from tests.support.model_run import HAS_MPIRUN, IS_BUILT, finished, meridian, refused, run, state_hash

pytestmark = pytest.mark.skipif(not IS_BUILT, reason="the model is not built")

CASE = """
time: {start: 2001-03-04, calendar: noleap, run_steps: 2}
grid: {n_lon: 32, n_lat: 16, levels: L26}
initial: {name: file, path: start.nc}
dycore: {equations: hydrostatic, dt_s: 600}
output: {streams: [{name: s, fields: [ps, ta, ua, va, orog], every: 2 steps, precision: double}]}
"""


def write_start(path, lat=None, lon=None, levels=None, hours=(48.0,), calendar="noleap", units=None, leave_out=()):
    """An isothermal atmosphere in solid rotation on pressure levels, 2 March 2001 + hours."""
    lat = np.arange(-87.5, 90, 5) if lat is None else np.asarray(lat, float)
    lon = np.arange(0, 360, 5) if lon is None else np.asarray(lon, float)
    levels = np.array([10, 50, 100, 200, 300, 500, 700, 850, 925, 1000]) * 100.0 if levels is None else levels
    with netCDF4.Dataset(path, "w") as file:
        for name, values, unit in (("time", np.asarray(hours), "hours since 2001-03-02 00:00:00"),
                                   ("plev", levels, "Pa"), ("lat", lat, "degrees_north"), ("lon", lon, "degrees_east")):
            file.createDimension(name, len(values))
            variable = file.createVariable(name, "f8", (name,))
            variable.units = unit
            variable[:] = values
        file["time"].calendar = calendar
        shape = (len(hours), len(levels), len(lat), len(lon))
        fields = {
            "ua": ("m s-1", "eastward_wind", 20 * np.cos(np.radians(lat))[:, None] * np.ones(shape)),
            "va": ("m s-1", "northward_wind", np.zeros(shape)),
            "ta": ("K", "air_temperature", np.full(shape, 280.0)),
            "ps": ("Pa", "surface_air_pressure", np.full((shape[0], *shape[2:]), 1e5)),
        }
        for name, (unit, standard_name, values) in fields.items():
            if name in leave_out:
                continue
            three = values.ndim == 4
            variable = file.createVariable(name, "f8", ("time", "plev", "lat", "lon") if three else ("time", "lat", "lon"))
            variable.units = (units or {}).get(name, unit)
            variable.standard_name = standard_name
            variable[:] = values


@pytest.fixture
def case(tmp_path):
    path = tmp_path / "case.yaml"
    path.write_text(CASE)
    return path


def spoil(name, index, value):
    def action(path):
        write_start(path)
        with netCDF4.Dataset(path, "a") as file:
            file[name].set_auto_mask(False)
            file[name][index] = value
    return action


def written(**how):
    return lambda path: write_start(path, **how)


def in_units(name, units, **how):
    """The numbers stay as they are."""
    def action(path):
        write_start(path, **how)
        with netCDF4.Dataset(path, "a") as file:
            file[name].units = units
    return action


def humid(value, **how):
    """The specific humidity is 0.001 but at one point."""
    def action(path):
        write_start(path, **how)
        with netCDF4.Dataset(path, "a") as file:
            variable = file.createVariable("hus", "f8", file["ta"].dimensions)
            variable.units = "1"
            variable[:] = 0.001
            variable[0, 3, 4, 5] = value
    return action


def not_netcdf(path):
    path.write_text("no NetCDF\n")


def cut(path):
    write_start(path)
    path.write_bytes(path.read_bytes()[:3000])


HPA = np.array([10, 50, 100, 200, 300, 500, 700, 850, 925, 1000], float)
BAD = [
    (lambda path: None, 66, ["start.nc"]),
    (not_netcdf, 65, ["is not NetCDF"]),
    (cut, 65, ["start.nc"]),
    (written(leave_out=("ta",)), 65, ["has no air_temperature", "'ta' or 't'"]),
    (written(leave_out=("ps",)), 65, ["has no surface_air_pressure"]),
    (written(leave_out=("va",)), 65, ["has no northward_wind"]),
    (written(units={"ta": "degF"}), 65, ["'ta'", "'degF'", "'K'"]),
    (written(units={"ps": "m"}), 65, ["'ps'", "'Pa' or 'hPa'"]),
    (written(units={"ua": "knots"}), 65, ["'ua'", "'knots'", "'m s-1' or 'm/s'"]),
    (spoil("ta", (0, 3, 4, 5), np.nan), 65, ["'ta' is missing", "plev = 20000", "latitude -67.5", "longitude 25"]),
    (spoil("ua", (0, 3, 4, 5), 9.969209968386869e36), 65, ["'ua'", "latitude -67.5"]),
    (spoil("ps", (0, 4, 5), 2.0), 65, ["'ps' is 2, out of 30000 to 120000"]),
    (spoil("ps", (0, 4, 5), 0.0), 65, ["'ps' is 0, out of 30000 to 120000 at latitude -67.5, longitude 25"]),
    (spoil("ta", (0, 3, 4, 5), 5.0), 65, ["'ta' is 5, out of 100 to 400 at level plev = 20000, latitude -67.5"]),
    (humid(1.5), 65, ["'hus' is 1.5, out of -0.0001 to 0.2 at level plev = 20000, latitude -67.5, longitude 25"]),
    (humid(-0.01), 65, ["'hus' is -0.01, out of -0.0001 to 0.2"]),
    (humid(np.nan), 65, ["'hus' is missing"]),
    (spoil("plev", 4, 15000.0), 65, ["'plev' is not ordered"]),
    (spoil("lat", 4, -80.0), 65, ["'lat' is not ordered"]),
    (written(levels=HPA), 65, ["'plev' has the units 'Pa' and values from 10 to 1000", "'ps' is 100000 to 100000 Pa",
                               "the lowest level must be between 50000 and 200000 Pa"]),
    (in_units("plev", "hPa"), 65, ["'plev' has the units 'hPa' and values from 1000 to 100000", "to 1e+07 Pa"]),
    (written(levels=HPA[:5] * 100), 65, ["reach from 1000 to 30000 Pa"]),
    (written(levels=np.array([1.1e5, 1.5e5])), 65, ["reach from 110000 to 150000 Pa", "the highest less than 100000 Pa"]),
    (spoil("plev", 0, np.nan), 65, ["'plev' holds nan"]),
    (written(lat=np.arange(-60, 61, 5)), 65, ["'lat' does not cover the globe"]),
    (written(lat=np.delete(np.arange(-87.5, 90, 5), range(20, 26))), 65, ["'lat' has gaps: its steps are 5 to 35 degrees"]),
    (written(lon=np.arange(355, -1, -5)), 65, ["'lon' is not ordered eastward: 345 follows 350"]),
    (in_units("plev", "degrees_north"), 65, ["'plev' has the units 'degrees_north'", "level, latitude, longitude"]),
    (written(lon=np.arange(0, 180, 5)), 65, ["'lon' does not go round the globe"]),
    (written(lon=np.delete(np.arange(0, 360, 5), (10, 11))), 65, ["'lon' has gaps: its steps are 5 to 15 degrees"]),
    (written(calendar="360_day"), 65, ["calendar '360_day'", "'time.calendar' = noleap"]),
    (written(hours=(0.0,)), 65, ["holds no 2001-03-04T00:00:00", "2001-03-02T00:00:00"]),
    (written(hours=(0.0, 24.0)), 65, ["2001-03-02T00:00:00 to 2001-03-03T00:00:00"]),
]


@pytest.mark.parametrize("layout", ["", "2x1"])
@pytest.mark.parametrize("damage, code, words", BAD)
def test_bad_start_file(damage, code, words, layout, case, tmp_path):
    if layout and not HAS_MPIRUN:
        pytest.skip("no mpirun")
    damage(tmp_path / "start.nc")
    result = run(case, tmp_path / "run", layout=layout)
    assert result.code == code, result
    assert len(result.messages) == 1, result
    for word in words:
        assert word in result.messages[0], result
    assert not (tmp_path / "run").exists()


def test_levels_in_hpa_are_those_in_pa(case, tmp_path):
    hashes = set()
    for n, write in enumerate([written(levels=100 * HPA), in_units("plev", "hPa", levels=HPA)]):
        write(tmp_path / "start.nc")
        finished(run(case, tmp_path / f"run{n}"))
        hashes.add(state_hash(tmp_path / f"run{n}"))
    assert len(hashes) == 1


def test_hybrid_coefficients_in_hpa_are_those_in_pa(case, tmp_path):
    first = tmp_path / "first.yaml"
    first.write_text(CASE.replace("{name: file, path: start.nc}", "{name: ullrich}"))
    finished(run(first, tmp_path / "first"))
    [history] = (tmp_path / "first" / "output").glob("*.nc")
    temperatures = []
    for units in ("Pa", "hPa", "m"):
        with netCDF4.Dataset(shutil.copy(history, tmp_path / "start.nc"), "a") as file:
            file["lev"].delncattr("bounds")
            file["ap"][:] /= 100 if units == "hPa" else 1
            file["ap"].units = units
        result = run(case, tmp_path / f"run_{units}")
        if units == "m":
            refused(result, 65, "variable 'ap' has the units 'm'", "'Pa' or 'hPa'")
            continue
        finished(result)
        temperatures.append(records(tmp_path / f"run_{units}")["ta"])
    np.testing.assert_allclose(*temperatures, rtol=1e-12)


def high_ground(path):
    write_start(path)
    with netCDF4.Dataset(path, "a") as file:
        orog = file.createVariable("orog", "f8", ("lat", "lon"))
        orog.units = "m"
        orog[:] = 4000  # the model's is at 0 m, where the pressure would be 1.7e5 Pa


def hot_aloft(path):
    write_start(path, levels=np.array([1e4, 6e4]))
    with netCDF4.Dataset(path, "a") as file:
        file["ta"][:] = 390


@pytest.mark.parametrize("layout", ["", "2x1"])
@pytest.mark.parametrize("write, words", [(high_ground, ("'surface_air_pressure' = ", "allowed is 30000 to 120000")),
                                          (hot_aloft, ("'air_temperature' = 4", "allowed is 100 to 400"))])
def test_a_start_that_comes_out_impossible_is_refused_before_the_first_step(write, words, layout, case, tmp_path):
    if layout and not HAS_MPIRUN:
        pytest.skip("no mpirun")
    write(tmp_path / "start.nc")
    refused(run(case, tmp_path / "run", layout=layout), 65, *words, "The start file gives", "latitude")
    assert not list((tmp_path / "run").rglob("*.nc"))
    refused(meridian("check", case), 65, *words)


def with_ground(name, values, units):
    def action(path):
        write_start(path)
        with netCDF4.Dataset(path, "a") as file:
            ground = file.createVariable(name, "f8", ("lat", "lon"))
            ground.units = units
            ground[:] = values
    return action


def test_the_geopotential_of_the_ground_is_as_good_as_its_altitude(case, tmp_path):
    hashes = set()
    for n, write in enumerate([with_ground("orog", 300, "m"), with_ground("phis", 300 * 9.80616, "m**2 s**-2"), written()]):
        write(tmp_path / "start.nc")
        finished(run(case, tmp_path / f"run{n}"))
        if n < 2:
            np.testing.assert_allclose(records(tmp_path / f"run{n}")["ps"], 1.0371e5, rtol=1e-4)  # at 0 m
        hashes.add(round(float(records(tmp_path / f"run{n}")["ps"].mean()), 3))
    assert len(hashes) == 2
    with_ground("phis", 1e6, "m2 s-2")(tmp_path / "start.nc")
    refused(run(case, tmp_path / "high"), 65, "'phis' is 101977, out of -500 to 12000")


def test_a_file_without_ground_is_warned_of_over_mountains(case, tmp_path):
    warning = "The start file has no surface altitude ('orog')"
    write_start(tmp_path / "start.nc")
    assert warning not in meridian("check", case).output
    mountains = ("--set", "boundary.topography=earth_topography_1p0.nc")
    assert warning in meridian("check", case, *mountains).output
    assert warning in meridian("run", case, "--run-dir", tmp_path / "run", *mountains).errors
    with_ground("orog", 0, "m")(tmp_path / "start.nc")
    assert warning not in meridian("check", case, *mountains).output


# ---- humidity ----

def with_vapour(case, initial="state", fields="ps, ta, ua, va, hus"):
    case.write_text(case.read_text().replace("ps, ta, ua, va", fields) + f"tracers:\n  - {{name: qv, initial: {initial}, value: 0.002}}\n")


def test_the_humidity_of_the_file_is_that_of_the_tracer(case, tmp_path):
    humid(0.001)(tmp_path / "start.nc")
    with_vapour(case)
    finished(run(case, tmp_path / "run"))
    state = records(tmp_path / "run", "hus")
    np.testing.assert_allclose(state["hus"], 0.001, rtol=1e-12)
    np.testing.assert_allclose(state["ta"], 280, rtol=1e-12)
    np.testing.assert_allclose(state["ps"], 1e5, rtol=1e-12)  # of the air with its vapour


def test_humidity_is_interpolated_in_the_vertical_and_not_negative(case, tmp_path):
    write_start(tmp_path / "start.nc")
    with netCDF4.Dataset(tmp_path / "start.nc", "a") as file:
        hus = file.createVariable("hus", "f8", file["ta"].dimensions)
        hus.units = "g kg-1"
        hus[:] = np.where(HPA < 250, -0.05, 10 * np.log(HPA / 250))[:, None, None]  # linear in ln p below 300 hPa
    with_vapour(case, fields="ps, ta, ua, va, hus, pfull")
    finished(run(case, tmp_path / "run"))
    state = records(tmp_path / "run", "hus", "pfull")
    hus, p = state["hus"], state["pfull"] / 100
    assert hus.min() == 0
    inside = (p > 320) & (p < 990)
    np.testing.assert_allclose(hus[inside], 0.01 * np.log(p[inside] / 250), atol=2e-5)  # p in the middle of ps, or of ln p
    np.testing.assert_allclose(state["ta"], 280, rtol=2e-4)  # products of interpolated values


def test_own_moist_output_gives_the_state_back(case, tmp_path):
    first = tmp_path / "first.yaml"
    first.write_text(CASE.replace("{name: file, path: start.nc}", "{name: ullrich, specific_humidity: 0.018}"))
    with_vapour(first)
    finished(run(first, tmp_path / "first"))
    [history] = (tmp_path / "first" / "output").glob("*.nc")
    case.write_text(CASE.replace("start.nc", str(history)))
    with_vapour(case)
    finished(run(case, tmp_path / "again"))
    before, after = records(tmp_path / "first", "hus"), records(tmp_path / "again", "hus")
    np.testing.assert_allclose(after["ps"], before["ps"], rtol=1e-13)
    np.testing.assert_allclose(after["ta"], before["ta"], rtol=1e-12)
    np.testing.assert_allclose(after["hus"], before["hus"], rtol=1e-11, atol=1e-18)


@pytest.mark.parametrize("initial", ["uniform", "cosine_bell"])
def test_a_tracer_does_not_replace_the_humidity_of_the_file(initial, case, tmp_path):
    humid(0.001)(tmp_path / "start.nc")
    with_vapour(case, initial)
    lines = case.read_text().splitlines()
    place = f"case.yaml:{len(lines)}:{lines[-1].index(initial) + 1}: "
    for result in (run(case, tmp_path / "run"), meridian("check", case)):
        refused(result, 78, place, f"'initial' of the tracer 'qv' is {initial}, but the start file", "set it to state")
    write_start(tmp_path / "start.nc")  # dry
    finished(run(case, tmp_path / "run"))


def test_a_tracer_of_the_files_humidity_needs_one(case, tmp_path):
    write_start(tmp_path / "start.nc")
    with_vapour(case)
    for result in (run(case, tmp_path / "run"), meridian("check", case)):
        refused(result, 65, "has no specific_humidity", "'hus' or 'q'")


def records(folder, *more):
    [path] = (folder / "output").glob("*.nc")
    with netCDF4.Dataset(path) as file:
        return {name: np.array(file[name][0], "f8") for name in ("ps", "ta", "ua", "va", *more)}


def test_orders_of_axes_and_times_do_not_matter(case, tmp_path):
    lat, lon = np.arange(-87.5, 90, 5), np.arange(0, 360, 5)
    hashes = set()
    for n, how in enumerate([dict(), dict(lat=lat[::-1]), dict(levels=np.array([1000, 925, 850, 700, 500, 300, 200, 100, 50, 10]) * 100.0),
                             dict(hours=(0.0, 24.0, 48.0, 72.0))]):
        write_start(tmp_path / "start.nc", **how)
        assert run(case, tmp_path / f"run{n}").code == 0
        hashes.add(state_hash(tmp_path / f"run{n}"))
    assert len(hashes) == 1
    write_start(tmp_path / "start.nc", lon=lon - 180)
    assert run(case, tmp_path / "turned").code == 0
    for name, values in records(tmp_path / "turned").items():
        np.testing.assert_allclose(values, records(tmp_path / "run0")[name], rtol=1e-12, atol=1e-9)


def test_start_has_the_state_of_the_file(case, tmp_path):
    write_start(tmp_path / "start.nc")
    assert run(case, tmp_path / "run").code == 0
    state = records(tmp_path / "run")
    lat = np.radians(np.linspace(-90, 90, 17)[:-1] + 90 / 16)
    np.testing.assert_allclose(state["ps"], 1e5, rtol=1e-13)
    np.testing.assert_allclose(state["ta"], 280, rtol=1e-12)
    np.testing.assert_allclose(state["ua"], (20 * np.cos(lat))[:, None] * np.ones((26, 16, 32)), atol=0.15)
    np.testing.assert_allclose(state["va"], 0, atol=0.02)


@pytest.mark.skipif(not HAS_MPIRUN, reason="no mpirun")
def test_same_bits_on_any_layout(case, tmp_path):
    write_start(tmp_path / "start.nc")
    hashes = set()
    for layout in ("", "2x1", "1x2", "2x2", "1x3"):
        assert run(case, tmp_path / f"run{layout}", layout=layout).code == 0
        hashes.add(state_hash(tmp_path / f"run{layout}"))
    assert len(hashes) == 1


def test_own_output_gives_the_state_back(case, tmp_path):
    """A stream in double precision on the model's own levels holds the state; the winds are at cell centres."""
    first = tmp_path / "first.yaml"
    first.write_text(CASE.replace("{name: file, path: start.nc}", "{name: ullrich}"))
    assert run(first, tmp_path / "first").code == 0
    [history] = (tmp_path / "first" / "output").glob("*.nc")
    again = tmp_path / "again.yaml"
    again.write_text(CASE.replace("start.nc", str(history)))
    assert run(again, tmp_path / "again").code == 0
    before, after = records(tmp_path / "first"), records(tmp_path / "again")
    np.testing.assert_allclose(after["ps"], before["ps"], rtol=1e-14)
    np.testing.assert_allclose(after["ta"], before["ta"], rtol=1e-13)
    assert np.abs(after["ua"] - before["ua"]).max() < 1.5  # m/s: two averages between centres and faces, 11 degrees


def test_shallow_water_starts_from_depth_or_surface(tmp_path):
    case = """
time: {run_steps: 1}
grid: {n_lon: 32, n_lat: 16}
initial: {name: %s}
dycore: {equations: shallow_water, dt_s: 600}
output: {streams: [{name: s, fields: [h, eta, ua, va, orog], every: 1 step, precision: double}]}
"""
    first = tmp_path / "first.yaml"
    first.write_text(case % "williamson_6")
    assert run(first, tmp_path / "first").code == 0
    [history] = (tmp_path / "first" / "output").glob("*.nc")
    again = tmp_path / "again.yaml"
    again.write_text(case % f"file, path: {history}")
    assert run(again, tmp_path / "again").code == 0
    [result] = (tmp_path / "again" / "output").glob("*.nc")
    with netCDF4.Dataset(history) as a, netCDF4.Dataset(result) as b:
        np.testing.assert_allclose(b["h"][0], a["h"][0], rtol=1e-13)
    shutil.copy(history, tmp_path / "dry.nc")
    with netCDF4.Dataset(tmp_path / "dry.nc", "a") as file:
        file["h"][0] = 0
    again.write_text(case % "file, path: dry.nc")
    refused(run(again, tmp_path / "dry"), 65, "The start file gives the depth 0 m at latitude")


def test_run_json_has_the_checksums_of_inputs(case, tmp_path):
    words = []
    for n in range(2):
        write_start(tmp_path / "start.nc", hours=(48.0,) if n == 0 else (48.0, 72.0))
        assert run(case, tmp_path / f"run{n}").code == 0
        inputs = json.loads((tmp_path / f"run{n}" / "run.json").read_text())["inputs_xxh3_128"]
        assert list(inputs) == [str(tmp_path / "start.nc")]
        words += inputs.values()
    assert len(set(words)) == 2 and all(len(word) == 32 for word in words)


@pytest.mark.skipif(not HAS_MPIRUN, reason="no mpirun")
def test_check_adds_up_the_memory_of_all_ranks(case, tmp_path):
    write_start(tmp_path / "start.nc")
    facts = json.loads(meridian("check", case, "--json", ranks=2).output)
    assert 1.8 < facts["memory_bytes_of_all_ranks"] / facts["memory_bytes_per_rank"] <= 2.2


def test_check_reads_the_file_too(case, tmp_path):
    write_start(tmp_path / "start.nc", leave_out=("ta",))
    result = meridian("check", case)
    assert result.code == 65 and "air_temperature" in result.errors, result
