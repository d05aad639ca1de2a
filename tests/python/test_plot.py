"""scripts/plot on files with known fields: interpolation, order of records, projections, the pictures themselves."""

import importlib.machinery
import importlib.util
import os
import pathlib
import re
import subprocess
import sys
import warnings

import numpy as np
import pytest
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))
import sample_output  # noqa: E402


def load_plot():
    loader = importlib.machinery.SourceFileLoader("meridian_plot", str(ROOT / "scripts" / "plot"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("meridian_plot", loader))
    sys.dont_write_bytecode = True
    loader.exec_module(module)
    return module


plot = load_plot()
EARTH = "boundary:\n  topography: data/earth.nc\nplanet:\n  radius_m: 6371220\n"


def draw(directory, *words):
    return subprocess.run([sys.executable, ROOT / "scripts" / "plot", directory, *words], capture_output=True, text=True)


def pictures_of(directory, *words):
    done = draw(directory, *words)
    assert done.returncode == 0, done.stderr
    names = [pathlib.Path(line.strip()) for line in done.stdout.splitlines()[1:]]
    assert done.stdout.splitlines()[0] == f"{len(names)} pictures:"
    assert sorted(names) == sorted((directory / "plots").iterdir())
    return {path.name: path for path in names}


def panels_of(directory):
    return {title: (days, lines) for title, days, lines, _ in plot.series(plot.Run(directory))}


def colours_in(path):
    return len(Image.open(path).convert("RGB").getcolors(1 << 24))


@pytest.fixture(scope="module")
def jets(tmp_path_factory):
    directory = tmp_path_factory.mktemp("runs") / "jets"
    sample_output.atmosphere(directory / "output", days=np.arange(0, 4.01, 0.5), segments=3, size=(60, 30))
    return directory


# ---- numbers ----


def test_interpolation_is_exact_for_a_field_linear_in_the_logarithm_of_pressure():
    a, b = np.loadtxt(sample_output.LEVELS, unpack=True)
    ps = np.array([[1.0e5, 1.03e5], [8.4e4, 6.0e4]])
    a, b = (a[1:] + a[:-1]) / 2, (b[1:] + b[:-1]) / 2
    pressure = a[:, None, None] * 1e5 + b[:, None, None] * ps
    targets = np.array([92500.0, 85000, 50000, 25000, 1000, pressure[0, 0, 0], 300])
    result = plot.interpolate(7 + 3 * np.log(pressure), pressure, ps, targets)
    expected = 7 + 3 * np.log(targets)
    # Round-off of the weights only: the values are about 40, the logarithms about 11.
    assert np.allclose(result[:6, 0, 0], expected[:6], rtol=0, atol=1e-12)
    assert np.isnan(result[:2, 1, 0]).all() and np.isnan(result[:3, 1, 1]).sum() == 2, "below the ground"
    assert np.isnan(result[6]).all(), "above the highest layer"


def test_the_lowest_layer_holds_down_to_the_ground():
    pressure = np.array([50000.0, 90000, 99000])[:, None, None]
    result = plot.interpolate(np.array([1.0, 2, 3])[:, None, None], pressure, np.array([[1e5]]), [99500.0, 1e5, 100001])
    assert result[0, 0, 0] == result[1, 0, 0] == 3 and np.isnan(result[2, 0, 0])


def test_layers_of_a_file_come_out_on_pressures(tmp_path):
    sample = sample_output.SampleFile(tmp_path / "a.s.day.instant.x-y.nc", 12, 6, "hybrid")
    ps = 1e5 + 2000 * np.sin(np.radians(sample.lon)) + 0 * sample.lat[:, None]
    sample.append(0, ps=ps, ta=250 + 20 * np.log(sample.pressure(ps) / 1e5))
    sample.close()
    stream = plot.Stream("s", [tmp_path / "a.s.day.instant.x-y.nc"])
    result = stream.at_pressure("ta", 0, [85000.0, 25000.0])
    for values, target in zip(result, (0.85, 0.25)):
        # Files hold float32: 1e-5 K of 250 K, 4e-3 Pa of ps.
        assert np.allclose(values, 250 + 20 * np.log(target), rtol=0, atol=5e-5)


@pytest.mark.parametrize("kind", [".day.sum.", ".budgets.day.instant."])
def test_sums_extremes_and_budgets_are_left_out(kind, tmp_path, jets):
    (tmp_path / "output").mkdir()
    for path in (jets / "output").iterdir():
        os.link(path, tmp_path / "output" / re.sub(r"\.[0-9a-z]+\.instant\.", kind, path.name))
    done = draw(tmp_path)
    assert done.returncode == 66 and "no instant and no mean" in done.stderr


def test_segments_of_a_stream_are_one_series(jets):
    run = plot.Run(jets)
    assert len(run.streams) == 1 and len(run.streams[0].files) == 3
    assert [run.streams[0].day(n) for n in range(9)] == list(np.arange(0, 4.01, 0.5))


def test_long_series_are_thinned_and_keep_their_ends(jets):
    stream = plot.Run(jets).streams[0]
    assert list(stream.some(most=3)) == [0, 4, 8] and list(stream.some(4)) == [4, 5, 6, 7, 8]


def test_pressure_level_streams_are_preferred_where_the_level_is_there(tmp_path):
    sample_output.atmosphere(tmp_path / "output", days=[0, 1], size=(36, 18), segments=1)
    sample_output.pressure_levels(tmp_path / "output", temperature=250.0)
    run = plot.Run(tmp_path)
    assert "levels" in run.find(["ta"], 85000.0).name
    assert "snap" in run.find(["ta"], 70000.0).name
    found = {q.key: q for q in plot.quantities(run)}
    assert np.allclose(found["ta_850hPa"].read(0), 250 - 273.15)
    assert found["wind_250hPa"].unit == "m/s" and np.allclose(found["wind_250hPa"].read(0), 20)


def test_missing_values_stay_missing(tmp_path):
    sample_output.pressure_levels(tmp_path)
    (path,) = tmp_path.iterdir()
    values = plot.Stream("levels", [path]).at_pressure("ta", 0, [1e5])[0]
    assert np.isnan(values[:, 0]).all() and np.isfinite(values[:, 1:]).all()


def test_zonal_means_average_the_second_half(jets):
    stream = plot.Run(jets).streams[0]
    pressures, (ua, ta), records = plot.zonal_means(stream, ["ua", "ta"])
    assert list(records) == [4, 5, 6, 7, 8]
    k = list(pressures).index(25000.0)
    jet = 35 * np.sin(2 * np.radians(stream.lat)) ** 2
    # The wave has no zonal mean but through ps; the profile has its top here and is interpolated over a layer.
    assert np.allclose(ua[k], jet, atol=0.5)
    assert 230 < ta[list(pressures).index(50000.0)].mean() < 270


def test_series_are_weighted_by_area_and_mass(jets):
    panels = panels_of(jets)
    days, lines = panels["Surface pressure [hPa]"]
    assert len(days) == len(lines["highest"]) == 9 and lines["highest"][-1] > lines["highest"][0] + 5
    assert panels["Strongest wind [m/s]"][1][""][0] == pytest.approx(35, abs=0.5)
    assert not any("mass" in title for title in panels)  # there is no log
    assert 230 < panels["Global mean temperature [K]"][1][""][0] < 270


def test_the_change_of_mass_is_that_of_the_log(tmp_path):
    sample_output.atmosphere(tmp_path / "output", days=np.arange(0, 2.01, 0.5), segments=1, size=(24, 12))
    run = plot.Run(tmp_path)
    dates = [run.streams[0].records[n].end.strftime("%Y-%m-%dT%H:%M:%S") for n in (1, 2, 2, 4)]
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "progress.jsonl").write_text("".join(
        f'{{"date": "{date}", "mass_drift": {drift}}}\n' for date, drift in zip(dates, (1e-16, 5.0, 2e-16, 3e-16))))
    days, lines = panels_of(tmp_path)["Change of the mass of the globe [$10^{-15}$ of it]"]
    assert days == (0.5, 1.0, 2.0) and np.allclose(lines[""], (0.1, 0.2, 0.3), rtol=1e-12)


