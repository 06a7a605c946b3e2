"""Responses straight from models that were checked already."""

from pydantic import BaseModel
from starlette.responses import Response


def json_response(value: BaseModel) -> Response:
    # Straight from the model: FastAPI would check it a second time.
    return Response(value.model_dump_json(by_alias=True), media_type="application/json")
