"""A WebSocket server made with PyPI `websockets`: a second real peer, written by others, for the interop tests.

    python websockets_server.py [--deflate[=JSON]] [--tls CERT KEY] [--subprotocol NAME]

Its first line on stdout is `PORT n`; then one line for what it sees: `open PATH`, `pong`, `close CODE REASON`. It
listens on 127.0.0.1 only and exits when its stdin closes, so it can't outlive its test. Every path echoes; before
that, these do something of their own:

    /close?code=N&reason=TEXT  closes at once      /ping       sends a ping, "are you there"
    /fragments                 sends a message in fragments, "hel" "lo " "there", and an empty last one
    /session?plan=TEXT         gives out a sid in text and a ticket in JSON, new ones each time, and echoes nothing: it answers
                               who comes with these, "join SID" and {"ticket": N}, and closes; on anybody else with 4003
    /login                     wants {"login":NAME} first, and answers {"token":TOKEN}, another one each time; a message with
                               another token is answered with close code 4401. Each line is then what came: `got MESSAGE`

JSON holds arguments of `ServerPerMessageDeflateFactory`, such as {"server_max_window_bits": 9}.
"""

import argparse
import json
import random
import secrets
import ssl
import threading
from datetime import datetime, timezone
import uuid
from urllib.parse import parse_qs, urlsplit

from lifeline import exit_with_stdin, say
from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.sync.server import serve


def report_pong(pong):
    pong.wait()
    say("pong")


def session(connection, plan):
    sid, ticket = secrets.token_hex(8), random.randrange(100_000, 1_000_000)
    connection.send(f"welcome; sid={sid}; at {datetime.now(timezone.utc).isoformat()}")
    connection.send(json.dumps({"type": "ready", "room": "r-0123456789abcdef01", "ticket": ticket, "load": random.random()}))
    for wanted, answer in [
        (f"join {sid}", f"joined {sid} as guest {random.randrange(1_000_000)}"),
        (json.dumps({"ticket": ticket}), json.dumps({"ok": True, "ticket": ticket, "plan": plan, "sid": sid})),
    ]:
        if connection.recv() != wanted:
            return connection.close(4003, "who are you?")
        connection.send(answer)
    connection.close()


def guard(connection):
    """Echoes what comes with the token."""
    token = None
    for message in connection:
        say("got", message)
        fields = json.loads(message)
        if token is None and "login" in fields:
            token = str(uuid.uuid4())
            connection.send(json.dumps({"token": token}))
        elif token is None or fields.get("token") != token:
            return connection.close(4401, "log in first")
        else:
            connection.send(message)


def handle(connection):
    say("open", connection.request.path)
    url = urlsplit(connection.request.path)
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    try:
        if url.path == "/close":
            connection.close(int(query.get("code", 1000)), query.get("reason", ""))
        elif url.path == "/ping":
            pong = connection.ping("are you there")
            threading.Thread(target=report_pong, args=[pong], daemon=True).start()
        elif url.path == "/fragments":
            connection.send(["hel", "lo ", "there"])
        elif url.path == "/session":
            session(connection, query.get("plan", "basic"))
        elif url.path == "/login":
            guard(connection)
        for message in connection:
            connection.send(message)
    except ConnectionClosed:
        pass  # An abnormal closure; what there is to say about it is in the line below.
    say("close", connection.close_code, connection.close_reason)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--deflate", nargs="?", type=json.loads, const={}, metavar="JSON")
    arguments.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"))
    arguments.add_argument("--subprotocol")
    options = arguments.parse_args()

    context = None
    if options.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*options.tls)
    deflate = options.deflate is not None
    server = serve(
        handle,
        "127.0.0.1",
        0,
        ssl=context,
        compression=None,  # "deflate" would add the library's own choice to the one made here.
        extensions=[ServerPerMessageDeflateFactory(**options.deflate)] if deflate else None,
        subprotocols=[options.subprotocol] if options.subprotocol else None,
        select_subprotocol=lambda _, offered: options.subprotocol if options.subprotocol in offered else None,
        max_size=None,
    )
    exit_with_stdin()
    say("PORT", server.socket.getsockname()[1])
    server.serve_forever()


if __name__ == "__main__":
    main()
