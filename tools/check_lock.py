"""Fails when requirements.lock no longer says what pyproject.toml asks for.

`make lock` writes it anew. Hashes are not compared: a release may gain a file for another platform.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

LOCK = Path("requirements.lock")


def pins(text: str) -> list[str]:
    """List `name==version ; marker` lines without their hashes."""
    return [line.rstrip("\\ ") for line in text.splitlines() if line and line[0] not in " #"]


def main() -> int:
    """Compile again from the present pins and compare."""
    with tempfile.TemporaryDirectory() as folder:
        again = Path(folder) / "requirements.lock"
        again.write_text(LOCK.read_text())  # present pins are preferred to newer releases
        subprocess.run(["tools/lock", str(again)], check=True)  # noqa: S603, S607 - ours
        wanted, found = pins(again.read_text()), pins(LOCK.read_text())
    for line in sorted(set(wanted) ^ set(found)):
        print("missing" if line in wanted else "not needed", line)
    if wanted != found:
        print("requirements.lock does not follow pyproject.toml: run `make lock`")
    return int(wanted != found)


if __name__ == "__main__":
    sys.exit(main())
