# docker build --build-arg VERSION="$(git describe --tags --always --dirty)" -t qianshao .
# docker run -v qianshao:/data -p 127.0.0.1:8740:8740 -e QIANSHAO_CONTACT=https://you.example/about-our-bot qianshao
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=
RUN make build BINARY=/out/qianshao VERSION="$VERSION" && mkdir /out/data

# The image has no shell and no package manager, only the binary and certificates.
FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/qianshao /usr/bin/qianshao
COPY --from=build --chown=nonroot:nonroot /out/data /data
COPY LICENSE NOTICE /usr/share/doc/qianshao/
ENV QIANSHAO_DATA=/data
VOLUME /data
EXPOSE 8740
USER nonroot:nonroot
HEALTHCHECK --interval=1m --timeout=40s --start-period=2m CMD ["/usr/bin/qianshao", "health"]
ENTRYPOINT ["/usr/bin/qianshao"]
CMD ["serve", "--listen", "0.0.0.0:8740"]
