"""Output files of short runs as xarray, CDO and NCO see them: they give our own numbers."""

import os
import pathlib
import shutil
import subprocess

import netCDF4
import numpy as np
import pytest
import xarray as xr

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODEL = pathlib.Path(os.environ.get("MERIDIAN_EXECUTABLE", ROOT / "build" / "cpu" / "meridian"))
pytestmark = pytest.mark.skipif(not MODEL.exists(), reason=f"there is no {MODEL}")
RADIUS = 6371220.0  # [m]

WAVE = """\
title: Coarse wave
time:
  run_days: 1
grid:
  n_lon: 24
  n_lat: 12
  levels: L26
initial:
  name: ullrich
dycore:
  equations: hydrostatic
  dt_s: 1800
output:
  streams:
    - name: layers
      fields: [ps, ta, ua, va]
      every: 6 hours
      precision: double
    - name: levels
      fields: [ta, ua]
      every: 6 hours
      vertical: [850, 500, 250]
      precision: double
    - name: means
      fields: [ps, ta]
      statistic: mean
      every: 6 hours
      vertical: [850, 500, 250]
restart:
  every: never
"""


def run_tool(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}"
    return done.stdout, done.stderr


def tool(name):
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    return name


def one_file(directory, stream):
    (path,) = directory.glob(f"output/*.{stream}.*.nc")
    return path


@pytest.fixture(scope="module")
def shallow(tmp_path_factory):
    directory = tmp_path_factory.mktemp("shallow") / "run"
    run_tool(MODEL, "run", "williamson_2", "--run-dir", directory, "--set", "grid.n_lon=36", "--set", "grid.n_lat=18",
             "--set", "time.run_days=1")
    return one_file(directory, "daily")


@pytest.fixture(scope="module")
def wave(tmp_path_factory):
    directory = tmp_path_factory.mktemp("wave")
    (directory / "wave.yaml").write_text(WAVE)
    run_tool(MODEL, "run", directory / "wave.yaml", "--run-dir", directory / "run")
    return directory / "run"


@pytest.fixture(scope="module", params=["shallow water", "layers", "means"])
def any_file(request):
    if request.param == "shallow water":
        return request.getfixturevalue("shallow")
    return one_file(request.getfixturevalue("wave"), request.param)


def fields_of(file):
    return [name for name, variable in file.variables.items() if variable.dimensions[-2:] == ("lat", "lon") and
            variable.dimensions[0] == "time"]


def area_means(path):
    """Our own: sum of value times area over the cells that have a value, per record and level."""
    with netCDF4.Dataset(path) as file:
        area = file["areacella"][:]
        means = {}
        for name in fields_of(file):
            values = np.ma.asarray(file[name][:]).astype("f8")
            weights = np.ma.masked_array(np.broadcast_to(area, values.shape), np.ma.getmaskarray(values))
            means[name] = (values * weights).sum(axis=(-2, -1)) / weights.sum(axis=(-2, -1))
    return means


def assert_equal_means(path, source, tolerance):
    """tolerance: of the field's largest value, since the mean of a wind or of vorticity may be 0."""
    with netCDF4.Dataset(path) as file, netCDF4.Dataset(source) as whole:
        for name, mean in area_means(source).items():
            theirs = np.ma.asarray(file[name][:]).astype("f8").reshape(mean.shape)
            size = np.abs(whole[name][:]).max()
            assert np.abs(theirs - mean).max() <= tolerance * size, name


def test_xarray_knows_coordinates_areas_and_dates(any_file):
    with xr.open_dataset(any_file, decode_coords="all") as data:
        assert {"lat_bnds", "lon_bnds", "areacella"} <= set(data.coords)
        assert (np.diff(data.lat) > 0).all() and (np.diff(data.lon) > 0).all()
        assert data.lat_bnds.values[[0, -1], [0, 1]].tolist() == [-90, 90]
        assert float(data.areacella.sum()) == pytest.approx(4 * np.pi * RADIUS**2, rel=1e-14)
        assert data.time.dt.calendar == "noleap" and str(data.time.values[-1]).startswith("2000-01-0")
        fields = set(data.data_vars) - {"P0", "hyam", "hybm", "hyai", "hybi", "ap", "api"}
        assert fields <= {"ps", "ta", "ua", "va", "h", "vo"} and data.attrs["Conventions"] == "CF-1.8"
        for name in fields:
            assert np.isfinite(data[name].values).all() and data[name].dims[-2:] == ("lat", "lon"), name
            # 1e-6: the weighted mean is taken in the file's precision, float32.
            mean = data[name].weighted(data.areacella).mean(("lat", "lon"))
            ours = area_means(any_file)[name]
            assert np.abs(mean.values - ours).max() <= 1e-6 * max(np.abs(data[name]).max(), 1e-30), name


