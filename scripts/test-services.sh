#!/usr/bin/env bash
# Installs from Debian what the live tests run: registries and tools of others.
#
# As root, installs what is missing. As anybody else, says what is missing, and that the tests that
# need it will be skipped; in CI (where nothing may be skipped) that is a failure.
set -eu

missing=()
need() { # need PROGRAM PACKAGE
  command -v "$1" >/dev/null 2>&1 || missing+=("$2")
}
need docker-registry docker-registry
need skopeo skopeo
need dockerd docker.io
need docker docker.io
need buildah buildah
need htpasswd apache2-utils
need openssl openssl
need curl curl
need git git

[ "${#missing[@]}" -gt 0 ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
  echo "test-services: not installed: ${missing[*]}; the live tests that need them are skipped" >&2
  [ -z "${CI:-}" ] || exit 1
  exit 0
fi

if ! command -v apt-get >/dev/null 2>&1; then
  echo "test-services: no apt-get here to install: ${missing[*]}" >&2
  exit 1
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
# the services of docker-registry and docker would be started on installation, and are not wanted
install() {
  RUNLEVEL=1 apt-get install -y -q --no-install-recommends "${missing[@]}" >"$log" 2>&1
}
# package lists may be old or absent: refreshed only where installing fails without
if ! install && ! { apt-get update -q >>"$log" 2>&1 && install; }; then
  echo "test-services: could not install ${missing[*]}; apt's last words:" >&2
  tail -n 20 "$log" >&2
  exit 1
fi
