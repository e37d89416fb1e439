{{/* The attachment to Istio by a filter of its own: what it cannot do. The filter stands in envoyfilter.yaml. */}}

{{/* Where a filter goes that is the last before the request leaves for the application. */}}
{{- define "vigil.beforeRouter" -}}
context: {{ .context }}
listener:
  filterChain:
    filter:
      name: envoy.filters.network.http_connection_manager
      subFilter: {name: envoy.filters.http.router}
{{- end -}}

{{/*
Paths that an application could read as others than they begin: slashes, backslashes, dots, percent signs, semicolons and
control characters in disguise, segments of dots that are not normalised, doubled slashes, parameters of segments.
*/}}
{{- define "vigil.leadsElsewhere" -}}
(?is).*([;\\]|//|/\.\.?(/|$)|%([01]|2[5ef]|3b|5c|7f|c[01]|u)).*
{{- end -}}

{{/* Whether two policies guard the same workloads, as far as values tell: dict root, one, other. */}}
{{- define "vigil.guardTheSame" -}}
{{- $same := and .one.selector .other.selector (deepEqual .one.selector .other.selector) -}}
{{- range $one := .one.targetRefs -}}
{{- range $.other.targetRefs -}}
{{- $refs := dict "root" $.root "targets" (list .) -}}
{{- if eq (include "vigil.targetRefs" $refs) (include "vigil.targetRefs" (dict "root" $.root "targets" (list $one))) -}}{{- $same = true -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- if and $same (eq .one.namespace .other.namespace) -}}true{{- end -}}
{{- end -}}

{{- define "vigil.problems.envoyFilter" -}}
{{- $out := list -}}
{{- $attach := .Values.attach -}}
{{- with $attach.envoyFilter -}}
{{- if .enabled -}}
{{- if empty .policies -}}
{{- $out = append $out "attach.envoyFilter guards nothing: give attach.envoyFilter.policies (name, namespace, context, and selector or targetRefs)" -}}
{{- end -}}
{{- $policies := .policies -}}
{{- range $index, $policy := .policies -}}
{{- if or (and .selector .targetRefs) (not (or .selector .targetRefs)) -}}
{{- $out = append $out (printf "the policy %s of attach.envoyFilter needs one of selector (labels of the workloads) and targetRefs (Gateways)" .name) -}}
{{- end -}}
{{- range .targetRefs -}}
{{- if or (ne .kind "Gateway") (ne $policy.context "GATEWAY") -}}
{{- $out = append $out (printf "the policy %s of attach.envoyFilter names a %s: targetRefs are for a Gateway, with context GATEWAY; give a selector for sidecars, and use attach.istio for waypoints" $policy.name .kind) -}}
{{- end -}}
{{- end -}}
{{- range until $index -}}
{{- $earlier := index $policies . -}}
{{- if and (eq $earlier.context $policy.context) (include "vigil.guardTheSame" (dict "root" $ "one" $earlier "other" $policy)) -}}
{{- $out = append $out (printf "the policies %s and %s of attach.envoyFilter guard the same workloads, which would ask twice about each request: make one policy of them, or give other selectors (or targetRefs)" $earlier.name $policy.name) -}}
{{- end -}}
{{- end -}}
{{- if $attach.istio.enabled -}}
{{- range $attach.istio.policies -}}
{{- if include "vigil.guardTheSame" (dict "root" $ "one" . "other" $policy) -}}
{{- $out = append $out (printf "the policies %s of attach.envoyFilter and %s of attach.istio guard the same workloads, and a proof of possession counts only once: take one of them out" $policy.name .name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $out -}}
{{- end -}}
