# What the unit allows and denies, with all that a configuration can ask of the program; test.sh sources this while the
# package is installed and leaves the system as it was. A system call that the unit's filter denies fails with EPERM, so
# only what it was for shows that.

# counts LABEL...: whether an rtt_seconds with all these labels has an observation.
counts() {
  local series label
  series=$(page /metrics | grep '^rtt_seconds_count{.*} [1-9]')
  for label in "$@"; do series=$(grep -F -- "$label" <<< "$series") || return 1; done
}
configure() { cat > "$root$config"; }
drop_in() { install -D -m 0644 /dev/stdin "$root/etc/systemd/system/rtt_exporter.service.d/$1"; }
restart() { guest systemctl daemon-reload && guest systemctl restart rtt_exporter; }
listed() { install -D -m 0644 /dev/stdin "$root/etc/rtt_exporter/peers/$2" <<< "[{\"targets\": [\"$1\"]}]"; }
https() { guest curl --silent --fail --cacert /etc/rtt_exporter/server.pem "https://localhost:10049$1"; }
threads_with() {  # threads_with SET MASK: that each thread of the process has just these capabilities
  local masks
  masks=$(guest sh -c "sed -n 's/^$1:\t//p' /proc/$(property MainPID)/task/*/status" | sort -u)
  is "$masks" "$2"
}
logged_denials() { guest journalctl --no-pager --unit=rtt_exporter | grep -i -e 'not permitted' -e denied || true; }

cp -p "$root$config" "$scratch/shipped.yml"

for name in cpu_seconds_total virtual_memory_bytes resident_memory_bytes start_time_seconds open_fds max_fds; do
  check "it has process_$name" shows "^process_$name [0-9.e+-]*[1-9]"
done
check "it started just now" test "$(page /metrics | awk -v now="$(date +%s)" \
  '/^process_start_time_seconds / { print ($2 > now - 600 && $2 <= now + 1) }')" = 1
check "its threads have three capabilities and no other" threads_with CapEff 000000c000002000

# Another network namespace, and in it a service with connections of its own: a second exporter.
guest ip netns add elsewhere
guest ip -n elsewhere link set lo up
guest ip -n elsewhere address add 10.99.0.1/32 dev lo
cat > "$root/etc/elsewhere.yml" <<< '
passive: {tcp_probe: {enabled: false}, tcp_info: {enabled: false}}
echo_server: {listen: ["10.99.0.1:10007"]}
probes: {echo: {method: tcp_echo, interval: 100ms}}
targets: [{name: itself, hosts: [10.99.0.1], probes: [echo]}]'
check "a service in another network namespace runs" quietly guest systemd-run --quiet --unit=elsewhere \
  --property=NetworkNamespacePath=/run/netns/elsewhere /usr/bin/rtt_exporter --config.file=/etc/elsewhere.yml

elsewhere=('target="elsewhere"' 'unit="elsewhere.service"')

# Other networks are another BPF program; labels another tree that inotify follows.
listed 127.0.0.2 first.json
everything='
echo_server: {listen: ["127.0.0.1:10007"]}
probes:
  ping: {method: icmp}
  connect: {method: tcp_connect, port: 10007}
  echo: {method: tcp_echo}
  datagram: {method: udp_echo}
  page: {method: http, port: 10049}
targets:
  - {name: all_methods, hosts: [127.0.0.1], probes: [ping, connect, echo, datagram, page]}
  - {name: elsewhere, networks: [10.99.0.0/16]}
  - {name: listed, files: [peers/*.json], probes: [ping]}'
configure <<< "passive: {labels: [unit], tcp_info: {interval: 1s}}$everything"
check "it reloads all that there is" guest systemctl reload rtt_exporter
for method in icmp tcp_connect tcp_echo udp_echo http tcp_info tcp_probe tcp_handshake; do
  check "it then measures $method" eventually counts "method=\"$method\"" 'target="all_methods"'
done
for method in tcp_info tcp_probe tcp_handshake; do
  check "$method knows whose sockets they are" eventually counts "method=\"$method\"" 'unit="rtt_exporter.service"'
done
check "eBPF counts in all network namespaces" eventually counts 'method="tcp_probe"' "${elsewhere[@]}"
check "it measures the peers of a file" eventually counts 'target="listed"' 'peer="127.0.0.2"'
listed 127.0.0.3 second.json
check "it sees a file that comes" eventually counts 'target="listed"' 'peer="127.0.0.3"'
check "every source is still up" every_source_is_up
check "nothing was denied" is "$(logged_denials)" ""

configure <<< "passive: {labels: [unit], tcp_info: {interval: 1s, namespaces: all}}$everything"
restart
namespaces_are_up() { shows "^rtt_source_up{source=\"tcp_info_namespaces\"} $1"; }
check "without the drop-in it says that it sees one namespace" eventually namespaces_are_up 0
guest cat /usr/share/doc/rtt-exporter/examples/namespaces.conf | drop_in namespaces.conf
restart
check "with the drop-in it sees them all" eventually namespaces_are_up 1
check "and every source is up" every_source_is_up
check "tcp_info counts in another namespace" eventually counts 'method="tcp_info"' "${elsewhere[@]}"
for reason in denied failed unreadable_process; do
  check "no namespace is $reason" shows "^rtt_exporter_tcp_info_namespace_errors_total{reason=\"$reason\"} 0"
done
# The bounding set stays as the unit has it, which gives nothing to a process that can gain nothing.
check "it has still no capability but three" only_three_capabilities "$(status | grep -v CapBnd)"
opener=$(guest pgrep -x rtt_ns_opener)
check "the opener has two others" is "$(guest sed -n 's/^CapEff:\t//p' "/proc/$opener/status")" 0000000000280000
check "systemd-analyze says with the drop-in: $(security)" grep -q OK <<< "$(security)"

# As docs/web-configuration.md says: a key that only root may read.
quietly guest openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=localhost \
  -addext subjectAltName=DNS:localhost -keyout /etc/rtt_exporter/server.key -out /etc/rtt_exporter/server.pem
check "nobody but root may read the key" is "$(guest stat -c '%a %U' /etc/rtt_exporter/server.key)" "600 root"
cat > "$root/etc/rtt_exporter/web.yml" <<< 'tls_server_config:
  {cert_file: server.pem, key_file: /run/credentials/rtt_exporter.service/server.key}'
drop_in web.conf <<< '[Service]
LoadCredential=server.key:/etc/rtt_exporter/server.key
ExecStart=
ExecStart=/usr/bin/rtt_exporter --config.file=/etc/rtt_exporter/rtt_exporter.yml --web.config.file=/etc/rtt_exporter/web.yml'
restart
check "it serves TLS" eventually https /-/ready

guest systemctl stop elsewhere
guest ip netns delete elsewhere
rm -r "$root"/etc/{systemd/system/rtt_exporter.service.d,rtt_exporter/{peers,server.*,web.yml},elsewhere.yml}
cp -p "$scratch/shipped.yml" "$root$config"
restart
check "the system is as it was" eventually page /-/ready
