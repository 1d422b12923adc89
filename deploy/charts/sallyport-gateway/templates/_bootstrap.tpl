{{/*
What Envoy starts with. Everything that traffic needs comes by discovery; here are only who asks, whom, and the bounds
that no discovery may lift. Kept like EnvoyBootstrap of `sallyport bootstrap`, which runs on one machine.
*/}}
{{- define "gateway.bootstrap" -}}
{{- $values := include "gateway.values" . | fromYaml -}}
{{- $listen := dict -}}
{{- $low := false -}}
{{- range $values.service.ports -}}
{{- $_ := set $listen (toString (int .port)) (toString (int .targetPort)) -}}
{{- if lt (int .targetPort) 1024 }}{{ $low = true }}{{ end -}}
{{- end -}}
node:
  # The id comes from the command line, where Kubernetes fills in the pod's name and address. Neither it nor what is said
  # here opens anything: the platform believes the token or the certificate.
  id: router~0.0.0.0~{{ .Release.Name }}.{{ .Release.Namespace }}~{{ .Release.Namespace }}.svc.{{ .Values.global.clusterDomain }}
  cluster: {{ .Release.Name }}.{{ .Release.Namespace }}
  metadata:
    NAMESPACE: {{ .Release.Namespace }}
    WORKLOAD_NAME: {{ .Release.Name }}
    SERVICE_ACCOUNT: {{ .Release.Name }}
    LABELS:
      {{- include "gateway.labels" . | nindent 6 }}
    LISTEN:
      {{- toYaml $listen | nindent 6 }}
    {{- if not $low }}
    UNPRIVILEGED_POD: "true"
    {{- end }}
admin:
  address: {pipe: {path: /var/run/sallyport/admin.sock, mode: 384}}
dynamic_resources:
  lds_config: {ads: {}, initial_fetch_timeout: 0s, resource_api_version: V3}
  cds_config: {ads: {}, initial_fetch_timeout: 0s, resource_api_version: V3}
  ads_config:
    api_type: DELTA_GRPC
    transport_api_version: V3
    set_node_on_first_message_only: true
    grpc_services:
    - envoy_grpc: {cluster_name: xds-grpc}
static_resources:
  listeners:
  # Answers once the first configuration is there, and 503 from the moment that draining starts.
  - name: readiness
    address: {socket_address: {address: 0.0.0.0, port_value: 15021}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: readiness
          route_config: {virtual_hosts: []}
          http_filters:
          - name: envoy.filters.http.health_check
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.health_check.v3.HealthCheck
              pass_through_mode: false
              headers:
              - {name: ":path", string_match: {exact: /healthz/ready}}
          - name: envoy.filters.http.router
            typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}
  # Metrics and nothing else of the admin interface.
  - name: metrics
    address: {socket_address: {address: 0.0.0.0, port_value: 15090}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: metrics
          normalize_path: true
          route_config:
            virtual_hosts:
            - name: metrics
              domains: ["*"]
              routes:
              - match:
                  path: /stats/prometheus
                  headers:
                  - {name: ":method", string_match: {exact: GET}}
                route: {cluster: admin}
          http_filters:
          - name: envoy.filters.http.router
            typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}
  clusters:
  - name: admin
    type: STATIC
    connect_timeout: 1s
    load_assignment:
      cluster_name: admin
      endpoints:
      - lb_endpoints:
        - endpoint: {address: {pipe: {path: /var/run/sallyport/admin.sock}}}
  {{- include "gateway.cluster" (dict "root" . "name" "xds-grpc" "service" "xds" "port" 15010) | nindent 2 }}
  {{- include "gateway.cluster" (dict "root" . "name" "sds-grpc" "service" "secret" "port" 15014 "requests" 100000) | nindent 2 }}
  {{- include "gateway.cluster" (dict "root" . "name" "als-grpc" "service" "accesslog" "port" 15011) | nindent 2 }}
typed_dns_resolver_config:
  name: envoy.network.dns_resolver.cares
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig
    query_timeout_seconds: 2
    query_tries: 2
layered_runtime:
  layers:
  - name: sallyport
    static_layer:
      re2.max_program_size.error_level: 32768
      re2.max_program_size.warn_level: 32768
