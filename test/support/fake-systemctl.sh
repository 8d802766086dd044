#!/bin/sh
# Stands in for `systemctl --user`: keeps the unit's process by itself, as systemd would, by what the unit file says.
# Words are taken apart by a shell, which reads this unit's quoting as systemd does but for %% and \\.
set -eu
state="$HOME/fake-systemctl"; mkdir -p "$state"; echo "$*" >> "$state/calls"
shift; verb=$1; shift
case "${1:-}" in --now) now=1; shift ;; *) now= ;; esac
unit=${1:-}; file="${XDG_CONFIG_HOME:-$HOME/.config}/systemd/user/$unit"
alive() { [ -f "$state/pid" ] && kill -0 "$(cat "$state/pid")" 2>/dev/null; }
stop() { if alive; then kill -TERM "$(cat "$state/pid")"; while alive; do sleep 0.05; done; fi; rm -f "$state/pid"; }
start() {
  alive && return 0
  command=$(sed -n 's/^ExecStart=://p' "$file" | sed 's/%%/%/g; s/\$/\\$/g; s/`/\\`/g')
  environment=$(sed -n 's/^Environment=//p' "$file" | sed 's/%%/%/g; s/\$/\\$/g; s/`/\\`/g' | tr '\n' ' ')
  (exec < /dev/null > /dev/null 2> "$state/stderr"; eval "exec env -i HOME=\"$HOME\" $environment $command") &
  echo $! > "$state/pid"
}
case $verb in
  daemon-reload) systemd-analyze --user verify "$XDG_CONFIG_HOME"/systemd/user/*.service 2> "$state/verify" || true ;;
  enable) : > "$state/enabled" ;;
  disable) rm -f "$state/enabled"; [ -z "$now" ] || stop ;;
  start) start ;;
  restart) stop; start ;;
  stop) stop ;;
  is-active) if alive; then echo active; else echo inactive; exit 3; fi ;;
  *) echo "unknown verb $verb" >&2; exit 1 ;;
esac
