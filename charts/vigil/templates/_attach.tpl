{{/* Who asks Vigil: names, and what an attachment cannot do. */}}

{{/* The name of Vigil inside the cluster. */}}
{{- define "vigil.serviceHost" -}}
{{- printf "%s.%s.svc.%s" (include "vigil.fullname" .) .Release.Namespace .Values.attach.istio.clusterDomain -}}
{{- end -}}

{{/* How long Vigil itself takes at most. */}}
{{- define "vigil.deadlineMs" -}}
{{- $server := .Values.config.static.server -}}
{{- ternary $server.deadlineMs 150 (hasKey $server "deadlineMs") | int -}}
{{- end -}}

{{/* Whether Istio's own objects around Vigil are wanted; empty: no. */}}
{{- define "vigil.inIstio" -}}
{{- if or .Values.attach.istio.enabled .Values.attach.envoyFilter.enabled -}}yes{{- end -}}
{{- end -}}

{{/* Principals of all Envoys that may ask, as JSON. */}}
{{- define "vigil.istioCallers" -}}
{{- $out := list -}}
{{- range list .Values.attach.istio .Values.attach.envoyFilter -}}
{{- if .enabled -}}{{- $out = concat $out .callers -}}{{- end -}}
{{- end -}}
{{- toJson (uniq $out) -}}
{{- end -}}

{{/*
Targets of a policy, each with the group of its kind: without it a mesh finds nothing, and nothing is guarded. dict root,
targets.
*/}}
{{- define "vigil.targetRefs" -}}
{{- $groups := (.root.Files.Get "files/attachments.yaml" | fromYaml).targetGroups -}}
{{- range .targets }}
- {{ toYaml (merge (deepCopy .) (dict "group" (get $groups .kind))) | nindent 2 | trim }}
{{- end -}}
{{- end -}}

{{/* Name of an object of one policy: dict root, policy. */}}
{{- define "vigil.policyName" -}}
{{- $whole := printf "%s-%s" (include "vigil.fullname" .root) .policy.name -}}
{{- /* Cut, two names could be one. */ -}}
{{- ternary $whole (printf "%s-%s" (trunc 54 $whole | trimSuffix "-") (sha256sum $whole | trunc 8)) (le (len $whole) 63) -}}
{{- end -}}

{{- define "vigil.problems.attach" -}}
{{- $out := list -}}
{{- $attach := .Values.attach -}}
{{- $mode := include "vigil.tlsMode" . -}}
{{- if and (eq $attach.failureMode "open") (not .Values.acknowledge.failOpen) -}}
{{- $out = append $out "attach.failureMode open lets everything pass when Vigil cannot be asked: use closed, or set acknowledge.failOpen=true" -}}
{{- end -}}
{{- $deadline := include "vigil.deadlineMs" . | int -}}
{{- if and (or $attach.istio.enabled $attach.envoyFilter.enabled $attach.envoyGateway.enabled) (le ($attach.timeoutMs | int) $deadline) -}}
{{- $out = append $out (printf "attach.timeoutMs ends before Vigil has had its time: give more than config.static.server.deadlineMs (%d)" $deadline) -}}
{{- end -}}
{{- with $attach.istio -}}
{{- if .enabled -}}
{{- if empty .policies -}}
{{- $out = append $out "attach.istio guards nothing: give attach.istio.policies (name, namespace, and selector or targetRefs)" -}}
{{- end -}}
{{- range .policies -}}
{{- if or (and .selector .targetRefs) (not (or .selector .targetRefs)) -}}
{{- $out = append $out (printf "the policy %s of attach.istio needs one of selector (sidecars, classic gateways) and targetRefs (Gateways, waypoints)" .name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $way := list "istio" "envoyFilter" -}}
{{- with get $attach $way -}}
{{- if and .enabled (include "vigil.speaksTls" $) -}}
{{- $out = append $out (printf "attach.%s needs tls.mode=mesh: the mesh brings TLS to the pods, and Envoys that it configures have no client certificate of yours" $way) -}}
{{- end -}}
{{- if and .enabled (eq $mode "mesh") (empty .callers) (not $.Values.acknowledge.anyCaller) -}}
{{- $out = append $out (printf "nobody says which Envoys may ask: give attach.%s.callers (principals such as cluster.local/ns/istio-ingress/sa/gateway), or set acknowledge.anyCaller=true" $way) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- with $attach.envoyGateway -}}
{{- if and .enabled (empty .policies) -}}
{{- $out = append $out "attach.envoyGateway guards nothing: give attach.envoyGateway.policies (name, namespace, targetRefs)" -}}
{{- end -}}
{{- if and .enabled (include "vigil.speaksTls" $) (empty .tls.caConfigMap) -}}
{{- $out = append $out "Envoy Gateway has to check Vigil's certificate: give attach.envoyGateway.tls.caConfigMap" -}}
{{- end -}}
{{- end -}}
{{- if and .Values.metrics.serviceMonitor.enabled (not .Values.service.headless) -}}
{{- $out = append $out "metrics.serviceMonitor reads by the headless Service: set service.headless=true, or use metrics.podMonitor" -}}
{{- end -}}
{{- toJson $out -}}
{{- end -}}
