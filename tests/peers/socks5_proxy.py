"""A SOCKS5 proxy (RFC 1928, with the passwords of RFC 1929), for the tests of `--proxy socks5://...`.

    python3 socks5_proxy.py [--auth USER:PASSWORD]

Its first line on stdout is `PORT n`; then one line a request: `CONNECT domain|ipv4|ipv6 host port`, which tells whether
the client resolved the name itself. Wrong credentials are `refused`. It listens on 127.0.0.1 only and exits when its
stdin closes. Python's standard library is all it needs.
"""

import argparse
import asyncio
import hmac
import ipaddress

from lifeline import relay, say, serve_until_stdin_closes

VERSION, NO_AUTHENTICATION, PASSWORD, NO_METHOD = 5, 0, 2, 0xFF
CONNECT, SUCCEEDED, HOST_UNREACHABLE, CONNECTION_REFUSED, COMMAND_UNKNOWN, ADDRESS_UNKNOWN = 1, 0, 4, 5, 7, 8


async def number(reader):
    return (await reader.readexactly(1))[0]


async def counted(reader):
    """Bytes that come after their own count, one byte long."""
    return await reader.readexactly(await number(reader))


def answer(writer, code):
    writer.write(bytes([VERSION, code, 0, 1]) + bytes(6))  # The bound address is of no use to anyone: 0.0.0.0:0.


async def admitted(reader, writer, auth):
    """Agrees on a method and checks the credentials; False once the client was turned away."""
    await number(reader)
    method = PASSWORD if auth else NO_AUTHENTICATION
    if method not in await counted(reader):
        writer.write(bytes([VERSION, NO_METHOD]))
        say("refused")
        return False
    writer.write(bytes([VERSION, method]))
    if auth:
        await number(reader)
        given = await counted(reader) + b":" + await counted(reader)
        right = hmac.compare_digest(given, auth.encode())
        writer.write(bytes([1, 0 if right else 1]))
        if not right:
            say("refused")
        return right
    return True


async def address(reader):
    """The address of a request as its kind and text, or None for a kind that RFC 1928 does not have."""
    kind = await number(reader)
    if kind == 1:
        return "ipv4", str(ipaddress.IPv4Address(await reader.readexactly(4)))
    if kind == 3:
        return "domain", (await counted(reader)).decode("latin-1")
    if kind == 4:
        return "ipv6", str(ipaddress.IPv6Address(await reader.readexactly(16)))
    return None


async def serve(reader, writer, auth):
    """Serves one client from its greeting to the end of its connection."""
    if not await admitted(reader, writer, auth):
        return
    _, command, _ = await reader.readexactly(3)
    where = await address(reader)
    if where is None:
        return answer(writer, ADDRESS_UNKNOWN)
    port = int.from_bytes(await reader.readexactly(2), "big")
    if command != CONNECT:
        return answer(writer, COMMAND_UNKNOWN)
    say("CONNECT", *where, port)
    try:
        far = await asyncio.open_connection(where[1], port)
    except ConnectionRefusedError:
        return answer(writer, CONNECTION_REFUSED)
    except OSError:
        return answer(writer, HOST_UNREACHABLE)
    answer(writer, SUCCEEDED)
    await relay(reader, writer, *far)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--auth", metavar="USER:PASSWORD")
    auth = arguments.parse_args().auth

    async def handle(reader, writer):
        try:
            await serve(reader, writer, auth)
        except (asyncio.IncompleteReadError, OSError):
            pass  # The client left: nothing to answer.
        finally:
            writer.close()

    asyncio.run(serve_until_stdin_closes(handle))


if __name__ == "__main__":
    main()