@pytest.mark.parametrize("drift, power, edge", [(0.0, -15, 1.1), (-2.2e-16, -15, 1.1), (2.4e-14, -14, 2.64), (-3e-8, -8, 3.3)])
def test_the_axis_of_the_mass_does_not_blow_up_round_off(drift, power, edge, tmp_path):
    sample_output.shallow_water(tmp_path / "output", days=[0, 1], size=(24, 12))
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "progress.jsonl").write_text(f'{{"date": "2000-01-02T00:00:00", "mass_drift": {drift}}}\n')
    (panel,) = [p for p in plot.series(plot.Run(tmp_path)) if "mass" in p[0]]
    assert f"$10^{{{power}}}$" in panel[0] and np.allclose(panel[3], (-edge, edge))


def test_axes_show_no_round_off_of_files():
    low, high = plot.axis_of([300.24290, 300.24292])
    assert low < 300.24 and high > 300.245
    assert plot.axis_of([5.0, 6.0]) == pytest.approx((4.95, 6.05)) and plot.axis_of([0, 0]) == (-1, 1)


def test_above_mountains_the_series_of_the_pressure_is_that_of_its_weather(tmp_path):
    sample_output.atmosphere(tmp_path / "output", days=[0, 1, 2], size=(60, 30), mountain=30000.0)
    panels = panels_of(tmp_path)
    assert "Surface pressure [hPa]" not in panels
    lines = panels["Surface pressure less its mean over the run [hPa]"][1]
    assert -50 < min(lines["lowest"]) < 0 < max(lines["highest"]) < 50


def test_the_series_of_a_column_does_not_speak_of_the_globe(tmp_path):
    sample = sample_output.SampleFile(tmp_path / "output" / "c.s.day.instant.x-y.nc", 1, 1, "hybrid")
    for day in (0, 1):
        ps = np.full((1, 1), 1e5 + day)
        sample.append(day, ps=ps, ta=250 + 0 * sample.pressure(ps))
    sample.close()
    panels = panels_of(tmp_path)
    assert panels["Surface pressure [hPa]"][1][""] == pytest.approx([1000, 1000.01])
    assert "Mean temperature [K]" in panels and not any("lobal" in title for title in panels)


