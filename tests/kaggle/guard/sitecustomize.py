"""Loaded by every Python process that the tests of Kaggle start: nobody there gets further than this machine."""

import os
import sys


def _is_here(address):
    host = address[0] if isinstance(address, tuple) else address
    return host is None or str(host) in ("localhost", "::1", "") or str(host).startswith("127.")


def _watch(event, arguments):
    if event == "socket.connect":
        address = arguments[1]
        local = not isinstance(address, tuple) or _is_here(address)
    elif event == "socket.getaddrinfo":
        address = arguments[0]
        local = _is_here(address)
    else:
        return
    if not local:
        with open(os.environ["KAGGLE_GUARD"], "a", encoding="utf-8") as file:  # noqa: PTH123 - little is loaded yet
            file.write(f"{event} {address}\n")
        raise PermissionError(f"the tests do not allow {event} to {address}")


if "KAGGLE_GUARD" in os.environ:
    sys.addaudithook(_watch)
