#!/usr/bin/env python3
"""Makes docs/verification.md and docs/pictures from directories of `meridian verify`.

    scripts/lib/verification_page.py DIRECTORY...      the first one that has a case gives its page
"""

import pathlib
import re
import shutil
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[2]
PICTURES = SOURCE / "docs" / "pictures"


def page_of(case, directory):
    """The page of a case, its picture copied to docs/pictures."""
    text = (directory / "verify.md").read_text(encoding="utf-8")
    link = re.search(r"\n!\[(.*)\]\((.*)\)\n", text)
    text = re.sub(r"\n(!\[.*|No picture: .*)\n", "", text).rstrip("\n") + "\n"
    if link:
        shutil.copy(directory / link[2], PICTURES / f"{case}.png")
        text += f"\n![{link[1]}](pictures/{case}.png)\n"
    return text


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    PICTURES.mkdir(exist_ok=True)
    pages, missing = [], []
    for case in sorted(path.stem for path in (SOURCE / "cases").glob("*.yaml")):
        found = [pathlib.Path(d) / case for d in sys.argv[1:] if (pathlib.Path(d) / case / "verify.md").exists()]
        if found:
            pages.append(page_of(case, found[0]))
        else:
            missing.append(f"`{case}`")
    head = "<!-- Made by scripts/lib/verification_page.py from runs of `meridian verify`. Do not edit. -->\n\n"
    tail = f"\nNot run for this page: {', '.join(missing)}.\n" if missing else ""
    (SOURCE / "docs" / "verification.md").write_text(head + "\n".join(pages) + tail, encoding="utf-8")


if __name__ == "__main__":
    main()
