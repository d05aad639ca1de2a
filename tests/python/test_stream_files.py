"""Opens the sample files of tests/unit/test_stream.cpp with xarray, CDO, NCO and the two CF checkers."""

import os
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest
import xarray as xr

ROOT = pathlib.Path(__file__).resolve().parents[2]
TABLES = ROOT / "tests" / "data" / "cf"
BUILD = pathlib.Path(os.environ.get("MERIDIAN_EXECUTABLE", ROOT / "build" / "cpu" / "meridian")).parent
BIN = pathlib.Path(sys.executable).parent
RADIUS = 6371220.0

# `cdo ml2pl` interpolates only where lev_bnds has formula_terms of its own; these are the words against that.
EXEMPT = {
    "cfchecks": {
        "ERROR: (4.3.3): formula_terms attribute only allowed on coordinate variables",
        "ERROR: (4.3.3): Cannot get formula definition as no standard_name",
    },
    "compliance-checker": {
        "* 'lev_bnds' has attr 'formula_terms' with value 'ap: ap_bnds b: hybm_bnds ps: ps' that does not agree with "
        "its associated variable ('lev')'s attr value 'ap: ap b: hybm ps: ps'"
    },
}

MODEL_LEVELS = ("rest.monthly", "rest.snap", "rest.most", "rest.least", "rest.total", "varying.exact.")
OTHERS = ("rest.plev", "rest.surface", "varying.exact_plev", "water.snap", "water.daily")


def output_of(*command, **options):
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=120, **options)
    return result.stdout + result.stderr


def numbers_of(*command):
    return [float(word) for word in output_of(*command).split()]


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("streams")
    output_of(BUILD / "meridian_unit_tests", "--gtest_filter=StreamTest.SampleFilesOfEveryKindAreWritten",
              env={**os.environ, "MERIDIAN_SAMPLE_FILES": str(path)})
    assert len(list(path.glob("*.nc"))) == len(MODEL_LEVELS) + len(OTHERS)
    return path


def file_of(folder, start):
    (path,) = folder.glob(start + "*.nc")
    return path


def tool(name):
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


@pytest.mark.parametrize("start", MODEL_LEVELS + OTHERS)
def test_cf_checker_has_only_its_two_words_about_lev_bnds(folder, start):
    import compliance_checker
    names = pathlib.Path(compliance_checker.__file__).parent / "data" / "cf-standard-name-table.xml"
    text = output_of(BIN / "cfchecks", "-s", names, "-a", TABLES / "area-type-table.xml",
                     "-r", TABLES / "standardized-region-list.xml", "-v", "auto", file_of(folder, start))
    assert "ERRORS detected:" in text and "Using CF Checker Version 4.1.0" in text, text
    problems = {line for line in text.splitlines() if line.startswith(("ERROR:", "WARN:", "FATAL:"))}
    assert problems == (EXEMPT["cfchecks"] if start in MODEL_LEVELS else set()), text


@pytest.mark.parametrize("start", MODEL_LEVELS + OTHERS)
def test_compliance_checker_has_only_its_word_about_lev_bnds(folder, start):
    text = output_of(BIN / "compliance-checker", "--test=cf:1.8", file_of(folder, start))
    assert ("All tests passed!" in text) == (start in OTHERS), text
    problems = {line.strip() for line in text.splitlines() if line.startswith("*")}
    assert problems == (EXEMPT["compliance-checker"] if start in MODEL_LEVELS else set()), text


