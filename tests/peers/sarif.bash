# Reports in SARIF against the published schema; read by run.
# shellcheck shell=bash disable=SC2154

# Every vector by itself, so that every code of a finding is in a result, then all of them in one run.
sarif() {
  local own reports vectors ytterby=$target/debug/ytterby
  CARGO_TARGET_DIR=$target cargo build --quiet --manifest-path "$root/Cargo.toml" -p ytterby-cli
  vectors=("$root"/proto-docs/vectors/*.json)
  mkdir "$work/sarif" "$work/bundles"
  node "$here/sarif.mjs" split "$work/bundles" "${vectors[@]}"
  for own in "$work/bundles"/*.json; do
    # A vector without a trust file has an empty one, which is none.
    report_of "$(basename "$own" .json)" "$own" --trust "${own%.json}.toml"
  done
  printf '{' > "$work/bundles/no <bundle> & %.json"
  report_of all "$work/bundles"
  report_of nothing
  report_of quiet -q "$work/bundles"
  reports=("$work/sarif"/*.sarif)
  expect verified $((${#vectors[@]} + 3)) "the schema of SARIF takes our reports" node "$here/sarif.mjs" verify "${reports[@]}"
  expect refused 10 "the schema of SARIF refuses them with a fault" node "$here/sarif.mjs" faults "$work/sarif/all.sarif"
  node "$here/sarif.mjs" codes "${reports[@]}" > "$work/lines"
  report "codes in those reports: $(wc -l < "$work/lines")" "$([ "$(wc -l < "$work/lines")" -gt 100 ] && echo good)"
}

# report_of NAME ARGUMENTS...: whatever the verdict is
report_of() {
  local options=("${@:2}")
  [[ " ${options[*]} " != *" --trust "* ]] || [ -s "${options[-1]}" ] || options=("${options[@]:0:1}")
  XDG_CONFIG_HOME=$work XDG_STATE_HOME=$work "$ytterby" verify --format sarif -o "$work/sarif/$1.sarif" "${options[@]}" 2> /dev/null || true
}
