"""What sanitizers need to know in the environment of a confined role (`make SAN=1 check`, `make SAN=thread check`)."""

import os
import re

VARIABLES = ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS")
REPORT = re.compile(r"(ERROR|WARNING): \w+Sanitizer|runtime error: |Sanitizer CHECK failed")


def role_environment(name, environment):
    """LeakSanitizer looks through a process from a clone that traces it, which both roles have given up: the unit tests
    look for leaks instead. ship can write no report outside of its inbox, so it says it in its messages."""
    more = {"collect": ":detect_leaks=0", "ship": ":detect_leaks=0:log_path=stderr"}.get(name)
    if more is None:
        return environment
    return dict(environment, **{key: environment[key] + more for key in VARIABLES if key in environment})


def tell_report(name, messages):
    """Puts a report that is among a role's messages where scripts/check looks for it."""
    found = REPORT.search(messages)
    folder = re.search(r"log_path=([^:]*)", os.environ.get("ASAN_OPTIONS", ""))
    if found and folder:
        with open("%s.%s.%d" % (folder.group(1), name, os.getpid()), "w") as file:
            file.write(messages[max(0, found.start() - 200):][:6000])
