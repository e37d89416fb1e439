{{/* Names, labels and what more than one template needs. */}}

{{- define "vigil.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* The name of every object; room is left for the suffixes. */}}
{{- define "vigil.fullname" -}}
{{- $name := include "vigil.name" . -}}
{{- $own := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- .Values.fullnameOverride | default $own | trunc 48 | trimSuffix "-" -}}
{{- end -}}

{{/* The pods that answer checks: never other pods of the release. */}}
{{- define "vigil.selectorLabels" -}}
app.kubernetes.io/name: {{ include "vigil.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: service
{{- end -}}

{{/* Labels without a component. */}}
{{- define "vigil.commonLabels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "vigil.labels" -}}
{{ include "vigil.selectorLabels" . }}
{{ include "vigil.commonLabels" . }}
{{- end -}}

{{/* Labels of another component: dict root, component. */}}
{{- define "vigil.componentLabels" -}}
app.kubernetes.io/name: {{ include "vigil.name" .root | quote }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "vigil.serviceAccountName" -}}
{{- $made := ternary (include "vigil.fullname" .) "default" .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default $made -}}
{{- end -}}

{{/* A digest says all: the tag beside it could only contradict. */}}
{{- define "vigil.image" -}}
{{- with .Values.image -}}
{{- $repository := ternary .repository (printf "%s/%s" (.registry | trimSuffix "/") .repository) (empty .registry) -}}
{{- if .digest -}}
{{- printf "%s@%s" $repository .digest -}}
{{- else -}}
{{- printf "%s:%s" $repository (.tag | default $.Chart.AppVersion) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The first listener of checks that other pods can reach. */}}
{{- define "vigil.grpcListen" -}}
{{- $tcp := list -}}
{{- range .Values.config.static.server.listen -}}
{{- if not (hasPrefix "unix:" .) -}}{{- $tcp = append $tcp . -}}{{- end -}}
{{- end -}}
{{- first $tcp | default "" -}}
{{- end -}}

{{- define "vigil.grpcPort" -}}
{{- include "vigil.grpcListen" . | regexFind "[0-9]+$" -}}
{{- end -}}

{{- define "vigil.probesPort" -}}
{{- regexFind "[0-9]+$" .Values.config.static.probes.listen -}}
{{- end -}}

{{/* The fewest pods there will be. */}}
{{- define "vigil.minReplicas" -}}
{{- ternary .Values.autoscaling.minReplicas .Values.replicaCount .Values.autoscaling.enabled | int -}}
{{- end -}}

{{/* The most pods there will be; of a DaemonSet nobody knows, but they are several. */}}
{{- define "vigil.maxReplicas" -}}
{{- if eq .Values.kind "DaemonSet" -}}
1000
{{- else -}}
{{- ternary .Values.autoscaling.maxReplicas .Values.replicaCount .Values.autoscaling.enabled | int -}}
{{- end -}}
{{- end -}}

{{/* From "endpoint removed" to the end of the drain; defaults of the service where the configuration is silent. */}}
{{- define "vigil.drainSeconds" -}}
{{- $server := .Values.config.static.server -}}
{{- $delay := ternary $server.drainDelaySeconds 10 (hasKey $server "drainDelaySeconds") | int -}}
{{- $timeout := ternary $server.drainTimeoutSeconds 20 (hasKey $server "drainTimeoutSeconds") | int -}}
{{- add .Values.lifecycle.preStopSleepSeconds $delay $timeout -}}
{{- end -}}

{{- define "vigil.graceSeconds" -}}
{{- .Values.terminationGracePeriodSeconds | default (add (include "vigil.drainSeconds" .) 5) | int -}}
{{- end -}}

{{- define "vigil.instanceKeySecret" -}}
{{- .Values.secrets.instanceKey.existingSecret | default (printf "%s-instance-key" (include "vigil.fullname" .)) -}}
{{- end -}}

{{/* Whether the chart brings the Secret itself. */}}
{{- define "vigil.makesInstanceKey" -}}
{{- if and (empty .Values.secrets.instanceKey.existingSecret) (not (hasKey .Values.config.static "instanceKeyFile")) -}}true{{- end -}}
{{- end -}}

{{- define "vigil.dynamicConfigMap" -}}
{{- .Values.existingConfigMap | default (printf "%s-dynamic" (include "vigil.fullname" .)) -}}
{{- end -}}

{{- define "vigil.devStoreName" -}}
{{- printf "%s-dev-store" (include "vigil.fullname" .) -}}
{{- end -}}

{{/* Whether vigil.yaml lets anything pass that would be refused. */}}
{{- define "vigil.observes" -}}
{{- $enforcement := .Values.config.dynamic.enforcement | default dict -}}
{{- $modes := concat (list $enforcement.mode) (values ($enforcement.tenants | default dict)) (values ($enforcement.hosts | default dict)) -}}
{{- range .Values.config.dynamic.entrypoints -}}{{- $modes = append $modes .mode -}}{{- end -}}
{{- if has "observe" $modes -}}true{{- end -}}
{{- end -}}