@pytest.mark.parametrize("start", MODEL_LEVELS + OTHERS)
def test_files_follow_our_own_rules(folder, start):
    with xr.open_dataset(file_of(folder, start), decode_times=False, mask_and_scale=False) as raw:
        assert raw.attrs["Conventions"] == "CF-1.8"
        assert raw.encoding["unlimited_dims"] == {"time"}
        assert float(raw.crs.attrs["earth_radius"]) == RADIUS
        assert raw.lat.values[0] < 0 < raw.lat.values[-1] and 0 < raw.lon.values[0] < raw.lon.values[-1] < 360
        assert raw.lat_bnds.values[0, 0] == -90 and raw.lat_bnds.values[-1, 1] == 90
        statistic = file_of(folder, start).name.split(".")[3]
        assert ("time_bnds" in raw) == (statistic != "instant")
        if statistic == "instant":
            assert raw.time.values[0] == 0
        else:
            bounds = raw.time_bnds.values
            assert bounds[0, 0] == 0 and np.array_equal(bounds[1:, 0], bounds[:-1, 1])
            assert np.array_equal(raw.time.values, bounds.mean(axis=1))
        for name, variable in raw.variables.items():
            on_pressure = "plev" in variable.dims and name != "plev"
            assert ("_FillValue" in variable.attrs) == on_pressure, name
            assert on_pressure or np.isfinite(variable.values).all(), name
            if "grid_mapping" not in variable.attrs:
                continue
            assert variable.dims in (("time", "lev", "lat", "lon"), ("time", "plev", "lat", "lon"),
                                     ("time", "lat", "lon"), ("lat", "lon")), name
            word = {"instant": "point", "mean": "mean", "min": "minimum", "max": "maximum", "sum": "sum"}[statistic]
            if statistic == "sum" and name == "ps":
                word = "mean"
            if "time" in variable.dims:
                assert variable.attrs["cell_methods"].endswith("time: " + word), name
        if "lev" in raw.dims:
            for name, unit in (("hyam", "1"), ("hybm", "1"), ("ap", "Pa")):
                assert raw[name].attrs["units"] == unit
            assert np.allclose(raw.hyam * raw.P0, raw.ap, rtol=1e-15, atol=0)
            assert np.allclose(raw.hyam + raw.hybm, raw.lev, rtol=1e-15, atol=0)
            assert np.array_equal(raw.lev_bnds.values[1:, 0], raw.lev_bnds.values[:-1, 1])
            assert raw.ilev.values[-1] == 1
            assert "ps" in raw


def test_xarray_decodes_times_bounds_and_pressures(folder):
    import cf_xarray  # noqa: F401
    with xr.open_dataset(file_of(folder, "rest.monthly"), decode_coords="all") as data:
        assert {"time_bnds", "lat_bnds", "lon_bnds", "lev_bnds", "crs", "areacella", "ps"} <= set(data.coords)
        assert [str(t) for t in data.time.values] == ["2000-01-16 12:00:00", "2000-02-15 00:00:00"]
        assert data.time.dt.calendar == "noleap"
        data.cf.decode_vertical_coords(outnames={"lev": "p", "ilev": "p_interface"})
        assert np.allclose(data.p.isel(time=0, lat=3, lon=5), data.lev * 1e5)
        assert abs(data.ta - (200 + 100 * data.lev)).max() < 1e-4
        assert np.isclose(data.areacella.sum(), 4 * np.pi * RADIUS**2, rtol=1e-13)
    with xr.open_dataset(file_of(folder, "rest.plev"), decode_coords="all") as data:
        missing = (data.plev < 5100).values  # the middle of the top layer is at 51 hPa
        assert missing.sum() == 2
        assert np.isnan(data.ta.values[:, missing]).all() and not np.isnan(data.ta.values[:, ~missing]).any()
        assert np.isnan(data.ta).any("plev").all() and data.plev.values[0] == 1e5
    with xr.open_dataset(file_of(folder, "rest.total")) as data:
        assert abs(data.ta - 4 * (200 + 100 * data.lev)).max() < 1e-3 and np.allclose(data.ps, 1e5)
    with xr.open_dataset(file_of(folder, "varying.exact.")) as data:
        assert data.time.dt.calendar == "360_day" and data.ta.dtype == np.float64
    with xr.open_dataset(file_of(folder, "water.daily")) as data:
        assert data.time.dt.calendar == "proleptic_gregorian" and data.h.dims == ("time", "lat", "lon")


