"""`meridian submit`: the job scripts, the machine files, what is refused."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from model_run import HAS_MPIRUN, IS_BUILT, finished, meridian, refused, sets  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
MACHINES = sorted(path.stem for path in (ROOT / "machines").glob("*.yaml"))
pytestmark = pytest.mark.skipif(not IS_BUILT, reason="MERIDIAN_EXECUTABLE is not there")

CASE = """title: Job
grid: {n_lon: 24, n_lat: 30, levels: "sigma:3"}
time: {run_steps: 8}
dycore: {equations: hydrostatic, dt_s: 600}
initial: {name: rest}
log: {format: none}
"""
SLURM = """description: a cluster
modules: [gcc, openmpi]
launcher: srun --ntasks={ranks} --cpus-per-task={threads}
nodes: 4
ranks_per_node: 2
threads_per_rank: 4
gpu_binding: local_rank
scratch: $HERE/${THERE}
scheduler: slurm
header: ["#SBATCH --partition=gpu"]
"""


@pytest.fixture
def case(tmp_path):
    (tmp_path / "small.yaml").write_text(CASE)
    return tmp_path / "small.yaml"


@pytest.fixture
def slurm(tmp_path):
    (tmp_path / "cluster.yaml").write_text(SLURM)
    return tmp_path / "cluster.yaml"


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """Stands in for a cluster: module, srun and sbatch write down their words; STATUS is the code of srun's program."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, code in (("module", "0"), ("srun", "${STATUS:-0}"), ("sbatch", "${REFUSAL:-0}")):
        (folder / name).write_text(f'#!/bin/bash\necho "{name} $*" >>"{tmp_path}/calls"\nexit {code}\n')
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setenv("HERE", str(tmp_path))
    monkeypatch.setenv("THERE", "scratch")
    return tmp_path / "calls"


def submit(*words, **variables):
    return meridian("submit", *words, **variables)


@pytest.mark.parametrize("name", MACHINES)
def test_the_jobs_of_the_machines_that_come_along_are_sound(name, tmp_path):
    assert len((ROOT / "machines" / f"{name}.yaml").read_text().splitlines()) <= 20
    result = submit("held_suarez", "--machine", name, "--ranks", "2", "--dry-run", SCRATCH=str(tmp_path))
    assert result.code == 0 and list(tmp_path.iterdir()) == [], result
    assert subprocess.run(["bash", "-n"], input=result.output, text=True, check=False).returncode == 0
    assert "meridian run" in result.output and "export OMP_NUM_THREADS=" in result.output
    assert ("#SBATCH" in result.output) == ("scheduler: slurm" in (ROOT / "machines" / f"{name}.yaml").read_text())
    assert name in meridian("list", "machines").output and "launcher" in meridian("describe", name).output


def test_presets_of_machines_are_those_of_cmake():
    presets = json.loads((ROOT / "CMakePresets.json").read_text())["configurePresets"]
    allowed = re.search(r"allowed +this, (.*)", meridian("describe", "preset").output).group(1)
    runs = {preset["name"] for preset in presets if not preset.get("hidden")} - {"cpu-count", "cuda-check"}  # which are for checks
    assert set(allowed.split(", ")) == runs


def test_a_job_says_what_the_machine_needs(case, slurm, programs, tmp_path):
    result = submit(case, "--machine", slurm, "--ranks", "3", "--time", "01:30:00", "--dry-run", "--set",
                    "title=it's $HOME")
    text = result.output
    assert result.code == 0 and not (tmp_path / "scratch").exists() and not programs.exists()
    for line in ("#SBATCH --job-name=small", "#SBATCH --nodes=2", "#SBATCH --ntasks=3", "#SBATCH --ntasks-per-node=2",
                 "#SBATCH --cpus-per-task=4", "#SBATCH --gpus-per-node=2", "#SBATCH --time=01:30:00",
                 "#SBATCH --signal=USR1@300", "#SBATCH --partition=gpu", "module load gcc openmpi || exit 71",
                 "export OMP_NUM_THREADS=4"):
        assert line in text.splitlines(), text
    assert "KOKKOS_MAP_DEVICE_ID_BY=mpi_rank" in text and "srun --ntasks=3 --cpus-per-task=4 /" in text
    assert text.index("#SBATCH --partition=gpu") < text.index("cd /")  # sbatch stops reading at the first command
    assert "'title=it'\\''s $HOME'" in text and f"--run-dir {tmp_path}/scratch/small" in text
    parts = json.loads(submit(case, "--machine", slurm, "--ranks", "3", "--dry-run", "--json").output)
    assert parts["launcher"] == "srun --ntasks=3 --cpus-per-task=4" and parts["nodes"] == 2


def test_the_scheduler_gets_the_job(case, slurm, programs, tmp_path):
    finished(submit(case, "--machine", slurm))
    script = tmp_path / "scratch" / "small" / "job.sh"
    assert programs.read_text() == f"sbatch {script}\n" and (script.parent / "log").is_dir()
    shown = submit(case, "--machine", slurm, "--dry-run").output
    assert script.read_text() == shown
    refused(submit(case, "--machine", slurm, REFUSAL="1"), 71, "'sbatch' did not take the job", str(script))