def test_the_extremes_of_tracers_are_in_the_series(tmp_path):
    sample = sample_output.SampleFile(tmp_path / "output" / "t.s.day.instant.x-y.nc", 12, 6)
    for day in (0, 1):
        sample.append(day, bell=day + 0 * sample.lat[:, None] * sample.lon)
    sample.file["bell"].long_name = "mixing ratio of a tracer"
    sample.close()
    assert panels_of(tmp_path)["Mixing ratio of bell"][1] == {"highest": [0, 1], "lowest": [0, 1]}


def test_all_days_are_labelled_where_panels_end():
    """Also of the column of panels that is one shorter."""
    kept = {}

    class Odd:
        title, is_column, mass_drift = "odd", True, [(0, 0.0), (1, 0.0)]
        streams = []
    with pytest.MonkeyPatch.context() as patch:
        stream = type("S", (), {"date": lambda self, n: "", "__len__": lambda self: 2})()
        patch.setattr(Odd, "streams", [stream])
        patch.setattr(plot, "series", lambda run: [(str(n), [0, 1], {"": [n, n + 1]}, None) for n in range(3)])
        patch.setattr(plot, "save", lambda fig, path: kept.setdefault("fig", fig))
        plot.draw_series(Odd, pathlib.Path())
    first, second, third, unused = kept["fig"].axes
    assert [axes.get_xlabel() for axes in (first, second, third)] == ["", "Day of the run", "Day of the run"]
    assert second.xaxis.get_tick_params()["labelbottom"] and not first.xaxis.get_tick_params()["labelbottom"]
    plot.plt.close(kept["fig"])


@pytest.mark.parametrize("fields, symmetric, limits", [
    ([[0.0, 0.0], [-3.0, 2.0]], True, (-3, 3)),
    ([[1.0, 2.0], [np.nan, 5.0]], False, (1, 5)),
    ([[1.0, 1.0 + 1e-9]], False, (0.99, 1.01)),
    ([[0.0, 0.0]], False, (0, 1)), ([[0.0, 0.0]], True, (-1, 1)),
    ([[np.nan, np.nan], [2.0, 4.0]], True, (-4, 4))])
def test_colours_reach_to_what_is_there(fields, symmetric, limits):
    assert np.allclose(plot.limits_of([np.array(field) for field in fields], symmetric), limits, rtol=2e-3)


def test_quiet_records_do_not_narrow_the_colours():
    storm = np.linspace(-30, 30, 5000)
    assert plot.limits_of([np.zeros(5000)] * 20 + [storm], True)[1] > 29.9


def test_a_field_of_one_value_has_no_place(jets):
    stream = plot.Run(jets).streams[0]
    assert plot.extremes(np.zeros((30, 60)), stream) == "0 everywhere"


def test_units_are_written_as_in_print(weather):
    run = plot.Run(weather)
    assert plot.quantity_of(run, "ua", 25000.0).unit == "m/s" and plot.quantity_of(run, "rlut").unit == "W m$^{-2}$"
    assert plot.with_unit("Bell", "1") == "Bell" and plot.with_unit("Wind", "m/s") == "Wind [m/s]"


def test_the_outline_of_the_globe_is_whole(jets):
    stream = plot.Run(jets).streams[0]
    fig, axes = plot.plt.subplots()
    view = plot.View(None, stream)
    view.draw(axes, np.zeros((30, 60)), "viridis", (0, 1), None)
    assert axes.get_xlim()[1] > 1.005 * max(view.outline[0]) and axes.get_ylim()[0] < 1.005 * min(view.outline[1])
    plot.plt.close(fig)


def test_each_picture_finds_the_stream_that_suits_it(tmp_path):
    """As first_light writes: instants on pressure levels, daily means on layers."""
    sample_output.pressure_levels(tmp_path / "output", days=np.arange(0, 4.01, 0.25), temperature=250.0)
    sample_output.daily_means(tmp_path / "output", temperature=260.0)
    run = plot.Run(tmp_path)
    found = {q.key: q for q in plot.quantities(run)}
    assert {q.stream.instant for q in found.values()} == {True} and {"ps", "ps_change", "ta_850hPa"} <= set(found)
    daily = next(s for s in run.streams if not s.instant)
    assert [daily.day(n) for n in range(4)] == [0.5, 1.5, 2.5, 3.5]
    assert daily.date(1) == "2000-01-02 00:00 to 2000-01-03 00:00"
    panels = panels_of(tmp_path)
    assert len(panels["Surface pressure less its mean over the run [hPa]"][0]) == 17
    days, lines = panels["Global mean temperature [K]"]
    assert days == [daily.day(n) for n in range(4)] and np.allclose(lines[""], 260)
    assert np.allclose(panels["Strongest wind at 1000, 850, 250 hPa [m/s]"][1][""], 20)
    assert "zonal_means.png" in pictures_of(tmp_path)


def test_the_change_is_drawn_where_the_field_hides_it(tmp_path):
    sample_output.shallow_water(tmp_path / "wave" / "output", days=[0, 0.5], size=(36, 18))
    found = {q.key: q for q in plot.quantities(plot.Run(tmp_path / "wave"))}
    assert np.allclose(found["eta_change"].read(0), 0) and found["eta_change"].read(1).max() > 5
    sample = sample_output.SampleFile(tmp_path / "bell" / "output" / "bell.s.day.instant.x-y.nc", 36, 18)
    for place in (9, 27):
        sample.append(place, h=np.exp(-((sample.lon - 10 * place) / 30) ** 2) + 0 * sample.lat[:, None])
    sample.close()
    assert {q.key for q in plot.quantities(plot.Run(tmp_path / "bell"))} == {"h"}


