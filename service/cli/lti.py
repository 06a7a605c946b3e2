"""`repere lti`: the learning platforms that open Repère in their courses."""

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated

import typer

from reperage.service.cli.terminal import AsJson, check_courses, date, messages, open_database, print_json
from reperage.service.database.lti import Platform
from reperage.service.errors import StartError
from reperage.service.settings import Settings

lti = typer.Typer(help="Learning platforms that open Repère by LTI 1.3; see docs/lms.md.", no_args_is_help=True)

PlatformId = Annotated[str, typer.Argument(help="The platform, as `repere lti list` names it.")]
Courses = Annotated[
    list[str] | None,
    typer.Option("--course", "-c", help="A course that its teachers may choose, beside the shipped and their own."),
]
FrameOrigins = Annotated[
    list[str] | None,
    typer.Option(help="An origin whose pages show Repère in a frame, beside the issuer's and the authorisation's."),
]
_INVITATION_DAYS = 7


@lti.command("add")
def add(
    issuer: Annotated[str, typer.Argument(help="Its issuer, such as https://moodle.example.")],
    client_id: Annotated[str, typer.Option(help="The client ID that it gave Repère.")],
    auth_url: Annotated[str, typer.Option(help="The address of its OIDC authorisation.")],
    jwks_url: Annotated[str, typer.Option(help="The address of its public keys.")],
    deployment: Annotated[list[str], typer.Option(help="The ID of a deployment that may launch.")],
    token_url: Annotated[str | None, typer.Option(help="The address of its access tokens, if it tells one.")] = None,
    frame_origin: FrameOrigins = None,
    course: Courses = None,
    name: Annotated[str, typer.Option(help="What it is called here.")] = "",
) -> None:
    """Let a platform launch Repère; the same issuer and client again changes what is told of it."""
    from reperage.service.access.lti_platforms import new_platform
    from reperage.service.database.lti import add_platform

    check_courses(course or [])
    platform = new_platform(
        issuer,
        client_id,
        auth_url,
        jwks_url,
        token_url=token_url,
        deployments=frozenset(deployment),
        frame_origins=tuple(frame_origin or ()),
        courses=frozenset(course or ()),
        name=name,
    )
    with open_database() as database:
        platform_id = add_platform(database, platform)
    messages.print(f"{platform.name} ({platform_id}) may launch Repère. Give it these addresses:")
    _print_addresses()


@lti.command("invite")
def invite(
    course: Courses = None,
    frame_origin: FrameOrigins = None,
    name: Annotated[str, typer.Option(help="What the platform is called here.")] = "",
) -> None:
    """Print an address with which a platform registers itself (dynamic registration), once, within a week."""
    from reperage.service.access.lti_platforms import new_invitation
    from reperage.service.database.lti import store_invitation

    check_courses(course or [])
    invitation, secret = new_invitation(name, course or (), frame_origin or (), _INVITATION_DAYS)
    with open_database() as database:
        store_invitation(database, invitation)
    messages.print(
        f"Give this address to the platform's registration. It is good for once, for {_INVITATION_DAYS} days:"
    )
    print(f"{Settings().address()}/lti/register?invitation={secret}")


@lti.command("list")
def list_platforms(as_json: AsJson = False) -> None:
    """List the platforms that may launch Repère, and how many of their courses are mapped."""
    from reperage.service.database.lti import all_platforms, mapped_contexts

    with open_database() as database:
        platforms, contexts = all_platforms(database), mapped_contexts(database)
    context_counts = {p.id: sum(context.platform_id == p.id for context in contexts) for p in platforms}
    if as_json:
        print_json({"platforms": [_as_dict(platform, context_counts[platform.id]) for platform in platforms]})
        return
    for platform in platforms:
        deployments = ", ".join(sorted(platform.deployments)) or "none yet: add one with `repere lti deployment`"
        print(f"{platform.id}: {platform.name}, {platform.issuer}, client {platform.client_id}")
        print(f"  deployments: {deployments}; frames: {' '.join(platform.frame_origins)}")
        print(f"  {context_counts[platform.id]} course(s) mapped; added {date(platform.added_at)}")


@lti.command("deployment")
def add_deployment(
    platform: PlatformId, deployment: Annotated[str, typer.Argument(help="The deployment ID that the platform tells.")]
) -> None:
    """Let one more deployment of a platform launch Repère."""
    name = _change(platform, lambda old: replace(old, deployments=old.deployments | {deployment})).name
    messages.print(f"Deployment {deployment} of {name} may launch Repère.")


@lti.command("frame-origin")
def add_frame_origin(
    platform: PlatformId, origin: Annotated[str, typer.Argument(help="Such as https://lycee.instructure.com.")]
) -> None:
    """Let pages of one more origin show Repère in a frame."""
    from reperage.service.urls import normalized_origin

    _change(platform, lambda old: replace(old, frame_origins=(*old.frame_origins, normalized_origin(origin))))
    messages.print(f"Pages of {normalized_origin(origin)} may show Repère.")


def _change(platform_id: str, change: Callable[[Platform], Platform]) -> Platform:
    """Platform of that ID after `change`, as it is stored from then on.

    Raises:
        StartError: there is none, or it cannot be changed so.
    """
    from reperage.service.database.lti import add_platform, all_platforms

    with open_database() as database:
        old = next((platform for platform in all_platforms(database) if platform.id == platform_id), None)
        if old is None:
            raise _unknown(platform_id)
        new = change(old)
        add_platform(database, new)
    return new


@lti.command("remove")
def remove(platform: PlatformId) -> None:
    """Take the right to launch from a platform; its sessions end, and which courses it was mapped to is forgotten."""
    from reperage.service.database.lti import remove_platform

    with open_database() as database:
        if not remove_platform(database, platform):
            raise _unknown(platform)
    messages.print(f"Platform {platform} may not launch Repère any more.")


@lti.command("rotate-keys")
def rotate_keys() -> None:
    """Make a new key to sign with; the one before is published for another week."""
    from reperage.service.access.lti_keys import SigningKeys
    from reperage.service.access.secret_keys import secret_keys

    settings = Settings()
    with open_database() as database:
        key_id = SigningKeys(database, secret_keys(settings.secret_key, settings.home)).rotate()
    messages.print(f"Platforms fetch key {key_id} from {settings.address()}/lti/jwks; it signs in a day.")


def _print_addresses() -> None:
    base = Settings().address()
    for what, path in (
        ("tool URL and redirection URI", "launch"),
        ("login URL", "login"),
        ("public keys", "jwks"),
        ("for Canvas, the whole configuration", "canvas.json"),
    ):
        print(f"{what}: {base}/lti/{path}")


def _as_dict(platform: Platform, context_count: int) -> dict[str, object]:
    return {
        "id": platform.id,
        "name": platform.name,
        "issuer": platform.issuer,
        "client_id": platform.client_id,
        "auth_url": platform.auth_url,
        "jwks_url": platform.key_set_url,
        "token_url": platform.token_url,
        "deployments": sorted(platform.deployments),
        "frame_origins": list(platform.frame_origins),
        "courses": sorted(platform.courses),
        "mapped_courses": context_count,
        "added_at": date(platform.added_at),
    }


def _unknown(platform: str) -> StartError:
    return StartError(f"there is no platform {platform!r}; `repere lti list` tells which there are")
