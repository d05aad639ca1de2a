"""Adds up JUnit reports: count_tests.py NAME=EXIT_STATUS=FILE ...

Prints the slowest and the failed tests, then "N passed, N failed"; exit code 1 when a test failed. A program that
failed without saying which test did counts as one failed test. Skipped tests count as neither and are named.
"""

import sys
import xml.etree.ElementTree as ElementTree


def cases(path):
    """(name, outcome, seconds) of each test; nothing when the report is missing or cut."""
    try:
        tree = ElementTree.parse(path)
    except (OSError, ElementTree.ParseError):
        return
    for case in tree.iter("testcase"):
        name = case.get("name", "?")
        place = case.get("classname", "")
        if place and place != name:
            name = f"{place}.{name}"
        children = {child.tag for child in case}
        if children & {"failure", "error"} or case.get("status") == "fail":
            outcome = "failed"
        elif "skipped" in children or case.get("status") in ("notrun", "disabled"):
            outcome = "skipped"
        else:
            outcome = "passed"
        yield name, outcome, float(case.get("time", 0))


def main(arguments):
    names = {"passed": [], "failed": [], "skipped": []}
    seconds = []
    for argument in arguments:
        program, status, path = argument.split("=", 2)
        found = list(cases(path))
        for name, outcome, time in found:
            names[outcome].append(name)
            seconds.append((time, name))
        if int(status) != 0 and not any(outcome == "failed" for _, outcome, _ in found):
            names["failed"].append(f"{program} ended with status {status}")
    if not seconds and not names["failed"]:
        names["failed"].append("no test was found")  # a build without tests must not look like a success
    for time, name in sorted(seconds, reverse=True)[:5]:
        if time >= 5:
            print(f"{time:7.1f} s  {name}")
    for outcome in ("skipped", "failed"):
        for name in names[outcome]:
            print(f"{outcome}: {name}")
    print(f"{len(names['passed'])} passed, {len(names['failed'])} failed")
    return 1 if names["failed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
