#!/bin/sh
# image_tree.sh PROGRAM DIRECTORY: lays out the root of the container image. Everything the program needs is in it, and
# nothing else: no shell, no package manager. The Dockerfile calls it in its first stage, and a test runs what it makes.
#
# Debian has no static libraries of spdlog and prometheus-cpp, and none of what its libcurl.a needs in turn: so the
# image has the shared ones that the program is linked with, each with its licence and its version for scanners.
set -eu
program=$1
root=$2
here=$(dirname "$(readlink -f "$0")")

mkdir -p "$root/usr/bin" "$root/usr/lib64" "$root/etc/rtt_exporter" "$root/etc/ssl/certs" "$root/var/lib/dpkg/status.d" \
  "$root/proc" "$root/sys"
ln -s usr/bin "$root/bin"
ln -s usr/lib "$root/lib"
ln -s usr/lib64 "$root/lib64"
strip -o "$root/usr/bin/rtt_exporter" "$program"

# In Debian 12 /lib is a link to /usr/lib.
libraries=$(ldd "$program" | sed -n 's|^.* => \(/[^ ]*\) .*|\1|p; s|^[[:space:]]*\(/[^ ]*\) .*|\1|p' | sed 's|^/lib|/usr/lib|')
cp -L --parents $libraries "$root"

# dpkg knows a file by the path that it was packaged with, in /lib or in /usr/lib.
files=$(readlink -f $libraries)
packages=$(dpkg-query --search $files $(echo "$files" | sed 's|^/usr||') /usr/sbin/update-ca-certificates \
  /usr/lib/os-release 2> /dev/null | sed 's/: .*//' | sort -u)
cp -L --parents $(echo "$packages" | sed 's|:.*||; s|.*|/usr/share/doc/&/copyright|') "$root"
dpkg-query --status $packages | awk -v directory="$root/var/lib/dpkg/status.d/" '
  /^Package: / { file = directory $2 }
  /^[^ ]/ { conffiles = /^Conffiles:/ }
  NF && !conffiles { print > file }'

cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
cp -L /usr/lib/os-release "$root/etc/os-release"
mkdir -p "$root/usr/share/doc/rtt_exporter"
cp "$here/../../LICENSE" "$root/usr/share/doc/rtt_exporter/copyright"
cp "$here/../quickstart.yml" "$root/etc/rtt_exporter/rtt_exporter.yml"
# Started as root it becomes rtt_exporter.
printf '%s\n' root:x:0:0:root:/:/nonexistent rtt_exporter:x:10049:10049:rtt_exporter:/:/nonexistent > "$root/etc/passwd"
printf '%s\n' root:x:0: rtt_exporter:x:10049: > "$root/etc/group"
find "$root" -type f -exec chmod a+r {} +
