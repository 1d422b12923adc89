{{/* The values of this release: `gateway`, and over it `gateways.<release>`. */}}
{{- define "gateway.values" -}}
{{- $own := index (.Values.gateways | default dict) .Release.Name | default dict -}}
{{- mustMergeOverwrite (deepCopy .Values.gateway) $own | toYaml -}}
{{- end -}}

{{/* What Helm takes as a name and a Service does not, and values that contradict each other, which a schema cannot
compare: said before half of the release is installed. */}}
{{- define "gateway.check" -}}
{{- if not (regexMatch "^[a-z]([-a-z0-9]*[a-z0-9])?$" .Release.Name) -}}
{{- fail (printf "release \"%s\": a Service cannot have this name (expected: lower-case letters, digits and dashes, a letter first)" .Release.Name) -}}
{{- end -}}
{{- $values := include "gateway.values" . | fromYaml -}}
{{- $scaling := $values.autoscaling -}}
{{- if and $scaling.enabled (lt (int $scaling.maxReplicas) (int $scaling.minReplicas)) -}}
{{- fail (printf "gateway.autoscaling.maxReplicas: %d is less than minReplicas: %d (expected: at least as many)" (int $scaling.maxReplicas) (int $scaling.minReplicas)) -}}
{{- end -}}
{{- $limit := dig "limits" "memory" "" ($values.resources | default dict) | toString -}}
{{- if regexMatch "^[0-9]+(Mi|Gi)$" $limit -}}
{{- $megabytes := mul (int (regexFind "^[0-9]+" $limit)) (ternary 1024 1 (hasSuffix "Gi" $limit)) -}}
{{- if ge (int $values.heapMegabytes) (int $megabytes) -}}
{{- fail (printf "gateway.heapMegabytes: %d is not less than resources.limits.memory: %s (expected: less, or the kernel ends Envoy before it sheds load)" (int $values.heapMegabytes) $limit) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What a Gateway's selector may match: Istio's labels for a gateway of this name, and the release's own. */}}
{{- define "gateway.labels" -}}
{{- $values := include "gateway.values" . | fromYaml -}}
{{- range list "app.kubernetes.io/name" "app.kubernetes.io/instance" "app.kubernetes.io/part-of" "app.kubernetes.io/managed-by" "helm.sh/chart" "sidecar.istio.io/inject" -}}
{{- if hasKey $values.labels . -}}
{{- fail (printf "gateway.labels: \"%s\" is set by the chart itself (expected: other labels)" .) -}}
{{- end -}}
{{- end -}}
{{- $labels := dict "app" .Release.Name "istio" (.Release.Name | trimPrefix "istio-") "service.istio.io/canonical-name" .Release.Name -}}
{{- mustMergeOverwrite $labels $values.labels | toYaml -}}
{{- end -}}

{{/* The labels that never change: what the Deployment and the Service select. */}}
{{- define "gateway.selector" -}}
app.kubernetes.io/name: sallyport-gateway
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "gateway.meta" -}}
{{ include "gateway.selector" . }}
app.kubernetes.io/part-of: sallyport
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}

{{/* The name that a service of the platform shows in its certificate. */}}
{{- define "gateway.platformHost" -}}
sallyport-{{ .service }}.{{ .root.Values.global.platformNamespace }}.svc
{{- end -}}

{{/* Who may sign for the platform, as PEM. */}}
{{- define "gateway.authority" -}}
{{- $values := include "gateway.values" . | fromYaml -}}
{{- if $values.identity.authority -}}
{{ $values.identity.authority }}
{{- else -}}
{{- $found := lookup "v1" "ConfigMap" .Values.global.platformNamespace "sallyport-ca" -}}
{{- if not $found }}
{{- fail (printf "ConfigMap %s/sallyport-ca not found (expected: the chart sallyport is installed there, or gateway.identity.authority holds its authority as PEM)" .Values.global.platformNamespace) -}}
{{- end -}}
{{ dig "data" "ca.crt" "" $found }}
{{- end -}}
{{- end -}}
