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
# Rivals that `make bench` measures beside the client: an environment each, so that none bends another's versions.
echo 'avadhika==0.1.0' | compile - --universal --python-version 3.11 -o requirements/rival-avadhika.txt
echo 'pydantic-ai-slim[openai]>=2.68' | compile - --universal --python-version 3.11 -o requirements/rival-pydantic-ai-slim.txt
# litellm asks for a certifi of the last days, which is no matter for a bench on loopback.
overrides=$(mktemp)
trap 'rm -f "$overrides"' EXIT
echo 'certifi>=2026.1' > "$overrides"
echo 'litellm>=1.109' | compile - --override "$overrides" --no-annotate --universal --python-version 3.11 -o requirements/rival-litellm.txt
