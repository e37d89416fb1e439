{{/* What would leave something open that looks closed. */}}

{{- define "vigil.problems.open" -}}
{{- concat
      (include "vigil.problems.doors" . | fromJsonArray)
      (include "vigil.problems.mesh" . | fromJsonArray)
      (include "vigil.problems.doubles" . | fromJsonArray) | toJson -}}
{{- end -}}

{{/* Who may ask, and over what. */}}
{{- define "vigil.problems.doors" -}}
{{- $out := list -}}
{{- $mode := include "vigil.tlsMode" . -}}
{{- $tellsCallers := or (include "vigil.speaksTls" .) (include "vigil.istioCallers" . | fromJsonArray) -}}
{{- if and (not $tellsCallers) (not .Values.networkPolicy.enabled) (not .Values.acknowledge.anyCaller) -}}
{{- $out = append $out "networkPolicy.enabled=false, and nothing else says who may ask: set it to true, use a tls.mode with certificates and config.static.server.callers, or set acknowledge.anyCaller=true" -}}
{{- end -}}
{{- if and .Values.attach.envoyGateway.enabled (eq $mode "mesh") (not .Values.acknowledge.plaintext) -}}
{{- $out = append $out "attach.envoyGateway with tls.mode=mesh: Envoy Gateway is in no mesh, so checks with the tokens in them would cross the network unencrypted: set tls.mode=secret or certManager, or, where its pods are in the mesh after all, acknowledge.plaintext=true" -}}
{{- end -}}
{{- if and (eq $mode "spiffeCsi") (eq (include "vigil.serviceAccountName" .) "default") -}}
{{- $out = append $out "tls.mode=spiffeCsi with the service account default: every pod of the namespace that names none would have the identity of Vigil, and be a caller: set serviceAccount.create=true or serviceAccount.name" -}}
{{- end -}}
{{- toJson $out -}}
{{- end -}}

{{/* Objects of Istio that nothing would read. */}}
{{- define "vigil.problems.mesh" -}}
{{- $out := list -}}
{{- if include "vigil.inIstio" . -}}
{{- range $label, $wrong := dict "sidecar.istio.io/inject" "false" "istio.io/dataplane-mode" "none" -}}
{{- if and (eq (include "vigil.tlsMode" $) "mesh") (eq (toString (get $.Values.podLabels $label)) $wrong) -}}
{{- $out = append $out (printf "podLabels keep the pods of Vigil out of the mesh (%s: %s), whose mutual TLS and callers then guard nothing: take the label out" $label $wrong) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if .Values.attach.istio.enabled -}}
{{- range $policy := .Values.attach.istio.policies -}}
{{- range .targetRefs -}}
{{- if and (eq .kind "GatewayClass") (ne .name "istio-waypoint") -}}
{{- $out = append $out (printf "the policy %s of attach.istio names the GatewayClass %s, to which Istio attaches nothing: it takes istio-waypoint, in its root namespace" $policy.name .name) -}}
{{- end -}}
{{- end -}}
{{- if hasKey (.selector | default dict) "gateway.networking.k8s.io/gateway-name" -}}
{{- $out = append $out (printf "the policy %s of attach.istio selects a Gateway by its label, which counts for no waypoint: give targetRefs" .name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $out -}}
{{- end -}}

{{/* Two policies that become one object, of which the last one counts; or two for one route, of which one does. */}}
{{- define "vigil.problems.doubles" -}}
{{- $out := list -}}
{{- range $way := list "istio" "envoyFilter" "envoyGateway" -}}
{{- $attach := get $.Values.attach $way -}}
{{- if $attach.enabled -}}
{{- $objects := list -}}
{{- $targets := list -}}
{{- range $policy := $attach.policies -}}
{{- $object := printf "%s/%s" .namespace .name -}}
{{- if has $object $objects -}}
{{- $out = append $out (printf "attach.%s has two policies %s in the namespace %s, which become one object: give each a name of its own" $way .name .namespace) -}}
{{- end -}}
{{- $objects = append $objects $object -}}
{{- if eq $way "envoyGateway" -}}
{{- range $target := .targetRefs -}}
{{- $place := printf "%s of %s %s" (dig "sectionName" "all" $target) $target.kind $target.name -}}
{{- $key := printf "%s/%s" $policy.namespace $place -}}
{{- if has $key $targets -}}
{{- $out = append $out (printf "two policies of attach.envoyGateway guard %s, of which Envoy Gateway takes one: put what they send into one policy" $place) -}}
{{- end -}}
{{- $targets = append $targets $key -}}
{{- end -}}
{{- end -}}
{{- if and (eq $way "istio") (eq .name "callers") (eq .namespace $.Release.Namespace) -}}
{{- $out = append $out "the policy callers of attach.istio would replace the one that closes the port of Vigil: give it another name" -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $out -}}
{{- end -}}
