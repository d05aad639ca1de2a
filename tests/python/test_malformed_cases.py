"""Malformed case files, settings and command lines through the executable: exit code, place, hint, nothing created."""

import json
import os
import re
import shutil
import subprocess
import time

import netCDF4
import pytest

EXECUTABLE = os.environ.get("MERIDIAN_EXECUTABLE", "")
pytestmark = pytest.mark.skipif(not os.access(EXECUTABLE, os.X_OK), reason="MERIDIAN_EXECUTABLE is not there")

LONGEST = 2.0  # [s] a malformed case ends within this time

# A good case; {} takes the mistake.
GOOD = b"""title: A case
grid:
  n_lon: 16
  n_lat: 8
  levels: L26
dycore:
  equations: hydrostatic
  dt_s: 600
initial:
  name: rest
time:
  run_steps: 1
"""


def changed(old, new):
    assert GOOD.count(old) == 1
    return GOOD.replace(old, new)


# name: (contents, "line:column", words of the message or the hint)
CASES = {
    # keys
    "unknown_key": (changed(b"n_lat", b"n_lta"), "4:3", "did you mean 'grid.n_lat'"),
    "unknown_group": (changed(b"dycore:", b"dicore:"), "6:1", "did you mean 'dycore'?"),
    "key_in_wrong_group": (changed(b"levels: L26", b"dt_s: 60"), "5:3", "did you mean 'dycore.dt_s'"),
    "key_at_the_top": (GOOD + b"n_lon: 8\n", "13:1", "did you mean 'grid.n_lon'?"),
    "key_in_capitals": (changed(b"n_lon", b"N_LON"), "3:3", "did you mean 'grid.n_lon'?"),
    "key_of_another_state": (changed(b"name: rest", b"name: rest\n  tilt: 3"), "11:3", "unknown key 'initial.tilt'"),
    "key_that_does_not_apply": (changed(b"name: rest", b"name: rest\n  angle_degrees: 3"), "11:3", "belongs to"),
    "key_in_a_stream": (
        GOOD + b"output:\n  streams:\n    - {name: a, fields: [ps], evry: 1 day}\n",
        "15:31", "'output.streams[].every'",
    ),
    "duplicate_key": (changed(b"n_lat: 8", b"n_lon: 8"), "4:3", "line 3"),
    "duplicate_group": (GOOD + b"grid:\n  n_lat: 4\n", "13:1", "duplicate key 'grid'"),
    "both_lengths": (GOOD + b"  run_days: 1\n", "12:14", "give one of them"),
    # types
    "text_for_number": (changed(b"600", b"ten minutes"), "8:9", "12, 0.5 or 1e-3"),
    "number_with_unit": (changed(b"600", b"600 s"), "8:9", "its unit is s"),
    "number_in_quotes": (changed(b"600", b"'600'"), "8:9", "without quotes"),
    "decimal_comma": (changed(b"600", b"600,5"), "8:9", "not a decimal number"),
    "octal": (changed(b"16", b"020"), "3:10", "not a whole number"),
    "hexadecimal": (changed(b"16", b"0x10"), "3:10", "not a whole number"),
    "underscore": (changed(b"16", b"1_6"), "3:10", "not a whole number"),
    "fraction_for_whole": (changed(b"16", b"16.5"), "3:10", "without point"),
    "exponent_for_whole": (changed(b"16", b"1e3"), "3:10", "without point or exponent"),
    "infinity": (changed(b"600", b".inf"), "8:9", "not a decimal number"),
    "not_a_number": (changed(b"600", b".nan"), "8:9", "not a decimal number"),
    "too_large_for_double": (changed(b"600", b"1e999"), "8:9", "does not fit"),
    "too_large_for_int": (changed(b"16", b"99999999999999"), "3:10", "is outside"),
    "yes_for_true": (changed(b"dt_s: 600", b"dt_s: 600\n  polar_filter: yes"), "9:17", "write true or false"),
    "NO_for_false": (changed(b"dt_s: 600", b"dt_s: 600\n  polar_filter: NO"), "9:17", "write true or false"),
    "True_for_true": (changed(b"dt_s: 600", b"dt_s: 600\n  polar_filter: True"), "9:17", "small letters"),
    "list_for_number": (changed(b"600", b"[600]"), "8:9", "is a list"),
    "group_for_number": (changed(b"600", b"{s: 600}"), "8:9", "is a group of keys"),
    "value_for_group": (GOOD + b"planet: earth\n", "13:9", "must be a group of keys"),
    "value_for_list": (GOOD + b"output:\n  streams: daily\n", "14:12", "must be a list"),
    "no_value": (changed(b"600", b""), "8:3", "has no value"),
    "tilde": (changed(b"600", b"~"), "8:3", "has no value"),
    "bad_word": (changed(b"hydrostatic", b"hydrostatc"), "7:14", "did you mean 'hydrostatic'?"),
    "bad_state": (changed(b"rest", b"galewski"), "10:9", "did you mean 'galewsky'?"),
    "bad_scheme": (GOOD + b"physics:\n  suite: [held_suares]\n", "14:11", "did you mean 'held_suarez'?"),
    "bad_statistic": (
        GOOD + b"output:\n  streams:\n    - {name: a, fields: [ps], statistic: avg}\n",
        "15:42", "instant, mean",
    ),
    # values
    "negative_step": (changed(b"600", b"-600"), "8:9", "is outside"),
    "too_long_step": (changed(b"600", b"7201"), "8:9", "7200] s"),
    "step_of_a_nanosecond": (changed(b"600", b"600.000000001"), "8:9", "microseconds"),
    "odd_columns": (changed(b"16", b"17"), "3:10", "must be even"),
    "few_columns": (changed(b"16", b"6"), "3:10", "even and at least 8"),
    "few_rows": (changed(b"n_lat: 8", b"n_lat: 3"), "4:10", "at least 4"),
    "passes_of_flat_ground": (GOOD + b"boundary: {smoothing_passes: 20}\n", "13:30", "only with 'topography: FILE'"),
    "other_vapour_than_that_of_the_state": (
        changed(b"name: rest", b"name: tropical_cyclone") + b"tracers: [{name: qv, initial: uniform, value: 0.001}]\n",
        "13:31", "'initial.name' = tropical_cyclone has water vapour of its own; set it to state"),
    "tracer_called_as_a_field": (GOOD + b"tracers:\n  - name: ta\n", "14:11", "meridian list fields"),
    "tracer_called_as_water": (GOOD + b"tracers: [{name: humidity_mixing_ratio}]\n", "13:18", "a field of the model"),
    "tracer_called_as_a_tendency": (GOOD + b"tracers: [{name: tnt_held_suarez}]\n", "13:18", "a scheme writes"),
    "wrong_equations": (changed(b"hydrostatic", b"shallow_water"), "10:9", "'dycore.equations' = shallow_water"),
    "wrong_state": (changed(b"rest", b"williamson_2"), "10:9", "'dycore.equations' = hydrostatic"),
    "bad_interval": (GOOD + b"restart: {every: 5 parrots}\n", "13:18", "parrots"),
    "bad_interval_of_a_stream": (
        GOOD + b"output:\n  streams:\n    - {name: a, fields: [ps], every: often}\n",
        "15:38", "often",
    ),
    "end_after_the_last_year": (GOOD.replace(b"steps: 1", b"steps: 144") + b"  start: 9999-12-31\n",
                                "12:14", "years go from 1 to 9999"),
    "end_after_all_years": (GOOD.replace(b"steps: 1", b"steps: 2000000000").replace(b"600", b"7200"), "12:14", "lies in year 12"),
    "bad_date": (GOOD + b"  start: 2001-02-30\n", "13:10", "2001-02-30"),
    # layout of the file
    "tab": (changed(b"  n_lon", b"\tn_lon"), "3:1", "indent with spaces"),
    "indented_too_far": (changed(b"  n_lat", b"    n_lat"), "4:10", "check the indentation"),
    "indented_too_little": (changed(b"  n_lat", b" n_lat"), "4:2", "check the indentation"),
    "not_indented": (changed(b"  n_lon: 16\n  n_lat: 8\n  levels: L26\n", b"n_lon: 16\n"), "3:1", "'grid.n_lon'"),
    "no_colon": (changed(b"dt_s: 600", b"dt_s 600"), "9:8", "':' of the lines above"),
    "no_space": (changed(b"dt_s: 600", b"dt_s:600"), "9:8", "':' of the lines above"),
    "colon_in_title": (changed(b"A case", b"A case: mine"), "1:14", "in quotes"),
    "open_bracket": (GOOD + b"physics: {suite: [held_suarez}\n", "13:30", "check '[' with ']'"),
    "open_quote": (changed(b"A case", b'"A case'), "1:8", "closing quote"),
    "list_at_the_top": (b"- grid\n- dycore\n", "1:1", "key: value"),
    "a_sentence": (b"run the model, please\n", "1:1", "key: value"),
    "two_documents": (GOOD + b"---\n" + GOOD, "13:1", "second document"),
    "empty": (b"", "1:1", "empty"),
    "comments_only": (b"# nothing\n", "1:1", "empty"),
    # what YAML can do and must not
    "anchor": (changed(b"600", b"&dt 600"), "8:9", "anchors"),
    "alias": (changed(b"16", b"&n 16").replace(b"n_lat: 8", b"n_lat: *n"), "4:10", "aliases"),
    "merge": (changed(b"  n_lat: 8", b"  <<: {n_lat: 8}"), "4:3", "merge keys"),
    "tag": (changed(b"600", b"!!float 600"), "8:9", "tags"),
    "directive": (b"%YAML 1.2\n---\n" + GOOD, "1:1", "directives"),
    "alias_bomb": (
        b"a: &a [x,x,x,x]\n"
        + b"".join(b"%c: &%c [%s]\n" % (c, c, b",".join([b"*%c" % (c - 1)] * 9)) for c in range(98, 112)),
        "1:4", "anchors",
    ),
    "deep": (b"".join(b" " * n + b"a:\n" for n in range(100)), "17:17", "16 levels"),
    "brackets": (b"a: " + b"[" * 500_000, "1:5", "not closed"),
    # bytes
    "binary": (bytes(range(256)), "1:1", "NUL"),
    "nul": (changed(b"A case", b"A\0case"), "1:9", "NUL"),
    "latin_1": (changed(b"A case", b"K\xe4se"), "1:9", "UTF-8"),
    "utf_16": ("title: x\n".encode("utf-16"), "1:1", "UTF-8"),
    "escape_character": (changed(b"A case", b"\x1b[31mred"), "1:8", "control"),
    "netcdf": (b"CDF\x05\x00\x00\x00\x01", "1:4", "control"),
}
FEW = ("unknown_key", "binary", "empty", "wrong_equations", "alias_bomb")


