# Certificates both ways; read by run.
# shellcheck shell=bash disable=SC2154

# certificates [FOLDER]
certificates() {
  local peer certificate files spoiled theirs count
  mkdir "$work/samples" "$work/spoiled" "$work/digitalbazaar" "$work/affinidi"
  [ -n "$1" ] || "$ours" write "$work/samples"
  files=("${1:-$work/samples}"/*.json)
  count=${#files[@]}
  [ "$count" -gt 0 ] || { echo "no certificates in $1" >&2; exit 2; }
  "$ours" methods "${files[@]}" > "$work/methods.json"
  "$ours" spoil "$work/spoiled" "${files[@]}"
  spoiled=("$work/spoiled"/*.json)
  for peer in digitalbazaar affinidi; do
    expect verified "$count" "$peer verifies ours" "$peer" verify "${files[@]}"
    expect refused $((2 * count)) "$peer refuses ours with a byte changed" "$peer" verify "${spoiled[@]}"
    for certificate in "${files[@]}"; do
      "$peer" issue "$certificate" "$work/$peer/$(basename "$certificate")" > /dev/null || true
    done
    theirs=("$work/$peer"/*.json)
    expect verified "$count" "we verify what $peer signed, and sign the same bytes" \
      "$ours" verify "$seed" "${theirs[@]}"
  done
  expect refused $((2 * count)) "we refuse ours with a byte changed" "$ours" verify - "${spoiled[@]}"
}