@pytest.mark.parametrize("config, expected", [
    (EARTH, True), ("", False), ("boundary: {topography: flat}", False), ("initial: {name: x}", False),
    ("boundary: {topography: mars.nc}\nplanet: {radius_m: 3389500}", False)])
def test_coastlines_are_for_the_earth(config, expected):
    assert plot.is_earth(config) is expected


@pytest.mark.parametrize("hemisphere, projection", [(0, None), (1, plot.ccrs.NorthPolarStereo()),
                                                    (-1, plot.ccrs.SouthPolarStereo())])
def test_cells_are_drawn_where_they_are(jets, hemisphere, projection):
    stream = plot.Run(jets).streams[0]
    view = plot.View(projection, stream, hemisphere)
    lon, lat = np.meshgrid(stream.lon, stream.lat)
    middle_lon, middle_lat = (view.lon[1:] + view.lon[:-1]) / 2, (view.lat[1:] + view.lat[:-1]) / 2
    assert np.allclose(view.cells(lon)[0], middle_lon % 360) and np.allclose(view.cells(lat)[:, 0], middle_lat)
    assert view.x.shape == (len(middle_lat) + 1, len(middle_lon) + 1) and np.isfinite(view.x).all()
    if hemisphere:  # the pole is a point in the middle, and the row beside it is on the map
        pole = -1 if hemisphere > 0 else 0
        assert np.allclose(np.hypot(view.x[pole], view.y[pole]), 0, atol=1.0)
    else:
        assert (np.diff(view.x, axis=1) > 0).all() and (np.diff(view.y, axis=0) > 0).all()


# ---- pictures ----


def test_a_run_of_the_atmosphere_is_drawn(jets):
    pictures = pictures_of(jets)
    assert set(pictures) == {"map_ps.png", "map_ta_850hPa.png", "map_wind_250hPa.png", "zonal_means.png", "time_series.png",
                             "animation_ps.gif"}
    for name, path in pictures.items():
        if name.startswith("map"):
            assert min(Image.open(path).size) > 800 and colours_in(path) > 400, name
    animation = Image.open(pictures["animation_ps.gif"])
    assert animation.n_frames == 9 and pictures["animation_ps.gif"].stat().st_size < plot.GIF_BYTES
    first = np.asarray(animation.convert("RGB"), dtype=int)
    animation.seek(8)
    assert np.abs(np.asarray(animation.convert("RGB"), dtype=int) - first).max() > 100


def test_mountains_and_coastlines(tmp_path):
    sample_output.atmosphere(tmp_path / "output", days=[0, 1, 2], size=(60, 30), config=EARTH, mountain=30000.0)
    with_coast = pictures_of(tmp_path)
    assert "map_ps_change.png" in with_coast and "animation_ps_change.gif" in with_coast
    earth = np.asarray(Image.open(with_coast["map_ps.png"]).convert("RGB"), dtype=int)
    (tmp_path / "output").rename(tmp_path / "old")
    sample_output.atmosphere(tmp_path / "output", days=[0, 1, 2], size=(60, 30), mountain=30000.0)
    other = np.asarray(Image.open(pictures_of(tmp_path)["map_ps.png"]).convert("RGB"), dtype=int)
    assert (np.abs(earth - other).max(axis=-1) > 60).mean() > 0.005


def test_a_run_of_shallow_water_is_drawn(tmp_path):
    sample_output.shallow_water(tmp_path / "output", days=[0, 1, 2, 3], size=(60, 30))
    pictures = pictures_of(tmp_path)
    assert set(pictures) == {"map_eta.png", "map_eta_change.png", "map_vo.png", "map_wind.png", "time_series.png",
                             "animation_vo.gif"}


def test_one_record_and_a_constant_field_are_drawn(tmp_path):
    sample = sample_output.SampleFile(tmp_path / "output" / "a.s.day.instant.x-y.nc", 8, 4)
    sample.append(0, ps=np.full((4, 8), 1e5))
    sample.close()
    assert set(pictures_of(tmp_path)) == {"map_ps.png"}


@pytest.mark.parametrize("make, words", [(lambda d: None, "holds no folder 'output'"),
                                         (lambda d: (d / "output").mkdir(), "There is no instant and no mean")])
def test_a_folder_without_records_is_refused(tmp_path, make, words):
    make(tmp_path)
    done = draw(tmp_path)
    assert done.returncode == 66 and words in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "plots").exists()


# ---- a choice ----


@pytest.fixture(scope="module")
def weather(tmp_path_factory):
    """Four days of means at the surface, and of layers and pressures."""
    directory = tmp_path_factory.mktemp("runs") / "weather"
    sample_output.surface(directory / "output")
    sample_output.pressure_levels(directory / "output", days=np.arange(0, 2.01, 0.25))
    return directory


def test_surface_fields_are_drawn_the_most_wanted_first_and_not_all(tmp_path):
    sample_output.surface(tmp_path / "output", fields=("rsds", "rlds", "tauu", "hfls", "rlut", "rsut", "ts", "pr"))
    found = {q.key: q for q in plot.quantities(plot.Run(tmp_path))}
    assert list(found) == ["pr", "ts", "rlut", "hfls", "rsut", "rsds"]
    assert found["pr"].unit == "mm/day" and found["pr"].read(0).max() == pytest.approx(3, abs=0.05)
    assert found["ts"].unit == "°C" and found["ts"].read(0).mean() == pytest.approx(285 - 273.15, abs=0.05)
    assert {f"map_{name}.png" for name in found} <= set(pictures_of(tmp_path))


