"""The command line: run the bot, lint plans, rehearse a plan in the terminal."""

import asyncio
import os
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
Rollout = Annotated[str, typer.Argument(help="The rollout, such as gitguard-3; `rollout status` lists them.")]
Reason = Annotated[str, typer.Argument(help="Why; it is on record for good.")]
OfPhase = Annotated[str, typer.Option("--phase", help="The phase; without it, the one under way.")]
TakeOver = Annotated[bool, typer.Option("--take-over", help="Wait for the holder's lease to end, and take it.")]
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


@app.command()
def status(rollout: Annotated[str, typer.Argument(help="One rollout; without it, all that are live.")] = "") -> None:
    """Say on the host who acts, where each rollout stands and why, with Slack up or down; changes nothing."""
    from bot.host.door import showing

    raise typer.Exit(showing(rollout, typer.echo, os.environ))


@app.command()
def hold(rollout: Rollout, reason: Reason, phase: OfPhase = "", *, take_over: TakeOver = False) -> None:
    """Stop a phase from moving forward, from the host."""
    from bot.host.door import giving
    from bot.host.orders import Asked

    raise typer.Exit(giving(Asked("hold", rollout, reason, phase, take_over), typer.echo, os.environ))


@app.command()
def rollback(rollout: Rollout, reason: Reason, phase: OfPhase = "", *, take_over: TakeOver = False) -> None:
    """Take a phase back, rung by rung, from the host; without a live bot this command does it itself."""
    from bot.host.door import giving
    from bot.host.orders import Asked

    raise typer.Exit(giving(Asked("rollback", rollout, reason, phase, take_over), typer.echo, os.environ))


@app.command()
def abort(rollout: Rollout, reason: Reason, phase: OfPhase = "", *, take_over: TakeOver = False) -> None:
    """End a phase before its first effect, from the host."""
    from bot.host.door import giving
    from bot.host.orders import Asked

    raise typer.Exit(giving(Asked("abort", rollout, reason, phase, take_over), typer.echo, os.environ))


@app.command()
def explain(
    code: Annotated[str, typer.Argument(help="A code that the bot said; without one, all are listed.")] = "",
) -> None:
    """Say what a code of a refusal means, and what to do about it."""
    from bot.host.explaining import explained

    answer, known = explained(code)
    typer.echo(answer, err=not known)
    raise typer.Exit(0 if known else 1)


@app.command()
def evidence(name: Annotated[str, typer.Argument(help="The rollout, such as gitguard-3; closed ones too.")]) -> None:
    """Seal all of a rollout into one file, kept below ROLLOUT_ARTIFACTS; prints its path, head and SHA-256."""
    from bot.host.sealing import sealed

    words, status = asyncio.run(sealed(name, os.environ))
    typer.echo(words, err=status != 0)
    raise typer.Exit(status)


@app.command()
def verify(
    bundle: Annotated[str, typer.Argument(help="The zip to check; nothing but the file is needed.")],
    head: Annotated[str, typer.Option(help="The ledger's head as a message in Slack told of it.")] = "",
) -> None:
    """Check an evidence bundle offline: 0 it is sound, 1 it is not, 2 it cannot be read."""
    from bot.evidence.verifying import told

    status, words = told(bundle, head)
    typer.echo(words, err=status != 0)
    raise typer.Exit(status)


@app.command()
def doctor(
    plan: Annotated[list[Path] | None, typer.Option(help="A plan's file; repeatable; else ROLLOUT_PLANS.")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Look at everything that the bot needs, change nothing, and name the remedy of what is wrong."""
    from bot.doctor.door import report
    from storage.checkup import checkup

    written, stands = report(os.environ, checkup, plan or [], json=as_json)
    typer.echo(written)
    raise typer.Exit(0 if stands else 1)


@app.command()
def init(
    file: Annotated[Path, typer.Option(help="The env file to write, with mode 0600.")] = Path(".env"),
    *,
    http: Annotated[bool, typer.Option("--http", help="Signed HTTP: asks for the signing secret.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """Ask for the two secrets of the Slack app, prove them against Slack, and write the bot's env file."""
    from bot.doctor.initial import set_up

    told = set_up(file, os.environ, typer.echo, http=http, force=force)
    if told:
        typer.echo(told, err=True)
    raise typer.Exit(1 if told else 0)


@app.command()
def manifest(
    *,
    link: Annotated[bool, typer.Option("--link", help="The address that makes the app in Slack.")] = False,
    http: Annotated[str, typer.Option(help="Signed HTTP: the bot's address as Slack sees it, https://…")] = "",
) -> None:
    """Print the manifest of the Slack app."""
    from bot.setup.manifest import BadAddress, link_to, written

    try:
        text = written(http)
    except BadAddress as bad:
        typer.echo(str(bad), err=True)
        raise typer.Exit(1) from None
    typer.echo(link_to(text) if link else text.rstrip())


def main() -> None:
    """The entry point of `rollout` and of `python -m bot`."""
    app(prog_name="rollout")


if __name__ == "__main__":
    main()
