"""What a network can do to a connection, done by the proxy."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from millhand.testing.proxy import Proxy, proxy_to
from tests.support import poll_until

_HOST = "127.0.0.1"
_PATIENCE = 10.0
_A_WHILE = 0.1


@dataclass
class Talk:
    """A connection through the proxy to a server that answers in lines."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self, text: str) -> str:
        """Say something, and wait for the answer."""
        self.writer.write(f"{text}\n".encode())
        return (await asyncio.wait_for(self.reader.readline(), _PATIENCE)).decode().strip()

    async def hears(self, text: str) -> bool:
        """Whether there is an answer within a while."""
        self.writer.write(f"{text}\n".encode())
        try:
            return bool(await asyncio.wait_for(self.reader.readline(), _A_WHILE))
        except TimeoutError:
            return False

    async def close(self) -> None:
        """Hang up."""
        self.writer.close()


@asynccontextmanager
async def answering(name: str) -> AsyncGenerator[int]:
    """A server that puts its name before what it hears; gives its port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                writer.write(name.encode() + b" " + line)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, _HOST, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


@asynccontextmanager
async def talk_through(proxy: Proxy) -> AsyncGenerator[Talk]:
    """Connect to the proxy."""
    talk = Talk(*await asyncio.open_connection(_HOST, proxy.port))
    try:
        yield talk
    finally:
        await talk.close()


async def test_it_passes_on_what_is_said() -> None:
    async with answering("a") as port, proxy_to(port) as proxy, talk_through(proxy) as talk:
        assert await talk.ask("hello") == "a hello"
        assert (proxy.accepted, proxy.asked, proxy.connections) == (1, 1, 1)
        await talk.close()
        await poll_until(lambda: proxy.connections == 0)


async def test_what_is_stalled_arrives_when_it_is_resumed() -> None:
    async with answering("a") as port, proxy_to(port) as proxy, talk_through(proxy) as talk:
        assert await talk.ask("hello") == "a hello"
        proxy.stall()
        assert not await talk.hears("are you there")
        async with talk_through(proxy) as late:
            assert not await late.hears("and you")
            proxy.resume()
            assert (await talk.reader.readline()).decode() == "a are you there\n"
            assert (await late.reader.readline()).decode() == "a and you\n"


async def test_stranded_connections_are_dead_without_notice_and_new_ones_work() -> None:
    async with answering("a") as port, proxy_to(port) as proxy, talk_through(proxy) as dead:
        assert await dead.ask("hello") == "a hello"
        proxy.strand()
        async with talk_through(proxy) as fresh:
            assert await fresh.ask("hello") == "a hello"
            assert not await dead.hears("are you there")


async def test_both_ends_hear_of_a_cut() -> None:
    async with answering("a") as port, proxy_to(port) as proxy, talk_through(proxy) as talk:
        assert await talk.ask("hello") == "a hello"
        proxy.cut()
        with pytest.raises(ConnectionError):
            await asyncio.wait_for(talk.reader.readline(), _PATIENCE)
        await poll_until(lambda: proxy.connections == 0)


async def test_new_connections_are_led_elsewhere() -> None:
    async with answering("a") as first, answering("b") as second, proxy_to(first) as proxy, talk_through(proxy) as talk:
        proxy.lead_to(second)
        assert await talk.ask("who") == "a who"
        async with talk_through(proxy) as late:
            assert await late.ask("who") == "b who"


async def test_a_server_that_is_down_shows_as_a_connection_that_is_reset() -> None:
    async with answering("a") as port:
        pass
    async with proxy_to(port) as proxy, talk_through(proxy) as talk:
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(talk.reader.readline(), _PATIENCE)