def test_a_field_of_both_signs_has_a_symmetric_scale(weather):
    run = plot.Run(weather)
    assert plot.quantity_of(run, "tauu").symmetric and not plot.quantity_of(run, "rlut").symmetric


def test_one_field_is_drawn_alone(weather):
    assert set(pictures_of(weather, "--field", "rsds")) == {"map_rsds.png", "animation_rsds.gif"}


def test_a_level_and_a_date_are_chosen(tmp_path, weather):
    (tmp_path / "output").symlink_to(weather / "output")
    chosen = pictures_of(tmp_path, "--field", "ta", "--level", "250", "--time", "2000-01-02T07:00")
    assert set(chosen) == {"map_ta_250hPa_20000102T0600.png"}
    one, all_three = Image.open(chosen["map_ta_250hPa_20000102T0600.png"]).size, 3 * 3.05 + 1.35
    assert one[1] < 0.6 * all_three * plot.DPI  # one row


def test_without_a_field_all_maps_of_a_date_are_drawn(tmp_path, weather):
    (tmp_path / "output").symlink_to(weather / "output")
    names = set(pictures_of(tmp_path, "--time", "2000-01-02"))
    assert {"map_ps_20000102T0000.png", "map_ta_850hPa_20000102T0000.png"} <= names
    assert sum(name.startswith("map_pr_") for name in names) == 1 and not any(name.endswith(".gif") for name in names)


@pytest.mark.parametrize("words, code, says", [
    (["--field", "tos"], 66, ["no field 'tos'", "jets.surface", "rsds", "1000, 850, 250 hPa"]),
    (["--field", "ta", "--level", "500"], 66, ["no 'ta' at 500 hPa", "1000, 850, 250 hPa"]),
    (["--field", "rsds", "--level", "500"], 64, ["'rsds' has no levels; leave out --level"]),
    *((["--field", "ta", "--level", level], 64, [f"--level {level} is no pressure"]) for level in ("0", "-5", "nan")),
    (["--time", "2001-01-01"], 66, ["No record", "2000-01-01T00:00 to 2000-01-05T00:00"]),
    (["--field", "ta", "--time", "2000-01-04"], 66, ["no 'ta' at 850 hPa on 2000-01-04T00:00"]),
    (["--time", "tomorrow"], 64, ["'tomorrow' is no date"]),
    (["--level", "500"], 64, ["--level goes with --field"]),
    (["--published", "--field", "ta"], 64, ["--published goes without"]),
])
def test_a_choice_that_is_not_there_is_refused_with_what_there_is(tmp_path, weather, words, code, says):
    (tmp_path / "output").symlink_to(weather / "output")
    done = draw(tmp_path, *words)
    assert done.returncode == code and "Traceback" not in done.stderr
    for phrase in says:
        assert phrase in done.stderr
    assert not (tmp_path / "plots").exists()


@pytest.mark.parametrize("level", ["5000", "1"])
def test_a_level_outside_the_air_is_refused_with_what_there_is(level, tmp_path, jets):
    (tmp_path / "output").symlink_to(jets / "output")
    done = draw(tmp_path, "--field", "ta", "--level", level)
    assert done.returncode == 66 and "Traceback" not in done.stderr
    assert re.fullmatch(rf"ERROR 'ta' has no values at {level} hPa, only from 3.545 to 10\d\d hPa.\n", done.stderr)


def test_a_level_of_the_files_without_values_is_refused(tmp_path):
    sample = sample_output.SampleFile(tmp_path / "output" / "a.s.day.instant.x-y.nc", 12, 6, [85000.0, 50000.0, 100.0])
    ta = np.full((3, 6, 12), 250.0)
    ta[2] = np.nan
    sample.append(0, ta=ta)
    sample.close()
    done = draw(tmp_path, "--field", "ta", "--level", "1")
    assert done.returncode == 66 and done.stderr == "ERROR 'ta' has no values at 1 hPa, only at 850, 500 hPa.\n"


def test_a_field_without_values_at_the_start_is_drawn_from_its_first_on(tmp_path):
    sample = sample_output.SampleFile(tmp_path / "output" / "a.s.day.instant.x-y.nc", 24, 12)
    field = 1 + np.sin(np.radians(sample.lon)) + 0 * sample.lat[:, None]
    for day in range(5):
        sample.append(day, ps=1e5 + 100 * day * field, pr=day * field if day else np.full((12, 24), np.nan))
    sample.close()
    pr = plot.quantity_of(plot.Run(tmp_path), "pr")
    assert pr.first == 1 and not pr.has_values(0)
    for n, (words, names) in enumerate({(): {"map_ps.png", "map_pr.png"}, ("--field", "pr"): {"map_pr.png", "animation_pr.gif"},
                                        ("--time", "2000-01-01"): {"map_ps_20000101T0000.png"}}.items()):
        (tmp_path / str(n)).mkdir()
        (tmp_path / str(n) / "output").symlink_to(tmp_path / "output")
        drawn = set(pictures_of(tmp_path / str(n), *words))
        assert names == drawn if words else names <= drawn
    done = draw(tmp_path, "--field", "pr", "--time", "2000-01-01")
    assert done.returncode == 66
    assert done.stderr == "ERROR 'pr' has no values on 2000-01-01T00:00, only from 2000-01-02 00:00, day 1 on.\n"


