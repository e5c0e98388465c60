#!/bin/sh
# Resolves requirements/*.txt anew. Hashes stay in; hosts and command lines stay out.
set -eu
cd "$(dirname "$0")/.."
uv=${BIN:-.venv/bin}/uv
compile() { "$uv" pip compile --quiet --upgrade --generate-hashes --no-emit-index-url --no-header "$@"; }
compile pyproject.toml client/pyproject.toml --all-extras --group dev --universal --no-emit-package seawall --python-version 3.11 -o requirements/dev.txt
compile client/pyproject.toml --universal --python-version 3.11 --constraint requirements/dev.txt -o requirements/client.txt
echo 'uv' | compile - --universal -o requirements/uv.txt
# mitmproxy pins h11 below what httpx2 needs, so it never shares an environment with the rest.
echo 'mitmproxy==11.0.2' | compile - --python-version 3.11 -o requirements/mitmproxy-py311.txt
echo 'mitmproxy>=12,<13' | compile - --universal --python-version 3.12 -o requirements/mitmproxy.txt
