# docker build -t voronka .
# docker run -d --name voronka --read-only --tmpfs /tmp --cap-drop ALL --stop-timeout 15 -p 127.0.0.1:8080:8080 \
#   -v voronka:/data -v ./romashka.yaml:/config/romashka.yaml:ro -e B24_URL -e B24_EVENTS_TOKEN voronka
# docker exec voronka voronka status
#
# The status page answers this computer only, which inside a container is the container: ask `voronka status` there.
FROM python:3.11-slim AS build
WORKDIR /src
# Packages change seldom, the program often: two layers. The image gets the lock without the developers' tools.
COPY pyproject.toml requirements.txt ./
COPY scripts/runtime_lock.py scripts/
RUN python scripts/runtime_lock.py > runtime.txt \
    && python -m venv /app \
    && /app/bin/pip install --no-cache-dir --require-hashes -r runtime.txt
COPY README.md LICENSE ./
COPY connector connector
COPY robots robots
COPY sandbox sandbox
COPY config config
RUN /app/bin/pip install --no-cache-dir --no-deps . && /app/bin/voronka --help > /dev/null

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin voronka \
    && install -d -o voronka -m 0700 /data \
    && install -d /config
COPY --from=build /app /app
ENV PATH=/app/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    VORONKA_HOME=/data VORONKA_HTTP_HOST=0.0.0.0 VORONKA_HTTP_PORT=8080
USER voronka
WORKDIR /data
VOLUME /data
EXPOSE 8080
# Alive isn't ready: a portal that is shut must not make anybody restart the container.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['VORONKA_HTTP_PORT'] + '/health/live', timeout=4)"]
ENTRYPOINT ["voronka"]
CMD ["run", "/config/romashka.yaml"]
