import asyncio
import socket

import httpx2

from panier.app import serve
from panier.settings import Settings


async def test_the_server_answers_on_its_port_and_leaves_when_it_is_told(
    settings: Settings,
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    serving = asyncio.create_task(serve(settings.model_copy(update={"web_port": port})))
    transport = httpx2.AsyncHTTPTransport(retries=10)
    async with httpx2.AsyncClient(
        transport=transport, base_url=f"http://127.0.0.1:{port}"
    ) as client:
        answer = await client.get("/health")
        assert (answer.status_code, answer.text) == (200, "well")
        assert "server" not in answer.headers
    serving.cancel()
    async with asyncio.timeout(30):
        await asyncio.gather(serving, return_exceptions=True)
    assert serving.cancelled()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
