"""Fields that platforms and frames send to `/lti`, and what there is to answer from."""

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, Request

from reperage.service.database.engine import Database
from reperage.service.database.lti import Platform, all_platforms
from reperage.service.http.rate_limit import client_address
from reperage.service.http.services_of import services_of
from reperage.service.lti.refusals import LaunchRefused

_MOST_FIELDS = 50


async def fields_of(request: Request) -> Mapping[str, str]:
    """Fields of a form, or of the query.

    Raises:
        LaunchRefused: they are none.
    """
    if request.method == "GET":
        return dict(request.query_params)
    try:
        body = (await request.body()).decode()
        return dict(parse_qsl(body, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict"))
    except ValueError as error:
        raise LaunchRefused("invalid_message", "the fields cannot be read") from error


async def count_session(request: Request) -> None:
    """Counts what anybody may begin, and what leaves a row; raises `TooManyRequests`."""
    limiter = services_of(request).rate_limiter
    await limiter.count_session(client_address(request))


Fields = Annotated[Mapping[str, str], Depends(fields_of)]


def platform_by_id(database: Database, platform_id: str) -> Platform:
    """Platform of a name; raises `LaunchRefused` where it was removed meanwhile."""
    for platform in all_platforms(database):
        if platform.id == platform_id:
            return platform
    raise LaunchRefused("unknown_platform", f"there is no platform {platform_id!r} any more")


def database_of(request: Request) -> Database:
    """The service's database."""
    return services_of(request).database


def read_registry_again(request: Request) -> None:
    """Let this process see at once what was changed."""
    services_of(request).registry.read_again()
