"""The house rules that no linter knows. Each failure says what to do instead."""

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from uuid import UUID

import grimp
import msgspec

from panier import events
from panier.migrations import newest
from panier.migrations.upgrade import heads
from panier.wiring import REACTIONS

NAME = "panier"
VERSIONS = Path("src/panier/migrations/versions")
SOURCE = sorted(p for p in Path("src", NAME).rglob("*.py") if VERSIONS not in p.parents)
TESTS = sorted(p for p in Path("tests").rglob("*.py") if "tidy" not in p.parts)
SCRIPTS = [p for folder in ("tools", "bench", "frontend/dev") for p in Path(folder).glob("*.py")]
ALL = [*SOURCE, *TESTS, *sorted(SCRIPTS)]
FRONT_END = sorted(
    p
    for folder in ("src", "dev", "tests")
    for kind in ("*.ts", "*.tsx", "*.css")
    for p in Path("frontend", folder).rglob(kind)
)
FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef

LINES_MAX, FUNCTION_LINES_MAX, DECISION_LINES_MAX = 400, 60, 40
OPEN_TO_ALL = {"kit", "web", "engines", "runtime", "events", "settings"}
BACK_DOORS = {
    "app": {"routes", "pages"},
    "wiring": {"handlers", "actions"},
    "reports": {"queries"},
}
JUNK_NAMES = {
    *("utils", "helpers", "common", "misc", "base", "core", "service", "services", "manager"),
    *("types", "schemas"),
}
BANNED_TEXT = {
    "FIXME": "finish it before merging",
    "TODO": "finish it, or open an issue",
    "NotImplementedError": "build it, or leave it out",
    "in sync with": "say it once: one function, or a golden file both sides read",
    "_v2": "replace the old one in the same change",
}
PLAYERS = {Path("tests/video/film.py")}
"""Who plays something at its own pace has to look at a clock."""
CLOCKS = {"monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "process_time"}
DOMAIN_WORDS = {
    *("shop", "show", "shows", "room", "rooms", "basket", "baskets", "order", "orders", "seller"),
    *("sellers", "shopper", "variant", "variants", "stock", "voucher"),
}
DRIFTING_SQL = {
    r"\b(big)?serial\b": "keys are UUIDv7 made in Python",
    r"\bcreate (or replace )?(function|trigger)\b": "rules live in Python, where they are tested",
    r"\bdeferrable\b": "not every PostgreSQL-compatible database has it",
    r"\b(listen|notify) [a-z]": "a notifying commit takes a global lock: NATS tells instead",
    r"\binherits\b|\bpartition by range\b": "not portable to sharded PostgreSQL",
}
MACHINE = re.compile(
    r"(?<![\w.~-])/(home|Users|work|mnt)/[\w.-]+|registry\.npmjs|pypi\.org|pythonhosted|npmmirror"
)


@cache
def read(path: Path) -> str:
    return path.read_text()


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(ast.parse(read(path))) if isinstance(node, FUNCTION))


def names_in(node: ast.AST) -> str:
    """Return the name that `node` gives to something, if it does."""
    if isinstance(node, FUNCTION | ast.ClassDef):
        return node.name
    if isinstance(node, ast.arg):
        return node.arg
    return node.id if isinstance(node, ast.Name) else ""


def test_domains_are_entered_by_the_front_door() -> None:
    graph = grimp.build_graph(NAME)
    for importer in sorted(graph.modules):
        home = (importer + ".").split(".")[1]
        for imported in graph.find_modules_directly_imported_by(importer):
            _, domain, *inside = (imported + ".").rstrip(".").split(".")
            if not inside or domain in OPEN_TO_ALL | {home}:
                continue
            allowed = BACK_DOORS.get(home, set())
            assert inside[0] in allowed, f"{importer}: import `{NAME}.{domain}`, not `{imported}`"


def test_files_are_named_after_what_they_do() -> None:
    assert not [str(p) for p in [*SOURCE, *FRONT_END] if p.stem in JUNK_NAMES]


def test_files_and_functions_stay_small() -> None:
    for path in [*ALL, *FRONT_END]:
        lines = len(read(path).splitlines())
        assert lines <= LINES_MAX, f"{path} has {lines} lines; split it by noun"
    for path in ALL:
        for node in functions(path):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= FUNCTION_LINES_MAX, (
                f"{path}:{node.lineno} {node.name} has {length} lines; "
                "keep the ifs, move the leaves out"
            )


