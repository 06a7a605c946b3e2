"""`repere keys`: the keys of the API."""

from typing import TYPE_CHECKING, Annotated, cast, get_args

import typer

from reperage.service.caller import Role
from reperage.service.cli.terminal import AsJson, check_names, date, encryption, messages, open_database, print_json
from reperage.service.errors import StartError
from reperage.service.settings import Settings

if TYPE_CHECKING:
    from reperage.service.database.keys import Key

keys = typer.Typer(help="Keys of the API, for programs such as an LMS; see docs/lms.md.", no_args_is_help=True)


@keys.command("create")
def create_key(
    role: Annotated[str, typer.Option(help="student, teacher or administrator.")] = "student",
    course: Annotated[
        list[str] | None, typer.Option("--course", "-c", help="A course that it opens or may make; without it all.")
    ] = None,
    expires: Annotated[
        str | None, typer.Option(help="When it ends: 30d, 12w, 6m, 1y, or a date such as 2027-07-31.")
    ] = None,
    name: Annotated[str, typer.Option(help="What it is for, so that it can be told from others.")] = "",
    issuer: Annotated[
        str | None, typer.Option(help="The LMS that may say for which of its users it asks, as `iss` of its tokens.")
    ] = None,
    jwks: Annotated[str | None, typer.Option(help="The address of the public keys that it signs them with.")] = None,
    signing_secret: Annotated[
        bool, typer.Option("--signing-secret", help="Make a secret that it signs them with instead, and print it.")
    ] = False,
    users_only: Annotated[
        bool, typer.Option("--users-only", help="Let the key open nothing without the token of a user.")
    ] = False,
) -> None:
    """Make a key of the API and print it, alone on its line; the signing secret, if any, on the next: once only."""
    from reperage.service.access.api_keys import expiry, for_users, new_key
    from reperage.service.access.lms_user_tokens import PURPOSE
    from reperage.service.database.keys import store_key

    if role not in get_args(Role):
        raise StartError(f"there is no role {role!r}; there are: {', '.join(get_args(Role))}")
    check_names(course or [])
    courses = frozenset(course) if course else None
    _check_users(issuer, jwks, signing_secret, users_only)
    key, key_text = new_key(name, cast(Role, role), courses, expiry(expires) if expires else None)
    key, secret = for_users(key, issuer, jwks, users_only, encryption(Settings(), PURPOSE) if signing_secret else None)
    with open_database() as database:
        store_key(database, key)
    messages.print(f"Key {key.id}: {key_summary(key)}. It is not shown again:")
    print(key_text)
    if secret:
        messages.print("Its users' tokens are signed with this secret (HS256), which is not shown again:")
        print(secret)


@keys.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """List the keys of the API, without their secrets."""
    from reperage.service.database.keys import all_keys

    with open_database() as database:
        api_keys = all_keys(database)
    if as_json:
        rows = [
            {
                "id": key.id,
                "name": key.name,
                "role": key.role,
                "courses": None if key.courses is None else sorted(key.courses),
                "made_at": date(key.made_at),
                "expires_at": date(key.expires_at),
                "used_at": date(key.used_at),
                "revoked_at": date(key.revoked_at),
                "issuer": key.issuer,
                "jwks": key.key_set_url,
                "users_only": key.users_only,
            }
            for key in api_keys
        ]
        print_json({"keys": rows})
        return
    for key in api_keys:
        print(f"{key.id}: {key_summary(key)}" + (f" ({key.name})" if key.name else ""))


@keys.command("revoke")
def revoke_key(
    key: Annotated[str, typer.Argument(help="The key's name, as `repere keys list` tells it, or the key itself.")],
) -> None:
    """Void a key: running servers refuse it a few seconds later."""
    from reperage.service.clock import now
    from reperage.service.database.keys import revoke_key as revoke

    name = key.removeprefix("rk_")[:10]
    with open_database() as database:
        if not revoke(database, name, now()):
            raise StartError(f"there is no key {name!r} that is not void; `repere keys list` tells which there are")
    messages.print(f"Key {name} opens nothing any more.")


def _check_users(issuer: str | None, jwks: str | None, signing_secret: bool, users_only: bool) -> None:
    """Raise `StartError` unless the options go together."""
    from reperage.service.access.jwks import check_address

    if issuer is None:
        if jwks or signing_secret or users_only:
            raise StartError("--jwks, --signing-secret and --users-only go with --issuer, the name of the LMS")
        return
    if not issuer.strip() or len(issuer) > 255 or not issuer.isprintable():
        raise StartError("--issuer is `iss` of the LMS's tokens, at most 255 characters")
    if bool(jwks) == signing_secret:
        raise StartError("--issuer goes with --jwks or with --signing-secret, one of them")
    if jwks:
        try:
            check_address(jwks)
        except ValueError as error:
            raise StartError(f"--jwks is {jwks!r}: {error}") from error


def key_summary(key: "Key") -> str:
    """Summary of a key: what it opens, until when, and when it was used last."""
    courses = "all courses" if key.courses is None else ", ".join(sorted(key.courses))
    parts = [f"{key.role} of {courses}"]
    if key.issuer:
        signer = f"keys at {key.key_set_url}" if key.key_set_url else "a secret"
        parts.append(f"{'only ' if key.users_only else ''}for users of {key.issuer} (signed with {signer})")
    if key.revoked_at:
        parts.append(f"revoked {date(key.revoked_at)}")
    elif key.expires_at:
        parts.append(f"until {date(key.expires_at)}")
    if key.used_at:
        parts.append(f"last used {date(key.used_at)}")
    return ", ".join(parts)
