"""The port suite: PROGRAM PRESET MACHINE RUN_DIR. Called by scripts/port_check; standard library only.

Each line of the report passed, failed, or was left out with the reason. Exit code 0: none failed; 1: one did.
"""

import json
import pathlib
import platform
import shlex
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
LONGEST = 600  # [s] all together
QUICK = ("williamson_2", "cosine_bell", "galewsky", "rest_over_mountains", "ullrich_wave")
STEPS = 24
CASE = f"""title: Port check
grid: {{n_lon: 96, n_lat: 48, levels: "sigma:6"}}
time: {{run_steps: {STEPS}}}
dycore: {{equations: hydrostatic, dt_s: 600}}
initial: {{name: ullrich}}
physics: {{suite: [held_suarez]}}
output: {{streams: [{{name: end, fields: [ps, ta, ua], every: {STEPS} steps}}]}}
log: {{format: none}}
"""
LAYOUTS = ((1, 1), (1, 2), (2, 1), (2, 2), (2, 4))  # ranks in longitude and latitude
# Figures of the last progress report that two builds are compared by; drifts are relative to the whole already.
VALUES = ("max_wind_m_per_s", "courant")
DRIFTS = ("mass_drift", "energy_drift", "angular_momentum_drift")
TOLERANCE = {"double": 1e-9, "float": 1e-5}  # of the coarser of the two: round-off that 24 steps may amplify


class Stop(Exception):
    """A command failed: the last line that it said."""