def test_imports_stand_at_the_top() -> None:
    for path in SOURCE:
        for node in functions(path):
            inner = [n for n in ast.walk(node) if isinstance(n, ast.Import | ast.ImportFrom)]
            assert not inner, (
                f"{path}:{inner[0].lineno}: an import inside a function hides a cycle; "
                "send an event instead"
            )


def test_no_leftovers() -> None:
    for path in [*ALL, *FRONT_END]:
        for text, remedy in BANNED_TEXT.items():
            assert text not in read(path), f"{path}: `{text}`: {remedy}"


def list_events() -> list[type[events.Event]]:
    kinds = [kind for kind in vars(events).values() if isinstance(kind, type)]
    abstract = {events.Event, events.Urgent, events.Brief}
    return [kind for kind in kinds if issubclass(kind, events.Event) and kind not in abstract]


def test_the_wiring_names_every_event() -> None:
    missing = [kind.__name__ for kind in list_events() if kind not in REACTIONS]
    assert not missing, f"{missing} would be tried again and again: name who reacts, or nobody: []"


def test_events_of_a_stream_share_their_priority() -> None:
    priorities: dict[str, set[str]] = {}
    for kind in list_events():
        fields = [field.name for field in msgspec.structs.fields(kind) if field.type is UUID]
        priorities.setdefault(fields[0], set()).add(kind.priority)
    mixed = [stream for stream, found in priorities.items() if len(found) > 1]
    assert not mixed, f"events about {mixed}: with two priorities they would overtake each other"


def test_no_test_measures_how_long_something_takes() -> None:
    for path in set(TESTS) - PLAYERS:
        for node in ast.walk(ast.parse(read(path))):
            named = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
            assert named not in CLOCKS, f"{path}:{node.lineno}: machines differ; use bench/"  # type: ignore[attr-defined]


def test_every_folder_says_what_it_owns_says_and_hears() -> None:
    for door in Path("src", NAME).glob("*/__init__.py"):
        if door.parent.name in {"kit", "migrations", "demo"}:
            continue
        text = ast.get_docstring(ast.parse(read(door))) or ""
        missing = [word for word in ("owns", "says", "hears", "limits") if f"\n{word}" not in text]
        assert not missing, f"{door}: its docstring lacks {missing}"


def test_the_kit_knows_no_shop() -> None:
    for path in Path("src/panier/kit").rglob("*.py"):
        for node in ast.walk(ast.parse(read(path))):
            words = names_in(node)
            found = DOMAIN_WORDS & set(re.split(r"[^a-z]+", words.lower()))
            assert not found, f"{path}: `{words}`: {found} belong to a domain"


def test_rules_are_pure() -> None:
    for path in SOURCE:
        if path.name != "rules.py":
            continue
        asynchronous = [n.name for n in functions(path) if isinstance(n, ast.AsyncFunctionDef)]
        assert not asynchronous, f"{path}: {asynchronous} wait for something: move them to actions"
        assert "kit.clock" not in read(path), f"{path}: take the time as a parameter"


def test_sql_stays_portable() -> None:
    for path in [*SOURCE, *sorted(VERSIONS.glob("*.py"))]:
        for pattern, remedy in DRIFTING_SQL.items():
            for node in ast.walk(ast.parse(read(path))):
                if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
                    continue
                statement = re.search(r"\b(select|create|insert|update|alter)\b", node.value)
                found = statement and re.search(pattern, node.value, re.IGNORECASE)
                assert not found, f"{path}:{node.lineno}: {pattern}: {remedy}"


def test_migrations_are_one_chain_in_the_order_of_their_names() -> None:
    assert heads() == [newest()], "two migrations follow the same one, or a date goes backwards"


def test_decisions_are_numbered_and_short() -> None:
    records = sorted(Path("docs/decisions").glob("*.md"))
    assert [int(p.name[:4]) for p in records] == list(range(1, len(records) + 1))
    for path in records:
        text = read(path)
        assert len(text.splitlines()) <= DECISION_LINES_MAX, f"{path}: at most 40 lines"
        for part in ("## Context", "## Decision", "## Consequences", "## What else was tried"):
            assert part in text, f"{path}: lacks `{part}`"


def test_no_path_of_one_machine_and_no_registry_is_named() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], capture_output=True, check=True)
    for name in listed.stdout.decode().split("\0"):
        path = Path(name)
        if not name or path.suffix in {".lock", ".webp", ".png", ".jpg", ".mp4", ".woff2"}:
            continue
        if path.is_file() and path != Path("tests/tidy/test_tidy.py"):
            found = MACHINE.search(path.read_text(errors="replace"))
            assert not found, f"{name}: {found} exists on one machine only"
