"""`meridian verify`: figures, verdicts, reports; and what can never pass."""

import json
import math
import pathlib
import sys

import pytest
import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from model_run import HAS_MPIRUN, IS_BUILT, meridian  # noqa: E402

pytestmark = pytest.mark.skipif(not (IS_BUILT and HAS_MPIRUN), reason="MERIDIAN_EXECUTABLE or mpirun is not there")

CASE = """title: A small bell
grid: {n_lon: 48, n_lat: 24}
time: {run_days: 2}
dycore: {equations: shallow_water, frozen_winds: true, dt_s: 1800, divergence_damping: 0}
initial: {name: rotation, angle_degrees: 80}
tracers: [{name: one}, {name: bell, initial: cosine_bell}]
verify:
  runs:
    - name: plain
      figures:
        - {figure: uniformness, field: one, at_most: 0, source: exact}
        - {figure: minimum, field: bell, at_least: 0, source: monotone}
        - {figure: tracer_mass_drift, field: bell, at_least: -1e-5, at_most: 1e-5, source: round-off}
        - {figure: l2_error, field: bell, day: 1, at_least: 0.5, source: "the bell has moved"}
    - {name: long, tier: standard, set: [time.run_days=3], figures: [{figure: mass_drift, at_most: 1, source: any}]}
"""


def verify(folder, text, *arguments, ranks=0):
    (folder / "case.yaml").write_text(text)
    result = meridian("verify", folder / "case.yaml", "--run-dir", folder / "out", *arguments, ranks=ranks)
    path = folder / "out" / "case" / "verify.json"
    return result, json.loads(path.read_text()) if path.exists() else None


def test_figures_within_their_bounds_pass(tmp_path):
    result, figures = verify(tmp_path, CASE)
    assert result.code == 0 and "4 figures, 0 failed" in result.output, result.output
    assert [figure["pass"] for figure in figures] == [True] * 4
    assert set(figures[0]) == {"name", "value", "bound", "source", "pass"}
    page = (tmp_path / "out" / "case" / "verify.md").read_text()
    assert "| plain: uniformness of one | 0 | <= 0 | passed | exact |" in page
    assert f"`meridian verify {tmp_path}/case.yaml --tier quick`" in page and "does not come with Meridian" in page


def test_a_missed_bound_fails(tmp_path):
    result, figures = verify(tmp_path, CASE.replace("at_least: 0.5", "at_most: 0.5"))
    assert result.code == 1 and "4 figures, 1 failed" in result.output
    assert [figure["pass"] for figure in figures] == [True, True, True, False]


def test_a_broken_limiter_fails(tmp_path):
    result, figures = verify(tmp_path, CASE.replace("initial: cosine_bell", "initial: cosine_bell, limiter: none"))
    assert result.code == 1 and figures[1]["value"] < 0 and not figures[1]["pass"]


def test_another_set_up_never_passes(tmp_path):
    result, figures = verify(tmp_path, CASE, "--set", "dycore.dt_s=900")
    assert result.code == 1 and "leaves the published set-up" in result.output
    assert not any(figure["pass"] for figure in figures)
    assert verify(tmp_path, CASE, "--set", "restart.every=never")[0].code == 0


def test_a_run_that_breaks_never_passes(tmp_path):
    broken = CASE.replace("frozen_winds: true, dt_s: 1800", "dt_s: 7200").replace("run_days: 2", "run_days: 40")
    broken = broken.replace("name: rotation", "name: williamson_6").replace("at_least: 0.5", "at_least: 0")
    result, figures = verify(tmp_path, broken.replace("tracers: [{name: one}, {name: bell, initial: cosine_bell}]", "").replace(
        "field: one", "field: h").replace("field: bell", "field: h").replace("tracer_mass_drift, field: h", "mass_drift"))
    assert result.code != 0 and (figures is None or not any(figure["pass"] for figure in figures)), result


def test_a_run_that_physics_ends_fails_and_the_next_is_made(tmp_path):
    case = """title: Three runs
grid: {n_lon: 24, n_lat: 12}
time: {run_steps: 2}
dycore: {equations: hydrostatic, dt_s: 1200}
initial: {name: ullrich}
physics: {suite: [held_suarez]}
verify:
  runs:
    - {name: good, figures: [{figure: mass_drift, at_most: 1e-13, source: round-off}]}
    - {name: bad, set: [dycore.dt_s=7200, time.run_steps=400], figures: [{figure: mass_drift, at_most: 1, source: none}]}
    - {name: last, figures: [{figure: mass_drift, at_most: 1e-13, source: round-off}]}
"""
    result, figures = verify(tmp_path, case)
    assert result.code == 1 and [figure["pass"] for figure in figures] == [True, False, True], result
    assert figures[1]["value"] is None and (tmp_path / "out" / "case" / "verify.md").exists()
    result, figures = verify(tmp_path / "out", case, ranks=2)
    assert result.code in (1, 76) and figures[0]["pass"], result  # where ranks wait for each other, the job ends


