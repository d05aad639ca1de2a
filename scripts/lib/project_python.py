"""Runs a script once more under the project's own Python, which is set up where needed."""

import os
import pathlib
import sys


def run_again():
    """For a script that misses a package. Does not return; raises the ImportError at hand when it is the second time."""
    if "MERIDIAN_PYTHON_AGAIN" in os.environ:
        raise  # noqa: PLE0704
    os.environ["MERIDIAN_PYTHON_AGAIN"] = "1"
    scripts = pathlib.Path(__file__).resolve().parents[1]
    os.execvp("bash", ["bash", "-c", 'source "$0/lib/common.sh"; source "$0/lib/setup.sh"; setup_python; exec "$venv_python" "$@"',
                       str(scripts), os.path.abspath(sys.argv[0]), *sys.argv[1:]])
