"""The least that a question costs over HTTP: one route that encodes it and says how long its vector is.

`python -m bench.encode_only PORT` serves it as `repere serve` serves its own: same framework, same server, same
threads, same encoder.
"""

import socket
import sys

import uvicorn
from anyio import CapacityLimiter, to_thread
from fastapi import FastAPI
from pydantic import BaseModel

from reperage.index.encoder import Encoder
from reperage.service.settings import Settings


class Question(BaseModel):
    question: str


class Encoded(BaseModel):
    dimensions: int


def create_app() -> FastAPI:
    settings = Settings()
    encoder = Encoder.load(settings.embedding_model, threads=settings.encoder_threads)
    limiter = CapacityLimiter(settings.calls_at_once)
    app = FastAPI()

    @app.post("/v1/ask")
    async def encode(body: Question) -> Encoded:
        vectors = await to_thread.run_sync(lambda: encoder.encode_query([body.question]), limiter=limiter)
        return Encoded(dimensions=vectors.shape[1])

    @app.get("/readyz")
    async def ready() -> dict[str, str]:
        return {"status": "ready"}

    return app


def main() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", int(sys.argv[1])))
        listener.listen(2048)
        config = uvicorn.Config(create_app(), log_config=None, access_log=False, server_header=False)
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
