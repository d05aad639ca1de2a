#!/usr/bin/env python3
"""Time of a step, simulated years per day, memory and cost of a case on a machine, for any number of ranks.

    scripts/scaling_model.py MACHINE.yaml CASE.yaml [--ranks 8,64,1520] [--set KEY=VALUE] [--json] [--plot FILE]
    scripts/scaling_model.py MACHINE.yaml --design [--words 153] [--fields 6] [--json] [--plot FILE]

The first form asks the program itself (meridian check --json) what a step of the case moves and sends. The second takes words
per cell and fields as given and prints the table of docs/scaling.md, and beside it what the program's own counts give. Formula
and inputs are told there and printed.
"""

import argparse
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(SOURCE / "scripts" / "lib"))
import project_python  # noqa: E402

try:
    import matplotlib
    import yaml
except ImportError:
    project_python.run_again()

EXECUTABLE = os.environ.get("MERIDIAN_EXECUTABLE", str(SOURCE / "build/cpu/meridian"))
DAY, DAYS_OF_A_YEAR = 86400, 365
CONFIGURATION = 78

# Assumptions of the model that are no property of a machine; (value, unit, meaning).
ASSUMED = {
    "share_of_copy": (0.85, "1", "bandwidth of kernels over that of a copy"),
    "share_of_network": (0.85, "1", "bandwidth of messages over that of the network"),
    "exposed_computing": (0.1, "1", "part of the computing that hides no message"),
    "phases": (2, "1", "messages one after the other in an exchange: west and east, south and north"),
}
NEEDED = ("copy_gb_per_s", "memory_gb", "node_link_gb_per_s", "network_gb_per_s", "latency_us")

# Cases and layouts of the design: columns, rows, levels, step [s]; ranks in longitude and latitude.
GRIDS = {"0.1": (3600, 1800, 64, 20.0), "0.03": (12000, 6000, 64, 6.0)}
DESIGN = [("0.1", 8, 1), ("0.1", 8, 8), ("0.1", 16, 95), ("0.03", 8, 8), ("0.03", 16, 95), ("0.03", 40, 38)]


def fail(sentence):
    print("ERROR " + sentence, file=sys.stderr)
    sys.exit(CONFIGURATION)


def read_machine(path):
    """The group 'model' of a machine file, completed by what follows from it."""
    try:
        machine = yaml.safe_load(pathlib.Path(path).read_text())
    except OSError as error:
        fail(f"The machine file '{path}' cannot be read: {error.strerror}.")
    model = (machine or {}).get("model") or {}
    missing = [key for key in NEEDED if key not in model]
    if missing:
        fail(f"'model' of '{path}' lacks {', '.join(missing)}; it needs {', '.join(NEEDED)}.")
    if "ranks_per_node" not in machine:
        fail(f"'{path}' lacks ranks_per_node.")
    return {"name": pathlib.Path(path).stem, "ranks_per_node": machine["ranks_per_node"], "node_latency_us": model["latency_us"], "price_per_hour": 0, "fixed_us": 40, **model}


def assumed(key):
    return ASSUMED[key][0]


def seconds(machine, node_bytes, network_bytes):
    return node_bytes / (1e9 * machine["node_link_gb_per_s"]) + network_bytes / (
        1e9 * assumed("share_of_network") * machine["network_gb_per_s"])


def parts_of_step(machine, words_bytes, halo, filter_):
    """Parts of a step [s]. words_bytes: moved by the kernels of a rank; halo and filter_: (times, latency [s], bytes within the
    node, bytes over the network) of a step and rank."""
    return {
        "compute_s": words_bytes / (1e9 * assumed("share_of_copy") * machine["copy_gb_per_s"]),
        "halo_s": halo[0] * assumed("phases") * halo[1] + seconds(machine, *halo[2:]),
        "filter_s": filter_[0] * filter_[1] + seconds(machine, *filter_[2:]),
        "fixed_s": 1e-6 * machine["fixed_us"],
    }


def with_speed(machine, parts, dt, ranks):
    step = (max(parts["compute_s"], parts["halo_s"]) + assumed("exposed_computing") * parts["compute_s"]
            + parts["filter_s"] + parts["fixed_s"])
    years = dt / (step * DAYS_OF_A_YEAR)
    return {**parts, "step_s": step, "sypd": years, "compute_share": parts["compute_s"] / step,
            "cost_of_a_year": machine["price_per_hour"] * 24 * ranks / years}


# ---- the design: words and fields as given -------------------------------------------------------------------------------

