"""The command line: run the bot, lint plans, rehearse a plan in the terminal."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="rollout",
    help="Carries a production rollout from announcement to evidence, from a Slack channel.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
Folder = Annotated[Path, typer.Option(help="The folder that env files and scripts of a plan are relative to.")]


@app.command()
def run() -> None:
    """Run the bot against the workspace that the environment names, until it is told to stop."""
    from bot.app import serve
    from bot.settings import Settings, SettingsFault

    try:
        settings = Settings.read()
    except SettingsFault as fault:
        typer.echo(f"The bot cannot start:\n{fault}", err=True)
        raise typer.Exit(2) from None
    raise typer.Exit(asyncio.run(serve(settings)))


@app.command()
def lint(plans: Annotated[list[Path], typer.Argument(help="Plan files to check.")], root: Folder = Path()) -> None:
    """Check plans; every fault names file, line, column and a remedy."""
    from bot.plans.faults import PlanError
    from bot.plans.loader import load

    broken = False
    for path in plans:
        try:
            plan = load(path, root)
        except (PlanError, OSError) as fault:
            typer.echo(str(fault), err=True)
            broken = True
        else:
            typer.echo(f"{path}: {plan.title}, {len(plan.phases)} phases, sound")
    raise typer.Exit(1 if broken else 0)


@app.command()
def rehearse(
    plan: Annotated[Path, typer.Argument(help="The plan to walk through.")],
    root: Folder = Path(),
    fail: Annotated[str, typer.Option(help="PHASE/GATE that turns bad while the phase soaks.")] = "",
) -> None:
    """Walk a plan from the first phase to the last with harmless twins; nothing real is read or changed."""
    from bot.plans.faults import PlanError
    from bot.plans.loader import load
    from bot.rehearsal.walk import walk

    try:
        loaded = load(plan, root)
    except (PlanError, OSError) as fault:
        typer.echo(str(fault), err=True)
        raise typer.Exit(1) from None
    raise typer.Exit(asyncio.run(walk(loaded, root, typer.echo, fail=fail)))


def main() -> None:
    """The entry point of `rollout` and of `python -m bot`."""
    app(prog_name="rollout")


if __name__ == "__main__":
    main()
