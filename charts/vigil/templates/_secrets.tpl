{{/*
Secrets that are named and not there. Asked only where there is a cluster to ask: every namespace has a ServiceAccount
"default" as soon as its controller has seen it, so without one (helm template, --create-namespace) nothing is said here,
and the check Job or the pods wait for the Secret.
*/}}
{{- define "vigil.problems.secrets" -}}
{{- $out := list -}}
{{- if lookup "v1" "ServiceAccount" .Release.Namespace "default" -}}
{{- $wanted := dict
      "secrets.instanceKey.existingSecret" .Values.secrets.instanceKey.existingSecret
      "secrets.otlpHeaders.existingSecret" .Values.secrets.otlpHeaders.existingSecret
      "store.existingSecret" .Values.store.existingSecret
      "tls.existingSecret" .Values.tls.existingSecret
      "tls.clientCa.secret" .Values.tls.clientCa.secret -}}
{{- range $value, $name := $wanted -}}
{{- if and $name (not (lookup "v1" "Secret" $.Release.Namespace $name)) -}}
{{- $out = append $out (printf "there is no Secret %q in namespace %s, which %s names: create it first" $name $.Release.Namespace $value) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $out -}}
{{- end -}}

{{/* 32 random bytes as the service reads them (base64url without padding). */}}
{{- define "vigil.randomKey" -}}
{{- randBytes 32 | replace "+" "-" | replace "/" "_" | trimSuffix "=" -}}
{{- end -}}
