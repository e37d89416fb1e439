{{/* The pods that answer checks, whoever counts them: metadata and spec of a template. */}}
{{- define "vigil.podTemplate" -}}
{{- $name := include "vigil.fullname" . -}}
metadata:
  labels:
    {{- include "vigil.selectorLabels" . | nindent 4 }}
    {{- with merge (deepCopy .Values.podLabels) .Values.commonLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    # Only of what needs a restart; the rest is reloaded live.
    checksum/static: {{ include "vigil.static" . | sha256sum }}
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "vigil.serviceAccountName" . }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets: {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext: {{- toYaml .Values.podSecurityContext | nindent 4 }}
  terminationGracePeriodSeconds: {{ include "vigil.graceSeconds" . }}
  containers:
    - name: vigil
      image: {{ include "vigil.image" . }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args: [serve, --static, /etc/vigil/static/static.yaml, --config, /etc/vigil/dynamic/vigil.yaml]
      env:
        - {name: NODE_OPTIONS, value: {{ .Values.nodeOptions | quote }}}
        {{- with .Values.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      ports:
        - {name: grpc, containerPort: {{ include "vigil.grpcPort" . }}, protocol: TCP}
        - {name: probes, containerPort: {{ include "vigil.probesPort" . }}, protocol: TCP}
      startupProbe:
        httpGet: {path: /livez, port: probes}
        {{- toYaml .Values.startupProbe | nindent 8 }}
      readinessProbe:
        httpGet: {path: /readyz, port: probes}
        {{- toYaml .Values.readinessProbe | nindent 8 }}
      livenessProbe:
        httpGet: {path: /livez, port: probes}
        {{- toYaml .Values.livenessProbe | nindent 8 }}
      {{- with .Values.lifecycle.preStopSleepSeconds }}
      lifecycle:
        preStop:
          sleep: {seconds: {{ . }}}
      {{- end }}
      resources: {{- toYaml .Values.resources | nindent 8 }}
      securityContext: {{- toYaml .Values.securityContext | nindent 8 }}
      volumeMounts: {{- include "vigil.volumeMounts" . | nindent 8 }}
  volumes:
    {{- include "vigil.volumes" (dict "root" . "static" (printf "%s-static" $name) "dynamic" (include "vigil.dynamicConfigMap" .) "isCheck" false) | nindent 4 }}
  {{- with ternary .Values.topologySpreadConstraints list (eq .Values.kind "Deployment") }}
  topologySpreadConstraints:
    {{- range . }}
    {{- $selector := dict "labelSelector" (dict "matchLabels" (include "vigil.selectorLabels" $ | fromYaml)) }}
    - {{- toYaml (merge (deepCopy .) $selector) | nindent 6 }}
    {{- end }}
  {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
{{- end -}}
