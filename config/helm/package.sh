#!/bin/sh
# package.sh DIRECTORY: the chart as "helm package" would write it, with the rules and dashboards that its links name.
set -eu
chart=$(dirname "$(readlink -f "$0")")/rtt-exporter
version=$(sed -n 's/^version: //p' "$chart/Chart.yaml")
mkdir -p "$1"
tar -C "$(dirname "$chart")" --dereference --owner=0 --group=0 --numeric-owner --sort=name --exclude=.helmignore \
  -czf "$1/rtt-exporter-$version.tgz" rtt-exporter
echo "$1/rtt-exporter-$version.tgz"