def test_tiers_add_runs(tmp_path):
    result, figures = verify(tmp_path, CASE, "--tier", "standard")
    assert result.code == 0 and len(figures) == 5


def test_no_figure_is_no_success(tmp_path):
    result, _ = verify(tmp_path, CASE.partition("verify:")[0])
    assert result.code == 1 and "0 figures" in result.output


def test_values_are_the_same_on_any_layout(tmp_path):
    (tmp_path / "two").mkdir()
    assert verify(tmp_path, CASE)[1] == verify(tmp_path / "two", CASE, ranks=2)[1]


def test_the_runs_of_every_tier_can_begin():
    """On a coarse grid, so that all take seconds: that tracers, streams and settings of a run fit each other."""
    coarse = ("--set", "grid={n_lon: 48, n_lat: 24, levels: L26}", "--set", "time.run_steps=1")
    count = 0
    for path in sorted((pathlib.Path(__file__).resolve().parents[2] / "cases").glob("*.yaml")):
        case = yaml.safe_load(path.read_text())
        for run in case.get("verify", {}).get("runs", []):
            time = {**case["time"], **dict(s.removeprefix("time.").split("=") for s in run.get("set", []) if s.startswith("time."))}
            length = float(time.get("run_days", 0)) or math.inf  # what verify() itself refuses, of all tiers
            assert all(max(f.get("day", 0), f.get("since", 0)) <= length for f in run["figures"]), f"{path.name}, {run['name']}"
            settings = [word for s in run.get("set", []) + run.get("reference", []) for word in ("--set", s)]
            column = case["dycore"].get("equations") == "column"
            result = meridian("check", path, *settings, *(() if column else coarse))
            assert result.code == 0, f"{path.name}, run {run['name']}: {result.output}{result.errors}"
            count += 1
    assert count > 50


def test_a_single_column_runs_on_one_of_several_ranks(tmp_path):
    for ranks in (0, 2):
        result = meridian("verify", "column_inertial_oscillation", "--run-dir", tmp_path / str(ranks), ranks=ranks)
        assert result.code == 0 and "0 failed" in result.output, result.output


@pytest.mark.parametrize("old, text, words", [
    ("figure: uniformness,", "figure: l2_eror,", "l2_error"), ("field: one", "field: two", "'two'"),
    ("tier: standard", "tier: fast", "quick"), (", source: exact", "", "a figure needs 'source'"),
    ("day: 1,", "day: 5,", "case.yaml:14:48: 'l2_error of bell, day 5' is of day 5, but the run 'plain' ends on day 2"),
    ("name: plain", "name: ../up", "names a directory"), ("name: long", "name: plain", "two runs have the 'name' plain"),
])
def test_mistakes_in_the_block_are_refused(old, text, words, tmp_path):
    result, _ = verify(tmp_path, CASE.replace(old, text, 1))
    assert result.code == 78 and words in result.errors, result


STEADY = """title: Steady flow
grid: {n_lon: 48, n_lat: 24}
time: {run_days: 1}
dycore: {equations: shallow_water, dt_s: 1800, divergence_damping: 0}
initial: {name: williamson_2, angle_degrees: 45}
"""
ORDER = """
verify:
  runs:
    - {name: coarse, set: [grid.n_lon=24, grid.n_lat=12, dycore.dt_s=3600], figures: [{figure: l2_error, field: h, at_most: 1, source: any}]}
    - name: fine
      figures:
        - {figure: l2_error, field: h, order_from: coarse, at_least: 1.8, source: second order}
        - {figure: l2_error, field: h, less: coarse, at_most: 0, source: smaller}
    - name: referred
      reference: [grid.n_lon=96, grid.n_lat=48, dycore.dt_s=900]
      figures:
        - {figure: l2_error, field: h, against: reference, at_least: 1e-6, at_most: 1e-2, source: any}
"""


def test_orders_differences_and_references(tmp_path):
    result, figures = verify(tmp_path, STEADY + ORDER)
    assert [figure["pass"] for figure in figures] == [True] * 4, result.output
    assert "fine: order of l2_error of h, from coarse" in result.output


