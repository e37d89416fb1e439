{{/* With what `helm test` asks where Vigil speaks TLS. */}}

{{/*
Whether the chart itself brings the probe a certificate that Vigil takes: only where the CA of the clients is the one that
signs Vigil's own.
*/}}
{{- define "vigil.probeCertificate" -}}
{{- $probe := .Values.probe -}}
{{- $isOwn := has (include "vigil.tlsMode" .) (list "certManager" "spiffeCsi") -}}
{{- if and $probe.enabled $isOwn (empty $probe.existingSecret) (empty (include "vigil.clientCaSource" .)) .Values.tls.clientCaKey -}}true{{- end -}}
{{- end -}}

{{/* The name in that certificate; it belongs to the callers. */}}
{{- define "vigil.probeCaller" -}}
{{- if include "vigil.probeCertificate" . -}}
{{- $isSpiffe := eq (include "vigil.tlsMode" .) "spiffeCsi" -}}
{{- ternary (include "vigil.spiffeId" .) (printf "%s-probe.%s.svc" (include "vigil.fullname" .) .Release.Namespace) $isSpiffe -}}
{{- end -}}
{{- end -}}

{{/* Whether there is a way to ask. */}}
{{- define "vigil.canProbe" -}}
{{- if and .Values.probe.enabled (or (not (include "vigil.speaksTls" .)) .Values.probe.existingSecret (include "vigil.probeCertificate" .)) -}}true{{- end -}}
{{- end -}}

{{/* The volume with its certificate. */}}
{{- define "vigil.probeVolume" -}}
{{- if .Values.probe.existingSecret -}}
secret: {secretName: {{ .Values.probe.existingSecret }}, defaultMode: 0440}
{{- else if eq (include "vigil.tlsMode" .) "spiffeCsi" -}}
csi: {{- include "vigil.spiffeVolume" . | nindent 2 }}
{{- else -}}
secret: {secretName: {{ include "vigil.fullname" . }}-probe-tls, defaultMode: 0440}
{{- end -}}
{{- end -}}

{{/* What both Certificates have in common. */}}
{{- define "vigil.certificateTimes" -}}
{{- with .Values.tls.certManager -}}
duration: {{ .duration }}
renewBefore: {{ .renewBefore }}
privateKey:
  algorithm: {{ .privateKey.algorithm }}
  {{- with .privateKey.size | int }}
  size: {{ . }}
  {{- end }}
  # A key that leaked is of no use after the next renewal.
  rotationPolicy: Always
{{- end -}}
{{- end -}}
