"""`python -m trunkline.local --port N`: the local model as a process of its own.

Refuses to know the command line of the product: `trunkline local` is a door beside this one.
"""

import argparse
import os
import signal
import sys
import threading

from trunkline.local.engine import READY, STOP, serve
from trunkline.local.weights import LocalModelError


def announce(url: str) -> None:
    """Say on standard output where the model answers, at once."""
    print(f"{READY}{url}", flush=True)  # noqa: T201 - this line is the interface


def stop_with_parent() -> None:
    """Stop this process when standard input ends, which it does however the parent ends, kill -9 included."""
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m trunkline.local", description="Serve the local model on loopback.")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one (default)")
    parser.add_argument("--with-parent", action="store_true", help="stop when standard input ends")
    options = parser.parse_args()
    # Blocked before the first thread starts, so that no thread is killed by the signal that serve() waits for.
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP)
    if options.with_parent:
        threading.Thread(target=stop_with_parent, daemon=True).start()
    try:
        serve(options.port, announce)
    except LocalModelError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
