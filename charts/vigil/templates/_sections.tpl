{{/*
A section of which every line is commented out is null in YAML, and Helm then takes its defaults away, too. Told by name,
before anything looks into it.
*/}}
{{- define "vigil.validateSections" -}}
{{- $sections := list "image" "config" "config.static" "config.static.server" "config.static.probes" "config.dynamic" "config.policy" "configCheck" "probe" "store" "devStore" "secrets" "secrets.instanceKey" "secrets.otlpHeaders" "tls" "tls.clientCa" "tls.clientCa.clusterTrustBundle" "tls.certManager" "tls.certManager.issuerRef" "tls.certManager.privateKey" "tls.spiffeCsi" "tls.podCertificate" "attach" "attach.istio" "attach.envoyFilter" "attach.envoyGateway" "attach.envoyGateway.tls" "service" "autoscaling" "autoscaling.keda" "podDisruptionBudget" "securityContext" "podSecurityContext" "networkPolicy" "networkPolicy.dns" "networkPolicy.hosts" "networkPolicy.mesh" "startupProbe" "readinessProbe" "livenessProbe" "lifecycle" "metrics" "metrics.serviceMonitor" "metrics.podMonitor" "metrics.prometheusRule" "metrics.dashboard" "serviceAccount" "acknowledge" -}}
{{- $empty := list -}}
{{- range $path := $sections -}}
{{- $at := $.Values -}}
{{- range splitList "." $path -}}
{{- if kindIs "map" $at -}}{{- $at = get $at . -}}{{- end -}}
{{- end -}}
{{- if not (kindIs "map" $at) -}}{{- $empty = append $empty $path -}}{{- end -}}
{{- end -}}
{{- if and (kindIs "map" $.Values.networkPolicy) (not (kindIs "bool" (get ($.Values.networkPolicy | default dict) "enabled"))) -}}{{- $empty = append $empty "networkPolicy.enabled" -}}{{- end -}}
{{- if $empty -}}
{{- printf "\n\nvigil cannot be installed like this:\n- these sections of the values are empty (null), which takes their defaults away: %s; leave them out, or write {}\n" (join ", " $empty) | fail -}}
{{- end -}}
{{- end -}}