def run(arguments, folder, ranks=0):
    launcher = ["mpirun", "-n", str(ranks)] if ranks else []
    begin = time.monotonic()
    command = [*launcher, EXECUTABLE, *arguments]
    result = subprocess.run(command, cwd=folder, capture_output=True, timeout=60, check=False)
    return result.returncode, result.stderr.decode(), time.monotonic() - begin


def check(name, folder, ranks=0):
    contents, place, words = CASES[name]
    (folder / "case.yaml").write_bytes(contents)
    code, message, seconds = run(["run", "case.yaml"], folder, ranks)
    assert code == 78, message
    assert f"ERROR config case.yaml:{place}: " in message
    assert words in message
    assert len(re.findall(r"(?m)^\d+ errors?; nothing was written\.  exit 78$", message)) == 1, message
    assert [path.name for path in folder.iterdir()] == ["case.yaml"]
    assert seconds <= LONGEST


def test_the_good_case_is_good(tmp_path):
    """Otherwise the others would fail for another reason."""
    (tmp_path / "case.yaml").write_bytes(GOOD)
    code, message, _ = run(["check", "case.yaml"], tmp_path)
    assert code == 0, message


def test_there_are_sixty_cases():
    assert len(CASES) >= 60


@pytest.mark.parametrize("name", CASES)
def test_malformed_case(name, tmp_path):
    check(name, tmp_path)


