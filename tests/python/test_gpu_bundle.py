"""scripts/gpu_bundle and the check within its archive, on a box that has nothing: here with the programs for the CPU."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from model_run import EXECUTABLE, IS_BUILT  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = [ROOT / "build" / "cpu" / name for name in ("meridian", "bench/bench_model", "bench/bench_kernels")]
TOOLS = "bash awk basename cat chmod date ln mkdir rm timeout".split()  # all that the check calls, apart from its own

pytestmark = pytest.mark.skipif(not IS_BUILT or not all(path.exists() for path in PROGRAMS) or not shutil.which("strip"),
                                reason="the preset cpu is not built")


class Box:
    """A folder with the unpacked archive; as root the folder is all there is: no libraries, no MPI, no compiler."""

    def __init__(self, folder, archive):
        self.folder = folder
        subprocess.run(["tar", "-xzf", archive, "-C", folder], check=True)
        self.check = folder / "meridian_gpu_check"
        self.is_bare = os.geteuid() == 0 and self.furnish()

    def furnish(self):
        try:
            (self.folder / "dev").mkdir()
            os.mknod(self.folder / "dev" / "null", 0o020666, os.makedev(1, 3))
            with open(self.folder / "dev" / "null", "wb") as null:
                null.write(b"nothing")
        except OSError:
            return False  # a container may refuse it
        (self.folder / "tmp").mkdir()
        (self.folder / "bin").mkdir()
        for tool in TOOLS:
            program = os.path.realpath(shutil.which(tool))
            shutil.copy(program, self.folder / "bin" / tool)
            for word in subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout.split():
                if word.startswith("/"):
                    (self.folder / word[1:]).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(word, self.folder / word[1:])
        return True

    def run(self, *words):
        """Exit code, what was said, and the record where there is one."""
        out = self.folder / "tmp" / "out" if self.is_bare else self.folder / "out"
        shutil.rmtree(out, ignore_errors=True)
        prefix = ["chroot", str(self.folder), "/bin/bash", "/meridian_gpu_check/run_gpu_check", "--run-dir", "/tmp/out"]
        if not self.is_bare:
            prefix = [shutil.which("bash"), str(self.check / "run_gpu_check"), "--run-dir", str(out)]
        prefix[0] = shutil.which(prefix[0])
        done = subprocess.run([*prefix, *words], env={"PATH": "/bin" if self.is_bare else os.defpath}, cwd=self.folder,
                              capture_output=True, text=True, timeout=300, check=False)
        record = json.loads((out / "gpu_check.json").read_text()) if (out / "gpu_check.json").exists() else None
        return done.returncode, done.stdout + done.stderr, record


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    file = tmp_path_factory.mktemp("archive") / "check.tar.gz"
    subprocess.run([ROOT / "scripts" / "gpu_bundle", "--preset", "cpu", "--built", "--output", file], check=True, timeout=120)
    return file


@pytest.fixture
def box(tmp_path, archive):
    return Box(tmp_path, archive)


def status_of(record):
    return {part["name"]: part["status"] for part in record["parts"]}


def test_the_check_passes_on_a_bare_box_and_fills_the_tables(box, archive):
    assert archive.stat().st_size <= 60e6
    code, said, record = box.run("--short")
    assert code == 0 and record["failed"] == 0, said
    status = status_of(record)
    for name in ("doctor", "comparison with the CPU, dry", "comparison with the CPU, moist", "kernels fp64", "steps fp64 96x48",
                 "verify"):
        assert status[name] == "passed", said
    options = subprocess.run([EXECUTABLE, "list", "options"], capture_output=True, text=True, check=True).stdout
    assert status["graph 96x48"] == ("passed" if "parallel.graph" in options else "left out"), said
    figures = {part["name"]: part["figure"] for part in record["parts"]}
    assert "the same bits" in figures["comparison with the CPU, dry"] and figures["verify"] == "15 figures, 0 failed"
    assert record["doctor"]["copy_bandwidth"] > 0 and record["doctor"]["not_usable"] == []
    rows = {(row["table"], row["name"]): row for row in record["benchmarks"] if row["precision"] == "fp64"}
    step = rows["steps", "hydrostatic 96 x 48 x 26, per step"]
    assert step["grid"] == "96x48" and step["ns"] > 0 and 0 < step["percent_of_copy"] < 1000
    assert rows["kernels", "pressure gradient"]["gb_per_s"] > 0 and len(rows) > 10
    assert f"| hydrostatic 96 x 48 x 26, per step | {step['ns']:.2f} |" in said and "| pressure gradient | " in said


def test_a_part_that_fails_does_not_stop_the_others(box):
    (box.check / "bin" / "cpu" / "meridian").write_text("no program")
    for program in (box.check / "bin").glob("*/bench_*"):
        program.unlink()
    code, said, record = box.run("--short", "--verify", "williamson_2 nothing")
    status = status_of(record)
    failing = {"comparison with the CPU, dry", "comparison with the CPU, moist", "verify"}
    if (box.check / "bin" / "fp32").exists():  # where that has been built
        failing.add("comparison with the CPU, dry, single precision")
    assert code == 1 and {name for name, part in status.items() if part == "failed"} == failing, said
    assert record["failed"] == len(failing) and status["doctor"] == "passed", said
    assert status["kernels fp64"] == "left out" and "unknown case 'nothing'" in said, said


def test_without_a_driver_one_sentence_says_so(box):
    if not box.is_bare and shutil.which("nvidia-smi"):
        pytest.skip("this box has a driver")
    (box.check / "bundle.txt").write_text("preset=cuda-h100\ncommit=abc\n")
    code, said, record = box.run()
    assert code == 71 and record is None
    assert said.strip().splitlines() == ["ERROR system There is no NVIDIA driver on this box (no libcuda.so.1 was found): "
                                         "the check needs a GPU and its driver."]


def test_wrong_options_are_refused(box):
    for words in (["--fast"], ["--sizes"], ["--sizes", "360"], ["--kernels", "a x b"]):
        code, said, record = box.run(*words)
        assert code == 64 and record is None and "ERROR usage" in said, (words, said)
    for words in (["--preset", "fp32"], ["--fast"]):
        done = subprocess.run([ROOT / "scripts" / "gpu_bundle", *words], capture_output=True, text=True, check=False)
        assert done.returncode == 64 and "ERROR usage" in done.stderr, (words, done.stderr)
