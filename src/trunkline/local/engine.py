"""Serves the local model with llama.cpp's own HTTP server, in this process, until a signal says stop.

Refuses to know who started the process. One process, one model: the engine reads its thread settings once, at load.
"""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from trunkline.local.weights import LocalModelError, check_engine, find_weights

HOST = "127.0.0.1"
MODEL = "smollm2-135m-instruct"
WINDOW = 4096
"""Tokens of context, shared by the requests in flight. The model was trained on 8192; half of it halves the memory."""

ANSWER = 256
"""Tokens of an answer whose request names no limit, about three seconds. A model this small tends to repeat itself."""

READY = "local model listening on "
"""What a process that serves the model prints before the base URL, once it answers."""

STOP = {signal.SIGTERM, signal.SIGINT}


def serve(port: int, ready: Callable[[str], None]) -> NoReturn:
    """Serve on loopback until SIGTERM or SIGINT, which end the process; ``ready`` is told the base URL once it answers.

    ``port`` 0 picks a free one. Call it in the main thread of a process that does nothing else.

    Raises:
        LocalModelError: nothing to serve, or the port is taken.
    """
    check_engine()
    weights = find_weights()
    # Before the engine starts its threads: they inherit the mask, and the signal waits for sigwait.
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP)
    server = _start(weights, port)
    ready(f"{server.listening_address}/v1")
    signal.sigwait(STOP)
    # At once: the engine's own way out waits for every answer in flight, minutes at worst. Nothing here needs saving.
    os._exit(0)


def _start(weights: Path, port: int) -> Any:
    # OpenMP reads this when the engine is loaded. Its default spins between tokens and starves whoever shares the core.
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    import xllamacpp  # noqa: PLC0415 - an optional extra, and not before the line above

    engine: Any = xllamacpp
    try:
        return engine.Server(_parameters(engine, weights, port))
    except RuntimeError as error:
        raise LocalModelError(
            f"llama.cpp could not serve {weights.name} on {HOST}:{port}: {error} "
            "Is the port taken? --port 0 picks a free one."
        ) from error


def _parameters(engine: Any, weights: Path, port: int) -> Any:
    params = engine.CommonParams()
    params.model.path = str(weights)
    params.model_alias = {MODEL}
    params.hostnames, params.port = [HOST], port
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.n_threads_http = 4
    params.n_parallel, params.kv_unified, params.n_ctx = 2, True, WINDOW
    params.n_predict = ANSWER
    params.cache_ram_mib = 64  # of earlier prompts; the engine's default is 8 GiB
    params.sampling.temp = 0.0  # the likeliest word: the same question gets the same answer
    params.ui = params.endpoint_slots = False
    params.offline = True
    params.verbosity = 1  # errors only
    return params
