"""scripts/run with stand-ins for the build, mpirun and the pictures: it finds the run directory and names what is in it."""

import pathlib
import shutil
import subprocess

import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
STAND_INS = {
    "scripts/lib/setup.sh": "setup_python() { venv_python=bash; }\n",
    "scripts/lib/build.sh": "build_preset() { :; }\n",
    "scripts/plot": 'mkdir -p "$1/plots"; echo "1 pictures: $1/plots/map.png"\n',
    "build/cpu/meridian": "",
    # The model: its last argument is the run directory.
    "bin/mpirun": '#!/bin/bash\nmkdir -p "${@: -1}/output"; touch "${@: -1}/output/a.nc"\n'
                  'printf "Case a\\nRun directory: %s\\n{\\"date\\": 1}\\n" "${@: -1}" >&2\n',
}


@pytest.mark.parametrize("folder", ["runs/a", "plain", "my runs/it's ö", "/absolute path"])
def test_the_directory_of_the_run_is_found(folder, tmp_path):
    for name, text in STAND_INS.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
    for name in ("scripts/run", "scripts/lib/common.sh"):
        shutil.copy(SOURCE / name, tmp_path / name)
    (tmp_path / "here").mkdir()
    if folder.startswith("/"):
        folder = f"{tmp_path}{folder}"
    environment = {"PATH": f"{tmp_path}/bin:/usr/bin:/bin", "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
    done = subprocess.run([tmp_path / "scripts/run", "a", "--run-dir", folder], cwd=tmp_path / "here", env=environment,
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done
    assert f"\nRun directory: {folder}\n1 NetCDF files:\n  {folder}/output/a.nc\n" in done.stdout, done
    assert f"1 pictures: {folder}/plots/map.png" in done.stdout
