# The log that a registry served, its receipts and its status lists; read by run.
# shellcheck shell=bash disable=SC2154

# log [FOLDER]
log() {
  local folder=${1:-$work/log}
  if [ -z "$1" ]; then
    CARGO_TARGET_DIR=$target cargo build --quiet --manifest-path "$root/Cargo.toml" -p ytterby-registry
    CARGO_TARGET_DIR=$target cargo run --quiet --manifest-path "$root/Cargo.toml" -p conformance --bin served-log \
      -- "$folder"
  fi
  lists "$folder"
  if python_peers; then
    hashes scitt-cose
    expect verified "$(lines tree)" "scitt-cose finds every root and tile that was served" scitt-cose tree "$folder/tree.jsonl"
    expect verified "$(lines growth)" "scitt-cose verifies our consistency proofs" scitt-cose growth "$folder/growth.jsonl"
    expect refused "$(lines growth-spoiled)" "scitt-cose refuses them with a fault" scitt-cose growth "$folder/growth-spoiled.jsonl"
    hashes sigstore
    notes sigstore
    limits scitt-cose
    limits sigstore
  fi
  hashes sigstore-verify
  notes sigstore-verify
  limits sigstore-verify
}

lines() { wc -l < "$folder/$1.jsonl"; }
scitt-cose() { "$target/peers/python/bin/python" "$here/log.py" scitt-cose "$@"; }
sigstore() { "$target/peers/python/bin/python" "$here/log.py" sigstore "$@"; }
sigstore-verify() { node "$here/log.mjs" "$@"; }

# What a Merkle proof alone shows.
hashes() {
  expect verified "$(lines receipts)" "$1 verifies our receipts" "$1" receipts "$folder/receipts.jsonl"
  expect refused "$(lines receipts-spoiled)" "$1 refuses them with a fault in entry, index, hashes or root" \
    "$1" receipts "$folder/receipts-spoiled.jsonl"
}

# Faults of the checkpoint: those that the peer accepts must be those that are listed, in every receipt.
notes() {
  local word=refused all listed accepted refused_
  all=$(lines notes-spoiled)
  "$1" receipts "$folder/notes-spoiled.jsonl" > "$work/lines" || true
  listed=$(divergences accepts "$1")
  accepted=$(sed -n 's/^verified\t\([^\t]*\).*/\1/p' "$work/lines" | sort -u)
  refused_=$(sed -n 's/^refused\t\([^\t]*\).*/\1/p' "$work/lines" | sort -u)
  report "$1 refuses faults of our checkpoints: $(wc -l <<< "$refused_"), and accepts those that are listed: $(wc -l <<< "$listed")" \
    "$([ "$accepted" = "$listed" ] && [ -z "$(comm -12 <(echo "$accepted") <(echo "$refused_"))" ] \
      && [ "$(wc -l < "$work/lines")" -eq "$all" ] && echo good)"
}

# What a peer is known not to take: should it one day, that is to be noticed.
limits() {
  expect refused "$(divergences cannot "$1" | wc -l)" "$1 does not take what is listed" "$1" limits "$folder/receipts.jsonl"
}

# divergences accepts|cannot PEER: the second column of its rows in one of the two tables
divergences() {
  awk -F ' *[|] *' -v part="$1" -v peer="$2" '
    /^## / { now = /cannot/ ? "cannot" : "accepts" }
    now == part && $2 == peer { print $3 }' "$here/divergences.md" | sort
}

# Status lists both ways with Digital Bazaar.
lists() {
  local files=("$1"/lists/*.json) spoiled=("$1"/lists-spoiled/*.json) file
  local count=${#files[@]}
  mkdir "$work/lists"
  expect verified "$count" "digitalbazaar verifies our status lists" digitalbazaar verify "${files[@]}"
  expect refused ${#spoiled[@]} "digitalbazaar refuses them with something changed" digitalbazaar verify "${spoiled[@]}"
  expect verified "$count" "digitalbazaar reads the bits that were set" digitalbazaar bits "$1/on.json" "${files[@]}"
  expect refused "$count" "digitalbazaar reads no others" digitalbazaar bits "$1/on-swapped.json" "${files[@]}"
  for file in "${files[@]}"; do
    digitalbazaar encode "$file" "$work/lists/$(basename "$file")" > /dev/null || true
  done
  expect verified "$count" "we read the lists that digitalbazaar encoded and signed" "$ours" lists "$1/on.json" "$work"/lists/*.json
}

# A virtual environment with exactly the packages of requirements.txt.
python_peers() {
  local place=$target/peers/python
  if cmp -s "$here/requirements.txt" "$place/installed"; then
    return 0
  fi
  rm -rf "$place"
  if { python3 -m venv "$place" && "$place/bin/pip" install --disable-pip-version-check --require-hashes \
    --only-binary :all: -r "$here/requirements.txt"; } > "$place.log" 2>&1; then
    cp "$here/requirements.txt" "$place/installed"
  else
    missing "scitt-cose and sigstore" "$(tail -1 "$place.log")"
    return 1
  fi
}
