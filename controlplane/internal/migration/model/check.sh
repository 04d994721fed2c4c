#!/bin/bash
# Checks the model of a tenant's move: every configuration must hold, every
# planted mistake must be found, and transitions.txt must be what the model does.
#
#   check.sh            all of that; needs spin and gcc
#   check.sh --update   writes transitions.txt anew
set -euo pipefail
cd "$(dirname "$0")"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Configurations: what is in the world besides two orchestrators.
readonly move='-DCLIENTS=2 -DMAXW=3 -DMAXF=2 -DNO_WINDOW'
readonly window='-DCLIENTS=1 -DMAXW=3 -DMAXF=2'
readonly restore='-DCLIENTS=1 -DMAXW=2 -DMAXF=2 -DRESTORE'
readonly cache='-DCLIENTS=1 -DMAXW=1 -DMAXF=1 -DNO_WINDOW -DCACHE'

# explore NAME FLAGS… prints pan's report of the model with those flags.
explore() {
  local dir=$work/$1
  shift
  mkdir -p "$dir"
  cp tenant_move.pml "$dir/"
  (cd "$dir" && spin -a "$@" tenant_move.pml && gcc -O1 -w -DSAFETY -DCOLLAPSE -DNOFAIR -DMEMLIM=4000 -o pan pan.c && ./pan -m500000 -E) 2>&1
}

# holds NAME FLAGS… fails unless the whole state space was seen without an error.
holds() {
  local report
  # shellcheck disable=SC2086
  report=$(explore "$1" $2)
  if ! grep -q 'errors: 0' <<<"$report" || grep -qE 'max search depth too small|Search not completed|memory' <<<"$(grep -v 'memory usage\|Memory=\|memory used' <<<"$report")"; then
    printf '%s\n' "$report" >&2
    echo "FAILED: $1" >&2
    return 1
  fi
  printf 'holds  %-22s %s states\n' "$1" "$(awk '/states, stored/ {print $1}' <<<"$report")"
}

# found NAME FLAGS… fails unless the model with that mistake breaks a promise.
found() {
  local report
  # shellcheck disable=SC2086
  report=$(explore "$1" $2 "-DMUTANT_$1")
  if ! grep -q 'errors: 1' <<<"$report"; then
    printf '%s\n' "$report" >&2
    echo "NOT FOUND: the mistake $1" >&2
    return 1
  fi
  printf 'found  %-22s %s\n' "$1" "$(sed -n 's/^pan:1: assertion violated *\(.*\) (at depth.*/\1/p' <<<"$report")"
}

# transitions prints every step that the model can take: its name, the states
# of source, target and migration before it, and after it. pan prints numbers:
# spin counts the names of one mtype from its last, and goes on in the next.
transitions() {
  mkdir -p "$work/trace"
  cp tenant_move.pml "$work/trace/"
  (cd "$work/trace" && spin -a -DTRACE -DCLIENTS=1 -DMAXW=1 -DMAXF=1 tenant_move.pml && gcc -O1 -w -DSAFETY -DCOLLAPSE -DPRINTF -DNOREDUCE -DMEMLIM=4000 -o pan pan.c &&
    ./pan -m500000 -E) | grep -aE '^([0-9]+ ){6}[0-9]+$' | LC_ALL=C sort -u > "$work/numbers"
  tr -d '\n' < tenant_move.pml | grep -oE 'mtype = \{[^}]*\}' | sed 's/mtype = {//; s/}//' | awk -F, '
    { for (i = NF; i > 0; i--) { gsub(/ /, "", $i); print ++n, $i } }' > "$work/names"
  awk 'NR == FNR { name[$1] = $2; next } { for (i = 1; i <= NF; i++) printf "%s%s", name[$i], i < NF ? " " : "\n" }' "$work/names" "$work/numbers" | LC_ALL=C sort
}

if [[ ${1:-} == --update ]]; then
  transitions > transitions.txt
  exit
fi

export -f holds found explore
export work
jobs=()
run() { while (($(jobs -rp | wc -l) >= 2)); do wait -n || exit 1; done; "$@" & jobs+=($!); }

run holds move "$move"
run holds window "$window"
run holds restore "$restore"
run holds cache "$cache"
run found SEAL_ANY "$move"
run found NO_DRAIN "$window"
run found READ_DEPARTED "$move"
run found THAW_FIRST "$move"
run found ACTIVATE_FIRST "$move"
run found IMPORT_AGAIN "$window"
run found GENERATION_KEPT "$cache"
run found GENERATION_FIRST "$cache"
run found RESTORED_SERVES "$restore"
run found RECONCILE_ONLY_ASKS "$restore"
for job in "${jobs[@]}"; do wait "$job"; done

transitions | diff -u transitions.txt - || { echo 'transitions.txt is not what the model does: run check.sh --update' >&2; exit 1; }
echo "holds  transitions.txt        $(wc -l < transitions.txt) steps"
