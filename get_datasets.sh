#!/usr/bin/env bash
# Downloads the Stanford Sentiment Treebank into data/; `./get_datasets.sh --help` tells the rest.
# Written for bash 3.2, the one of macOS.
set -euo pipefail

usage() {
    cat <<'EOF'
Usage: ./get_datasets.sh [--dir DIR] [--keep]

Downloads the two archives of the Stanford Sentiment Treebank (7 MB), compares their SHA-256
checksums and unpacks them (about 25 MB) to
  DIR/stanfordSentimentTreebank/   sentences, splits, phrases and their sentiment
  DIR/trees/                       the same sentences as labelled trees
What is already there is left alone and not downloaded again. An interrupted download stays in
DIR as a .part file: run the script again to continue it.

Options:
  --dir DIR   the directory to fill; data/ beside this script unless told
  --keep      keep the archives in DIR after unpacking
  --help      this text

Environment:
  SST_DATA_DIR               like --dir
  SST_BASE_URL               a mirror of stanfordSentimentTreebank.zip and trainDevTestTrees_PTB.zip
  SST_SHA256, TREES_SHA256   checksums of these two, if they differ from the official ones

Examples:
  ./get_datasets.sh
  SST_BASE_URL=https://mirror.example.org/sst ./get_datasets.sh --dir /tmp/treebank --keep

Without a network: put the two archives into DIR and run the script. It unpacks them and leaves
them where they are.

Needs curl or wget, sha256sum or shasum, unzip or python3.
EOF
}

say() { printf '%s\n' "$*"; }

complain() { printf 'get_datasets.sh: %s\n' "$*" >&2; }

die() {
    complain "$@"
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# need TOOL...: prints the first of these that is installed.
need() {
    local tool
    for tool in "$@"; do
        if have "$tool"; then
            say "$tool"
            return
        fi
    done
    die "needs one of these tools: $*. Install one and run this again."
}

child=     # process id of the command that `run` waits for
temporary= # working directory, on the same disk as the data

# In the background, because bash acts on a signal only after a command in the foreground ends.
run() {
    local status=0
    "$@" &
    child=$!
    wait "$child" || status=$?
    child=
    return "$status"
}

interrupted() {
    complain "interrupted. Run it again to finish; an unfinished download is kept in $data as a" \
        ".part file and will be continued."
    exit "$1"
}

clean_up() {
    if [ -n "$child" ]; then
        kill "$child" 2>/dev/null || true
        wait "$child" 2>/dev/null || true
    fi
    [ -z "$temporary" ] || rm -rf "$temporary"
}

# Finds the tools and makes the working directory, which also keeps a second run out.
prepare() {
    [ -z "$temporary" ] || return 0

    downloader=$(need curl wget)
    need sha256sum shasum >/dev/null
    unpacker=$(need unzip python3)
    # No server and no archive may fill the disk; the real files have a few MB. A write beyond the
    # limit shall fail and not kill, so that we can say why.
    trap '' XFSZ
    ulimit -S -f 1048576 2>/dev/null || true # in KiB; there may be a stricter limit already
    # An unzip without -Z (busybox) cannot tell which members are symbolic links.
    if [ "$unpacker" = unzip ] && ! unzip -Z -h >/dev/null 2>&1; then
        unpacker=$(need python3)
    fi

    local other pid
    for other in "$data"/.get_datasets.*; do
        pid=${other##*.}
        if [ "$pid" != $$ ] && kill -0 "$pid" 2>/dev/null; then
            die "process $pid is at work in $data. Wait until it has finished; if it is not" \
                "get_datasets.sh, remove $other and run this again."
        fi
        rm -rf "$other" # of a run that could not clean up
    done
    temporary=$data/.get_datasets.$$
    mkdir -p "$temporary" 2>/dev/null ||
        die "cannot write to $data. Choose another directory with --dir."
}

sha256_of() {
    if have sha256sum; then sha256sum; else shasum -a 256; fi <"$1" | cut -c 1-64
}

# transfer ADDRESS FILE: downloads to FILE, or only the rest if FILE has the beginning.
transfer() {
    local quiet=yes
    [ ! -t 2 ] || quiet=
    if [ "$downloader" = curl ]; then
        run curl ${quiet:+--silent} --progress-bar --fail --location --continue-at - \
            --connect-timeout 30 --speed-limit 1 --speed-time 60 --output "$2" "$1"
    else
        run wget ${quiet:+-q} -c -t 1 -T 60 -O "$2" "$1"
    fi
}

# transfer_failed ADDRESS FILE STATUS: says why and what to do.
transfer_failed() {
    local why cure kept=
    case "$downloader $3" in
        "curl 22" | "wget 8")
            why="the server does not have it or refuses it"
            cure="Try later, or set SST_BASE_URL to a mirror (see --help)."
            ;;
        "curl 23" | "wget 3")
            why="it cannot be written to $data"
            cure="Is the disk full, or the file larger than 1 GB? Make room, choose another"
            cure="$cure directory with --dir, or another mirror (see --help)."
            ;;
        *)
            why="there is no connection, or it was cut"
            cure="Check the network and run this again."
            ;;
    esac
    if [ -s "$2" ]; then
        kept=" What has arrived is kept in $2 and will be continued."
    else
        rm -f "$2" # wget leaves an empty one
    fi
    die "cannot download $1: $why ($downloader exit status $3). $cure$kept"
}

