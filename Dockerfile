# syntax=docker/dockerfile:1
FROM rust:1-slim-bookworm AS build
WORKDIR /evenkeel
COPY Cargo.toml Cargo.lock ./
COPY src src
COPY benches benches
COPY specs specs
RUN cargo build --locked --release

FROM debian:bookworm-slim
# The roots that AWS's certificates are checked against.
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
COPY --from=build /evenkeel/target/release/evenkeel /usr/local/bin/evenkeel
COPY specs /specs
USER 65532:65532
ENTRYPOINT ["evenkeel"]
CMD ["--help"]
