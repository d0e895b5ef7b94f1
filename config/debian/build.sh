#!/bin/sh
# build.sh DIRECTORY JOBS BUILD_PACKAGES...: makes the Debian package of the files that git knows, in DIRECTORY. The
# tree has no debian/ at its top: it is this directory, in the copy that dpkg-buildpackage works on.
set -eu
here=$(dirname "$(readlink -f "$0")")
tree=$(git -C "$here" rev-parse --show-toplevel)
mkdir -p "$1"
directory=$(readlink -f "$1") jobs=$2
shift 2
rm -rf "$directory"/rtt-exporter_* "$directory"/rtt-exporter-dbgsym_* "$directory/source"
mkdir "$directory/source"
cd "$tree"
git ls-files -z --cached | tar -c --null --ignore-failed-read -T - | tar -x -C "$directory/source"
cd "$directory/source"
cp -r config/debian debian
rm debian/build.sh
build_packages=$(for package in "$@"; do [ "$package" = g++ ] || printf '%s, ' "$package"; done)
sed -i "s/@BUILD_PACKAGES@/${build_packages%, }/" debian/control

# What --version says; between releases the commit besides, which sorts before the release that it leads to.
version=$(sed -n 's/^project(rtt_exporter VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
if [ "$(dpkg-parsechangelog -S Version)" != "$version" ]; then
  echo "config/debian/changelog begins with $(dpkg-parsechangelog -S Version), CMakeLists.txt says $version" >&2
  exit 1
fi
commit=$(git -C "$tree" describe --always --dirty --exclude='*')
if [ "$(git -C "$tree" describe --always --dirty --tags --match="v$version")" != "v$version" ]; then
  snapshot=$version~git$(git -C "$tree" log -1 --format=%cd --date=format:%Y%m%d%H%M%S).$(echo "$commit" | tr - .)
  { printf 'rtt-exporter (%s) UNRELEASED; urgency=medium\n\n  * Snapshot of commit %s.\n\n' "$snapshot" "$commit"
    printf ' -- %s  %s\n\n' "$(dpkg-parsechangelog -S Maintainer)" "$(git -C "$tree" log -1 --format=%cD)"
    cat debian/changelog
  } > debian/changelog.new
  mv debian/changelog.new debian/changelog
fi

DEB_BUILD_OPTIONS="parallel=$jobs ${DEB_BUILD_OPTIONS:-}" dpkg-buildpackage --build=binary --no-sign
cd "$directory"
rm -rf source
ls ./*.deb