@pytest.mark.skipif(shutil.which("mpirun") is None, reason="there is no mpirun")
@pytest.mark.parametrize("ranks", [1, 2, 4])
@pytest.mark.parametrize("name", FEW)
def test_malformed_case_with_mpirun(name, ranks, tmp_path):
    check(name, tmp_path, ranks)


def test_a_file_of_ten_megabytes(tmp_path):
    (tmp_path / "case.yaml").write_bytes(b"# padding\n" * 1_000_000)
    code, message, seconds = run(["run", "case.yaml"], tmp_path)
    assert (code, seconds <= LONGEST) == (78, True)
    assert "ERROR config case.yaml: the file is larger than 1 MiB" in message


def test_all_mistakes_are_reported_at_once(tmp_path):
    (tmp_path / "case.yaml").write_bytes(GOOD.replace(b"16", b"17").replace(b"600", b"-600").replace(b"n_lat", b"nlat"))
    code, message, _ = run(["run", "case.yaml"], tmp_path)
    assert code == 78
    assert [m for m in re.findall(r"case\.yaml:(\d+:\d+)", message)] == ["3:10", "4:3", "8:9"]
    assert "3 errors; nothing was written.  exit 78" in message


# What the model alone finds: (contents, "line:column", words)
MODEL = {
    "field_of_a_scheme_that_is_not_there": (
        GOOD + b"output:\n  streams:\n    - {name: a, fields: [ps, rlut]}\n",
        "15:30", "Output stream 'a': there is no field 'rlut' in this run; the fields are "),
    "the_only_field": (GOOD + b"output:\n  streams:\n    - name: a\n      fields: rlut\n", "16:15", "no field 'rlut'"),
    "field_named_twice": (
        GOOD + b"output:\n  streams:\n    - {name: a, fields: [ps]}\n    - {name: b, fields: [ps, ta, ps]}\n",
        "16:34", "Output stream 'b': field 'ps' is named twice"),
    "name_of_the_budgets": (
        GOOD + b"output:\n  budgets: 1 hour\n  streams:\n    - {name: budgets, fields: [ps]}\n",
        "16:14", "'output.budgets' makes"),
    "energy_of_no_fluxes": (
        GOOD + b"physics:\n  energy_correction: true\n  suite: [held_suarez]\n",
        "14:22", "'physics.energy_correction' needs to know what each scheme brings; 'held_suarez' does not say it"),
    "odd_ranks": (GOOD + b"parallel: {ranks_lon: 3}\n", "13:23", "= 3x1 is not possible with 1 rank on 16 x 8 cells; allowed: 1x1 "),
    "unmet_need": (GOOD + b"physics:\n  suite: [slab_ocean]\n", "14:11", "slab_ocean"),
}


