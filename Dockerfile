# One small image with the one binary: `drayage dispatcher` and `drayage worker` are its commands.
# Base images are pinned by digest when the image is first built for a registry; see deploy/terraform/README.md for what is still to come.
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --release --locked -p drayage

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 drayage
COPY --from=build /src/target/release/drayage /usr/local/bin/drayage
USER 10001
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/drayage"]
CMD ["--help"]