def test_a_fixed_field_is_drawn_once_and_only_when_asked_for(tmp_path):
    sample = sample_output.SampleFile(tmp_path / "output" / "a.s.day.instant.x-y.nc", 24, 12)
    sample.double("orog", ("lat", "lon"), 1000 + 10 * sample.lat[:, None] + 0 * sample.lon, long_name="altitude", units="m")
    for day in range(4):
        sample.append(day, ps=1e5 + 100 * day * np.sin(np.radians(sample.lon)) + 0 * sample.lat[:, None])
    sample.close()
    run = plot.Run(tmp_path)
    assert run.streams[0].fields() == ["ps", "areacella", "orog"]
    assert not {"orog", "areacella"} & {q.key for q in plot.quantities(run)}
    for words in ((), ("--time", "2000-01-02")):
        (picture,) = pictures_of(tmp_path, "--field", "orog", *words).values()
        assert picture.name == "map_orog.png" and Image.open(picture).height < 600 and colours_in(picture) > 100


def test_a_wrong_command_line_is_told_before_the_imports(tmp_path):
    for words in (["--nonsense"], [tmp_path]):
        done = subprocess.run([sys.executable, "-X", "importtime", ROOT / "scripts" / "plot", *words], capture_output=True, text=True)
        assert done.returncode in (64, 66) and "argparse" in done.stderr and "numpy" not in done.stderr


# ---- tracers, and what is nothing ----


def tracer_run(directory, value):
    """Two records of a tracer on layers: value(pressure)."""
    sample = sample_output.SampleFile(directory / "output" / "a.s.day.instant.x-y.nc", 12, 6, "hybrid")
    ps = 1e5 + 0 * sample.lat[:, None] * sample.lon
    for day in (0, 1, 2):
        sample.append(day, ps=ps, bell=value(sample.pressure(ps)) + 0.0 * day)
    sample.file["bell"].long_name = "mixing ratio of a tracer"
    sample.close()
    return plot.Run(directory)


@pytest.mark.parametrize("value, low, high", [
    (lambda p: np.exp(-((p - 30000) / 4000) ** 2), 260, 340),
    (lambda p: np.exp(-((p - 99000) / 1000) ** 2), 980, 1000),
    (lambda p: 0.02 * (p / 1e5) ** 3, 780, 851),  # vapour: not in the ground
    (lambda p: 1e-6 + 0 * p, 550, 550), (lambda p: 0 * p, 550, 550)])
def test_tracers_are_drawn_where_they_are(value, low, high, tmp_path):
    run = tracer_run(tmp_path, value)
    assert low <= plot.tracer_level(run, "bell") / 100 <= high
    (found,) = [q for q in plot.quantities(run) if q.names == ["bell"]]
    assert re.fullmatch(r"bell_[\d.]+hPa", found.key) and np.isfinite(found.read(0)).all()


def test_at_a_pressure_level_of_the_files_too(tmp_path):
    sample = sample_output.SampleFile(tmp_path / "output" / "a.s.day.instant.x-y.nc", 12, 6, [85000.0, 50000.0, 20000.0])
    sample.append(0, bell=np.array([0.1, 0.2, 0.7])[:, None, None] + np.zeros((6, 12)))
    sample.file["bell"].long_name = "mixing ratio of a tracer"
    sample.close()
    assert plot.tracer_level(plot.Run(tmp_path), "bell") == 20000


def test_what_is_round_off_beside_other_levels_has_one_colour(tmp_path):
    run = tracer_run(tmp_path, lambda p: np.where(p < 40000, 1.0, 2e-17 * np.random.default_rng(1).random(p.shape)))
    field = plot.quantity_of(run, "bell", 55000.0).read(0)
    assert (field == 0).all() and plot.limits_of([field], False) == (0, 1)
    assert plot.extremes(field, run.streams[0]) == "0 everywhere"


def test_changes_within_round_off_of_the_file_are_zero(tmp_path):
    sample = sample_output.SampleFile(tmp_path / "output" / "a.s.day.instant.x-y.nc", 24, 12)
    ps = 1e5 + 100 * np.sin(np.radians(sample.lon)) + 0 * sample.lat[:, None]
    for day in range(3):
        noise = np.random.default_rng(day).choice([0, 0.0078125], ps.shape)  # the last digit of single precision
        noise[3, 4] = 5 * day
        sample.append(day, ps=ps + noise)
    sample.close()
    change = {q.key: q for q in plot.quantities(plot.Run(tmp_path))}["ps_change"]
    assert "round-off" in change.label
    field = change.read(2)
    assert field[3, 4] == pytest.approx(0.1, abs=1e-3) and np.count_nonzero(field) == 1


def test_wind_of_round_off_is_none(tmp_path):
    sample = sample_output.SampleFile(tmp_path / "output" / "a.s.day.instant.x-y.nc", 12, 6)
    noise = np.random.default_rng(1).random((6, 12))
    sample.append(0, ua=1e-12 * noise, va=1e-12 * noise)
    sample.close()
    assert not plot.Quantity(plot.Run(tmp_path), "wind", ["ua", "va"], None, "Wind", "m/s", "YlGnBu").read(0).any()