@pytest.mark.parametrize("name", MODEL)
def test_what_the_model_alone_finds_has_its_place(name, tmp_path):
    contents, place, words = MODEL[name]
    (tmp_path / "case.yaml").write_bytes(contents)
    code, message, _ = run(["run", "case.yaml"], tmp_path)
    assert code == 78, message
    assert message.startswith(f"ERROR config case.yaml:{place}: ") and words in message, message
    assert [path.name for path in tmp_path.iterdir()] == ["case.yaml"]


def test_check_names_the_layouts_of_the_ranks(tmp_path):
    (tmp_path / "case.yaml").write_bytes(GOOD.replace(b"n_lat: 8", b"n_lat: 20"))
    for setting, ranks, words in (("ranks_lon=3", [], "3x1 is not possible with 3 ranks on 16 x 20 cells; allowed: 1x3 "),
                                  ("ranks_lon=3", ["--ranks", "4"], "allowed: 1x4, 2x2 "),
                                  ("ranks_lat=3", ["--ranks", "4"], "allowed: 1x4, 2x2 ")):
        code, message, _ = run(["check", "case.yaml", "--set", f"parallel.{setting}", *ranks], tmp_path)
        assert code == 78 and words in message, message


def test_a_bad_date_is_the_only_mistake(tmp_path):
    """Intervals count from it, but are not to blame."""
    (tmp_path / "case.yaml").write_bytes(
        GOOD + b"  start: 2000-02-30\noutput:\n  budgets: 1 day\n  streams: [{name: a, fields: [ps], every: 1 day}]\n")
    code, message, _ = run(["check", "case.yaml"], tmp_path)
    assert code == 78 and message.count("ERROR") == 1 and "case.yaml:13:10: " in message, message