# download ADDRESS SHA256 FILE: ends with FILE of that checksum, or not at all.
download() {
    local status=0 sha256
    if [ -s "$3" ] && [ "$(sha256_of "$3")" != "$2" ]; then
        say "Continuing $1"
        transfer "$1" "$3" || status=$?
        case $status in
            # Done; or (curl 22, 33, 36, wget 8) the server cannot send the rest.
            0 | 8 | 22 | 33 | 36) ;;
            *) transfer_failed "$1" "$3" "$status" ;;
        esac
        if [ "$(sha256_of "$3")" != "$2" ]; then
            say "It cannot be continued: starting again."
            rm -f "$3"
        fi
    fi
    if [ ! -s "$3" ]; then
        say "Downloading $1"
        transfer "$1" "$3" || transfer_failed "$1" "$3" $?
    fi

    sha256=$(sha256_of "$3")
    if [ "$sha256" != "$2" ]; then
        rm -f "$3"
        die "$1 has the wrong checksum: expected $2, got $sha256. The download was removed. Run" \
            "this again; if it stays wrong, use another mirror or, if you trust this one, set" \
            "its checksum (see --help)."
    fi
}

# unpack ARCHIVE FOLDER: FOLDER of the archive to the working directory, without dot files, which
# are macOS litter. Returns 3 if a member could end up elsewhere or is no plain file, 4 if it is no
# zip archive, 5 if it would unpack to 1 GB or more.
unpack() {
    local names modes total status=0 size='([0-9]+) bytes uncompressed'
    if [ "$unpacker" = python3 ]; then
        run python3 -c '
import stat, sys, zipfile

path, folder, target = sys.argv[1:]
if not zipfile.is_zipfile(path):
    sys.exit(4)
with zipfile.ZipFile(path) as archive:
    for member in archive.infolist():
        name = member.filename
        if (name.startswith("/") or ".." in name.split("/") or "\\" in name
                or stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR)):
            sys.exit(3)
    if sum(member.file_size for member in archive.infolist()) >= 10**9:
        sys.exit(5)
    for name in archive.namelist():
        if name.startswith(folder + "/") and "/." not in name:
            archive.extract(name, target)
' "$1" "$2" "$temporary" 2>/dev/null
        return
    fi

    # unzip returns 1 for a warning, 11 if FOLDER is not in the archive.
    names=$(unzip -Z1 "$1" 2>/dev/null) || [ $? -eq 1 ] || return 4
    modes=$(unzip -Zs "$1" 2>/dev/null) || [ $? -eq 1 ] || return 4
    if grep -Eq '^/|(^|/)\.\.(/|$)|[\\]' <<<"$names" || grep -q '^[bclps]' <<<"$modes"; then
        return 3
    fi
    total=$(unzip -Zt "$1" 2>/dev/null) || [ $? -eq 1 ] || return 4
    [[ $total =~ $size ]] && [ ${#BASH_REMATCH[1]} -lt 10 ] || return 5
    # It is to ask nothing: neither whether to overwrite nor for a password.
    run unzip -q -o -P none "$1" "$2/*" -x '*/.*' -d "$temporary" >/dev/null 2>&1 || status=$?
    case $status in 0 | 1 | 11) ;; *) return 1 ;; esac
}

