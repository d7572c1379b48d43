# One image with one static binary and nothing else: no shell, no libraries, no package manager. Its command chooses the role:
# `dispatcher`, `worker` or `reap`. What a task definition has to say, and how this file is checked: deploy/image/README.md.

# Any image with `cargo` of the version in rust-toolchain.toml, gcc, libc6-dev and ca-certificates. check.sh puts one of its own in
# its place, where no registry can be reached.
ARG BUILD_IMAGE=docker.io/library/rust:1.95.0-slim-bookworm@sha256:d7482085ff5b415f84dba5647ae71606650bdef00db7aeb69f4b3d170c3e4082

FROM ${BUILD_IMAGE} AS build
WORKDIR /src
# Static, glibc included: since 2.34 it resolves names from /etc/hosts and DNS without loading anything. With --target, so that
# build scripts and procedural macros, which must be able to load libraries, are built without the flag.
ENV RUSTFLAGS="-C target-feature=+crt-static" CARGO_INCREMENTAL=0
# `dev` is built in a fraction of the time, for a check of the image.
ARG PROFILE=dist

# The dependencies first, from the manifests alone: this layer is made again only when one of them changes.
COPY Cargo.toml Cargo.lock ./
COPY cli/Cargo.toml cli/
COPY common/Cargo.toml common/
COPY dispatcher/Cargo.toml dispatcher/
COPY fuzz/properties/Cargo.toml fuzz/properties/
COPY loadtest/Cargo.toml loadtest/
COPY simcloud/Cargo.toml simcloud/
COPY topology/Cargo.toml topology/
COPY worker/Cargo.toml worker/
RUN for member in cli common dispatcher fuzz/properties loadtest simcloud topology worker; do \
        mkdir -p "$member/src" && : >"$member/src/lib.rs"; \
    done \
    && rm cli/src/lib.rs && echo 'fn main() {}' >cli/src/main.rs && cp cli/src/main.rs loadtest/src/main.rs \
    && cargo build --profile "$PROFILE" --locked --package drayage --target "$(rustc --print host-tuple)"

# Then what is ours. cargo goes by times, and those of the sources may be older than the build above.
COPY cli/src cli/src
COPY common/src common/src
COPY dispatcher/src dispatcher/src
COPY simcloud/src simcloud/src
COPY topology/src topology/src
COPY worker/src worker/src
RUN find . -name '*.rs' -not -path './target/*' -exec touch {} + \
    && cargo build --profile "$PROFILE" --locked --package drayage --target "$(rustc --print host-tuple)" \
    && install -D "target/$(rustc --print host-tuple)"/*/drayage /out/drayage

FROM scratch
ARG REVISION=unknown
LABEL org.opencontainers.image.title="drayage" \
      org.opencontainers.image.description="Moves every file that lands in an S3 bucket to where it belongs" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.revision="${REVISION}"
# Whom TLS trusts. To trust another authority, mount a bundle over it, or name one with SSL_CERT_FILE.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/drayage /drayage
# Where `drayage health` asks, on loopback only.
ENV DRAYAGE_HEALTH_PORT=8081
USER 10001:10001
STOPSIGNAL SIGTERM
# ECS does not read this: a task definition repeats it.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["/drayage", "health"]
# In the form of a list, so that the process is number 1 and gets the signal itself.
ENTRYPOINT ["/drayage"]
CMD ["--help"]
