#!/usr/bin/env bash
# Downloads the Stanford Sentiment Treebank into data/; `./get_datasets.sh --help` tells the rest.
# Here stands only what is needed to find Python: utils/get_datasets.py does the work.
set -euo pipefail

if ! command -v python3 >/dev/null 2>&1; then
    printf 'get_datasets.sh: needs python3. Install it and run this again.\n' >&2
    exit 1
fi
exec python3 "$(dirname "${BASH_SOURCE[0]}")/utils/get_datasets.py" "$@"