# first_missing DIRECTORY NAME...: prints the first NAME that is no file with content there.
first_missing() {
    local directory=$1 name
    shift
    for name in "$@"; do
        if [ ! -f "$directory/$name" ] || [ ! -s "$directory/$name" ]; then
            say "$name"
            return
        fi
    done
}

# get FOLDER ADDRESS SHA256 NAME...: makes FOLDER, with at least these files, from the archive.
get() {
    local folder=$1 address=$2 sha256=$3
    shift 3
    local target=$data/$folder archive=$data/${address##*/} missing fault status=0
    local part=$archive.part source

    if [ -e "$target" ] || [ -L "$target" ]; then
        missing=$(first_missing "$target" "$@")
        [ -z "$missing" ] ||
            die "$target is there but lacks $missing. Nothing was changed. Move it away" \
                "(mv '$target' '$target.old') and run this again."
        rm -f "$part" # of a run that was stopped just before it removed this
        say "$target is already there: nothing to download."
        return
    fi

    prepare
    if [ -e "$archive" ]; then
        [ "$(sha256_of "$archive")" = "$sha256" ] ||
            die "$archive is there but its checksum is not $sha256. Nothing was changed. Move it" \
                "away and run this again, or set the checksum you expect (see --help)."
        source=$archive
    else
        download "$address" "$sha256" "$part"
        source=$part
    fi

    unpack "$source" "$folder" || status=$?
    case $status in
        0)
            missing=$(first_missing "$temporary/$folder" "$@")
            fault=${missing:+"lacks $folder/$missing"}
            ;;
        3) fault="has links, devices, or names that lead out of it" ;;
        4) fault="is no zip archive, or a truncated one" ;;
        5) fault="would unpack to over 1 GB" ;;
        *)
            die "cannot unpack $source into $data. Is the disk full? Make room and run this" \
                "again; the download is kept. If that does not help, it is damaged: remove it."
            ;;
    esac
    if [ -n "$fault" ]; then
        rm -f "$part"
        die "the file ${address##*/} $fault. Nothing was unpacked. Use the official archive" \
            "or another mirror (see --help)."
    fi

    mv "$temporary/$folder" "$target"
    [ -z "$keep" ] || [ -e "$archive" ] || mv "$part" "$archive"
    rm -f "$part"
    say "$target is complete."
}

data=${SST_DATA_DIR:-$(dirname "${BASH_SOURCE[0]}")/data}
keep=
while [ $# -gt 0 ]; do
    case $1 in
        --dir)
            [ $# -gt 1 ] || die "--dir needs a directory. See --help."
            data=$2
            shift
            ;;
        --dir=*) data=${1#*=} ;;
        --keep) keep=yes ;;
        --help | -h)
            usage
            exit
            ;;
        *) die "unknown argument $1. See --help." ;;
    esac
    shift
done
case $data in
    "") die "--dir needs a directory. See --help." ;;
    -*) data=./$data ;; # else it reads as an option
esac

trap clean_up EXIT
trap 'interrupted 129' HUP
trap 'interrupted 130' INT
trap 'interrupted 143' TERM

get stanfordSentimentTreebank \
    "${SST_BASE_URL:-https://nlp.stanford.edu/~socherr}/stanfordSentimentTreebank.zip" \
    "${SST_SHA256:-3f5209483b46bbf129cacbbbe6ae02fe780407034f61cf6342b7833257c3f1db}" \
    datasetSentences.txt datasetSplit.txt dictionary.txt sentiment_labels.txt SOStr.txt STree.txt
get trees \
    "${SST_BASE_URL:-https://nlp.stanford.edu/sentiment}/trainDevTestTrees_PTB.zip" \
    "${TREES_SHA256:-5c613a4f673fc74097d523a2c83f38e0cc462984d847b82c7aaf36b01cbbbfcc}" \
    train.txt dev.txt test.txt
