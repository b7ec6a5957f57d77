"""The Autobahn TestSuite's fuzzing server, for `scripts/conformance`: it plays a case to each client that connects.

    python2.7 fuzzing_server.py REPORT_FOLDER CASE...      (cases: "9.1.2", or patterns such as "9.*", "*")

This is `wstest -m fuzzingserver` but for three things: it listens on 127.0.0.1 alone and not on every address, on a
port that the system chooses, printed as `PORT n` once it listens, and it ends by itself after LIFETIME seconds.
"""

from __future__ import print_function

import socket
import sys

# First, as it chooses the reactor (kqueue on macOS) before anything imports one.
import autobahntestsuite.choosereactor  # noqa: F401
from autobahntestsuite.fuzzing import FuzzingServerFactory
from twisted.internet import reactor

LIFETIME = 30 * 60  # seconds; a full run takes a few minutes


def main(report_folder, cases):
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(50)
    listener.setblocking(False)
    port = listener.getsockname()[1]
    specification = {
        "url": "ws://127.0.0.1:%d" % port,
        "outdir": report_folder,
        "cases": cases,
        "exclude-cases": [],
        "exclude-agent-cases": {},
    }
    reactor.adoptStreamPort(listener.fileno(), socket.AF_INET, FuzzingServerFactory(specification))
    reactor.callLater(LIFETIME, reactor.stop)
    print("PORT %d" % port)
    sys.stdout.flush()
    reactor.run()


main(sys.argv[1], sys.argv[2:])
