"""An HTTP proxy that knows CONNECT alone (RFC 9110 9.3.6), for the tests of `--proxy http://...`.

    python3 connect_proxy.py [--auth USER:PASSWORD]

Its first line on stdout is `PORT n`; then one line a request: `CONNECT host:port`, as the client wrote it. Without the
right credentials it answers 407 and says so: `refused host:port`. It listens on 127.0.0.1 only and exits when its
stdin closes. Python's standard library is all it needs.
"""

import argparse
import asyncio
import base64
import hmac

from lifeline import relay, say, serve_until_stdin_closes


def response(status, headers="", body=""):
    body = body.encode()
    return f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body


def proxy_authorization(head):
    """The value of the Proxy-Authorization header among the lines of a request's head, or an empty string."""
    for line in head[1:]:
        name, _, value = line.partition(":")
        if name.strip().lower() == "proxy-authorization":
            return value.strip()
    return ""


async def tunnel(reader, writer, expected):
    """Answers one CONNECT request and, if that opened a tunnel, carries its bytes to the end."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, *_ = head[0].split(" ") + ["", ""]
    if method != "CONNECT":
        writer.write(response("405 Method Not Allowed", "Allow: CONNECT\r\n", "this proxy knows CONNECT alone\n"))
        return
    if expected and not hmac.compare_digest(proxy_authorization(head), expected):
        say("refused", target)
        challenge = 'Proxy-Authenticate: Basic realm="wscope tests"\r\n'
        writer.write(response("407 Proxy Authentication Required", challenge, "who are you?\n"))
        return
    say("CONNECT", target)
    host, _, port = target.rpartition(":")
    try:
        far = await asyncio.open_connection(host.strip("[]"), int(port))
    except (OSError, ValueError) as error:
        writer.write(response("502 Bad Gateway", body=f"cannot connect to {target}: {error}\n"))
        return
    writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
    await relay(reader, writer, *far)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--auth", metavar="USER:PASSWORD")
    auth = arguments.parse_args().auth
    expected = "Basic " + base64.b64encode(auth.encode()).decode() if auth else None

    async def handle(reader, writer):
        try:
            await tunnel(reader, writer, expected)
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
            pass  # The client left, or sent what is no request: nothing to answer.
        finally:
            writer.close()

    asyncio.run(serve_until_stdin_closes(handle))


if __name__ == "__main__":
    main()
