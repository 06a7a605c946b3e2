# docker build -t repere .
#
# Where packages come from another index, hand pip its settings as a secret; they stay out of the image:
#   docker build --secret id=pip,src=$HOME/.config/pip/pip.conf --build-arg TORCH_INDEX=... -t repere .

ARG PYTHON_IMAGE=python:3.11-slim-bookworm

# 1. The environment.
FROM ${PYTHON_IMAGE} AS environment
# PyTorch for the CPU. From pip's own index (an empty TORCH_INDEX) it brings gigabytes of CUDA libraries.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
# What only some installations use, 60 MB together: a read-only container has no place to install it later.
ARG EXTRAS="mcp mistralai ollama openai postgresql redis slack"
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /source
# The pip of the image installs into the environment, which needs none itself.
RUN python3 -m venv --without-pip /opt/repere
# Dependencies first: a change of the program leaves this layer as it is.
# PyTorch's own C++ tests and build tools go (130 MB, never started by it). torch_shm_manager stays, as its import
# looks for it, and torch/include, as torch.compile reads it.
COPY pyproject.toml constraints.txt ./
RUN --mount=type=secret,id=pip,target=/etc/pip.conf \
    python3 -c 'import sys, tomllib; project = tomllib.load(open("pyproject.toml", "rb"))["project"]; \
        extras = [name for extra in sys.argv[1:] for name in project["optional-dependencies"][extra]]; \
        print(*project["dependencies"], *extras, sep="\n")' ${EXTRAS} > /tmp/dependencies.txt \
    && python3 -m pip --python /opt/repere/bin/python install --no-deps ${TORCH_INDEX:+--index-url "${TORCH_INDEX}"} \
        "$(grep '^torch==' constraints.txt)" \
    && python3 -m pip --python /opt/repere/bin/python install -c constraints.txt -r /tmp/dependencies.txt \
    && rm -rf /opt/repere/lib/python3*/site-packages/torch/test \
    && find /opt/repere/lib/python3*/site-packages/torch/bin -type f ! -name torch_shm_manager -delete
COPY . .
RUN --mount=type=secret,id=pip,target=/etc/pip.conf \
    python3 -m pip --python /opt/repere/bin/python install --no-deps .

# 2. The indexes of the material that ships with the program, so that the first start has nothing to build.
FROM environment AS indexes
RUN ORT_DISABLE_TELEMETRY=1 REPERE_HOME=/tmp/repere /opt/repere/bin/repere build --shipped --into /opt/repere-index

# 3. What runs: no compiler, no cache, nobody's root.
FROM ${PYTHON_IMAGE}
COPY --from=environment /opt/repere /opt/repere
COPY --from=indexes /opt/repere-index /opt/repere-index
RUN install -d -o 10001 -g 10001 /data
# The root file system may be read-only: what is written goes to /data or /tmp.
# Bytecode was compiled when the packages were installed. Official builds of onnxruntime report to Microsoft from
# 1.29 on unless told not to: https://github.com/microsoft/onnxruntime/pull/27379
ENV PATH=/opt/repere/bin:${PATH} \
    HOME=/tmp \
    HF_HOME=/data/huggingface \
    HF_HUB_DISABLE_TELEMETRY=1 \
    ORT_DISABLE_TELEMETRY=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    REPERE_HOME=/data \
    REPERE_HOST=0.0.0.0 \
    REPERE_SHIPPED_INDEXES=/opt/repere-index
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python3", "-c", "import os, urllib.request; urllib.request.urlopen(f\"http://127.0.0.1:{os.environ.get('REPERE_PORT', 8000)}/healthz\", timeout=4)"]
ENTRYPOINT ["repere"]
CMD ["serve"]
