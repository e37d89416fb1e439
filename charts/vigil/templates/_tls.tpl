{{/* How Vigil comes to its own certificate, and by which CA it knows the Envoys. */}}

{{/* YAML 1.1, which Helm reads, takes off for false. */}}
{{- define "vigil.tlsMode" -}}
{{- ternary "off" .Values.tls.mode (eq (toString .Values.tls.mode) "false") -}}
{{- end -}}

{{/* Whether Vigil itself speaks TLS. */}}
{{- define "vigil.speaksTls" -}}
{{- if has (include "vigil.tlsMode" .) (list "secret" "certManager" "spiffeCsi" "podCertificate") -}}true{{- end -}}
{{- end -}}

{{/* Where the CA of the clients comes from, when it does not come with the certificate: a source of a projected volume. */}}
{{- define "vigil.clientCaSource" -}}
{{- with .Values.tls.clientCa -}}
{{- $bundle := .clusterTrustBundle -}}
{{- $items := list (dict "key" .key "path" "ca.crt") -}}
{{- if .configMap }}
- configMap: {name: {{ .configMap }}, items: {{ toJson $items }}}
{{- end -}}
{{- if .secret }}
- secret: {name: {{ .secret }}, items: {{ toJson $items }}}
{{- end -}}
{{- if $bundle.name }}
- clusterTrustBundle: {name: {{ $bundle.name | quote }}, path: ca.crt}
{{- end -}}
{{- if $bundle.signerName }}
- clusterTrustBundle: {signerName: {{ $bundle.signerName | quote }}, labelSelector: {{ toJson $bundle.labelSelector }}, path: ca.crt}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The file of the CA of the clients; empty: none have to show a certificate. */}}
{{- define "vigil.clientCaFile" -}}
{{- $mode := include "vigil.tlsMode" . -}}
{{- if include "vigil.clientCaSource" . -}}
/etc/vigil/client-ca/ca.crt
{{- else if and .Values.tls.clientCaKey (ne $mode "podCertificate") -}}
/etc/vigil/tls/ca.crt
{{- end -}}
{{- end -}}

{{/* server.tls of static.yaml: the same paths whoever writes the files. */}}
{{- define "vigil.serverTls" -}}
{{- $tls := dict "certFile" "/etc/vigil/tls/tls.crt" "keyFile" "/etc/vigil/tls/tls.key" -}}
{{- with include "vigil.clientCaFile" . -}}{{- $_ := set $tls "clientCaFile" . -}}{{- end -}}
{{- toJson $tls -}}
{{- end -}}

{{- define "vigil.certificateSecret" -}}
{{- printf "%s-tls" (include "vigil.fullname" .) -}}
{{- end -}}

{{/* Who the pods are to a SPIFFE driver: the identity of their service account. */}}
{{- define "vigil.spiffeId" -}}
{{- printf "spiffe://%s/ns/%s/sa/%s" .Values.tls.spiffeCsi.trustDomain .Release.Namespace (include "vigil.serviceAccountName" .) -}}
{{- end -}}

{{/* An inline volume of the driver, whose files the group of the pod may read. */}}
{{- define "vigil.spiffeVolume" -}}
{{- with .Values.tls.spiffeCsi -}}
{{- $attributes := dict -}}
{{- with $.Values.podSecurityContext.fsGroup -}}
{{- $_ := set $attributes (printf "%s/fs-group" $.Values.tls.spiffeCsi.driver) (. | int64 | toString) -}}
{{- end -}}
driver: {{ .driver }}
readOnly: true
{{- with merge (deepCopy .volumeAttributes) $attributes }}
volumeAttributes: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
{{- end -}}

{{/*
Volumes with the certificate and the CA of the clients: dict root, isCheck, static (name of the ConfigMap of the check).
What is made only with the installation cannot be there before it: for the check a placeholder stands in its place.
*/}}
{{- define "vigil.tlsVolumes" -}}
{{- $root := .root -}}
{{- $mode := include "vigil.tlsMode" $root -}}
{{- $tls := $root.Values.tls -}}
{{- $caKey := ternary $tls.clientCaKey "" (empty (include "vigil.clientCaSource" $root)) -}}
{{- if eq $mode "secret" }}
{{ include "vigil.secretVolume" (list "tls" $tls.existingSecret (list $tls.certKey "tls.crt") (list $tls.keyKey "tls.key") (list $caKey "ca.crt")) }}
{{- else if .isCheck }}
# The certificate comes with the installation itself; only that the files are there is checked.
- name: tls
  configMap:
    name: {{ .static }}
    items:
      {{- range list "tls.crt" "tls.key" "ca.crt" }}
      - {key: placeholder, path: {{ . }}}
      {{- end }}
{{- else if eq $mode "certManager" }}
{{ include "vigil.secretVolume" (list "tls" (include "vigil.certificateSecret" $root) (list "tls.crt" "tls.crt") (list "tls.key" "tls.key") (list $caKey "ca.crt")) }}
{{- else if eq $mode "spiffeCsi" }}
- name: tls
  csi: {{- include "vigil.spiffeVolume" $root | nindent 4 }}
{{- else }}
- name: tls
  projected:
    defaultMode: 0440
    sources:
      # Two files instead of one bundle: Vigil takes only a key and a certificate that belong together.
      - podCertificate:
          {{- with $tls.podCertificate }}
          signerName: {{ .signerName | quote }}
          keyType: {{ .keyType }}
          maxExpirationSeconds: {{ .maxExpirationSeconds | int64 }}
          keyPath: tls.key
          certificateChainPath: tls.crt
          {{- with .userAnnotations }}
          userAnnotations: {{- toYaml . | nindent 12 }}
          {{- end }}
          {{- end }}
{{- end }}
{{- with include "vigil.clientCaSource" $root }}
- name: client-ca
  projected:
    defaultMode: 0440
    sources: {{- trim . | nindent 6 }}
{{- end }}
{{- end -}}
