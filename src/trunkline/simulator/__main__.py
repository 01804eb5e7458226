"""``python -m trunkline.simulator -c FILE --port N``: the simulator without the command line's libraries.
It refuses to do more than read four options.
"""

import argparse
import sys

from trunkline.simulator.command import run
from trunkline.simulator.config import ConfigError


def main() -> int:
    """The exit code: 0 after a signal, 2 when the file or the address is no good."""
    parser = argparse.ArgumentParser(prog="python -m trunkline.simulator", description="Serve simulated LLM providers.")
    parser.add_argument("-c", "--config", required=True, metavar="FILE", help="YAML file with the providers")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, default=8900, help="port to listen on, 0 for any free one (8900)")
    parser.add_argument("--log", metavar="FILE", help="ground-truth log, - for stdout; overrides the config's")
    options = parser.parse_args()
    try:
        run(options.config, options.host, options.port, options.log)
    except (ConfigError, OSError) as error:
        print(f"trunkline simulate: {error}", file=sys.stderr)  # noqa: T201
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