def test_instants_begin_with_the_initial_state_and_means_have_intervals(wave, shallow):
    for path, records in ((shallow, 2), (one_file(wave, "layers"), 5)):
        with netCDF4.Dataset(path) as file:
            assert file["time"][:].tolist() == np.linspace(0, 1, records).tolist()
            assert "bounds" not in file["time"].ncattrs()
    with netCDF4.Dataset(one_file(wave, "means")) as file:
        assert file["time_bnds"][:].tolist() == [[0, 0.25], [0.25, 0.5], [0.5, 0.75], [0.75, 1]]
        assert file["time"][:].tolist() == [0.125, 0.375, 0.625, 0.875]
        assert file["ta"].cell_methods.endswith("time: mean") and file["plev"][:].tolist() == [85000, 50000, 25000]


def test_cdo_recognises_grid_levels_and_time(any_file):
    output, complaints = run_tool(tool("cdo"), "-s", "sinfon", any_file)
    with netCDF4.Dataset(any_file) as file:
        n_lon, n_lat = len(file.dimensions["lon"]), len(file.dimensions["lat"])
        words = [f"points={n_lon * n_lat} ({n_lon}x{n_lat})", "lonlat", "circular", "available : cellbounds area",
                 "Calendar = 365_day", "2000-01-0"]
        if "lev" in file.variables:
            words += ["hybrid ", "levels=26", "available : vct  ps: ps"]
        if "plev" in file.variables:
            words += ["pressure ", "levels=3"]
    assert not [word for word in words if word not in output], output
    assert complaints == ""


def test_cdo_gives_our_area_means(any_file, tmp_path):
    names = ",".join(area_means(any_file))
    run_tool(tool("cdo"), "-s", "-b", "F64", "fldmean", f"-selname,{names}", any_file, tmp_path / "mean.nc")
    assert_equal_means(tmp_path / "mean.nc", any_file, 1e-13)


def test_nco_gives_our_area_means(any_file, tmp_path):
    names = ",".join(area_means(any_file))
    run_tool(tool("ncwa"), "-O", "-w", "areacella", "-a", "lat,lon", "-v", names, any_file, tmp_path / "mean.nc")
    # ncwa rounds its means to the file's precision: half a unit of the last place of float32 is 6e-8.
    assert_equal_means(tmp_path / "mean.nc", any_file, 1e-7)


def test_pressure_levels_of_the_model_follow_from_its_layers(wave):
    """Linear in ln p, on the layers and pressures that the file of layers describes."""
    with netCDF4.Dataset(one_file(wave, "layers")) as layers, netCDF4.Dataset(one_file(wave, "levels")) as levels:
        a, b = (layers[name][:][:, None, None] for name in ("hyam", "hybm"))
        for n in range(len(levels["time"])):
            log_p = np.log(a * layers["P0"][...] + b * layers["ps"][n])
            for name in ("ta", "ua"):
                ours = interpolated(layers[name][n], log_p, np.log(levels["plev"][:]))
                # Round-off of weights and pressures: the logarithms are about 11.
                assert np.abs(levels[name][n] - ours).max() <= 1e-11 * np.abs(layers[name][n]).max(), (name, n)


def test_cdo_interpolates_layers_to_pressures(wave, tmp_path):
    """`cdo ml2pl` is linear in p, not in ln p."""
    path = one_file(wave, "layers")
    run_tool(tool("cdo"), "-s", "ml2pl,85000,50000,25000", "-selname,ps,ta,ua", path, tmp_path / "levels.nc")
    with netCDF4.Dataset(path) as file, netCDF4.Dataset(tmp_path / "levels.nc") as theirs:
        a, b = (file[name][:][:, None, None] for name in ("hyam", "hybm"))
        assert theirs["plev"][:].tolist() == [85000, 50000, 25000]
        for n in range(len(file["time"])):
            pressure = a * file["P0"][...] + b * file["ps"][n]
            for name in ("ta", "ua"):
                ours = interpolated(file[name][n], pressure, theirs["plev"][:])
                assert np.abs(theirs[name][n] - ours).max() <= 1e-11 * np.abs(file[name][n]).max(), (name, n)


def interpolated(values, coordinate, targets):
    """Linear in the coordinate: (lev, lat, lon) -> (target, lat, lon)."""
    columns = [np.interp(targets, coordinate[:, j, i], values[:, j, i]) for j, i in np.ndindex(values.shape[1:])]
    return np.array(columns).T.reshape(len(targets), *values.shape[1:])
