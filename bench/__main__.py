"""Measure: `python -m bench [--quick] [--large] [NAME…]` runs all benchmarks, or the named ones.

Prints one table; what was measured in full also takes its place in docs/benchmarks.md. With
--large, growth goes on to ten million orders: it wants 45 GB of disk and half an hour more.
"""

import asyncio
import importlib
import sys
from datetime import UTC, datetime
from pathlib import Path

from bench import machine
from bench.table import Row
from panier.kit.log import set_up_logs

NAMES = ("holds", "checkout", "growth", "fanout", "moments")
PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
HEAD = ("claim", "way", "median", "range of the rounds", "note")
INTRODUCTION = """\
# Benchmarks

What `python -m bench` measured. Each claim stands beside its peers of the same run, on the same
machine, with the same bytes; believe the ratios, not the single figures. What loses is kept.
"""


async def measure(names: list[str], *, quick: bool, large: bool) -> dict[str, list[Row]]:
    """Run the benchmarks one after the other."""
    found: dict[str, list[Row]] = {}
    for name in names:
        module = importlib.import_module(f"bench.{name}")
        options = {"large": large} if name == "growth" else {}
        found[name] = await module.run(quick=quick, **options)
    return found


def table(rows: list[Row]) -> str:
    """Write rows as a Markdown table."""
    lines = [HEAD, tuple("---" for _ in HEAD), *(row.cells() for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def title(name: str) -> tuple[str, str]:
    """Return what a benchmark calls itself, and what it says of itself."""
    first, _, about = (sys.modules[f"bench.{name}"].__doc__ or "").strip().partition("\n")
    return first.rstrip("."), about.strip()


def section(name: str, rows: list[Row], steal: float) -> str:
    """Write what a benchmark says of itself, when it was measured, and its table."""
    named, about = title(name)
    when = f"Measured on {datetime.now(UTC):%Y-%m-%d}; other guests of the host took {steal:.2%}."
    return "\n\n".join([named, about, when, table(rows)])


def page(found: dict[str, list[Row]], steal: float, before: str) -> str:
    """Write the page: the machine, then every benchmark; what was not measured stands as before.

    On another machine nothing does: then the page has what was measured alone.
    """
    facts = "\n".join(f"- {name}: {value}" for name, value in machine.describe().items())
    head = f"{INTRODUCTION}\n{facts}\n"
    old = {}
    if before.startswith(head):
        old = {text.split("\n", 1)[0]: text.rstrip() for text in before.split("\n## ")[1:]}
    parts = []
    for name in NAMES:
        importlib.import_module(f"bench.{name}")
        if name in found:
            parts.append(section(name, found[name], steal))
        elif title(name)[0] in old:
            parts.append(old[title(name)[0]])
    return head + "".join(f"\n## {part}\n" for part in parts)


def main(given: list[str]) -> None:
    """Measure what is asked for."""
    quick, large = "--quick" in given, "--large" in given
    names = [name for name in given if name not in {"--quick", "--large"}]
    unknown = set(names) - set(NAMES)
    if unknown:
        sys.exit(f"No such benchmark: {', '.join(sorted(unknown))}. There are: {', '.join(NAMES)}.")
    set_up_logs("bench", level="warning")
    before, ticks = machine.stolen()
    found = asyncio.run(measure(names or list(NAMES), quick=quick, large=large))
    after, now_ticks = machine.stolen()
    print(table([row for rows in found.values() for row in rows]))
    if not quick:
        PAGE.parent.mkdir(exist_ok=True)
        old = PAGE.read_text() if PAGE.exists() else ""
        PAGE.write_text(page(found, (after - before) / max(1, now_ticks - ticks), old))


if __name__ == "__main__":
    main(sys.argv[1:])
