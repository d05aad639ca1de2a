"""The memory that `meridian check` announces is what a run takes."""

import json
import pathlib
import re
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from model_run import IS_BUILT, finished, meridian, run  # noqa: E402

pytestmark = pytest.mark.skipif(not IS_BUILT, reason="MERIDIAN_EXECUTABLE is not there")

MIB = 2**20
CASE = """title: Memory
time: {run_steps: 4}
dycore: {equations: hydrostatic, dt_s: 300}
initial: {name: ullrich}
physics: {suite: [held_suarez]}
output:
  streams:
    - {name: snap, fields: [ps, ta, ua, va], every: 2 steps}
    - {name: mean, fields: [ps, ta, ua, va], statistic: mean, every: 4 steps}
    - {name: plev, fields: [ta, zg], statistic: max, vertical: [plev19], every: 4 steps}
restart: {every: never}
log: {format: none}
"""
# Without their streams the lists are empty.
SILENT = CASE[: CASE.index("output:")] + CASE[CASE.index("restart:"):]


def announced(case, *settings):
    words = [word for setting in settings for word in ("--set", setting)]
    return json.loads(meridian("check", case, "--json", *words).output)["memory_bytes_per_rank"]


def largest(case, folder, *settings):
    finished(run(case, folder, *settings))
    (mib,) = re.findall(r"largest: (\d+) MiB", (folder / "log" / "timing.txt").read_text())
    return int(mib) * MIB


@pytest.mark.parametrize("text", [CASE, SILENT], ids=["with streams", "without"])
def test_the_memory_announced_is_the_memory_taken(text, tmp_path):
    """Beyond what a run of a few cells takes, which is the program itself. The bar is the project's: 10 %."""
    case = tmp_path / "case.yaml"
    case.write_text(text)
    tiny = ("grid.n_lon=8", "grid.n_lat=4")
    taken = largest(case, tmp_path / "run") - largest(case, tmp_path / "tiny", *tiny)
    assert taken == pytest.approx(announced(case) - announced(case, *tiny), rel=0.1)
