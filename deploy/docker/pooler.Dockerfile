# syntax=docker/dockerfile:1
# PgBouncer as Debian builds it, with a shell: its manifest writes the configuration
# when the pod starts, and ends it gently. From 1.23 on SIGINT waits for transactions.
ARG DEBIAN_IMAGE=docker.io/library/debian:trixie-slim

FROM ${DEBIAN_IMAGE}
RUN apt-get update && \
    apt-get install --yes --no-install-recommends pgbouncer ca-certificates && \
    rm -rf /var/lib/apt/lists/* /var/log/* /var/cache/*
USER 65532:65532
ENTRYPOINT ["/usr/sbin/pgbouncer"]
CMD ["/etc/platform/pooler/pgbouncer.ini"]