@pytest.mark.parametrize("status", [0, 1, 71, 75, 76, 137])
def test_a_job_is_submitted_again_where_it_was_stopped_and_only_there(status, case, slurm, programs, tmp_path):
    finished(submit(case, "--machine", slurm))
    programs.unlink()
    script = tmp_path / "scratch" / "small" / "job.sh"
    ended = subprocess.run(["bash", str(script)], env={**os.environ, "STATUS": str(status)}, check=False)
    calls = programs.read_text().splitlines()
    assert ended.returncode == status and calls[0] == "module load gcc openmpi" and calls[1].startswith("srun ")
    assert calls[2:] == ([f"sbatch {script}"] if status == 75 else [])


@pytest.mark.skipif(not HAS_MPIRUN, reason="mpirun is not there")
def test_without_a_scheduler_the_run_starts_at_once_and_goes_on(case, tmp_path):
    machine = tmp_path / "here.yaml"
    machine.write_text("launcher: mpirun -n {ranks}\nranks_per_node: 2\n")
    folder = tmp_path / "run"
    finished(submit(case, "--machine", machine, "--run-dir", folder))
    assert sets(folder) and json.loads((folder / "run.json").read_text())["ranks"] == 2
    result = submit(folder, "--machine", machine, "--ranks", "1", "--set", "time.run_steps=12")
    assert result.code == 0 and "Continuing from" in result.errors
    assert json.loads((folder / "run.json").read_text())["ranks"] == 1


WRONG_MACHINES = {
    "unknown_key": ("lancher: srun {ranks}\n", "1:1", "did you mean 'launcher'?"),
    "bad_word": ("scheduler: slrum\n", "1:12", "did you mean 'slurm'?"),
    "bad_preset": ("preset: cuda-h10\n", "1:9", "did you mean 'cuda-h100' or 'cuda-h100-fp32'?"),
    "text_for_number": ("nodes: many\n", "1:8", "not a whole number"),
    "no_ranks": ("ranks_per_node: -1\n", "1:17", "is outside [0, 10000]"),
    "group_for_list": ("modules: {gcc: 12}\n", "1:10", "must be a list"),
    "unknown_hole": ("launcher: srun -n {ranks} -N {node}\n", "1:11", "'launcher' has {node}"),
    "hole_is_missing": ("launcher: srun\n", "1:11", "must say where the number of ranks goes"),
    "syntax": ("header: [a\n", "2:1", "not closed"),
    "empty": ("", "1:1", "meridian list machines"),
    "two_documents": ("nodes: 1\n---\nnodes: 2\n", "2:1", "a machine file is one document"),
}


@pytest.mark.parametrize("name", WRONG_MACHINES)
def test_wrong_machine_files_are_refused_with_their_place(name, case, tmp_path):
    text, place, words = WRONG_MACHINES[name]
    machine = tmp_path / "wrong.yaml"
    machine.write_text(text)
    refused(submit(case, "--machine", machine, "--run-dir", tmp_path / "run"), 78, f"{machine}:{place}: ", words)
    assert not (tmp_path / "run").exists()


def test_other_mistakes_are_refused_before_anything_is_written(case, slurm, programs, tmp_path):
    refused(submit(case, "--machine", "gefoin"), 78, "did you mean 'gefion'?")
    refused(submit(case, "--machine", tmp_path / "none.yaml"), 66, "There is no machine file")
    refused(submit("held_suares", "--machine", slurm), 78, "did you mean 'held_suarez'?")
    refused(submit(case, "--machine", slurm, "--ranks", "7"), 78, "7 ranks do not fit a grid of 24 x 30",
            "6 below and 8 above")
    refused(submit(case, "--machine", slurm, "--ranks", "4", "--set", "parallel.ranks_lon=3"), 78, "is not possible with 4 ranks on", "allowed: ")
    refused(submit(case, "--machine", slurm, "--ranks", "4", "--set", "parallel.ranks_lat=3"), 78, "allowed: ")
    refused(submit(case, "--machine", slurm, "--ranks", "10"), 78, "need 5 nodes of 2", "room for 8 ranks")
    refused(submit(case, "--machine", slurm, "--time", "8h"), 64, "must be HH:MM:SS")
    refused(submit(case, "--machine", slurm, "--time", "00:05:00"), 64, "at least 00:10:00")
    refused(submit(case, "--machine", "laptop", "--time", "01:00:00"), 64, "scheduler: none")
    refused(submit(case, "--machine", slurm, "--run-dir", tmp_path / "a b"), 78, "holds a space")
    refused(submit(case, "--machine", slurm, THERE=""), 78, "$THERE, which is not set")
    slurm.write_text(SLURM + "preset: hip-mi300a\n")
    if not (ROOT / "build" / "hip-mi300a" / "meridian").exists():
        refused(submit(case, "--machine", slurm), 66, "scripts/build hip-mi300a")
    assert not programs.exists() and not (tmp_path / "scratch").exists()
    assert shutil.which("sbatch")
