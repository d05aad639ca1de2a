"""Registers, stack and spilled bytes of each CUDA kernel, from what nvcc --resource-usage wrote into build logs.

kernel_resources.py --record BUILD_FOLDER   keeps the numbers of the files that this build compiled, from its build.log
kernel_resources.py BUILD_FOLDER            prints the numbers of all files that are in the build folder; exit code 1
                                            where a kernel spills or needs more registers than MOST_REGISTERS
"""

import json
import pathlib
import re
import subprocess
import sys

OBJECT = re.compile(r"Building CUDA object (\S+)|^FAILED: (\S+)")
ENTRY = re.compile(r"Compiling entry function '([^']+)'")
STACK = re.compile(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads")
REGISTERS = re.compile(r"Used (\d+) registers")
MOST_REGISTERS = 128  # two blocks of 256 threads fit the 65536 registers of a multiprocessor
NOTHING = {"registers": 0, "stack": 0, "spill_stores": 0, "spill_loads": 0}


def read_log(path):
    """{object file: {kernel: numbers}}; ninja writes the name of the object, then what its compiler said."""
    objects = {}
    kernels, numbers = {}, dict(NOTHING)
    for line in path.read_text(errors="replace").splitlines():
        if match := OBJECT.search(line):
            kernels = objects.setdefault(match[1] or match[2], {})
        elif match := ENTRY.search(line):
            numbers = kernels[match[1]] = dict(NOTHING)
        elif match := STACK.search(line):
            numbers["stack"], numbers["spill_stores"], numbers["spill_loads"] = map(int, match.groups())
        elif match := REGISTERS.search(line):
            numbers["registers"] = int(match[1])
            numbers = dict(NOTHING)  # what follows is about other functions until the next entry
    return objects


def recorded(build):
    path = build / "kernel_resources.json"
    objects = json.loads(path.read_text()) if path.exists() else {}
    return {name: kernels for name, kernels in objects.items() if (build / name).exists()}


def record(build):
    objects = recorded(build)
    objects.update(read_log(build / "build.log"))
    (build / "kernel_resources.json").write_text(json.dumps(objects))


def demangled(names):
    try:
        result = subprocess.run(["c++filt"], input="\n".join(names), capture_output=True, text=True, check=True)
        return result.stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        return names


def short(name):
    """The function of ours that the kernel's lambda was written in, else the beginning of the name."""
    names = re.findall(r"meridian::(?:\(anonymous namespace\)::)?[A-Za-z_][\w:]*(?=[<(])", name)
    names = [text.replace("(anonymous namespace)::", "") for text in names]
    # What grid/loop.hpp wraps round a body says less than where the body stands.
    telling = [text for text in names if not re.match(r"meridian::(march|reduce|detail::|exact_sum)", text)]
    return (telling or names or [name[:100]])[0]


def report(build):
    rows = {}  # by name: a kernel of a header is in many objects
    for object_name, kernels in recorded(build).items():
        source = re.sub(r"^CMakeFiles/[^/]+\.dir/|\.o$", "", object_name)
        ours = [name for name in kernels if "8meridian" in name]
        rows |= {name: (kernels[name], short(text), source) for name, text in zip(ours, demangled(ours))}
    if not rows:
        print("No kernel of Meridian has been recorded.")
        return 1
    spilled = crowded = 0
    print(f"{'registers':>9} {'stack':>7} {'spilled':>8}  kernel")
    for numbers, name, source in sorted(rows.values(), key=lambda row: (-row[0]["registers"], row[1], row[2])):
        spill = numbers["spill_stores"] + numbers["spill_loads"]
        too_many = numbers["registers"] > MOST_REGISTERS
        spilled += spill > 0
        crowded += too_many
        fault = "   SPILLS" if spill else "   TOO MANY REGISTERS" if too_many else ""
        print(f"{numbers['registers']:9d} {numbers['stack']:7d} {spill:8d}  {name}  ({source}){fault}")
    print(f"{len(rows)} kernels of Meridian, {spilled} with spilled registers, {crowded} with more than {MOST_REGISTERS}.")
    return 1 if spilled or crowded else 0


if __name__ == "__main__":
    if sys.argv[1] == "--record":
        record(pathlib.Path(sys.argv[2]))
    else:
        sys.exit(report(pathlib.Path(sys.argv[1])))
