"""Runs the model: for the tests of reruns, restarts and failures."""

import os
import pathlib
import re
import shutil
import subprocess
import time

import netCDF4
import numpy as np

EXECUTABLE = os.environ.get("MERIDIAN_EXECUTABLE", "")
IS_BUILT = os.access(EXECUTABLE, os.X_OK)
HAS_MPIRUN = shutil.which("mpirun") is not None
LONGEST = 60  # [s] of a run here; a hang fails the test

# Open MPI in containers, as root, on fewer cores than ranks; see mpi_environment in scripts/lib/common.sh.
MPI_ENVIRONMENT = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "OMPI_MCA_hwloc_base_binding_policy": "none",
    "OMPI_MCA_btl": "self,vader",
    "OMPI_MCA_pml": "ob1",
    "OMPI_MCA_btl_vader_single_copy_mechanism": "none",
    "OMPI_MCA_mpi_yield_when_idle": "1",
    "OMP_NUM_THREADS": "1",
    "OMP_PROC_BIND": "false",
}


class Result:
    def __init__(self, code, errors, output, seconds):
        self.code, self.errors, self.output, self.seconds = code, errors, output, seconds

    @property
    def messages(self):
        """The error messages of the job: there must be one."""
        return re.findall(r"(?m)^ERROR .*", self.errors)

    def __repr__(self):
        return f"code {self.code} after {self.seconds:.1f} s\n{self.errors}"


def layout_of(layout):
    """'2x3': 2 ranks in longitude, 3 in latitude; '': one process without mpirun."""
    if not layout:
        return 0, []
    lon, lat = (int(n) for n in layout.split("x"))
    return lon * lat, ["--set", f"parallel.ranks_lon={lon}", "--set", f"parallel.ranks_lat={lat}"]


def command_of(arguments, ranks=0):
    launcher = ["mpirun", "-n", str(ranks)] if ranks else []
    return [*launcher, EXECUTABLE, *(str(word) for word in arguments)]


def environment(**changes):
    return {**MPI_ENVIRONMENT, **os.environ, **changes}


def meridian(*arguments, ranks=0, cwd=None, **variables):
    begin = time.monotonic()
    done = subprocess.run(command_of(arguments, ranks), cwd=cwd, env=environment(**variables), capture_output=True,
                          text=True, timeout=LONGEST, check=False)
    return Result(done.returncode, done.stderr, done.stdout, time.monotonic() - begin)


def run(case, folder, *arguments, layout="", **variables):
    """meridian run CASE --run-dir FOLDER on a layout; arguments 'key=value' are settings."""
    ranks, words = layout_of(layout)
    for word in map(str, arguments):
        words += ["--set", word] if re.match(r"[a-z_.\[\]0-9]+=", word) else [word]
    return meridian("run", case, "--run-dir", folder, *words, ranks=ranks, **variables)


def start(case, folder, *arguments, ranks=0, **variables):
    """The same in the background."""
    return subprocess.Popen(command_of(["run", case, "--run-dir", folder, *arguments], ranks),
                            env=environment(**variables), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def ranks_of(process, ranks):
    """Process numbers of the model's ranks."""
    if not ranks:
        return [process.pid]
    children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    names = {int(pid): pathlib.Path(f"/proc/{pid}/comm").read_text().strip() for pid in children}
    return [pid for pid, name in names.items() if name == pathlib.Path(EXECUTABLE).name[:15]]


def wait_until(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def finished(result):
    assert result.code == 0 and not result.messages, result
    return result


def refused(result, code, *words):
    """One message with these words, and the exit code."""
    assert result.code == code and len(result.messages) == 1, result
    for word in words:
        assert word in result.errors, result
    return result


def state_hash(folder):
    result = meridian("hash", folder)
    assert result.code == 0 and re.fullmatch(r"[0-9a-f]{16}\n", result.output), result
    return result.output.strip()


def sets(folder):
    """Names in RUN/restart, oldest step first."""
    names = [path.name for path in (folder / "restart").iterdir()]
    return sorted(names, key=lambda name: [int(n) for n in re.findall(r"-(\d+)", name)[-1:]])


def step_of(set_name):
    return int(set_name.split("-")[1])


def leftovers(folder):
    return sorted(str(path) for path in folder.rglob("*") if path.suffix in (".part", ".partial", ".removed"))


def output_of(folder):
    """Bytes of every variable of every stream, segments joined along time: {(stream, variable): bytes}."""
    pieces = {}
    for path in sorted((folder / "output").glob("*.nc"), key=lambda path: path.name.split(".")[-2]):
        with netCDF4.Dataset(path) as file:
            file.set_auto_maskandscale(False)
            for name, variable in file.variables.items():
                values = np.asarray(variable[...]).tobytes()
                key = path.name.split(".")[1], name
                if variable.dimensions[:1] == ("time",):
                    pieces[key] = pieces.get(key, b"") + values
                else:
                    assert pieces.setdefault(key, values) == values, (path, name)
    return pieces


def differing(one, other):
    """Names of what is not the same, bit for bit."""
    return sorted(key for key in one.keys() | other.keys() if one.get(key) != other.get(key))


def write_topography(path, spoil=None):
    """Mountains on a grid of 5 degrees, with a pole under one of them."""
    lat, lon = np.arange(-87.5, 90, 5), np.arange(2.5, 360, 5)
    altitude = np.zeros((lat.size, lon.size))
    for height, lat0, lon0, width in ((3000, 35, 90, 15), (2000, -20, 290, 10), (2500, -88, 0, 20)):
        phi, phi0 = np.radians(lat)[:, None], np.radians(lat0)
        cosine = np.sin(phi) * np.sin(phi0) + np.cos(phi) * np.cos(phi0) * np.cos(np.radians(lon - lon0))
        altitude += height * np.exp(-((np.degrees(np.arccos(np.clip(cosine, -1, 1))) / width) ** 2))
    if spoil is not None:
        altitude[spoil] = np.nan
    with netCDF4.Dataset(path, "w") as file:
        for name, values, units in (("lat", lat, "degrees_north"), ("lon", lon, "degrees_east")):
            file.createDimension(name, values.size)
            variable = file.createVariable(name, "f8", (name,))
            variable.units = units
            variable[:] = values
        orog = file.createVariable("orog", "f4", ("lat", "lon"), zlib=True)
        orog.units = "m"
        orog.standard_name = "surface_altitude"
        orog[:] = altitude
    return path
