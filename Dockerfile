FROM python:3.13-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
RUN python -m venv /opt/mnema
COPY requirements.txt ./
RUN /opt/mnema/bin/pip install --require-hashes -r requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY prompts prompts
COPY migrations migrations
RUN /opt/mnema/bin/pip install --no-deps --no-build-isolation .

FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /data --no-create-home mnema \
    && install -d -o mnema -g mnema /data
COPY --from=build /opt/mnema /opt/mnema
ENV PATH=/opt/mnema/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    OPENBLAS_NUM_THREADS=1 \
    DATA_DIR=/data \
    HTTP_HOST=0.0.0.0 \
    HTTP_PORT=8000
# The root file system may be read-only: everything that is written goes to /data, and uploads pass /tmp.
USER mnema
WORKDIR /data
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['HTTP_PORT'] + '/livez', timeout=4)"]
ENTRYPOINT ["mnema"]
CMD ["run"]
