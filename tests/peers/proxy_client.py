"""A client made with PyPI `websockets`: says what it has seen of a server that echoes, as a line of JSON.

    python proxy_client.py URL
"""

import json
import sys

from websockets.sync.client import connect


def main():
    seen = []
    with connect(sys.argv[1], subprotocols=["v0", "v1"], ping_interval=None) as connection:
        extensions = connection.response.headers.get("Sec-WebSocket-Extensions")
        seen += [connection.subprotocol, extensions and extensions.split(";")[0]]
        connection.send(["in ", "three ", "pieces"])
        for message in ["again and again", "again and again", bytes([1, 2, 3]), "x" * 100_000]:
            connection.send(message)
        for _ in range(5):
            message = connection.recv(timeout=20)
            seen.append(message if len(message) < 100 else len(message))
        seen.append(connection.ping(b"there?").wait(20))
        connection.close(4000, "done")
        seen += [connection.close_code, connection.close_reason]
    print(json.dumps([list(part) if isinstance(part, bytes) else part for part in seen]))


main()
