"""Message catalogues: gather every marked text, keep the translations, say what is missing.

`python tools/messages.py update` writes src/panier/locale/*/LC_MESSAGES/panier.po,
`… compile` writes the .mo files that panier reads, `… check` fails when a text has no translation.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract, extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "panier"
FRONT = ROOT / "frontend" / "src"
LOCALES = SOURCE / "locale"
LANGUAGES = ("fr", "it", "de", "es")
PYTHON = {"_": None, "N_": None, "n_": (1, 2), "translate": (2,), "translate_count": (2, 3)}
TEMPLATE = {"_": None, "gettext": None, "ngettext": (1, 2), "n_": (1, 2)}
PLACEHOLDER = re.compile(r"%\((\w+)\)s")
CALL = re.compile(r"\bt\(\s*(\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')")

Found = tuple[str, int, str | tuple[str, ...]]


def gather() -> Catalog:
    """Find all marked texts: Python, error docstrings, templates, the front end."""
    catalogue = Catalog(project="panier", charset="utf-8", fuzzy=False)
    for place, line, message in sorted(_all(), key=lambda f: (f[0], f[1], str(f[2]))):
        catalogue.add(message, locations=[(place, line)])
    return catalogue


def _all() -> Iterator[Found]:
    for path in SOURCE.rglob("*.py"):
        if "migrations" not in path.parts:
            yield from _marked(path, "python", PYTHON)
            yield from _errors(path)
    for path in SOURCE.rglob("templates/**/*"):
        if path.is_file():
            yield from _template(path)
    for path in [*FRONT.rglob("*.ts"), *FRONT.rglob("*.tsx")]:
        if not path.name.endswith(".test.ts"):
            yield from _typescript(path)


def _marked(path: Path, method: str, keywords: dict[str, Any]) -> Iterator[Found]:
    for line, message, _, _ in extract_from_file(method, str(path), keywords=keywords):
        if message:
            yield _place(path), line, message


def _template(path: Path) -> Iterator[Found]:
    options = {"trimmed": "true", "silent": "false"}
    with path.open("rb") as file:
        found = extract("jinja2.ext:babel_extract", file, keywords=TEMPLATE, options=options)
        for line, message, _, _ in found:
            yield _place(path), line, message


def _errors(path: Path) -> Iterator[Found]:
    """Yield the first paragraph of each error's docstring: it is the error's message."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.ClassDef) or not _has_code(node):
            continue
        words = (ast.get_docstring(node) or "").split("\n\n", 1)[0]
        if words:
            yield _place(path), node.lineno, " ".join(words.split())


def _has_code(node: ast.ClassDef) -> bool:
    for statement in node.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        for target in targets:
            names = target.elts if isinstance(target, ast.Tuple) else [target]
            if any(isinstance(name, ast.Name) and name.id == "code" for name in names):
                return True
    return False


def _typescript(path: Path) -> Iterator[Found]:
    text = path.read_text()
    for match in CALL.finditer(text):
        literal = match.group(1)
        line = text.count("\n", 0, match.start()) + 1
        yield _place(path), line, ast.literal_eval(literal)


def _place(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _po(language: str) -> Path:
    return LOCALES / language / "LC_MESSAGES" / "panier.po"


def _new(language: str) -> Catalog:
    return Catalog(
        locale=language,
        project="panier",
        version="",
        header_comment="# panier, the texts that people read; `make messages` keeps this file.",
        creation_date=datetime(2026, 11, 21, tzinfo=UTC),  # fixed: a date that moves is no change
        charset="utf-8",
        fuzzy=False,
    )


def _read(language: str) -> Catalog:
    path = _po(language)
    if not path.exists():
        return _new(language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def update() -> None:
    """Write the catalogues anew: new texts empty, gone ones dropped, translations kept."""
    template = gather()
    for language in LANGUAGES:
        old = _read(language)
        new = _new(language)
        for message in template:
            if not message.id:
                continue
            known = old.get(message.id)
            new.add(message.id, known.string if known else None)
        _po(language).parent.mkdir(parents=True, exist_ok=True)
        with _po(language).open("wb") as file:
            write_po(file, new, width=100, omit_header=False, sort_output=True)
        sys.stdout.write(f"{language}: {len(list(missing(new)))} to translate\n")


def missing(catalogue: Catalog) -> Iterator[str]:
    """Yield the texts that have no translation, or one with other placeholders."""
    for message in catalogue:
        if not message.id:
            continue
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        texts = message.string or ""
        strings = [texts] if isinstance(texts, str) else list(texts)
        # Each form has the placeholders of its own English one, but the count is its own affair.
        forms = [ids[0], *[ids[-1]] * (len(strings) - 1)]
        if not all(
            string and _fits(string, form) for string, form in zip(strings, forms, strict=True)
        ):
            yield ids[0]


def _fits(string: str, form: str) -> bool:
    return set(PLACEHOLDER.findall(string)) ^ set(PLACEHOLDER.findall(form)) <= {"count"}


def check() -> Iterable[str]:
    """List what keeps the catalogues from being complete."""
    wanted = {m.id for m in gather() if m.id}
    for language in LANGUAGES:
        catalogue = _read(language)
        known = {m.id for m in catalogue if m.id}
        for text in sorted(map(str, wanted - known)):
            yield f"{language}: not in the catalogue: {text}"
        for text in missing(catalogue):
            yield f"{language}: not translated: {text}"


def compile_all() -> None:
    """Write the binary catalogues."""
    for language in LANGUAGES:
        with _po(language).with_suffix(".mo").open("wb") as file:
            write_mo(file, _read(language))


def main() -> int:
    """Run one of update, compile, check."""
    task = sys.argv[1] if len(sys.argv) > 1 else "check"
    if task == "update":
        update()
    elif task == "compile":
        compile_all()
    else:
        findings = list(check())
        sys.stdout.write("".join(f"{line}\n" for line in findings))
        return bool(findings)
    return 0


if __name__ == "__main__":
    sys.exit(main())