def test_nothing_that_stands_still_is_animated(tmp_path):
    run = tracer_run(tmp_path, lambda p: np.exp(-((p - 30000) / 4000) ** 2))
    found = plot.quantities(run)
    assert {q.key.partition("_")[0] for q in found} == {"ps", "bell"} and plot.most_lively(found) is None


def test_a_long_title_of_the_time_series_is_whole(tmp_path):
    sample_output.atmosphere(tmp_path / "output", days=[0, 1], size=(24, 12), segments=1, title="A long title " * 12)
    run = plot.Run(tmp_path)
    kept = {}
    def keep(fig, path):
        fig.canvas.draw()
        kept["box"], kept["width"] = fig._suptitle.get_window_extent(), fig.bbox.width
        plot.plt.close(fig)
        return path
    save, plot.save = plot.save, keep
    try:
        plot.draw_series(run, tmp_path)
    finally:
        plot.save = save
    assert 0 < kept["box"].x0 and kept["box"].x1 < kept["width"]


# ---- figures of the papers ----

published = plot.published_plots


def test_every_case_has_a_published_figure():
    assert set(published.FIGURES) == {path.stem for path in (ROOT / "cases").glob("*.yaml")}


def test_sums_of_fields_are_read():
    assert published.terms("ps") == [(1.0, "ps")]
    assert published.terms("cl + 2 cl2") == [(1.0, "cl"), (2.0, "cl2")]


def test_contours_are_multiples_of_the_interval():
    levels, step = published.contour_levels([np.array([[3.2, 17.9]])], published.panel("h", 5))
    assert step == 5 and levels.tolist() == [0, 5, 10, 15, 20]
    levels, step = published.contour_levels([np.array([[-0.3, 0.1]])], published.panel("h", 0, symmetric=True))
    assert levels[0] == -levels[-1] and levels[-1] >= 0.3 and 10 <= len(levels) <= 20
    levels, _ = published.contour_levels([np.full((2, 2), 7.0)], published.panel("h", 0))
    assert len(levels) >= 2  # a constant field
    levels, step = published.contour_levels([np.array([[0.0, 0.0069]])], published.panel("h", 5))
    assert step < 0.001 and 10 <= len(levels) <= 20  # the interval would show nothing


def test_sections_reach_the_poles_the_top_and_the_ground():
    lat, field = published.to_the_poles(np.array([-45.0, 45.0]), np.array([[1.0, 2.0]]))
    assert lat.tolist() == [-90, -45, 45, 90] and field.tolist() == [[1, 1, 2, 2]]
    pressure, field = published.to_the_ends(np.array([500.0, 990.0]), np.array([[1.0], [2.0]]))
    assert pressure.tolist() == [0, 500, 990, 1000] and field[:, 0].tolist() == [1, 1, 2, 2]


def test_rare_colours_of_a_published_figure_are_kept(tmp_path, monkeypatch):
    """The blue end of a colour bar beside many reds was grey."""
    def figure(*_):
        fig, axes = plot.plt.subplots(1, 3, figsize=(9, 4), dpi=90, width_ratios=(50, 50, 1))
        x, y = np.meshgrid(*2 * [np.linspace(0, 9, 200)])
        wave = 25 + 25 * np.sin(x + np.sin(2 * y)) * np.cos(y)
        for panel, colours, levels in ((axes[0], "RdBu_r", np.arange(-50, 51, 10)), (axes[1], "viridis", np.arange(0, 51, 2))):
            panel.contourf(wave, levels=levels, cmap=colours)
            panel.contour(wave, levels=levels, colors="0.15", linewidths=0.5)
        axes[2].imshow(np.arange(10)[:, None], cmap="RdBu_r", aspect="auto")
        return fig
    monkeypatch.setitem(published.KINDS, "map", figure)
    assert published.draw(None, "first_light", tmp_path / "a.png", None)
    fig = figure()
    fig.savefig(tmp_path / "b.png")
    plot.plt.close(fig)
    ours, true = (np.asarray(Image.open(tmp_path / name).convert("RGB"), int) for name in ("a.png", "b.png"))
    common = [colour for count, colour in Image.open(tmp_path / "b.png").convert("RGB").getcolors(1 << 24) if count > 100]
    assert max(abs(ours - true)[(true == colour).all(axis=-1)].max() for colour in common) < 25


def test_about_zero_there_is_one_white_interval():
    levels, step = published.contour_levels([np.array([[-0.3, 0.1]])], published.panel("h", 0, symmetric=True))
    middle = len(levels) // 2
    assert (levels[middle - 1], levels[middle]) == (-step, step)
    for values in ([[0.0, 0], [0, 0]], [[1e-12, -1e-12], [0, 0]]):
        quantity = published.panel("ua", 0, symmetric=True, round_off=1e-9)
        levels, step = published.contour_levels([np.array(values)], quantity)
        fig, axes = plot.plt.subplots()
        published.draw_panel(axes, [0, 1], [0, 1], np.array(values), levels, quantity)
        axes.set_axis_off()
        fig.canvas.draw()
        assert (np.asarray(fig.canvas.buffer_rgba()) == 255).all()
        plot.plt.close(fig)


