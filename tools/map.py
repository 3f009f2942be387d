"""Writes docs/map.md: the path, who hears what, from the code itself. `check` fails on drift."""

import ast
import sys
import tomllib
from pathlib import Path

from panier.wiring import COMMANDS, REACTIONS, TIMERS, TOGETHER

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "docs" / "map.md"
HEAD = """# The map

Made by `make map` from the code: the layers of `pyproject.toml`, the first lines of each folder,
the tables of `wiring.py`. A folder calls only what stands below it; what happened travels up as
events.

"""


def layers() -> list[list[str]]:
    """Read the import order, top to bottom."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    found = next(c["layers"] for c in contracts["contracts"] if c["type"] == "layers")
    split = [line.replace("|", ":").split(":") for line in found]
    return [[name.strip(" ()") for name in line] for line in split]


def caption(name: str) -> str:
    """Return the docstring of a folder or module."""
    folder = ROOT / "src" / "panier" / name
    path = folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
    return ast.get_docstring(ast.parse(path.read_text())) or ""


def facts(lines: list[str]) -> list[tuple[str, str]]:
    """Read what a front door owns, says, hears, limits; a fact may go on in an indented line."""
    found: list[tuple[str, str]] = []
    for line in lines:
        word, _, rest = line.partition(" ")
        if word in ("owns", "says", "hears", "limits"):
            found.append((word, rest.strip()))
        elif found and line.startswith("        "):
            found[-1] = (found[-1][0], f"{found[-1][1]} {line.strip()}")
    return found


def render() -> str:
    """Write the whole map."""
    lines = [HEAD, "## Layers, top to bottom\n"]
    for line in layers():
        for name in line:
            first, *rest = caption(name).split("\n")
            lines.append(f"- **{name}**: {first}")
            lines += [f"  - *{word}* {fact}" for word, fact in facts(rest)]
    lines += ["\n## Events and their reactions\n", "| event | what it means | who reacts |",
              "| --- | --- | --- |"]  # fmt: skip
    for event, reactions in REACTIONS.items():
        names = ", ".join(_name(r) for r in reactions) or "nobody"
        about = " ".join((event.__doc__ or "").split("\n\n", 1)[0].split())
        lines.append(f"| {event.__name__} | {about} | {names} |")
    lines += ["\n## Socket commands\n", "| command | action |", "| --- | --- |"]
    commands = {**COMMANDS, **TOGETHER}
    lines += [f"| {command} | {_name(action)} |" for command, action in commands.items()]
    lines += ["\n## Timers of the worker\n", "| timer | every |", "| --- | --- |"]
    lines += [f"| {timer.name} | {timer.seconds:g} s |" for timer in TIMERS]
    return "\n".join(lines) + "\n"


def _name(action: object) -> str:
    module = getattr(action, "__module__", "").removeprefix("panier.").split(".", maxsplit=1)[0]
    return f"`{module}.{getattr(action, '__name__', '')}`"


def main() -> int:
    """Write the map, or with `check` say whether it is out of date."""
    if sys.argv[1:] == ["check"]:
        fresh = TARGET.exists() and TARGET.read_text() == render()
        if not fresh:
            sys.stdout.write("docs/map.md is out of date: run `make map`\n")
        return not fresh
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(render())
    return 0


if __name__ == "__main__":
    sys.exit(main())
