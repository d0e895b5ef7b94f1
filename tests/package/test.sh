#!/bin/bash
# test.sh DIRECTORY: what becomes of a Debian system that the package in DIRECTORY is installed on, upgraded, removed and
# purged. The system is this machine's own root below an overlay, with a real systemd as its process 1, and without a
# network but loopback. Needs root, lintian, systemd-nspawn and unified cgroups in the kernel. Nothing of it is left.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
if [ "${2-}" != inside ]; then
  exec unshare --mount --propagation private "$0" "$(readlink -f "$1")" inside
fi
packages=$1
. "$here/system.sh"

passed=0
current=preparation
check() {  # check NAME COMMAND...: one fact
  current=$1
  shift
  if ! "$@"; then
    echo "not ok: $current ($*)"
    [ -z "$init" ] || guest journalctl --no-pager --lines=30 --unit=rtt_exporter || true
    exit 1
  fi
  passed=$((passed + 1))
  echo "ok $passed: $current"
}
trap 'code=$?; [ $code = 0 ] || echo "$passed passed, 1 failed: $current"; stop_system' EXIT

config=/etc/rtt_exporter/rtt_exporter.yml
quietly() { "$@" > "$scratch/apt.log" 2>&1 || { cat "$scratch/apt.log"; return 1; }; }
install_version() {
  quietly guest env DEBIAN_FRONTEND=noninteractive apt-get install -q -y -o Dpkg::Options::=--force-confdef \
    -o Dpkg::Options::=--force-confold "/packages/$1.deb"
}
property() { guest systemctl show --value --property="$1" rtt_exporter; }
status() { guest cat "/proc/$(property MainPID)/status"; }
page() { guest curl --silent --fail "http://127.0.0.1:10049$1"; }
shows() { page /metrics | grep -- "$1" > /dev/null; }
is() { [ "$1" = "$2" ] || { echo "'$1' is not '$2'"; return 1; }; }
lacks() { ! guest test -e "$1"; }
edit() { guest sed -i "$1" $config; }
every_source_is_up() { shows '^rtt_source_up{.*} 1$' && ! shows '^rtt_source_up{.*} 0$'; }
security() { guest systemd-analyze security --no-pager rtt_exporter | tail -1; }

check "lintian has neither an error nor a warning" lintian --allow-root --fail-on=error,warning "$packages"/rtt-exporter_*.changes

make_versions
boot_system

check "it installs" install_version first
check "its unit waits until it is ready, and watches it" is "$(property Type),$(property WatchdogUSec)" notify,30s
check "the service is on" is "$(property ActiveState),$(property UnitFileState)" active,enabled
check "it was ready when systemd said so" quietly page /-/ready
check "the packaged program is what runs" is "$(guest readlink "/proc/$(property MainPID)/exe")" /usr/bin/rtt_exporter
check "no root runs it" test "$(status | sed -n 's/^Uid:\t\([0-9]*\).*/\1/p')" != 0
check "it has no capability but three" only_three_capabilities "$(status)"
check "it can gain none" is "$(status | sed -n 's/^NoNewPrivs:\t//p')" 1
for method in icmp tcp_connect tcp_echo tcp_info tcp_probe tcp_handshake; do
  check "it measures $method" eventually shows "^rtt_seconds_count{.*method=\"$method\".*} [1-9]"
done
check "every source is up" every_source_is_up
check "its configuration is the shipped one" is "$(guest cat $config)" "$(cat "$here/../../config/rtt_exporter.yml")"
check "the manual page is there" quietly guest man --where rtt_exporter
check "the dashboards are there" is "$(guest ls /usr/share/rtt_exporter/grafana)" "$(cd "$here/../../grafana" && ls -- *.json)"
check "Prometheus takes its rules" quietly guest sh -c 'promtool check rules /usr/share/rtt_exporter/prometheus/*.yml'
check "the files are what was packaged" is "$(guest dpkg --verify rtt-exporter)" ""
check "systemd-analyze says: $(security)" grep -q OK <<< "$(security)"

pid=$(property MainPID)
edit 's/name: self/name: renamed/'
check "it reloads" guest systemctl reload rtt_exporter
check "the reload is effective" eventually shows 'target="renamed"'
check "the reload is no restart" is "$(property MainPID)" "$pid"
edit 's/name: renamed/nmae: renamed/'
guest systemctl reload rtt_exporter || true
check "a bad configuration is told" eventually shows '^rtt_exporter_config_last_reload_successful 0'
check "a bad configuration changes nothing" shows 'target="renamed"'
edit 's/nmae: renamed/name: self/'

. "$here/unit.sh"

pid=$(property MainPID)
guest kill -STOP "$pid"
check "a process that hangs is replaced" eventually runs_as_other_than "$pid"
check "by the watchdog" quietly guest journalctl --quiet --no-pager --unit=rtt_exporter --grep='Watchdog timeout'
check "its successor is ready" eventually page /-/ready

pid=$(property MainPID)
check "it upgrades" install_version second
check "the new version runs" eventually runs_as_other_than "$pid"
check "a configuration that nobody changed is the new one" guest grep -q '^# second$' $config
check "the new version is ready" eventually page /-/ready

edit 's/name: self/name: kept/'
check "it upgrades with a changed configuration" install_version third
check "the changed configuration is kept" guest grep -q 'name: kept' $config
check "the new one is beside it" guest grep -q '^# third$' $config.dpkg-dist
check "the kept configuration is in use" eventually shows 'target="kept"'

check "it is removed" quietly guest apt-get remove -q -y rtt-exporter
check "nothing runs any more" is "$(guest pgrep -x rtt_exporter || true)" ""
check "the program is gone" lacks /usr/bin/rtt_exporter
check "the unit is gone" lacks /lib/systemd/system/rtt_exporter.service
check "the configuration is still there" guest test -e $config
check "it comes back" install_version third
check "with the configuration that it had" eventually shows 'target="kept"'
check "it is purged" quietly guest apt-get purge -q -y rtt-exporter
check "nothing of it is left" is "$(left_over_files)" ""
echo "$passed passed, 0 failed"
