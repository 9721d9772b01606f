# polyhop as a service. Build it in this folder, keep its data in a volume at /data:
#
#   docker build -t polyhop .
#   docker run --rm -v polyhop:/data polyhop keys add
#   docker run --read-only --tmpfs /tmp -v polyhop:/data -p 127.0.0.1:8765:8765 polyhop
#
# docs/deploy.md has the rest. torch from the usual index brings its libraries for GPUs, which nothing here uses: with
# an index that has torch for processors alone, as --build-arg PIP_EXTRA_INDEX_URL, the image is some gigabytes smaller.

FROM python:3.11-slim-bookworm AS build
ARG PIP_EXTRA_INDEX_URL=""
ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
RUN python -m venv /opt/polyhop
COPY . .
RUN /opt/polyhop/bin/pip install --no-cache-dir -c constraints.txt ".[serve]"
# The models are in the wheels; the demonstration tries the installation, and makes their graphs, so that no container
# has to.
ENV POLYHOP_CACHE=/data/cache
WORKDIR /data/home
RUN /opt/polyhop/bin/polyhop demo > /dev/null

FROM python:3.11-slim-bookworm
RUN groupadd --system --gid 10001 polyhop \
    && useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin polyhop
COPY --from=build /opt/polyhop /opt/polyhop
COPY --from=build --chown=10001:10001 /data /data
# HOME is the volume, for whatever a library wants to keep; no library may look for models in the network.
ENV PATH=/opt/polyhop/bin:$PATH \
    HOME=/data \
    HF_HUB_OFFLINE=1 \
    LITELLM_LOCAL_MODEL_COST_MAP=True \
    POLYHOP_HOME=/data/home \
    POLYHOP_CACHE=/data/cache \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8765
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8765/ready', timeout=4)"]
ENTRYPOINT ["polyhop"]
CMD ["serve", "--host", "0.0.0.0"]
