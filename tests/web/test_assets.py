import json
import os
from pathlib import Path

import httpx2
import pytest

from panier.web.assets import Assets, FrontEndMissing

MANIFEST = {
    "src/watch/main.tsx": {
        "file": "assets/watch-1.js",
        "css": ["assets/watch-1.css"],
        "imports": ["_shared.js"],
        "isEntry": True,
    },
    "_shared.js": {"file": "assets/shared-1.js", "css": ["assets/shared-1.css"]},
}


def test_an_entry_brings_its_styles_its_script_and_what_that_imports(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps(MANIFEST))
    assert Assets(tmp_path).tags("src/watch/main.tsx").split("\n") == [
        '<link rel="stylesheet" href="/static/assets/shared-1.css">',
        '<link rel="stylesheet" href="/static/assets/watch-1.css">',
        '<script type="module" src="/static/assets/watch-1.js"></script>',
        '<link rel="modulepreload" href="/static/assets/shared-1.js">',
    ]


def test_a_running_server_follows_a_new_build(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps(MANIFEST))
    assets = Assets(tmp_path)
    assert assets.url("_shared.js") == "/static/assets/shared-1.js"
    manifest.write_text(json.dumps({"_shared.js": {"file": "assets/shared-2.js"}}))
    os.utime(manifest, ns=(1, 1))
    assert assets.url("_shared.js") == "/static/assets/shared-2.js"


def test_a_missing_build_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FrontEndMissing) as refused:
        Assets(tmp_path).tags("src/watch/main.tsx")
    assert "make" in refused.value.message("en")


async def test_a_hashed_file_is_kept_for_a_year_and_nothing_outside_is_handed_out(
    client: httpx2.AsyncClient,
) -> None:
    page = await client.get("/?choose")
    style = page.text.split('rel="stylesheet" href="')[1].split('"')[0]
    answer = await client.get(style)
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    outside = await client.get("/static/..%2frender.py")
    assert outside.status_code == 404
