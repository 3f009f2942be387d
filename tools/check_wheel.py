"""Builds the wheel and fails unless it holds what an installation needs: no Node, no gettext."""

import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

SOURCE = Path("src")


def needed() -> set[str]:
    """List what must be inside, as paths in the wheel."""
    static = SOURCE / "panier/web/static"
    manifest = json.loads((static / "manifest.json").read_text())
    built = {static / "manifest.json"}
    for entry in manifest.values():
        files = [entry["file"], *entry.get("css", []), *entry.get("assets", [])]
        built |= {static / file for file in files}
    catalogues = {path.with_suffix(".mo") for path in SOURCE.glob("panier/locale/*/*/*.po")}
    listed = subprocess.run(
        ["git", "ls-files", "-z", "src/panier"],  # noqa: S607 - the one that made the clone
        capture_output=True,
        check=True,
    )
    kept = {Path(name) for name in listed.stdout.decode().split("\0") if name}
    return {p.relative_to(SOURCE).as_posix() for p in built | catalogues | kept}


def main() -> int:
    """Build, look, compare."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(  # noqa: S603 - our own interpreter
            [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        wheel = next(Path(folder).glob("*.whl"))
        with zipfile.ZipFile(wheel) as archive:
            inside = set(archive.namelist())
        size = wheel.stat().st_size
    missing = sorted(needed() - inside)
    for path in missing:
        print("not in the wheel:", path)
    print(f"{wheel.name}: {len(inside)} files, {size / 1e6:.1f} MB")
    return int(bool(missing))


if __name__ == "__main__":
    sys.exit(main())