STREAMS = b"""tracers: [{name: dye}, {name: qv, value: 0}]
physics: {suite: [bulk_surface_fluxes, {scheme: prescribed_sst}]}
output:
  budgets: 2 steps
  streams:
    - {name: a, fields: [ps, ta, dye, orog], every: 2 steps}
    - {name: b, fields: [ta, tas, uas], every: 2 steps, statistic: mean, vertical: [850, 500]}
"""


def test_names_of_files_are_no_names_of_tracers(tmp_path):
    """What files and restart sets have beside the fields that the case names."""
    (tmp_path / "case.yaml").write_bytes(GOOD.replace(b"run_steps: 1", b"run_steps: 2") + STREAMS)
    code, message, _ = run(["run", "case.yaml", "--run-dir", "run"], tmp_path)
    assert code == 0, message
    names = set()
    for path in (tmp_path / "run").rglob("*.nc"):
        with netCDF4.Dataset(path) as file:
            fields = {name for name, variable in file.variables.items() if "cell_methods" in variable.ncattrs()}
            names |= set(file.dimensions) | (set(file.variables) - fields if path.parent.name == "output" else set())
    names = {name for name in names if not re.fullmatch(r"k\d+", name)} | {"areacella"}
    assert {"lat", "lon", "time", "lev", "plev", "time_bnds", "height2m", "height10m", "slat", "bnds"} <= names
    for name in sorted(names):
        code, message, _ = run(["check", "case.yaml", "--set", f"tracers[0].name={name}"], tmp_path)
        assert code == 78 and f"'name' is '{name}', which is a coordinate of the files" in message, (name, message)
        assert "time_bnds, lat, lat_bnds" in message


def test_mistakes_of_a_machine_file_are_told_to_programs(tmp_path):
    (tmp_path / "case.yaml").write_bytes(GOOD)
    (tmp_path / "here.yaml").write_text("model:\n  memory_g: 3\n")
    result = subprocess.run([EXECUTABLE, "check", "case.yaml", "--machine", "here.yaml", "--json"], cwd=tmp_path,
                            capture_output=True, text=True, check=False)
    errors = json.loads(result.stdout)["errors"]
    assert result.returncode == 78 and {error["file"] for error in errors} == {"here.yaml"}
    (unknown,) = [error for error in errors if "unknown key" in error["message"]]
    assert (unknown["line"], unknown["column"]) == (2, 3)
    name = re.search(r"meridian describe ([\w.]+)", unknown["hint"]).group(1)
    code, message, _ = run(["describe", name], tmp_path)
    assert name == "model.memory_gb" and code == 0, message


