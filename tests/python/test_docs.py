"""What the documentation names is there: files, cases, exit codes, subcommands, settings."""

import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODEL = pathlib.Path(os.environ.get("MERIDIAN_EXECUTABLE", ROOT / "build" / "cpu" / "meridian"))
PAGES = sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").rglob("*.md")) + sorted((ROOT / "cases").glob("*.md"))
WRITTEN_BY_THE_READER = {"physics/newtonian_cooling.hpp", "physics/newtonian_cooling.cpp"}  # how_to/add_a_scheme.md
GROUPS = "planet|grid|time|dycore|initial|boundary|physics|parallel|output|restart|log"

needs_model = pytest.mark.skipif(not MODEL.exists(), reason=f"there is no {MODEL}")


def name_of(page):
    return str(page.relative_to(ROOT))


def model(*words):
    return subprocess.run([str(MODEL), *words], capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_files_of_the_tree_that_are_named_exist(page):
    named = re.findall(r"`((?:grid|dycore|physics|io|cases|driver|scripts|tests|docs|data|bench)/[\w./]*)`",
                       page.read_text(encoding="utf-8"))
    named = [name for name in named if name not in WRITTEN_BY_THE_READER]
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_how_to_page_is_in_the_index():
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    pages = [f"how_to/{page.name}" for page in (ROOT / "docs" / "how_to").glob("*.md")]
    assert len(pages) >= 7 and [page for page in pages if f"({page})" not in index] == []


def test_the_table_of_cases_is_complete():
    table = [line.split("|")[1] for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
             if line.startswith("| `")]
    named = {word if not word.startswith("_") else "williamson" + word for cell in table for word in
             re.findall(r"`(\w+)`", cell)}
    assert named == {path.stem for path in (ROOT / "cases").glob("*.yaml")}


def test_the_table_of_exit_codes_is_that_of_the_program():
    header, source = ((ROOT / "grid" / name).read_text(encoding="utf-8") for name in ("error.hpp", "error.cpp"))
    numbers = dict(re.findall(r"^  (\w+) = (\d+),", header, re.M))
    words = dict(re.findall(r'ExitCode::(\w+):\s+return "(\w+)"', source))
    page = (ROOT / "docs" / "how_to" / "exit_codes.md").read_text(encoding="utf-8")
    table = dict(re.findall(r"^\| (\d+) \| (\w+) \|", page, re.M))
    assert table == {numbers[code]: word for code, word in words.items()} and len(table) == 13


@needs_model
def test_subcommands_that_are_named_exist():
    known = set(re.findall(r"^  (\w+)", model("--help").stdout.partition("Subcommands:")[2], re.M))
    assert {"run", "check", "list", "describe", "hash", "version"} <= known
    for page in PAGES:
        named = set(re.findall(r"(?:^|[`/ ])meridian (?!-)([a-z]+)\b[^`\n]*`?", code_of(page)))
        assert named <= known, (name_of(page), named - known)


@needs_model
def test_settings_that_are_named_exist():
    known = model("list", "options").stdout
    named = {key for page in PAGES for key in re.findall(rf"\b(?:{GROUPS})\.[a-z_]\w*", code_of(page))}
    named = {key for key in named if not key.endswith((".hpp", ".cpp"))}
    assert len(named) > 10 and sorted(key for key in named if key not in known) == []


@needs_model
def test_shapes_of_tracers_are_those_of_the_program():
    page = (ROOT / "docs" / "numerics" / "transport.md").read_text(encoding="utf-8").partition("## Shapes at the start")[2]
    table = {name: (meaning, equation.replace("\\|", "|"), source) for name, meaning, equation, source in
             re.findall(r"^\| `(\w+)` \| (.*?) \| (.*) \| (.*?) \|$", page.partition("\n## ")[0], re.M)}
    words = re.search(r"^  allowed +(.*)$", model("describe", "tracers[].initial").stdout, re.M).group(1).split(", ")
    assert list(table) == words and len(words) >= 20
    for name, (meaning, equation, source) in table.items():
        text = model("describe", name).stdout
        assert f"Initial shape of a tracer, {name}: {meaning}\n" in text
        assert re.search(r"^  source +" + re.escape(source or "none") + "$", text, re.M), text
        assert re.search(r"^  q / value +" + re.escape(equation) + "$", text, re.M), text
        assert "tracers[].value" in text and "tracers[].limiter" in text


def code_of(page):
    """The parts of a page in code style: fenced, indented, between backticks."""
    text = page.read_text(encoding="utf-8")
    fenced = re.findall(r"^```.*?^```", text, re.M | re.S)
    return "\n".join(fenced + re.findall(r"^    .*$", text, re.M) + re.findall(r"`[^`\n]+`", text))
