"""The Autobahn TestSuite's fuzzing client, for `scripts/conformance server`: it plays its cases to a server.

    python2.7 fuzzing_client.py REPORT_FOLDER URL SHARE SHARES CASE...

CASE is a case such as "9.1.2", or a pattern such as "9.*" or "*". Of all these cases this client plays every SHARES-th,
from the SHARE-th on: a client uses one core at most, so several share the work. It ends after the last one, or after
LIFETIME seconds.

But for the share, this is `wstest -m fuzzingclient`.
"""

from __future__ import print_function

import sys

# First, as it chooses the reactor (kqueue on macOS) before anything imports one.
import autobahntestsuite.choosereactor  # noqa: F401
from autobahntestsuite import fuzzing
from twisted.internet import reactor

LIFETIME = 30 * 60  # seconds; a full run takes some minutes


class Client(fuzzing.FuzzingClientFactory):
    refused = None

    def clientConnectionFailed(self, connector, reason):
        self.refused = reason.getErrorMessage()
        reactor.stop()


def main(report_folder, url, share, shares, *cases):
    specification = {
        "outdir": report_folder,
        "servers": [{"agent": "wscope", "url": url}],
        "exclude-cases": [],
        "exclude-agent-cases": {},
    }
    suite = fuzzing.CaseSet(
        fuzzing.CaseSetname, fuzzing.CaseBasename, fuzzing.Cases, fuzzing.CaseCategories, fuzzing.CaseSubCategories
    )
    chosen = suite.parseSpecCases(dict(specification, cases=list(cases)))
    # It begins to connect when it is made.
    client = Client(dict(specification, cases=chosen[int(share) - 1 :: int(shares)]))
    reactor.callLater(LIFETIME, reactor.stop)
    reactor.run()
    return client.refused and "cannot connect to %s: %s" % (url, client.refused)


sys.exit(main(*sys.argv[1:]))
