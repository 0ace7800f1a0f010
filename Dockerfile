# The server and the worker in one image: `restock serve` or `restock worker`, the shop's folder in /shop.
FROM python:3.12-slim AS build
WORKDIR /source
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY src src
RUN python -m venv /opt/restock \
 && /opt/restock/bin/pip install --no-cache-dir -c constraints.txt '.[service,postgres]'

FROM python:3.12-slim
# Trees need OpenMP.
RUN apt-get update \
 && apt-get install -y --no-install-recommends libgomp1 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --uid 10001 restock \
 && install -d -o restock -g restock /shop
COPY --from=build /opt/restock /opt/restock
ENV PATH=/opt/restock/bin:$PATH PYTHONUNBUFFERED=1
USER restock
WORKDIR /shop
VOLUME /shop
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=120s --retries=3 CMD ["restock", "serve", "--check"]
ENTRYPOINT ["restock"]
CMD ["serve", "--host", "0.0.0.0", "--no-worker"]
