# shellcheck shell=bash
# Sourced by examples/hosts/*/run: arguments, packages, the plugin, a database and the daemon's file.
source "$(dirname -- "${BASH_SOURCE[0]}")/../script-database.sh"

while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) show_help && exit ;;
    --dir) dir_option=(--dir "$(realpath -m -- "$(option_value "$1" $# "${2:-}")")") && shift ;;
    *) fail 64 "unknown argument '$1'; see --help." ;;
  esac
  shift
done

# prepare PURPOSE TARGET...: afterwards a host can be started with "$config". PURPOSE is of
# cmake/debian-packages.txt, TARGET... are built beside the plugin.
prepare() {
  require_own_folders release
  "$repo/cmake/install-packages" build "$1"
  build release OFF hwlab_conversations "${@:2}"
  provide_database
  write_config release
}

# run_host COMMAND...: ends the script.
run_host() {
  "$@" "$config"
  [ -z "$private" ] || say "PostgreSQL goes on running; stop it with examples/private-postgres stop ${dir_option[*]}"
}
