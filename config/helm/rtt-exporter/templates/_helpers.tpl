{{- define "rtt-exporter.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "rtt-exporter.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains (include "rtt-exporter.name" .) .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "rtt-exporter.name" .) | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "rtt-exporter.selectorLabels" -}}
app.kubernetes.io/name: {{ include "rtt-exporter.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "rtt-exporter.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{ include "rtt-exporter.selectorLabels" . }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "rtt-exporter.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "rtt-exporter.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "rtt-exporter.image" -}}
{{- if .Values.image.digest }}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}

{{- define "rtt-exporter.config" -}}
{{- $config := deepCopy .Values.config }}
{{- if .Values.allNamespaces }}
{{- $config = mustMergeOverwrite $config (dict "passive" (dict "tcp_info" (dict "namespaces" "all"))) }}
{{- end }}
{{- tpl (toYaml $config) . }}
{{- end }}

{{- /* What answers the kubelet: an unauthenticated GET gets 401 where passwords are asked for. */ -}}
{{- define "rtt-exporter.probe" -}}
{{- if .context.Values.webConfig.passwords -}}
tcpSocket: {port: metrics}
{{- else -}}
httpGet: {path: {{ .path }}, port: metrics, scheme: {{ ternary "HTTPS" "HTTP" .context.Values.webConfig.tls }}}
{{- end }}
{{- end }}

{{- /* One endpoint of a PodMonitor or ServiceMonitor. */ -}}
{{- define "rtt-exporter.endpoint" -}}
port: metrics
path: /metrics
interval: {{ .monitor.interval }}
{{- with .monitor.scrapeTimeout }}
scrapeTimeout: {{ . }}
{{- end }}
{{- if .context.Values.webConfig.tls }}
scheme: https
tlsConfig: {insecureSkipVerify: true}
{{- end }}
{{- with .monitor.relabelings }}
relabelings:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .monitor.metricRelabelings }}
metricRelabelings:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
