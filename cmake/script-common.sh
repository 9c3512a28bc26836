# shellcheck shell=bash
# Sourced by the scripts of this repository: strict mode, where things are, and how a script speaks.
set -Eeuo pipefail

# The loader of plugins refuses a library that others could have written.
umask 022

repo=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
logs=$repo/build/logs

say() { printf '%s\n' "$*" >&2; }

# fail STATUS SENTENCE: ends the script. Statuses are those of sysexits.h.
fail() {
  say "$(basename -- "$0"): $2"
  exit "$1"
}

# The comment at the head of a script is its help.
show_help() { sed -n '2,/^[^#]/ { /^#/ { s/^# \{0,1\}//; p } }' "$0"; }

# The value of an option that takes one: option_value NAME COUNT-OF-ARGUMENTS-LEFT VALUE
option_value() {
  [ "$2" -ge 2 ] || fail 64 "$1 needs a value; see --help."
  printf '%s' "$3"
}

# step TEXT COMMAND...: runs a command quietly, in one line, its output in a log that is shown when it fails.
step() {
  local text=$1 log status=0 started=$SECONDS
  shift
  mkdir -p "$logs"
  log=$logs/$(tr -cs 'A-Za-z0-9\n' '-' <<<"${text%% (*}").log
  printf '%s ... ' "$text" >&2
  "$@" >"$log" 2>&1 </dev/null || status=$?
  if [ "$status" -eq 0 ]; then
    say "done ($((SECONDS - started)) s)"
    return 0
  fi
  say "failed"
  tail -n 40 "$log" >&2
  say "The whole of it: $log"
  return "$status"
}

# How many compilers fit: one for each processor, and 1.5 GB of memory for each.
build_jobs() {
  local processors fitting
  processors=$(nproc)
  fitting=$(awk '/^MemAvailable:/ { print int($2 / 1500000) }' /proc/meminfo)
  [ "$fitting" -ge 1 ] || fitting=1
  [ "$fitting" -lt "$processors" ] && processors=$fitting
  echo "$processors"
}

# build PRESET TESTS TARGET...: configures where that is needed, and builds. No TARGET: everything. TESTS is ON,
# or OFF where the tests are not wanted (they stay when the build folder has them already).
build() {
  local preset=$1 tests=$2 folder=$repo/build/$1 options=()
  shift 2
  if ! is_configured "$folder" "$tests"; then
    # A checkout that was moved cannot go on with its old cache.
    ! [ -f "$folder/CMakeCache.txt" ] || has_setting "$folder" "CMAKE_HOME_DIRECTORY:INTERNAL=$repo" ||
      options+=(--fresh)
    # Its absence tells the next run that this one was interrupted or failed.
    rm -f "$folder/build.ninja"
    ! command -v ccache >/dev/null ||
      options+=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
    (cd "$repo" && step "Configuring build/$preset" \
      cmake --preset "$preset" -DHWLAB_BUILD_TESTS="$tests" "${options[@]}") ||
      fail 70 "build/$preset could not be configured."
  fi
  step "Building build/$preset (takes minutes the first time)" \
    cmake --build "$folder" --parallel "$(build_jobs)" ${1:+--target "$@"} ||
    fail 70 "build/$preset could not be built."
}

is_configured() {
  [ -f "$1/build.ninja" ] && has_setting "$1" "CMAKE_HOME_DIRECTORY:INTERNAL=$repo" &&
    { [ "$2" = OFF ] || has_setting "$1" HWLAB_BUILD_TESTS:BOOL=ON; }
}

has_setting() { grep -qxF -- "$2" "$1/CMakeCache.txt" 2>/dev/null; }

# The loader of plugins refuses a library that somebody else could have changed. Better to say so before the build:
# require_own_folders PRESET
require_own_folders() {
  local folder=$repo/build/$1/lib mode owner group
  while [ "$folder" != / ]; do
    if [ -d "$folder" ]; then
      read -r mode owner group < <(stat -c '%a %u %g' "$folder")
      ((owner == 0 || owner == EUID)) ||
        fail 78 "$folder belongs to $(stat -c %U "$folder"), who could change the plugin. Run this as $(stat -c %U "$folder"), or in a clone of your own."
      if (((8#$mode & 8#1000) == 0 && ((8#$mode & 8#002) || ((8#$mode & 8#020) && group != 0)))); then
        fail 78 "others may write to $folder and so could change the plugin. Run: chmod go-w '$folder'"
      fi
    fi
    folder=$(dirname -- "$folder")
  done
}