# command line: (arguments, exit code, words)
COMMANDS = {
    "no_subcommand": ([], 64, "subcommand is required"),
    "unknown_subcommand": (["rum", "case.yaml"], 64, "did you mean 'run'?"),
    "unknown_flag": (["run", "case.yaml", "--fast"], 64, "--fast"),
    "no_case": (["run"], 64, "CASE is required"),
    "unknown_kind": (["list", "planets"], 64, "planets"),
    "unknown_case": (["run", "held_suares"], 78, "did you mean 'held_suarez'?"),
    "missing_file": (["run", "nothing.yaml"], 66, "nothing.yaml"),
    "folder": (["run", "."], 78, "case"),
    "setting_without_value": (["run", "case.yaml", "--set", "dycore.dt_s"], 78, "key=value"),
    "setting_out_of_range": (
        ["run", "case.yaml", "--set", "dycore.dt_s=-600"],
        78, "--set dycore.dt_s=-600: 'dycore.dt_s' = -600 is outside",
    ),
    "setting_of_unknown_key": (["run", "case.yaml", "--set", "dycore.dt=600"], 78, "did you mean 'dycore.dt_s'?"),
    "setting_beyond_a_list": (
        ["run", "case.yaml", "--set", "output.streams[3].every=1 day"],
        78, "'output.streams' has 0 elements",
    ),
    "unknown_name": (["describe", "dycore.dt_z"], 78, "did you mean 'dycore.dt_s'"),
    "no_restart_set": (["hash", "nowhere"], 66, "nowhere"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_wrong_command_line(name, tmp_path):
    arguments, expected, words = COMMANDS[name]
    (tmp_path / "case.yaml").write_bytes(GOOD)
    code, message, seconds = run(arguments, tmp_path)
    assert code == expected, message
    assert message.startswith("ERROR ") and words in message, message
    assert message.count("ERROR ") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["case.yaml"]
    assert seconds <= LONGEST


@pytest.mark.skipif(shutil.which("mpirun") is None, reason="there is no mpirun")
@pytest.mark.parametrize("name", ["unknown_subcommand", "unknown_case", "missing_file"])
def test_wrong_command_line_with_mpirun(name, tmp_path):
    arguments, expected, words = COMMANDS[name]
    code, message, seconds = run(arguments, tmp_path, 3)
    assert code == expected, message
    assert words in message
    assert len(re.findall(r"(?m)^ERROR ", message)) == 1
    assert seconds <= LONGEST


def test_a_setting_replaces_the_other_length(tmp_path):
    (tmp_path / "case.yaml").write_bytes(GOOD)
    for settings, words in ((["time.run_days=0.5"], "72 steps"), (["time.run_days=1", "time.run_steps=3"], "3 steps"),
                            (["time.run_steps=3", "time.run_days=1"], "144 steps")):
        command = [EXECUTABLE, "check", "case.yaml", *(word for s in settings for word in ("--set", s))]
        result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
        assert result.returncode == 0 and words in result.stdout, result


@pytest.mark.parametrize("settings, words", [
    (["grid.levels=sigma:20"], "reaches from 0 to 50 hPa"),
    (["dycore.equations=shallow_water", "initial.name=williamson_2", "grid.levels=L30"], "'grid.levels' has no effect"),
    (["initial.name=jablonowski_williamson", "boundary.topography=earth_topography_1p0.nc"], "replaces the ground of 'initial.name'"),
    (["planet.rotation_axis_tilt_degrees=90", "physics.suite=[held_suarez]"], "keep the latitudes of the grid"),
    (["planet.gas_constant_j_per_kg_k=4000", "planet.heat_capacity_j_per_kg_k=14000", "dycore.dt_s=7200"], "above the limit"),
])
def test_settings_that_are_seldom_meant_are_warned_of(settings, words, tmp_path):
    (tmp_path / "case.yaml").write_bytes(GOOD)
    options = [word for setting in settings for word in ("--set", setting)]
    code, message, _ = run(["run", "case.yaml", "--run-dir", "run", *options], tmp_path)
    assert code == 0 and "WARNING " in message and words in message, message
    code, message, _ = run(["run", "case.yaml", "--run-dir", "plain"], tmp_path)
    assert code == 0 and "WARNING" not in message, message


def test_a_gas_without_heat_capacity_is_refused(tmp_path):
    (tmp_path / "case.yaml").write_bytes(GOOD)
    code, message, _ = run(["check", "case.yaml", "--set", "planet.gas_constant_j_per_kg_k=1100"], tmp_path)
    assert code == 78 and "must be less than 'planet.heat_capacity_j_per_kg_k'" in message, message


def test_a_grid_without_room_is_refused_before_it_is_made(tmp_path):
    (tmp_path / "case.yaml").write_bytes(GOOD)
    grid = ["--set", "grid.n_lon=100000", "--set", "grid.n_lat=50000", "--set", "dycore.dt_s=1"]
    code, message, _ = run(["run", "case.yaml", "--run-dir", "run", *grid], tmp_path)
    assert code == 78 and "The fields need" in message and not (tmp_path / "run").exists(), message
    assert run(["check", "case.yaml", *grid], tmp_path)[0] == 0
