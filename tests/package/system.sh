# A Debian system to test packages on; test.sh sources this. $packages is the directory with the package.
scratch=$(mktemp -d)
root=$scratch/overlay/root
nspawn=
init=

eventually() {  # eventually COMMAND...: within a minute
  local deadline=$((SECONDS + 60))
  until "$@" > /dev/null 2>&1; do
    [ $SECONDS -lt $deadline ] || return 1
    sleep 0.2
  done
}

guest() { nsenter --target "$init" --all -- "$@" < /dev/null; }

# The package under three versions, each with a default configuration of its own.
make_versions() {
  mkdir "$scratch/packages"
  cp "$packages"/rtt-exporter_*.deb "$scratch/packages/first.deb"
  local name
  for name in second third; do
    dpkg-deb --raw-extract "$scratch/packages/first.deb" "$scratch/$name"
    sed -i "s/^Version: .*/&+$name/" "$scratch/$name/DEBIAN/control"
    echo "# $name" >> "$scratch/$name/etc/rtt_exporter/rtt_exporter.yml"
    dpkg-deb --root-owner-group --build "$scratch/$name" "$scratch/packages/$name.deb" > /dev/null
  done
}

booted() { init=$(pgrep --parent "$nspawn" --exact systemd) && guest systemctl is-active --quiet basic.target; }

# Its /tmp, /run and changes are in memory: a systemd that starts empties /tmp.
boot_system() {
  mkdir "$scratch/overlay"
  mount -t tmpfs -o mode=0755 tmpfs "$scratch/overlay"
  mkdir "$scratch/overlay/"{changed,work,root}
  mount -t overlay overlay "$root" \
    -o "lowerdir=/,upperdir=$scratch/overlay/changed,workdir=$scratch/overlay/work"
  : > "$root/etc/machine-id"
  # Images for containers install no manual pages and start no services.
  rm -f "$root/etc/dpkg/dpkg.cfg.d/"* "$root/usr/sbin/policy-rc.d"
  mount -t tmpfs tmpfs /run
  umount --recursive /sys/fs/cgroup
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
  home_cgroup=/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)
  cgroup=$home_cgroup/rtt-package-test-$$
  mkdir "$cgroup"
  echo $$ > "$cgroup/cgroup.procs"
  # Without CAP_SYS_TIME, CAP_SYS_MODULE and CAP_SYS_RAWIO, which nspawn does not give by itself.
  systemd-nspawn --quiet --register=no --keep-unit --link-journal=no --private-network \
    --capability=CAP_BPF,CAP_PERFMON --system-call-filter='bpf perf_event_open' \
    --tmpfs=/tmp:mode=1777 --tmpfs=/var/tmp:mode=1777 --bind-ro="$scratch/packages:/packages" \
    --console=pipe --directory="$root" --boot systemd.unit=basic.target < /dev/null > "$scratch/console.log" 2>&1 &
  nspawn=$!
  eventually booted || { cat "$scratch/console.log"; return 1; }
}

ended() { ! kill -0 "$1"; }

stop_system() {
  if [ -n "$nspawn" ]; then
    kill -TERM "$nspawn" || true  # which tells the system to power off
    eventually ended "$nspawn" || kill -KILL "$nspawn"
    wait "$nspawn" || true
    echo $$ > "$home_cgroup/cgroup.procs"
    find "$cgroup" -depth -type d -exec rmdir {} + || true
    umount --recursive "$scratch/overlay"
  fi
  rm -rf --one-file-system "$scratch"
}

runs_as_other_than() {
  local now
  now=$(property MainPID)
  [ "$now" != 0 ] && [ "$now" != "$1" ]
}

# CAP_NET_RAW (13), CAP_PERFMON (38), CAP_BPF (39) at most, in every set of a /proc/PID/status.
only_three_capabilities() {
  local allowed=$((1 << 13 | 1 << 38 | 1 << 39)) set
  for set in $(sed -n 's/^Cap\(Inh\|Prm\|Eff\|Bnd\|Amb\):\t//p' <<< "$1"); do
    [ $((16#$set & ~allowed)) = 0 ] || return 1
  done
}

# Logs and the package manager's own records may name a package that was purged.
left_over_files() {
  find "$scratch/overlay/changed" -iname '*rtt?exporter*' -not -type c -not -path '*/var/log/*' -not -path '*/var/cache/*'
}
