"""The built front end: which files an entry needs, and how they are handed out."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from markupsafe import Markup
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from panier.kit.errors import PanierError

STATIC = Path(__file__).parent / "static"
"""Where Vite puts what it has built; git does not keep it."""
MANIFEST = "manifest.json"
ADDRESS = "/static"
YEAR = 31_536_000


class FrontEndMissing(PanierError):
    """The front end has not been built yet: run `make setup`, then reload this page."""

    code, status = "front_end_missing", 503


class Chunk(msgspec.Struct):
    """One file that Vite wrote, and the files it needs (see Vite's `build.manifest`)."""

    file: str
    css: list[str] = []
    imports: list[str] = []


class Assets:
    """Reads the manifest again when it was built anew, so that a running server follows."""

    def __init__(self, folder: Path = STATIC) -> None:
        """Read from `folder`; nothing is opened before the first page."""
        self._path = folder / MANIFEST
        self._stamp = 0
        self._chunks: dict[str, Chunk] = {}

    def url(self, entry: str) -> str:
        """Return the address of one built file; raises FrontEndMissing."""
        return f"{ADDRESS}/{self._chunk(entry).file}"

    def tags(self, entry: str) -> Markup:
        """Return the head's tags for `entry`: its styles, its script, what that will import."""
        chunk = self._chunk(entry)
        imported = list(dict.fromkeys(self._imports(entry)))
        styles = dict.fromkeys(css for name in [*imported, entry] for css in self._chunks[name].css)
        lines = [Markup('<link rel="stylesheet" href="{}">').format(_at(css)) for css in styles]
        script = Markup('<script type="module" src="{}"></script>')
        lines.append(script.format(_at(chunk.file)))
        preload = Markup('<link rel="modulepreload" href="{}">')
        lines += [preload.format(_at(self._chunks[name].file)) for name in imported]
        return Markup("\n").join(lines)

    def _chunk(self, entry: str) -> Chunk:
        try:
            stamp = self._path.stat().st_mtime_ns
            if stamp != self._stamp:
                self._chunks = msgspec.json.decode(self._path.read_bytes(), type=dict[str, Chunk])
                self._stamp = stamp
            return self._chunks[entry]
        except (FileNotFoundError, KeyError, msgspec.DecodeError):
            raise FrontEndMissing(entry=entry) from None

    def _imports(self, entry: str) -> Iterator[str]:
        for name in self._chunks[entry].imports:
            yield from self._imports(name)
            yield name


class Static(StaticFiles):
    """Hands out the built files; a hashed name never changes its content."""

    def __init__(self, folder: Path = STATIC) -> None:
        """Serve `folder`, which may be built later."""
        super().__init__(directory=folder, check_dir=False)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer with the file, to be kept for a year when its name bears a hash."""
        response = await super().get_response(path, scope)
        hashed = path.startswith("assets/")
        response.headers["Cache-Control"] = (
            f"public, max-age={YEAR}, immutable" if hashed else "no-cache"
        )
        return response


def _at(file: str) -> Any:
    return f"{ADDRESS}/{file}"
