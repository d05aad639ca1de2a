#!/usr/bin/env python3
"""Checks who includes whom: grid knows itself; dycore, physics, io, cases know grid; driver, tests, bench know all.

Includes of our own headers are written "folder/file.hpp", from the root. Each breach is printed as file:line; exit
code 1 when there is one.   scripts/check_layers.py [ROOT]
"""

import pathlib
import re
import sys

MAY_INCLUDE = {
    "grid": {"grid"},
    "dycore": {"dycore", "grid"},
    "physics": {"physics", "grid"},
    "io": {"io", "grid"},
    "cases": {"cases", "grid"},
    "driver": {"driver", "cases", "io", "physics", "dycore", "grid"},
    "tests": {"tests", "driver", "cases", "io", "physics", "dycore", "grid"},
    "bench": {"bench", "tests", "driver", "cases", "io", "physics", "dycore", "grid"},
}
GENERATED = {"build_info.hpp"}
# Libraries that one file alone may know.
ONLY_IN = {"yaml-cpp/": ("io/yaml.",), "netcdf": ("io/netcdf.",)}
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')


def breaches(root):
    for folder, allowed in MAY_INCLUDE.items():
        for path in sorted((root / folder).rglob("*.[hc]pp")):
            name = path.relative_to(root).as_posix()
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                match = INCLUDE.match(line)
                if match:
                    problem = judge(root, folder, allowed, name, *match.groups())
                    if problem:
                        yield f"{name}:{number}: {problem}"


def judge(root, folder, allowed, name, quote, target):
    """What is wrong with one include line, or nothing."""
    first = target.split("/")[0]
    for library, files in ONLY_IN.items():
        if target.startswith(library) and folder != "tests" and not name.startswith(files):
            return f"<{target}> may be included by {' and '.join(f + 'cpp' for f in files)} only"
    if first in MAY_INCLUDE and "/" in target and (root / target).exists():
        if first not in allowed:
            return f"'{folder}' may not include '{target}': it may know {', '.join(sorted(allowed))}"
        if quote == "<":
            return f"write #include \"{target}\" with quotes"
        return None
    if quote == '"' and target not in GENERATED:
        return f"'{target}' is no file of ours: write it from the root (\"grid/field.hpp\"), libraries in <>"
    return None


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent).resolve()
    found = list(breaches(root))
    print("\n".join(found) if found else "Layers: every include is allowed.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
