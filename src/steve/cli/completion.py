"""`steve completion`."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

_VARIABLE = "_STEVE_COMPLETE"


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that completes `steve` commands on Tab.

    \b
    bash:  echo 'eval "$(steve completion bash)"' >> ~/.bashrc
    zsh:   echo 'eval "$(steve completion zsh)"' >> ~/.zshrc
    fish:  steve completion fish > ~/.config/fish/completions/steve.fish
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"there is no completion for {shell}")
    click.echo(kind(context.find_root().command, {}, "steve", _VARIABLE).source())
