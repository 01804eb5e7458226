"""Shows that the tests of resilience can fail: breaks one rule at a time, and the suite must go red each time.

Refuses to count a suite as red that did not run: pytest's exit must say that tests failed, and without the change none.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CIRCUITS, WAITS = "tests/e2e/test_resilience_circuits.py", "tests/e2e/test_resilience_waits.py"
RULES = {  # plugin: the tests that hold the gateway to the rule
    "no_permits": f"{CIRCUITS}::test_a_failing_target_is_left_alone_after_three_failures_probed_once_and_used_again",
    "no_commit": f"{WAITS}::test_a_stalled_stream_ends_at_the_idle_timeout_with_an_error_and_what_came_is_billed",
    "no_retry_budget": f"{WAITS}::test_a_target_is_asked_again_only_while_its_retry_budget_lasts",
    "no_classification": f"{CIRCUITS}::test_a_callers_mistakes_never_trip",
}
PASSED, FAILED = 0, 1  # pytest's exit codes
SECONDS = 600.0  # a fault of the machine is no red


def run(tests: list[str], *options: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "--no-header", "-p", "no:cacheprovider", *options, *tests]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False)
    return done.returncode, done.stdout.strip().rpartition("\n")[2]


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    wrong = 0
    code, said = run(list(RULES.values()))
    wrong += code != PASSED
    say(f"{'unchanged':18} {'green' if code == PASSED else 'NOT GREEN'}: {said}")
    for name, tests in RULES.items():
        code, said = run([tests], "-p", f"tests.mutation.{name}")
        wrong += code != FAILED
        say(f"{name:18} {'red, as it must be' if code == FAILED else 'NOT RED'}: {said}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
