#!/bin/sh
# rules.sh NAME FILE: a PrometheusRule of the Prometheus Operator, of a rule file of Prometheus.
set -eu
cat <<HEAD
# Made by make manifests of config/prometheus/$(basename "$2").
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: rtt-exporter-$1
  labels:
    app.kubernetes.io/name: rtt-exporter
spec:
HEAD
sed -n '/^groups:/,$ s/^\(.\)/  \1/p; /^groups:/,$ { /^$/p }' "$2"
