{{/* config.yaml of each service, as `sallyport service NAME --config FILE` reads it. Takes {root, service}. */}}
{{- define "sallyport.settings" -}}
{{- $root := .root -}}
{{- $platform := $root.Values.platform -}}
{{- $host := dict -}}
{{- range $each := include "sallyport.services" $root | fromYamlArray -}}
{{- $_ := set $host $each (printf "%s:%s" (include "sallyport.host" (dict "root" $root "service" $each)) (include "sallyport.port" $each)) -}}
{{- end -}}
grpc: 0.0.0.0:{{ include "sallyport.port" .service }}
http: 0.0.0.0:{{ include "sallyport.httpPort" .service }}
{{- if eq .service "config" }}
store:
  {{- with $platform.config.store.postgresql }}
  {{- if .url }}
  url: {{ .url | quote }}
  user: {{ .user | quote }}
  {{- if .passwordSecret.name }}
  passwordFile: /etc/sallyport-store/{{ .passwordSecret.key }}
  {{- end }}
  {{- else }}
  file: /var/lib/sallyport/config.db
  {{- end }}
  {{- end }}
kubernetes:
  rootNamespace: {{ $platform.rootNamespace }}
  status: {namespace: {{ $root.Release.Namespace }}, xds: "{{ $host.xds }}", secret: "{{ $host.secret }}"}
  {{- if or $platform.webhook.enabled $platform.injection.enabled }}
  webhook:
    address: 0.0.0.0:15443
    names: [sallyport-webhook.{{ $root.Release.Namespace }}.svc]
    {{- if $platform.webhook.enabled }}
    configuration: sallyport-{{ $root.Release.Namespace }}
    {{- end }}
    {{- if $platform.injection.enabled }}
    injection:
      settings: /etc/sallyport-injection/injection.yaml
      configuration: sallyport-injector-{{ $root.Release.Namespace }}
    {{- end }}
  {{- end }}
  {{- with $platform.namespaces }}
  namespaces: {{ toJson . }}
  {{- end }}
{{- else if eq .service "xds" }}
xds: 0.0.0.0:{{ include "sallyport.proxyPort" "xds" }}
config: {{ $host.config }}
{{- else if eq .service "secret" }}
sds: 0.0.0.0:{{ include "sallyport.proxyPort" "secret" }}
store: /var/lib/sallyport/secrets
masterKeyFile: /etc/sallyport-key/master.key
config: {{ $host.config }}
kubernetes:
  namespaces: {{ toJson $platform.gatewayNamespaces }}
{{- else if eq .service "egress" }}
config: {{ $host.config }}
logs: {{ $host.accesslog }}
{{- else if eq .service "accesslog" }}
{{- $log := $platform.accesslog }}
als: 0.0.0.0:{{ include "sallyport.proxyPort" "accesslog" }}
data: /var/lib/sallyport/logs
tokenFile: /var/lib/sallyport/token
config: {{ $host.config }}
xds: {{ $host.xds }}
secret: {{ $host.secret }}
{{- if $log.kafka.bootstrapServers }}
kafka:
  bootstrapServers: {{ $log.kafka.bootstrapServers | quote }}
  topic: {{ $log.kafka.topic | quote }}
  partitions: {{ int $log.kafka.partitions }}
  replicas: {{ int $log.kafka.replicas }}
  {{- with $log.kafka.client }}
  client:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if $log.kafka.passwordSecret.name }}
  passwordFile: /etc/sallyport-kafka/{{ $log.kafka.passwordSecret.key }}
  {{- end }}
{{- end }}
{{- if $log.clickhouse.url }}
clickhouse:
  url: {{ $log.clickhouse.url | quote }}
  user: {{ $log.clickhouse.user | quote }}
  database: {{ $log.clickhouse.database | quote }}
  retention: {{ $log.clickhouse.retention }}
  {{- if $log.clickhouse.passwordSecret.name }}
  passwordFile: /etc/sallyport-clickhouse/{{ $log.clickhouse.passwordSecret.key }}
  {{- end }}
{{- end }}
{{- with $log.sampling }}
sampling: {{ toJson . }}
{{- end }}
{{- with $log.privacyRules }}
privacy:
  keyFile: /etc/sallyport-privacy/privacy.key
  rules:
    {{- toYaml . | nindent 4 }}
{{- end }}
{{- end }}
tls: {certificate: /etc/sallyport-tls/tls.crt, key: /etc/sallyport-tls/tls.key, ca: /etc/sallyport-tls/ca.crt}
identity:
  trustDomain: {{ $root.Values.global.trustDomain }}
  services:
    {{- range $each := include "sallyport.services" $root | fromYamlArray }}
    {{ $each }}: [{{ include "sallyport.host" (dict "root" $root "service" $each) }}]
    {{- end }}
  revoked: /etc/sallyport/revoked
  {{- with $platform.proxies }}
  proxies:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  kubernetes: {audience: {{ $platform.audience }}}
  {{- with $platform.oidc }}
  oidc:
    {{- toYaml . | nindent 4 }}
  {{- end }}
authorization: {kubernetes: true}
{{- end -}}
