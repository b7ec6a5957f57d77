"""A WebSocket client made with PyPI `websockets`: a second real peer, written by others, for the tests of what serves.

    python websockets_client.py URL [--deflate] [--subprotocol NAME] [MESSAGE...]

It does and says what ws_client.js does and says.
"""

import argparse
import time

from lifeline import exit_with_stdin, say
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

parser = argparse.ArgumentParser()
parser.add_argument("url")
parser.add_argument("--deflate", action="store_true")
parser.add_argument("--subprotocol")
parser.add_argument("messages", nargs="*")
args = parser.parse_intermixed_args()
exit_with_stdin()

try:
    connection = connect(
        args.url,
        compression="deflate" if args.deflate else None,
        subprotocols=[args.subprotocol] if args.subprotocol else None,
    )
except InvalidStatus as refused:
    say("refused", refused.response.status_code, refused.response.body.decode().strip())
else:
    extensions = connection.response.headers.get("Sec-WebSocket-Extensions", "")
    say("open", connection.subprotocol or "", extensions)
    try:
        for message in args.messages:
            connection.send(message)
            answer = connection.recv()
            say(f"message {answer}" if isinstance(answer, str) else f"binary {answer.hex()}")
        connection.close()
    except ConnectionClosed:
        pass
    say("close", connection.close_code, connection.close_reason)
while True:
    time.sleep(3600)  # To the end of stdin.
