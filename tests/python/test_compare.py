"""`meridian compare`: the largest difference of two runs."""

import pathlib
import re
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from model_run import IS_BUILT, finished, meridian, refused, run  # noqa: E402

pytestmark = pytest.mark.skipif(not IS_BUILT, reason="MERIDIAN_EXECUTABLE is not there")
SMALL = ("grid.n_lon=48", "grid.n_lat=24", "grid.levels=sigma:4", "dycore.dt_s=600", "output={streams: []}")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    for name, settings in (("one", ["time.run_steps=4"]), ("same", ["time.run_steps=4"]), ("longer", ["time.run_steps=6"]),
                           ("stronger", ["time.run_steps=4", "initial.perturbation_m_per_s=1.5"]),
                           ("finer", ["time.run_steps=4", "grid.n_lon=96"])):
        finished(run("ullrich_wave", folder / name, *SMALL, *settings))
    return folder


def test_the_same_run_has_no_difference(runs):
    done = meridian("compare", runs / "one", runs / "same", "--at-most", "0")
    assert done.code == 0 and done.output.splitlines()[-1] == "largest difference 0.00e+00 after 4 steps, the same bits", done.output


def test_another_state_differs_by_so_much(runs):
    done = meridian("compare", runs / "one", runs / "stronger")
    differences = dict(re.findall(r"(?m)^(\w+) +(\S+)$", done.output))
    largest = max(float(value) for value in differences.values())
    # half a m/s more of a wave of 1 m/s, in a wind of some 28 m/s
    assert done.code == 0 and 0.005 < float(differences["u"]) < 0.05 and "same bits" not in done.output, done.output
    assert f"largest difference {largest:.2e}" in done.output
    for at_most, code in ((largest * 1.01, 0), (largest * 0.99, 1)):
        done = meridian("compare", runs / "one", runs / "stronger", "--at-most", at_most)
        assert done.code == code and ("FAILED" in done.output) == (code == 1), done.output


def test_runs_that_cannot_be_compared_are_refused(runs):
    refused(meridian("compare", runs / "one", runs / "longer"), 64, "step 4", "step 6")
    refused(meridian("compare", runs / "one", runs / "finer"), 64, "points")
    refused(meridian("compare", runs / "one", runs / "none"), 66, "none")
