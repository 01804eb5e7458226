"""``python -m trunkline``: the command line. Knows nothing else."""

from trunkline.cli.main import main

main()