def test_a_background_with_round_off_has_no_contours():
    noise = np.random.default_rng(1).choice([-1e-8, 0, 1e-8], (20, 40))
    field = 0.1 + noise
    field[5:9, 5:9] = 0.95
    quantity = published.panel("bells", 0.1)
    levels, step = published.contour_levels([field], quantity)
    fig, axes = plot.plt.subplots()
    shades = published.draw_panel(axes, np.arange(40), np.arange(20), field, levels, quantity)
    lines = axes.collections[-1].get_paths()
    assert max(len(path.vertices) for path in lines) < 40, "around the square alone"
    published.bar(fig, shades, [axes], quantity, step)
    fig.canvas.draw()
    ticks = [tick.get_text() for tick in fig.axes[-1].get_yticklabels()]
    assert fig.axes[-1].yaxis.get_major_formatter()(levels[1]) == "0.1" and set(ticks) <= {f"{n / 10:g}" for n in range(11)}
    assert not fig.axes[-1].yaxis.get_offset_text().get_text()
    plot.plt.close(fig)


def test_a_steady_state_is_white_and_its_angle_is_told(tmp_path):
    config = "initial:\n  angle_degrees: 45                      # command line\nplanet:\n  radius_m: 6371220   # default\n"
    sample = sample_output.SampleFile(tmp_path / "output" / "williamson_2.s.day.instant.x-y.nc", 24, 12, config=config)
    h = 3000 - 20 * abs(sample.lat[:, None]) + 0 * sample.lon
    for day in (0, 5):
        sample.append(day, h=h + np.random.default_rng(day).choice([0, 0.000244140625], h.shape))
    sample.close()
    run = plot.Run(tmp_path)
    assert run.title.endswith(", angle 45°")
    _, days, quantities, how = published.FIGURES["williamson_2"]
    fig = published.maps(run, days, quantities, how, None)
    assert any("round-off is white" in axes.get_ylabel() for axes in fig.axes)
    (change,) = [axes for axes in fig.axes if "less that of the start, day 5" in axes.get_title(loc="left")]
    fig.canvas.draw()
    box = change.get_window_extent().padded(-4)
    picture = np.asarray(fig.canvas.buffer_rgba())[::-1]
    assert (picture[int(box.y0):int(box.y1), int(box.x0):int(box.x1)] == 255).all()
    plot.plt.close(fig)


@pytest.mark.parametrize("line, words", [
    ("0                       # default", ""), ("0      # williamson_2.yaml:21:5", ", angle 0°")])
def test_an_angle_is_told_where_it_was_chosen(line, words, tmp_path):
    sample = sample_output.SampleFile(tmp_path / "output" / "a.s.day.instant.x-y.nc", 12, 6, title="A",
                                      config=f"initial:\n  angle_degrees: {line}\n")
    sample.append(0, h=np.ones((6, 12)))
    sample.close()
    assert plot.Run(tmp_path).title == "A (a)" + words


def test_coastlines_on_the_sphere_bring_no_warnings(tmp_path):
    sample_output.shallow_water(tmp_path / "output", days=[0], size=(36, 18))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fig = published.maps(plot.Run(tmp_path), (0,), [published.panel("h", 100)], {"view": "orthographic", "centre": (0, 90)},
                             plot.coastline())
        fig.canvas.draw()
    plot.plt.close(fig)


def published_of(directory):
    return subprocess.run([sys.executable, ROOT / "scripts" / "plot", directory, "--published"], capture_output=True,
                          text=True, check=False)


@pytest.mark.skipif(not os.access(os.environ.get("MERIDIAN_EXECUTABLE", ""), os.X_OK), reason="the model is not built")
@pytest.mark.parametrize("case, settings", [
    ("williamson_6", ["grid.n_lon=32", "grid.n_lat=16", "time.run_steps=1", "output.streams=[{name: s, fields: [h], every: 1 step}]"]),
    ("williamson_5", ["grid.n_lon=32", "grid.n_lat=16", "dycore.dt_s=1800", "time.run_days=5"]),
    ("dcmip_12", ["grid.n_lon=32", "grid.n_lat=16", "grid.levels=equal_height:6,12000", "time.run_steps=2",
                  "output.streams=[{name: s, fields: [ps, layer], every: 2 steps}]"]),
    ("jablonowski_williamson_steady", ["grid.n_lon=32", "grid.n_lat=16", "time.run_steps=2",
                                       "output.streams=[{name: s, fields: [ps, ta, ua], every: 2 steps}]"]),
])
def test_the_figure_of_a_paper_is_drawn(case, settings, tmp_path):
    words = [word for setting in settings for word in ("--set", setting)]
    subprocess.run([os.environ["MERIDIAN_EXECUTABLE"], "run", case, "--run-dir", tmp_path / "run", *words], check=True,
                   capture_output=True)
    done = published_of(tmp_path / "run")
    assert done.returncode == 0, done.stderr
    picture = tmp_path / "run" / "plots" / "published.png"
    assert colours_in(picture) > 8 and picture.stat().st_size < 200_000


def test_a_run_without_the_days_of_the_figure_is_refused(tmp_path):
    sample_output.shallow_water(tmp_path / "output", days=[0, 0.5], size=(36, 18))
    done = published_of(tmp_path)
    assert done.returncode == 66 and "no published figure" in done.stderr and "Traceback" not in done.stderr