def design_halo(machine, n_k, nx, ny, ranks_lon, ranks_lat, fields, size):
    """Three stages of two exchanges, each of half of the fields, three rows and columns, in both directions. A row of ranks in
    longitude fills nodes: beyond one node, one of two neighbours is across the network, and so are those in latitude."""
    bytes_x = 2 * 3 * ny * n_k * fields / 2 * size if ranks_lon > 1 else 0
    bytes_y = 2 * 3 * nx * n_k * fields / 2 * size if ranks_lat > 1 else 0
    across = 0 if ranks_lon <= machine["ranks_per_node"] else bytes_x / 2
    network = bytes_y if ranks_lon * ranks_lat > machine["ranks_per_node"] else 0
    node = bytes_x - across + bytes_y - network
    latency = machine["latency_us"] if network + across > 0 else machine["node_latency_us"]
    return 6, 1e-6 * latency, 6 * node, 6 * (network + across)


def design_filter(machine, n_k, ny, ranks_lon, fields, size):
    """Three gathers round the circle, one super-block of four words a rank, row, level and field. Beyond two nodes in two levels:
    within the node, then each device a share of what the other nodes have, then within the node again."""
    own = ny * n_k * fields * 4 * size
    in_node = min(ranks_lon, machine["ranks_per_node"])
    nodes = math.ceil(ranks_lon / in_node)
    node, network = (in_node - 1) * own, (ranks_lon - in_node) * own
    latency = machine["node_latency_us"]
    if nodes > 2:
        latency += machine["latency_us"]
        node, network = (in_node - 1) * own + (nodes - 1) * own, (nodes - 1) * own / in_node
    return 3, 1e-6 * latency, 3 * node, 3 * network


def design_row(machine, degrees, ranks_lon, ranks_lat, words=153, fields=6, size=8):
    n_lon, n_lat, n_k, dt = GRIDS[degrees]
    ranks = ranks_lon * ranks_lat
    cells = n_lon * n_lat * n_k / ranks
    nx, ny = n_lon / ranks_lon, n_lat / ranks_lat
    parts = parts_of_step(machine, words * size * cells, design_halo(machine, n_k, nx, ny, ranks_lon, ranks_lat, fields, size),
                          design_filter(machine, n_k, ny, ranks_lon, fields, size))
    return {"case": degrees + " degree", "ranks": ranks, "layout": f"{ranks_lon}x{ranks_lat}",
            "tile": f"{round(nx)}x{round(ny)}", "bytes_per_word": size, "words": words, "fields": fields,
            **with_speed(machine, parts, dt, ranks)}


# ---- a case: what the program reports ------------------------------------------------------------------------------------

def reported(machine_file, case, ranks, settings):
    """The report of the program about a case on so many ranks; None where it does not fit, with the sentence."""
    words = [word for setting in settings for word in ("--set", setting)]
    done = subprocess.run([EXECUTABLE, "check", case, "--json", "--ranks", str(ranks), "--machine", str(machine_file), *words],
                          capture_output=True, text=True, check=False)
    if done.returncode not in (0, CONFIGURATION):
        print(done.stderr, file=sys.stderr, end="")
        sys.exit(done.returncode)
    return (json.loads(done.stdout), "") if done.returncode == 0 else (None, done.stderr.strip())


def case_row(machine, report):
    """The same formula with the numbers of a report."""
    step, ranks = report["step"], report["ranks"]["lon"] * report["ranks"]["lat"]

    def link(part, times):
        most = part["largest_rank"]
        latency = (machine["latency_us"] if most["network_messages"] > 0
                   else machine["node_latency_us"] if most["node_messages"] > 0 else 0)
        return times, 1e-6 * latency, most["node_bytes"], most["network_bytes"]

    parts = parts_of_step(machine, step["words_of_largest_rank"] * step["bytes_per_word"],
                          link(step["halo"], step["exchanges"]), link(step["filter"], step["filter"]["exchanges"]))
    block = report["largest_block"]
    return {"case": report["case"], "ranks": ranks, "layout": f"{report['ranks']['lon']}x{report['ranks']['lat']}",
            "tile": f"{block['n_lon']}x{block['n_lat']}", "bytes_per_word": step["bytes_per_word"],
            "words": step["words_per_cell"], "memory_gb": report["memory_bytes_per_rank"] / 1e9,
            "fewest_ranks_by_memory": report["machine"]["fewest_ranks_by_memory"],
            **with_speed(machine, parts, report["dt_s"], ranks)}


def own_rows_of_design(machine_file, machine):
    """The layouts of the design with the numbers that the program reports about its own core."""
    rows, refusals = [], []
    with tempfile.TemporaryDirectory() as folder:
        for degrees, ranks_lon, ranks_lat in DESIGN:
            n_lon, n_lat, n_k, dt = GRIDS[degrees]
            case = pathlib.Path(folder) / f"{degrees}_degree.yaml"
            case.write_text(f"title: {degrees} degree\ntime: {{run_days: 1}}\ngrid: {{n_lon: {n_lon}, n_lat: {n_lat}, "
                            f"levels: 'sigma:{n_k}'}}\ndycore: {{dt_s: {dt}, remap_every: 4}}\ninitial: {{name: ullrich}}\n")
            report, sentence = reported(machine_file, case, ranks_lon * ranks_lat, [f"parallel.ranks_lon={ranks_lon}"])
            rows += [case_row(machine, report)] if report else []
            refusals += [] if report else [f"{ranks_lon * ranks_lat} ranks: {sentence}"]
    return rows, refusals


