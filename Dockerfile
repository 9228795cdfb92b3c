# Any bot of the workspace: `docker build --build-arg BOT=triage -t triage .`
# A static program in an empty image, run by nobody in particular. Settings come by the environment (see README.md); the
# bot's own TOML file, if it has one, is mounted and named by OPENLINES_SETTINGS.

FROM rust:1.95-alpine AS build
RUN apk add --no-cache build-base cmake perl linux-headers
WORKDIR /src
COPY . .
ARG BOT
# Without `demo` and `chat`: the emulated portal stays outside.
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    test -n "$BOT" || { echo "name the bot: --build-arg BOT=triage" >&2; exit 1; }; \
    cargo build --locked --release --package "$BOT" --no-default-features && \
    install -D "target/release/$BOT" /out/bot && \
    install -d -o 65532 -g 65532 /out/data

FROM scratch
# Portals are asked over HTTPS.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/bot /bot
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
WORKDIR /data
VOLUME /data
ENV OPENLINES_LISTEN=0.0.0.0:8080 \
    OPENLINES_ADMIN_LISTEN=0.0.0.0:9180 \
    OPENLINES_DATABASE_URL=sqlite:///data/openlines.db \
    OPENLINES_LOG_FORMAT=json
EXPOSE 8080 9180
# Turns have 8 s to end, the process is gone within 10.
STOPSIGNAL SIGTERM
ENTRYPOINT ["/bot"]
CMD ["serve"]
