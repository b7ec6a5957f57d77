"""Compares the Autobahn TestSuite's verdicts with the golden file, for `scripts/conformance`.

    python verdicts.py all|part|bless[,non-strict] GOLDEN REPORT_FOLDER...

GOLDEN maps each case to its verdicts on behaviour and on the closing handshake: {"1.1.1": ["OK", "OK"], ...}, a case a
line, in the order of the suite. Prints what differs and how many cases have each verdict; exits 1 on any difference.
With `,non-strict`, behaviour that the suite calls NON-STRICT passes where OK is expected, and is counted.
`bless` writes GOLDEN instead, `part` expects only the cases that were run. Runs under Python 2.7 and 3, so that the
suite's own Python is enough.
"""

from __future__ import print_function

import io
import json
import os
import sys
from collections import Counter


def natural(case):
    return [int(part) for part in case.split(".")]


def verdicts(report_folders):
    """All verdicts of all reports: case -> [behavior, behaviorClose], and case -> the page that shows what happened."""
    found, pages = {}, {}
    for folder in report_folders:
        with io.open(os.path.join(folder, "index.json"), encoding="utf-8") as index:
            for cases in json.load(index).values():
                for case, of in cases.items():
                    found[case] = [str(of["behavior"]), str(of["behaviorClose"])]
                    pages[case] = os.path.join(folder, of["reportfile"].replace(".json", ".html"))
    return found, pages


def write(golden, found):
    lines = ['  "%s": %s' % (case, json.dumps(found[case])) for case in sorted(found, key=natural)]
    with io.open(golden, "w", encoding="utf-8", newline="\n") as file:
        file.write(u"{\n" + u",\n".join(lines) + u"\n}\n")


def main(mode, golden, *report_folders):
    mode, _, lenient = mode.partition(",")
    found, pages = verdicts(report_folders)
    for index, what in enumerate(["behaviour", "closing handshake"]):
        counts = Counter(of[index] for of in found.values())
        text = ", ".join("%d %s" % (n, verdict) for verdict, n in counts.most_common())
        print("%s: %d cases: %s" % (what, len(found), text))
    if mode == "bless":
        write(golden, found)
        print("wrote", golden)
        return 0

    with io.open(golden, encoding="utf-8") as file:
        expected = json.load(file)
    differences, less_strict = 0, 0
    compared = set(found) if mode == "part" else set(found) | set(expected)
    for case in sorted(compared, key=natural):
        if found.get(case) == expected.get(case):
            continue
        if lenient and found.get(case) == ["NON-STRICT"] + expected.get(case, [])[1:]:
            less_strict += 1
            continue
        differences += 1
        has = "/".join(found.get(case, ["not run"]))
        wants = "/".join(expected.get(case, ["not in the golden file"]))
        print("%-8s %s, expected %s  %s" % (case, has, wants, pages.get(case, "")))
    if less_strict:
        print("NON-STRICT where OK would be better: %d" % less_strict)
    print("conformance: %d passed, %d failed" % (len(compared) - differences, differences))
    return 1 if differences else 0


sys.exit(main(*sys.argv[1:]))
