"""The video role: the RTMP port and the playback addresses, one process."""

import asyncio
import contextlib
from collections.abc import Iterator

import structlog
import uvicorn
from starlette.applications import Starlette

from panier import engines
from panier.runtime import Runtime
from panier.settings import Settings
from panier.video.ingest import Ingest
from panier.video.origin import Origin
from panier.video.playback import ROUTES, refuse

GOODBYE_SECONDS_MAX = 3
"""How long open requests may take when the process is asked to end."""
BACKLOG = 4096

log = structlog.get_logger()


class _Server(uvicorn.Server):
    """uvicorn without its own handling of signals: the last segment must be written first."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


def make_app(origin: Origin) -> Starlette:
    """Build the playback application over `origin`."""
    app = Starlette(routes=ROUTES, exception_handlers={Exception: refuse})
    app.state.origin = origin
    return app


async def serve(settings: Settings) -> None:
    """Take encoders and serve players until cancelled; the segment at hand is still written."""
    async with Runtime.open(settings) as runtime:
        origin = Origin(runtime)
        ingest = Ingest(origin)
        server = _Server(
            uvicorn.Config(
                make_app(origin),
                host=settings.host,
                port=settings.video_port,
                backlog=BACKLOG,
                http="httptools",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=GOODBYE_SECONDS_MAX,
            )
        )
        await origin.open()
        playback = asyncio.create_task(server.serve())
        try:
            await ingest.open(settings.host, settings.rtmp_port)
            log.info(
                "video is up", rtmp=settings.public_rtmp_url, playback=settings.public_video_url
            )
            engines.tell_ready()
            await asyncio.shield(playback)
            raise OSError("the playback server ended by itself")
        finally:
            await ingest.close()
            await origin.close()
            server.should_exit = True
            await asyncio.wait([playback], timeout=GOODBYE_SECONDS_MAX + 2)
