# docker build -t voronka .
# docker run -d --read-only --tmpfs /tmp -p 127.0.0.1:8080:8080 -v voronka:/data \
#   -v ./romashka.yaml:/config/romashka.yaml:ro -e B24_URL -e B24_EVENTS_TOKEN voronka
FROM python:3.11-slim AS build
WORKDIR /src
COPY requirements.txt ./
RUN python -m venv /app && /app/bin/pip install --no-cache-dir --require-hashes -r requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY connector connector
COPY robots robots
COPY sandbox sandbox
COPY config config
RUN /app/bin/pip install --no-cache-dir --no-deps .

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin voronka \
    && mkdir /data /config && chown voronka /data
COPY --from=build /app /app
ENV PATH=/app/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    VORONKA_HOME=/data VORONKA_HTTP_HOST=0.0.0.0 VORONKA_HTTP_PORT=8080
USER voronka
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/health/live', timeout=4)"]
ENTRYPOINT ["voronka"]
CMD ["run", "/config/romashka.yaml"]