# ---- output --------------------------------------------------------------------------------------------------------------

def print_inputs(machine):
    units = {"copy_gb_per_s": "GB/s", "memory_gb": "GB", "node_link_gb_per_s": "GB/s", "network_gb_per_s": "GB/s",
             "latency_us": "us", "node_latency_us": "us", "fixed_us": "us", "ranks_per_node": "1", "price_per_hour": "1"}
    print(f"Inputs, machine '{machine['name']}':")
    for key, unit in units.items():
        print(f"  {key:<20} {machine[key]:>8g} {unit}")
    for key, (value, unit, meaning) in ASSUMED.items():
        print(f"  {key:<20} {value:>8g} {unit:<6} {meaning}")


def print_rows(rows):
    print(f"\n  {'case':<18} {'ranks':>6} {'layout':>8} {'tile':>10} {'byte':>4} {'words':>6} {'compute':>8} {'halo':>7} "
          f"{'filter':>7} {'fixed':>6} {'step ms':>8} {'SYPD':>7} {'share':>5} {'cost/yr':>9} {'GB/GPU':>7}")
    for r in rows:
        memory = f"{r['memory_gb']:7.3g}" if "memory_gb" in r else "      -"
        print(f"  {r['case']:<18} {r['ranks']:>6} {r['layout']:>8} {r['tile']:>10} {r['bytes_per_word']:>4} {r['words']:>6.1f} "
              f"{1e3 * r['compute_s']:>8.3g} {1e3 * r['halo_s']:>7.3g} {1e3 * r['filter_s']:>7.3g} {1e3 * r['fixed_s']:>6.2g} "
              f"{1e3 * r['step_s']:>8.4g} {r['sypd']:>7.3g} {r['compute_share']:>5.2f} {r['cost_of_a_year']:>9.4g} {memory}")


def plot(rows, path):
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 5))
    for name in dict.fromkeys((r["case"], r["bytes_per_word"]) for r in rows):
        of_case = sorted((r["ranks"], r["sypd"]) for r in rows if (r["case"], r["bytes_per_word"]) == name)
        axes.loglog(*zip(*of_case), "o-", label=f"{name[0]}, {8 * name[1]} bit")
    axes.set(xlabel="devices", ylabel="simulated years per day", title="Scaling model, not measured")
    axes.grid(True, which="both", alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=120, bbox_inches="tight")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("machine")
    parser.add_argument("case", nargs="?")
    parser.add_argument("--ranks", default="1,8,64,512", help="numbers of ranks, with commas between them")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="an option of the case")
    parser.add_argument("--design", action="store_true", help="the table of the design instead of a case")
    parser.add_argument("--words", type=float, default=153, help="of the design: words per cell and step")
    parser.add_argument("--fields", type=int, default=6, help="of the design: fields exchanged in a stage")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--plot", metavar="FILE")
    arguments = parser.parse_args()
    if arguments.design == bool(arguments.case):
        parser.error("name a case, or give --design")
    machine = read_machine(arguments.machine)
    rows, refusals, own = [], [], []
    if arguments.design:
        if pathlib.Path(EXECUTABLE).exists():
            own, refusals = own_rows_of_design(arguments.machine, machine)
        rows = [design_row(machine, *row, arguments.words, arguments.fields, size) for size in (8, 4) for row in DESIGN]
    else:
        for ranks in (int(n) for n in arguments.ranks.split(",")):
            report, sentence = reported(arguments.machine, arguments.case, ranks, arguments.set)
            rows += [case_row(machine, report)] if report else []
            refusals += [] if report else [f"{ranks} ranks: {sentence}"]
    if arguments.json:
        print(json.dumps({"machine": machine, "assumed": {k: v[0] for k, v in ASSUMED.items()}, "rows": rows,
                          "own": own, "refused": refusals}, indent=2))
    else:
        print_inputs(machine)
        print_rows(rows)
        if own:
            print("\nThe same layouts with what the program reports about its own core:")
            print_rows(own)
        for sentence in refusals:
            print("  " + sentence)
        fewest = {r["fewest_ranks_by_memory"] for r in rows if "fewest_ranks_by_memory" in r}
        for n in fewest:
            print(f"  Fewest devices whose memory holds the case: {n}")
    if arguments.plot and rows:
        plot(rows, arguments.plot)
    return 0 if rows else CONFIGURATION


if __name__ == "__main__":
    sys.exit(main())
