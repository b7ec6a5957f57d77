"""What the Python peers share: how they speak to the test that started them, and how they end with it.

A test that dies, even by SIGKILL, closes the pipe that is its peer's stdin. That is the one signal that always
arrives, so the peers end on it, and no test leaves a server behind.
"""

import asyncio
import os
import threading


def say(*words):
    """Prints one line on stdout at once: the tests wait for these lines."""
    print(*words, flush=True)


def exit_with_stdin():
    """From now on the process ends, without ceremony, as soon as its stdin is at its end."""

    def watch():
        while os.read(0, 4096):
            pass
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


async def serve_until_stdin_closes(handle):
    """Serves `handle(reader, writer)` on a free port of 127.0.0.1 and prints `PORT n` first."""
    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    exit_with_stdin()
    say("PORT", server.sockets[0].getsockname()[1])
    await server.serve_forever()


async def relay(reader, writer, far_reader, far_writer):
    """Copies bytes both ways until both sides have ended, passing on each side's end of stream as it comes."""

    async def copy(source, sink):
        try:
            while data := await source.read(65536):
                sink.write(data)
                await sink.drain()
            sink.write_eof() if sink.can_write_eof() else sink.close()
        except OSError:
            sink.close()

    await asyncio.gather(copy(reader, far_writer), copy(far_reader, writer))
    far_writer.close()
    writer.close()