class Check:
    def __init__(self, program, preset, machine, folder):
        self.program, self.preset, self.machine, self.folder = program, preset, machine, folder
        self.end = time.monotonic() + LONGEST
        self.lines, self.doctor = [], {}
        self.case = folder / "port_check.yaml"

    # ---- running ----

    def wait(self, command):
        """Output of a command; it has until the end of the suite."""
        with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as process:
            try:
                output, errors = process.communicate(timeout=max(1, self.end - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.terminate()  # the launcher ends its ranks
                try:
                    process.communicate(timeout=20)
                except subprocess.TimeoutExpired:
                    process.kill()
                raise Stop("it did not end in the time of the suite") from None
        if process.returncode != 0:
            said = [line for line in errors.splitlines() if line.startswith("ERROR")] or errors.split("\n")[-2:]
            failed = [line.strip() for line in output.splitlines() if "FAILED" in line]
            raise Stop(f"code {process.returncode}: " + "; ".join([*said, *failed])[:500])
        return output

    def job(self, ranks):
        """How so many ranks are started on this machine: as 'meridian submit' does it."""
        return json.loads(self.wait([self.program, "submit", str(self.case), "--machine", self.machine, "--ranks",
                                     str(ranks), "--run-dir", str(self.folder / "job"), "--dry-run", "--json"]))

    def launch(self, ranks, *words):
        job = self.job(ranks)
        command = " ".join(shlex.quote(str(word)) for word in (self.program, *words))
        return self.wait(["bash", "-c", "\n".join([*job["environment"], f"exec {job['launcher']} {command}"])])

    def fits(self, ranks):
        try:
            return bool(self.job(ranks))
        except Stop:
            return False

    def run(self, name, layout, *settings):
        """A run of the case on a layout of ranks; returns its state hash."""
        lon, lat = layout
        words = [f"parallel.ranks_lon={lon}", f"parallel.ranks_lat={lat}", *settings]
        self.launch(lon * lat, "run", self.case, "--run-dir", self.folder / name,
                    *(word for setting in words for word in ("--set", setting)))
        return self.wait([self.program, "hash", str(self.folder / name)]).strip()

    # ---- lines of the report ----

    def line(self, name, work):
        """work() returns a figure; it raises Stop where the line failed."""
        begin = time.monotonic()
        if begin >= self.end:
            self.leave_out(name, f"the {LONGEST} s of the suite were over")
            return
        try:
            status, figure = "passed", work()
        except Stop as reason:
            status, figure = "failed", str(reason)
        except (OSError, ValueError, KeyError, TypeError) as reason:
            status, figure = "failed", f"what the program left cannot be read: {reason!r}"
        self.note(name, status, figure, time.monotonic() - begin)

    def leave_out(self, name, reason):
        self.note(name, "left out", reason, 0)

    def note(self, name, status, figure, seconds):
        self.lines.append({"name": name, "status": status, "figure": figure, "seconds": round(seconds, 1)})
        print(f"{status:8}  {name}: {figure} ({seconds:.0f} s)", flush=True)

    # ---- the suite ----

    def examine(self, ranks):
        self.doctor = json.loads(self.launch(ranks, "doctor", "--json", "--run-dir", self.folder))
        found = self.doctor
        if found.get("ranks_per_gpu", 1) > 1:
            raise Stop(f"{found['ranks_per_gpu']} ranks share a GPU: see 'gpu_binding' of the machine file")
        return (f"{ranks} ranks copy {found['copy_bandwidth'] / 1e9:.3g} GB/s and write "
                f"{found['parallel_write'] / 1e6:.3g} MB/s; MPI takes device memory: {found['mpi_gpu_aware']}")

    def verify(self, case, ranks):
        output = self.launch(ranks, "verify", case, "--tier", "quick", "--run-dir", self.folder / "verify")
        return output.strip().splitlines()[-1]

    def layouts(self, layouts):
        hashes = {f"{lon}x{lat}": self.run(f"layout_{lon}x{lat}", (lon, lat)) for lon, lat in layouts}
        if len(set(hashes.values())) > 1:
            raise Stop(f"the bits differ: {hashes}")
        return f"state hash {next(iter(hashes.values()))} on {', '.join(hashes)} ranks"

    def restart(self, layouts):
        self.run("restart", layouts[0], f"time.run_steps={STEPS // 2}")
        broken = self.run("restart", layouts[-1])
        whole = self.wait([self.program, "hash", str(self.folder / "layout_1x1")]).strip()
        if broken != whole:
            raise Stop(f"the bits differ: {broken} after a restart, {whole} without")
        return "the same bits, on {}x{} ranks before and {}x{} after".format(*layouts[0], *layouts[-1])

    def last_report(self, folder):
        return json.loads((folder / "log" / "progress.jsonl").read_text().splitlines()[-1])

    def compare(self, preset):
        """The same run by another build, in one process."""
        other, folder = ROOT / "build" / preset / "meridian", self.folder / f"build_{preset}"
        self.wait([str(other), "run", str(self.case), "--run-dir", str(folder)])
        precision = json.loads((folder / "run.json").read_text())["precision"]
        mine, theirs = self.last_report(self.folder / "layout_1x1"), self.last_report(folder)
        differences = {key: abs(mine[key] - theirs[key]) / max(abs(mine[key]), abs(theirs[key]), 1e-300)
                       for key in VALUES}
        differences.update({key: abs(mine[key] - theirs[key]) for key in DRIFTS})
        worst = max(differences, key=differences.get)
        tolerance = max(TOLERANCE[precision], TOLERANCE[self.doctor.get("precision", "double")])
        told = f"largest difference after {STEPS} steps {differences[worst]:.1e} ({worst}), allowed {tolerance:g}"
        if not differences[worst] <= tolerance:
            raise Stop(told)
        return told

    def all(self):
        for old in ("verify", "restart", "layout_*", "build_*"):
            for folder in self.folder.glob(old):
                shutil.rmtree(folder)
        self.case.write_text(CASE, encoding="utf-8")
        layouts = [layout for layout in LAYOUTS if self.fits(layout[0] * layout[1])]
        if not layouts:
            self.line("start", lambda: self.job(1))
            return
        pair = max(lon * lat for lon, lat in layouts if lon * lat <= 2)
        self.line("doctor", lambda: self.examine(max(lon * lat for lon, lat in layouts)))
        self.line("layouts", lambda: self.layouts(layouts))
        self.line("restart", lambda: self.restart(layouts))
        left = [f"{lon}x{lat}" for lon, lat in LAYOUTS if (lon, lat) not in layouts]
        if left:
            self.leave_out(f"layouts {', '.join(left)}", "this machine has no place for so many ranks")
        others = sorted(path.parent.name for path in (ROOT / "build").glob("*/meridian")
                        if path.parent.name not in (self.preset, "cpu-debug", "cpu-count"))
        for preset in others:
            self.line(f"comparison with {preset}", lambda preset=preset: self.compare(preset))
        if not others:
            self.leave_out("comparison of two builds", "there is one build; for example scripts/build fp32 makes another")
        for case in QUICK:
            self.line(f"verify {case}", lambda case=case: self.verify(case, pair))

    def report(self):
        failed = [line["name"] for line in self.lines if line["status"] == "failed"]
        counts = {status: sum(line["status"] == status for line in self.lines)
                  for status in ("passed", "failed", "left out")}
        summary = ", ".join(f"{count} {status}" for status, count in counts.items())
        record = {"machine": self.machine, "preset": self.preset, "host": platform.node(),
                  "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), **counts,
                  "doctor": self.doctor, "lines": self.lines}
        (self.folder / "port_check.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        rows = [f"| {line['name']} | {line['status']} | {line['figure'].replace('|', ' ')} | {line['seconds']:g} |"
                for line in self.lines]
        text = [f"# Port check of {self.machine}, preset {self.preset}", "",
                f"{summary}. Host {record['host']}, {record['date']}.", "",
                "| line | | figure | s |", "|---|---|---|---|", *rows, "", "## Doctor", "",
                "In bytes, seconds and bytes per second.", "", "| | |", "|---|---|",
                *(f"| {key} | {value} |" for key, value in self.doctor.items())]
        (self.folder / "port_check.md").write_text("\n".join(text) + "\n", encoding="utf-8")
        print(f"\nReport: {self.folder / 'port_check.md'}\n{summary}")
        return 1 if failed else 0


def main():
    program, preset, machine, run_dir = sys.argv[1:]
    folder = pathlib.Path(run_dir).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    if machine.endswith(".yaml"):
        machine = str(pathlib.Path(machine).resolve())
    check = Check(program, preset, machine, folder)
    check.all()
    return check.report()


if __name__ == "__main__":
    sys.exit(main())
