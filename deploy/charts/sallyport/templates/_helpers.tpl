{{- define "sallyport.services" -}}
- accesslog
- config
- egress
- secret
- xds
{{- end -}}

{{/* Labels that never change: what workloads and Services select. Takes {root, service}. */}}
{{- define "sallyport.selector" -}}
app.kubernetes.io/name: sallyport
app.kubernetes.io/component: {{ .service }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end -}}

{{- define "sallyport.labels" -}}
{{ include "sallyport.selector" . }}
{{ include "sallyport.common" .root }}
{{- end -}}

{{- define "sallyport.common" -}}
app.kubernetes.io/part-of: sallyport
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Chart.AppVersion }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}

{{/* The name that a service shows in its certificate, and that others call it by. Takes {root, service}. */}}
{{- define "sallyport.host" -}}
sallyport-{{ .service }}.{{ .root.Release.Namespace }}.svc
{{- end -}}

{{- define "sallyport.port" -}}
{{- get (dict "accesslog" "15020" "config" "15016" "egress" "15019" "secret" "15018" "xds" "15017") . -}}
{{- end -}}

{{- define "sallyport.httpPort" -}}
{{- get (dict "accesslog" "15084" "config" "15080" "egress" "15083" "secret" "15082" "xds" "15081") . -}}
{{- end -}}

{{/* Where Envoys come: the port's name and number; nothing for services that have none. */}}
{{- define "sallyport.proxyPort" -}}
{{- get (dict "accesslog" "15011" "secret" "15014" "xds" "15010") . -}}
{{- end -}}

{{/* Whether a service keeps something on a disk of its own. Takes {root, service}. */}}
{{- define "sallyport.storage" -}}
{{- $platform := .root.Values.platform -}}
{{- if eq .service "config" -}}
{{- if not $platform.config.store.postgresql.url }}{{ toYaml $platform.config.store.embedded }}{{ end -}}
{{- else if or (eq .service "secret") (eq .service "accesslog") -}}
{{ toYaml (get $platform .service).storage }}
{{- end -}}
{{- end -}}

{{/* How many pods. Takes {root, service}. */}}
{{- define "sallyport.replicas" -}}
{{- $own := get .root.Values.platform .service -}}
{{- if and (eq .service "config") (not $own.store.postgresql.url) -}}
1
{{- else -}}
{{ int $own.replicas }}
{{- end -}}
{{- end -}}

{{/* What does not fit together is said before anything is installed. */}}
{{- define "sallyport.check" -}}
{{- $platform := .Values.platform -}}
{{- if ne .Release.Namespace .Values.global.platformNamespace -}}
{{- fail (printf "installed in namespace \"%s\", while global.platformNamespace is \"%s\" (expected: the same, since gateways find the platform by it)" .Release.Namespace .Values.global.platformNamespace) -}}
{{- end -}}
{{- if and (gt (int $platform.accesslog.replicas) 1) (not $platform.accesslog.clickhouse.url) -}}
{{- fail (printf "platform.accesslog.replicas: %d without platform.accesslog.clickhouse.url (expected: 1, or a ClickHouse that they share)" (int $platform.accesslog.replicas)) -}}
{{- end -}}
{{- if and (gt (int $platform.accesslog.replicas) 1) (not $platform.accesslog.kafka.bootstrapServers) -}}
{{- fail (printf "platform.accesslog.replicas: %d without platform.accesslog.kafka.bootstrapServers (expected: 1, or a Kafka that they share)" (int $platform.accesslog.replicas)) -}}
{{- end -}}
{{- range list "xds" "egress" -}}
{{- $scaling := (get $platform .).autoscaling -}}
{{- if and $scaling.enabled (lt (int $scaling.maxReplicas) (int $scaling.minReplicas)) -}}
{{- fail (printf "platform.%s.autoscaling.maxReplicas: %d is less than minReplicas: %d (expected: at least as many)" . (int $scaling.maxReplicas) (int $scaling.minReplicas)) -}}
{{- end -}}
{{- end -}}
{{- if gt (int $platform.authority.certificateDays) (int $platform.authority.days) -}}
{{- fail (printf "platform.authority.certificateDays: %d is more than days: %d (expected: at most as many, since no certificate outlives its authority)" (int $platform.authority.certificateDays) (int $platform.authority.days)) -}}
{{- end -}}
{{- end -}}