@pytest.mark.parametrize("old, text, words", [
    ("n_lon=96, grid.n_lat=48", "n_lon=60, grid.n_lat=30", "case.yaml:15:18: The reference of the run 'referred' has 60 x 30 cells; they must fit"),
    ("n_lon=96", "n_lom=96", "the run 'referred': unknown key 'grid.n_lom'"),
    ("n_lon=24", "n_lon=abc", "case.yaml:9:28: in the run 'coarse': 'grid.n_lon' = abc is not a whole number"),
    ("n_lon=24, grid.n_lat=12", "n_lon=48", "case.yaml:12:52: 'order of l2_error of h, from coarse' is of 24 rows, and 'coarse' has no fewer"),
    ("order_from: coarse", "order_from: nobody", "case.yaml:12:52: there is no run 'nobody' above the run 'fine'"),
    ("less: coarse", "less: referred", "there is no run 'referred' above the run 'fine'"),
    ("name: coarse,", "name: coarse, tier: full,", "the run 'coarse' is of the tier full, so it is not made where 'fine'"),
    ("order_from: coarse", "day: 0.5, order_from: coarse", "the run 'coarse' does not measure this figure"),
    ("less: coarse,", "less: coarse, order_from: coarse,", "a figure has 'order_from' or 'less', not both"),
    ("less: coarse,", "percent: true,", "they need 'less'"),
    ("less: coarse,", "less: coarse, per_kelvin: true,", "both runs must measure 'time_mean' of 'ts'"),
    ("less: coarse,", "against: reference,", "the run 'fine' has no 'reference'"),
    ("at_most: 0,", "at_least: 1, at_most: 0,", "'at_least' is above 'at_most'"),
    ("less: coarse,", "since: 0.5, day: 0.25,", "'since' is after 'day'"),
    ("l2_error, field: h, less: coarse,", "symmetry, field: h, wavenumber: 5,", "a 5th of its 48 columns; the wavenumber must divide them"),
    ("l2_error, field: h, less: coarse,", "wave_speed, field: h, wavenumber: 25,", "the wavenumber is at most 24"),
    ("l2_error, field: h, less: coarse,", "l2_error,", "case.yaml:13:20: A figure of 'verify' is of ''"),
    ("l2_error, field: h, less: coarse,", "jet,", "field 'ta', which this run does not have"),
    ("l2_error, field: h, less: coarse,", "time_mean, field: two,", "field 'two', which this run does not have"),
    ("l2_error, field: h, less: coarse,", "real_mixing, field: h,", "of mixing also 'with'"),
])
def test_mistakes_in_the_block_are_refused_before_anything_runs(old, text, words, tmp_path):
    assert old in ORDER
    result, figures = verify(tmp_path, STEADY + ORDER.replace(old, text, 1))
    assert result.code == 78 and words in result.errors and figures is None, result
    assert not (tmp_path / "out").exists()
    result = meridian("check", tmp_path / "case.yaml")
    assert result.code == 78 and words in result.errors, result


def test_a_mistake_in_a_setting_of_a_run_has_its_place_for_programs(tmp_path):
    (tmp_path / "case.yaml").write_text(STEADY + ORDER.replace("n_lon=24", "n_lon=abc"))
    result = meridian("check", "--json", tmp_path / "case.yaml")
    [error] = json.loads(result.output)["errors"]
    assert (error["line"], error["column"]) == (9, 28) and error["file"].endswith("case.yaml"), error
    assert "^^^^^^^^^^^^^^" in result.errors, result.errors


def test_verify_says_what_to_do_without_runs(tmp_path):
    result, _ = verify(tmp_path, CASE.replace("name: plain", "name: plain\n      tier: full"))
    assert result.code == 1 and "there are of full and standard: give --tier standard" in result.output, result
    result, _ = verify(tmp_path, CASE.partition("verify:")[0])
    assert result.code == 1 and "the case has no 'verify' block" in result.output, result


def test_the_page_has_a_picture_or_says_why_not(tmp_path):
    verify(tmp_path, CASE)
    page = (tmp_path / "out" / "case" / "verify.md").read_text()
    assert "No picture: ERROR There is no instant and no mean in the files" in page  # CASE has no streams
    meridian("verify", "unsteady_rotation", "--run-dir", tmp_path / "out")
    page = (tmp_path / "out" / "unsteady_rotation" / "verify.md").read_text()
    assert "](two_degrees/plots/published.png)" in page
