"""Parameters that several routes take."""

from typing import Annotated

from fastapi import Header, Path

from reperage.service.api.schemas import ID_PATTERN

CourseId = Annotated[str, Path(description="The course.", examples=["docker"])]
DocumentId = Annotated[str, Path(description="The document.", examples=["introduction-docker"])]
IdempotencyKey = Annotated[
    str | None,
    Header(
        max_length=64,
        pattern=ID_PATTERN,
        description="A name of one's own for this question: sent again with it, it gets the same answer and is asked "
        "once.",
    ),
]
