# shellcheck shell=bash
# Sourced by scripts that run a daemon's stand-in: a database, and a daemon's file.
source "$(dirname -- "${BASH_SOURCE[0]}")/../cmake/script-common.sh"

# The option --dir of the script, as examples/private-postgres wants it. Empty: its default.
dir_option=()

private_postgres() { "$repo/examples/private-postgres" "$@" "${dir_option[@]}"; }

# Sets HWLAB_DATABASE_URL, unless it is set, and `private` when that is our own server. Its value is never printed: it
# may hold a password.
provide_database() {
  private=
  if [ -n "${HWLAB_DATABASE_URL:-}" ]; then
    say "Using the database that HWLAB_DATABASE_URL names."
    return
  fi
  # shellcheck disable=SC2034  # for the script that sources this
  private=1
  private_postgres start
  HWLAB_DATABASE_URL=$(private_postgres url)
  export HWLAB_DATABASE_URL
}

# write_config PRESET: the daemon's configuration file, with the one plugin that was just built; sets `config`. Single
# quotes in YAML are doubled.
write_config() {
  local new
  config=$(private_postgres dir)/hwlab.yaml
  mkdir -p "$(dirname -- "$config")"
  new=$(mktemp "$config.XXXXXX")
  cat >"$new" <<YAML
# Written by examples/$(realpath --relative-to="$repo/examples" -- "$0") at each run.
plugin_dir: '${repo//\'/\'\'}/build/$1/lib'
plugins:
  - name: conversations
    library: hwlab_conversations.so
    enabled: true
    config:
      dsn: { env: HWLAB_DATABASE_URL }
      log_level: warn
YAML
  chmod 644 "$new"
  mv "$new" "$config"
}