overload_manager:
  refresh_interval: 0.250s
  resource_monitors:
  - name: envoy.resource_monitors.global_downstream_max_connections
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig
      max_active_downstream_connections: {{ int $values.connections }}
  - name: envoy.resource_monitors.fixed_heap
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig
      max_heap_size_bytes: {{ mul (int $values.heapMegabytes) 1048576 }}
  # Written by drain.pl when the gateway leaves; without it there is no pressure.
  - name: envoy.resource_monitors.injected_resource
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.resource_monitors.injected_resource.v3.InjectedResourceConfig
      filename: /var/run/sallyport/drain
  actions:
  - name: envoy.overload_actions.reduce_timeouts
    triggers:
    - {name: envoy.resource_monitors.injected_resource, scaled: {scaling_threshold: 0.5, saturation_threshold: 0.9}}
    typed_config:
      "@type": type.googleapis.com/envoy.config.overload.v3.ScaleTimersOverloadActionConfig
      timer_scale_factors:
      - {timer: HTTP_DOWNSTREAM_CONNECTION_IDLE, min_timeout: 2s}
      # The age of connections has no bound otherwise. Over HTTP/2 reaching it means GOAWAY, and streams go on.
      - {timer: HTTP_DOWNSTREAM_CONNECTION_MAX, min_timeout: 2s}
  - name: envoy.overload_actions.shrink_heap
    triggers:
    - {name: envoy.resource_monitors.fixed_heap, threshold: {value: 0.92}}
  - name: envoy.overload_actions.reset_high_memory_stream
    triggers:
    - {name: envoy.resource_monitors.fixed_heap, scaled: {scaling_threshold: 0.92, saturation_threshold: 0.98}}
  - name: envoy.overload_actions.disable_http_keepalive
    triggers:
    - {name: envoy.resource_monitors.fixed_heap, threshold: {value: 0.95}}
  - name: envoy.overload_actions.stop_accepting_requests
    triggers:
    - {name: envoy.resource_monitors.fixed_heap, threshold: {value: 0.98}}
  buffer_factory_config: {minimum_account_to_track_power_of_two: 20}
stats_config:
  stats_matcher:
    inclusion_list:
      patterns:
      - {prefix: cluster_manager}
      - {prefix: listener_manager}
      - {prefix: listener.}
      - {prefix: server}
      - {prefix: cluster.xds-grpc}
      - {prefix: access_logs.}
      - {suffix: downstream_cx_active}
      - {safe_regex: {regex: 'vhost\..*\.route\..*'}}
{{- end -}}

{{/* A cluster to a service of the platform: encrypted, the service known by its name, ourselves by token or certificate. */}}
{{- define "gateway.cluster" -}}
{{- $values := include "gateway.values" .root | fromYaml -}}
{{- $host := include "gateway.platformHost" . -}}
{{- $token := eq $values.identity.method "token" -}}
- name: {{ .name }}
  type: STRICT_DNS
  connect_timeout: 5s
  # Services are few and headless: all addresses are known, and a lost one is left at once.
  dns_refresh_rate: 10s
  respect_dns_ttl: false
  upstream_connection_options: {tcp_keepalive: {keepalive_time: 300}}
  {{- with .requests }}
  circuit_breakers:
    thresholds:
    - {max_requests: {{ . }}, max_pending_requests: {{ . }}}
  {{- end }}
  load_assignment:
    cluster_name: {{ .name }}
    endpoints:
    - lb_endpoints:
      - endpoint: {address: {socket_address: {address: {{ $host }}.{{ .root.Values.global.clusterDomain }}, port_value: {{ .port }}}}}
  typed_extension_protocol_options:
    envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
      "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
      explicit_http_config:
        http2_protocol_options: {connection_keepalive: {interval: 10s, timeout: 10s}}
      {{- if $token }}
      http_filters:
      - name: envoy.filters.http.credential_injector
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.http.credential_injector.v3.CredentialInjector
          overwrite: true
          credential:
            name: envoy.http.injected_credentials.generic
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.http.injected_credentials.generic.v3.Generic
              header_value_prefix: "Bearer "
              credential:
                name: sallyport-token
                sds_config: {path_config_source: {path: /etc/sallyport/token.yaml}, resource_api_version: V3}
      - name: envoy.filters.http.upstream_codec
        typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec}
      {{- end }}
  transport_socket:
    name: envoy.transport_sockets.tls
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
      sni: {{ $host }}
      common_tls_context:
        tls_params: {tls_minimum_protocol_version: TLSv1_3, tls_maximum_protocol_version: TLSv1_3}
        alpn_protocols: [h2]
        # By files that describe them: what stands here itself Envoy reads once, and never again when it is renewed.
        {{- if not $token }}
        tls_certificate_sds_secret_configs:
        - name: sallyport-identity
          sds_config: {path_config_source: {path: /etc/sallyport/identity.yaml}, resource_api_version: V3}
        {{- end }}
        combined_validation_context:
          default_validation_context:
            match_typed_subject_alt_names:
            - {san_type: DNS, matcher: {exact: {{ $host }}}}
          validation_context_sds_secret_config:
            name: sallyport-authority
            sds_config: {path_config_source: {path: /etc/sallyport/authority.yaml}, resource_api_version: V3}
{{ end -}}
