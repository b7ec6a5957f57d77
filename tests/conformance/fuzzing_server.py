"""The Autobahn TestSuite's fuzzing server, for `scripts/conformance`: it plays a case to each client that connects.

    python2.7 fuzzing_server.py REPORT_FOLDER SHARE SHARES CASE...

CASE is a case such as "9.1.2", or a pattern such as "9.*" or "*". Of all these cases this server plays every SHARES-th,
from the SHARE-th on: a server uses one core at most, so several share the work.

But for that, this is `wstest -m fuzzingserver` with three differences: it listens on 127.0.0.1 alone and not on every
address, on a port that the system chooses, printed as `PORT n` once it listens, and it ends after LIFETIME seconds.
"""

from __future__ import print_function

import socket
import sys

# First, as it chooses the reactor (kqueue on macOS) before anything imports one.
import autobahntestsuite.choosereactor  # noqa: F401
from autobahntestsuite.fuzzing import FuzzingServerFactory
from twisted.internet import reactor

LIFETIME = 30 * 60  # seconds; a full run takes some minutes


def main(report_folder, share, shares, *cases):
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(50)
    listener.setblocking(False)
    port = listener.getsockname()[1]
    specification = {
        "url": "ws://127.0.0.1:%d" % port,
        "outdir": report_folder,
        "cases": list(cases),
        "exclude-cases": [],
        "exclude-agent-cases": {},
    }
    factory = FuzzingServerFactory(specification)
    factory.specCases = factory.specCases[int(share) - 1 :: int(shares)]
    reactor.adoptStreamPort(listener.fileno(), socket.AF_INET, factory)
    reactor.callLater(LIFETIME, reactor.stop)
    print("PORT %d" % port)
    sys.stdout.flush()
    reactor.run()


main(*sys.argv[1:])