def test_fields_at_a_height_have_it_as_scalar_coordinate(folder):
    with xr.open_dataset(file_of(folder, "rest.surface"), decode_coords="all") as data:
        for name, height, word in (("tas", 2, "air_temperature"), ("uas", 10, "eastward_wind")):
            coordinate = data[name].coords[f"height{height}m"]
            assert float(coordinate) == height and coordinate.attrs["standard_name"] == "height"
            assert coordinate.attrs["units"] == "m" and coordinate.attrs["positive"] == "up"
            assert data[name].attrs["standard_name"] == word
    with xr.open_dataset(file_of(folder, "rest.surface"), decode_coords=False) as raw:
        assert raw.tas.attrs["coordinates"] == "height2m" and "coordinates" not in raw.ps.attrs
    with xr.open_dataset(file_of(folder, "rest.snap"), decode_coords="all") as data:
        assert data.tas.dims == ("time", "lat", "lon") and "height2m" in data.tas.coords
        assert data.ta.attrs["standard_name"] == data.tas.attrs["standard_name"]


def test_cdo_interpolates_to_285_and_250_kelvin(folder):
    cdo = tool("cdo")
    for start in ("rest.monthly", "rest.snap", "rest.least"):
        values = numbers_of(cdo, "-s", "outputf,%.17g,1", "-ml2pl,85000,50000", "-seltimestep,1", "-selname,ta",
                            file_of(folder, start))
        ta_850, ta_500, ps = np.array(values).reshape(3, 24 * 48)  # CDO keeps the ps of the levels
        assert set(ta_850) == {285.0} and set(ta_500) == {250.0} and set(ps) == {1e5}


def test_cdo_understands_grid_levels_and_time(folder):
    cdo = tool("cdo")
    for start in MODEL_LEVELS + OTHERS:
        text = output_of(cdo, "sinfon", file_of(folder, start))
        assert "Warning" not in text and "lonlat" in text and "circular" in text and "available : cellbounds" in text
        if start in MODEL_LEVELS:
            assert "hybrid" in text and "vct  ps: ps" in text


def test_area_means_of_cdo_and_nco_are_ours(folder, tmp_path):
    path = file_of(folder, "varying.exact.")
    with xr.open_dataset(path) as data:
        ours = (data.ta * data.areacella).sum(("lat", "lon")) / data.areacella.sum()
        ours = ours.transpose("time", "lev").values
    cdo, ncwa = tool("cdo"), tool("ncwa")
    theirs = numbers_of(cdo, "-s", "outputf,%.17g,1", "-fldmean", "-selname,ta", path)
    theirs = np.array(theirs).reshape(3, 11)[:, :10]  # after the ten levels of ta the ps of each time
    assert np.allclose(theirs, ours, rtol=1e-13, atol=0)
    output_of(ncwa, "-O", "-w", "areacella", "-a", "lat,lon", "-v", "ta", path, tmp_path / "mean.nc")
    with xr.open_dataset(tmp_path / "mean.nc") as mean:
        assert np.allclose(mean.ta.values, ours, rtol=1e-13, atol=0)


def test_cdo_interpolates_over_mountains_as_our_pressure_levels(folder):
    """CDO is linear in p and not in ln p: on the layers of this file that is within 0.3 K where both have values."""
    cdo = tool("cdo")
    values = numbers_of(cdo, "-s", "outputf,%.9g,1", "-ml2pl,85000,50000", "-seltimestep,2", "-selname,ta,ps",
                        file_of(folder, "varying.exact."))
    theirs = np.array(values[: 2 * 24 * 48]).reshape(2, 24, 48)
    with xr.open_dataset(file_of(folder, "varying.exact_plev")) as data:
        ours = data.ta.isel(time=0).values
    both = np.isfinite(ours) & (theirs > 100)
    assert both.sum() > 2000
    assert np.abs(theirs - ours)[both].max() < 0.3
