"""scripts/figures on known fields, and on short runs of the model."""

import importlib.machinery
import importlib.util
import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODEL = pathlib.Path(os.environ.get("MERIDIAN_EXECUTABLE", ROOT / "build" / "cpu" / "meridian"))
sys.path.insert(0, str(ROOT / "tests" / "support"))
import sample_output  # noqa: E402

sys.dont_write_bytecode = True
loader = importlib.machinery.SourceFileLoader("meridian_figures", str(ROOT / "scripts" / "figures"))
figures = importlib.util.module_from_spec(importlib.util.spec_from_loader("meridian_figures", loader))
loader.exec_module(figures)

LAT = np.arange(-89, 90, 2.0)
LON = np.radians(np.arange(1, 360, 2.0))
AREA = np.cos(np.radians(LAT))[:, None] * np.ones(len(LON))


def write_run(directory, lines=()):
    """What is not NetCDF in the directory of a run."""
    (directory / "log").mkdir(parents=True, exist_ok=True)
    (directory / "run.json").write_text('{"commit": "0"}')
    (directory / "log" / "progress.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


# ---- numbers ----


def test_means_and_norms_are_weighted_by_area():
    assert figures.mean(np.sin(np.radians(LAT))[:, None] ** 2 + 0 * AREA, AREA) == pytest.approx(1 / 3, abs=2e-4)
    assert figures.l2(np.full(AREA.shape, 2.5), np.full(AREA.shape, 2.0), AREA) == pytest.approx(0.25, rel=1e-14)
    assert figures.order(4e-4, 1e-4) == pytest.approx(2)


def test_coarsening_keeps_the_integral_and_weights_the_rows():
    field = np.random.default_rng(1).normal(size=AREA.shape)
    coarse, area = figures.coarsen(field, AREA, 2), 4 * figures.coarsen(AREA, np.ones(AREA.shape), 2)
    assert (coarse * area).sum() == pytest.approx((field * AREA).sum(), rel=1e-12)
    assert coarse[0, 0] == pytest.approx(np.average(field[:2, :2], weights=AREA[:2, :2]), rel=1e-14)


def test_polar_noise_is_the_largest_amplitude_of_short_waves_in_five_rows_at_both_ends():
    field = 300 + 7 * np.sin(9 * LON) + np.zeros(AREA.shape)
    assert figures.polar_noise(field) < 1e-12
    field[5] += 5 * np.sin(10 * LON)
    assert figures.polar_noise(field) < 1e-12
    field[-5] += 0.2 * np.cos(10 * LON + 1)
    field[1] += 0.3 * (-1.0) ** np.arange(len(LON))
    assert figures.polar_noise(field) == pytest.approx(0.3, rel=1e-12)
    assert figures.polar_noise(np.stack([0 * field, -2 * field])) == pytest.approx(0.6, rel=1e-12)


def test_the_share_of_short_waves_counts_variance_in_the_inner_rows():
    field = 10 + 3 * np.sin(6 * LON) + np.sin(60 * LON) + 0 * AREA
    field[abs(LAT) > 60] = np.sin(80 * LON)
    assert figures.short_wave_share(field, LAT) == pytest.approx(0.1, rel=1e-12)


def test_the_two_dx_amplitude_sees_alternating_rows_and_not_the_jet():
    jet = 30 * np.exp(-((LAT[:, None] - 45) / 12) ** 2) + 0 * AREA
    rows = 0.5 * (-1.0) ** np.arange(len(LAT))[:, None]
    assert figures.two_dx_amplitude(jet, LAT) < 0.01
    assert figures.two_dx_amplitude(jet + rows, LAT) == pytest.approx(0.5, rel=1e-3)


def test_the_speed_of_a_wave_is_found_between_the_cells_and_beyond_one_wavelength():
    days = np.arange(0, 15)
    phases = [4 * (LON - np.radians(11.27) * day) for day in days]
    rows = [np.cos(phase) + 0.3 * np.cos(2 * phase) for phase in phases]
    assert figures.wave_speed(rows, days, 4) == pytest.approx(11.27, abs=0.005)


def test_the_vorticity_of_a_zonal_flow_is_exact_at_other_latitudes():
    at = np.array([-89.7, -30.0, 0.3, 51.2])
    lat, radius = np.radians(at), 6.4e6
    wind = 20 * np.cos(np.radians(LAT)) ** 3  # -d(20 cos^4) / (a cos d lat) = 80 cos^2 sin / a
    assert figures.along_meridian(wind, LAT, at, -1) == pytest.approx(20 * np.cos(lat) ** 3, abs=1e-12)
    assert figures.zonal_vorticity(wind, LAT, at, radius) == pytest.approx(
        80 * np.cos(lat) ** 2 * np.sin(lat) / radius, abs=1e-16)


def test_distance_goes_the_short_way_round():
    assert figures.distance(45, 359, 46, 2) == 3
    assert figures.distance(45, 10, 40.5, 8) == 4.5


def test_interpolation_is_exact_for_a_field_linear_in_the_logarithm_of_pressure():
    pressure = np.linspace(2e4, 1e5, 9)[:, None, None] * np.array([[1.0, 0.97], [1.02, 1.01]])
    targets = np.array([25000.0, 85000.0])
    field, = figures.to_pressure([3 * np.log(pressure)], pressure, targets)
    assert field == pytest.approx(np.broadcast_to(3 * np.log(targets)[:, None, None], (2, 2, 2)), rel=1e-13)


def test_eddies_deviate_from_the_zonal_and_time_mean():
    statistics = figures.Covariances()
    for day in range(40):
        pulse = 2 * (-1) ** day  # of the zonal mean
        v, temperature = 6 * np.sin(6 * LON - day), 20 + pulse + 8 * np.sin(6 * LON - day - 1)
        statistics.add({"v": v + 0 * AREA, "T": temperature + 0 * AREA}, ["vT", "TT"])
    assert statistics.mean("T") == pytest.approx(np.full(len(LAT), 20), rel=1e-12)
    assert statistics.primes("v", "T") == pytest.approx(np.full(len(LAT), 24 * np.cos(1)), rel=1e-12)
    assert statistics.primes("T", "T") == pytest.approx(np.full(len(LAT), 32 + 4), rel=1e-12)
    assert statistics.zonal_eddies("T", "T") == pytest.approx(np.full(len(LAT), 32), rel=1e-12)


# ---- runs ----


def test_drift_goes_on_over_the_starts_of_a_run(tmp_path):
    sample_output.pressure_levels(tmp_path / "output")
    lines = [(1, 0, 7e-9), (9, 30, 8e-9), (1, 0, 1e-9), (4, 30, 4e-9), (5, 31, 5e-9), (6, 0, 1e-9), (9, 30, -2e-9)]
    write_run(tmp_path, [dict(zip(("step", "simulated_years_per_day", "energy_drift"), line)) for line in lines])
    assert figures.Run(tmp_path).drift("energy_drift") == pytest.approx(3e-9)


def test_the_climate_of_known_jets_and_eddies(tmp_path):
    """Barotropic but for the jet; eddies with a different size in each hemisphere."""
    days = np.arange(1, 13)
    sample = sample_output.SampleFile(tmp_path / "output" / "hs.daily.day.instant.x.nc", 180, 90, "hybrid")
    lat, lon = sample.lat[:, None], np.radians(sample.lon)
    sides = np.where(lat > 0, 1.0, 0.9)
    belt = np.exp(-((abs(lat) - 45) / 10) ** 2) * sides
    pressure = sample.pressure(1e5 + 0 * belt * lon)
    for day in days:
        phase = 6 * lon - 2 * np.pi * day / 12
        v = 5 * belt * np.sin(phase) * np.ones_like(pressure)
        ta = 280 + 8 * belt * np.sin(phase - np.sign(lat) * 1.0 + np.pi * (lat < 0)) + 0 * pressure
        ua = 30 * belt * np.exp(-(np.log(pressure / 25000) / 0.9) ** 2)
        sample.append(day, ps=pressure[0] * 0 + 1e5, ua=ua, va=v, ta=ta)
    sample.close()
    write_run(tmp_path, [{"step": 1, "simulated_years_per_day": 0, "mass_drift": 0.0}])
    runner = figures.Runner(tmp_path, existing=tmp_path)
    found = dict(figures.held_suarez(runner, 0, 12))
    assert found.keys() == figures.BARS["held_suarez"].keys()
    assert found["records averaged"] == 12
    for side, size in (("north", 1), ("south", 0.9)):
        assert found[f"jet [m/s], {side}"] == pytest.approx(30 * size, rel=1e-2)  # the peak lies between two layers
        assert found[f"jet, latitude, {side}"] == 45
        assert found[f"jet, pressure [hPa], {side}"] == 250
        assert found[f"v'T' [K m/s], {side}"] == pytest.approx(20 * size**2 * np.cos(1), rel=1e-3)
        assert found[f"T'T' [K2], {side}"] == pytest.approx(32 * size**2, rel=1e-3)
        assert found[f"(u'u'+v'v')/2 [m2/s2], {side}"] == pytest.approx(25 / 4 * size**2, rel=1e-3)
    assert found["asymmetry of the jets"] == pytest.approx(0.1, rel=1e-3)
    assert found["polar noise of va [m/s]"] < 1e-6


def test_a_day_without_a_record_is_named(tmp_path):
    sample_output.pressure_levels(tmp_path / "output")
    write_run(tmp_path)
    with pytest.raises(SystemExit, match="'ta' has no record on day 3"):
        figures.Run(tmp_path).read("ta", 3)


# ---- judgement ----


def test_a_bar_is_passed_missed_or_absent():
    assert figures.judge(0.1, (None, 0.2, "")) is True
    assert figures.judge(0.3, (None, 0.2, "")) is False
    assert figures.judge(-2e-13, (-1e-13, 1e-13, "")) is False
    assert figures.judge(float("nan"), (None, 0.2, "")) is False
    assert figures.judge(5.0, "reference") is None


def test_a_missed_bar_is_counted_and_a_forgotten_figure_is_an_error(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(figures.BARS, "sample", {"a": (None, 1, "target"), "b": "reference", "c": (1, 2, "target")})
    monkeypatch.setitem(figures.CASES, "sample", lambda run: [("a", 2.0), ("b", 5.0), ("c", 1.5)])
    assert figures.report("sample", figures.Runner(tmp_path)) == 1
    assert "FAILED" in capsys.readouterr().out
    stored = json.loads((tmp_path / "sample.json").read_text())
    assert [row["passed"] for row in stored["figures"]] == [False, None, True]
    monkeypatch.setitem(figures.CASES, "sample", lambda run: [("a", 0.5), ("b", 5.0)])
    with pytest.raises(SystemExit, match="not measured: c"):
        figures.report("sample", figures.Runner(tmp_path))


def test_every_case_has_bars():
    assert figures.CASES.keys() == figures.BARS.keys()


needs_model = pytest.mark.skipif(not MODEL.exists(), reason=f"there is no {MODEL}")


@needs_model
def test_a_complete_run_is_used_again_unless_a_fresh_one_is_wanted(tmp_path):
    for fresh, starts in ((False, 1), (False, 1), (True, 2)):
        made = figures.Runner(tmp_path, fresh=fresh)("williamson_2", "tilted", 24, 5400, initial__angle_degrees=45)
        assert made.directory.name == "williamson_2_tilted_24" and made.read("h", 5).shape == (12, 24)
        lines = (made.directory / "log" / "progress.jsonl").read_text().splitlines()
        assert sum(json.loads(line)["step"] == 1 for line in lines) == starts


@needs_model
def test_a_run_that_fails_is_told_with_the_words_of_the_model(tmp_path):
    with pytest.raises(SystemExit, match="(?s)ended with code 78.*angle_degrees"):
        figures.Runner(tmp_path)("williamson_2", size=24, initial__angle_degrees=1000)


@needs_model
def test_steady_flow_reaches_its_bars(tmp_path):
    command = [sys.executable, ROOT / "scripts" / "figures", "williamson_2", "--quick", "--runs", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0 and done.stdout.endswith("\n0 missed\n"), done.stdout + done.stderr
    stored = json.loads((tmp_path / "williamson_2.json").read_text())
    assert len(stored["figures"]) == 9 and all(row["passed"] for row in stored["figures"])
