{{/* static.yaml, and the volumes that hold what it names. */}}

{{/*
What the chart knows better than whoever writes values: the paths of what it mounts. A path that is written by hand
wins, except where _validate.tpl refuses it.
*/}}
{{- define "vigil.static" -}}
{{- $derived := dict "instanceKeyFile" "/etc/vigil/instance-key/instance-key.yaml" -}}
{{- if include "vigil.speaksTls" . -}}
{{- $_ := set $derived "server" (dict "tls" (include "vigil.serverTls" . | fromJson)) -}}
{{- end -}}
{{- if .Values.devStore.enabled -}}
{{- $_ := set $derived "store" (dict "kind" "redis" "redis" (dict "host" (include "vigil.devStoreName" .))) -}}
{{- else if .Values.store.existingSecret -}}
{{- $_ := set $derived "store" (dict "redis" (include "vigil.storeFiles" . | fromJson)) -}}
{{- end -}}
{{- if .Values.secrets.otlpHeaders.existingSecret -}}
{{- $_ := set $derived "telemetry" (dict "otlp" (dict "headersFile" "/etc/vigil/otlp/headers")) -}}
{{- end -}}
{{- $merged := mustMergeOverwrite $derived (deepCopy .Values.config.static) -}}
{{- $callers := $merged.server.callers -}}
{{- with include "vigil.probeCaller" . -}}
{{- if $callers -}}{{- $_ := set $merged.server "callers" (append $callers . | uniq) -}}{{- end -}}
{{- end -}}
{{- toYaml $merged -}}
{{- end -}}

{{/* The part of store.redis that names files of the Secret. */}}
{{- define "vigil.storeFiles" -}}
{{- $redis := dict -}}
{{- $tls := dict -}}
{{- with .Values.store -}}
{{- if .passwordKey -}}{{- $_ := set $redis "passwordFile" "/etc/vigil/store/password" -}}{{- end -}}
{{- if .sentinelPasswordKey -}}{{- $_ := set $redis "sentinel" (dict "passwordFile" "/etc/vigil/store/sentinel-password") -}}{{- end -}}
{{- if .caKey -}}{{- $_ := set $tls "caFile" "/etc/vigil/store/ca.crt" -}}{{- end -}}
{{- if .certKey -}}{{- $_ := set $tls "certFile" "/etc/vigil/store/tls.crt" -}}{{- end -}}
{{- if .keyKey -}}{{- $_ := set $tls "keyFile" "/etc/vigil/store/tls.key" -}}{{- end -}}
{{- end -}}
{{- if $tls -}}{{- $_ := set $redis "tls" $tls -}}{{- end -}}
{{- toJson $redis -}}
{{- end -}}

{{/* vigil.yaml and policy files as the data of a ConfigMap; keys of a ConfigMap hold no slash. */}}
{{- define "vigil.dynamicData" -}}
vigil.yaml: |
  {{- toYaml .Values.config.dynamic | nindent 2 }}
{{- range $name, $file := .Values.config.policy }}
policy.{{ $name }}: |
  {{- toYaml $file | nindent 2 }}
{{- end }}
{{- end -}}

{{/* One file of a Secret: list of name, Secret, then pairs of key and path. Keys that are empty are left out. */}}
{{- define "vigil.secretVolume" -}}
{{- $items := list -}}
{{- range $pair := slice . 2 -}}
{{- if first $pair -}}{{- $items = append $items (dict "key" (first $pair) "path" (last $pair)) -}}{{- end -}}
{{- end -}}
- name: {{ first . }}
  secret:
    secretName: {{ index . 1 }}
    # Readable for the group of the pod (fsGroup) and for nobody else.
    defaultMode: 0440
    items: {{- toYaml $items | nindent 6 }}
{{- end -}}

{{/* Volumes of the pods and of the check: dict root, static, dynamic (names of ConfigMaps), isCheck. */}}
{{- define "vigil.volumes" -}}
{{- $root := .root -}}
{{- $values := $root.Values -}}
- name: static
  configMap:
    name: {{ .static }}
    items:
      - key: static.yaml
        path: static.yaml
- name: dynamic
  configMap:
    name: {{ .dynamic }}
    {{- if not $values.existingConfigMap }}
    items:
      - key: vigil.yaml
        path: vigil.yaml
      {{- range $name, $_ := $values.config.policy }}
      - key: policy.{{ $name }}
        path: policy/{{ $name }}
      {{- end }}
    {{- end }}
{{- if and .isCheck (include "vigil.makesInstanceKey" $root) }}
# The Secret comes with the installation itself; only that the file is there is checked.
- name: instance-key
  configMap:
    name: {{ .static }}
    items:
      - key: placeholder
        path: instance-key.yaml
{{- else if not (hasKey $values.config.static "instanceKeyFile") }}
{{ include "vigil.secretVolume" (list "instance-key" (include "vigil.instanceKeySecret" $root) (list $values.secrets.instanceKey.key "instance-key.yaml")) }}
{{- end }}
{{- if include "vigil.speaksTls" $root }}
{{- include "vigil.tlsVolumes" . }}
{{- end }}
{{- with $values.store }}
{{- if .existingSecret }}
{{ include "vigil.secretVolume" (list "store" .existingSecret (list .passwordKey "password") (list .sentinelPasswordKey "sentinel-password") (list .caKey "ca.crt") (list .certKey "tls.crt") (list .keyKey "tls.key")) }}
{{- end }}
{{- end }}
{{- with $values.secrets.otlpHeaders }}
{{- if .existingSecret }}
{{ include "vigil.secretVolume" (list "otlp" .existingSecret (list .key "headers")) }}
{{- end }}
{{- end }}
{{- with $values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Folders, never single files: a file that is mounted alone (subPath) is never updated. */}}
{{- define "vigil.volumeMounts" -}}
- {name: static, mountPath: /etc/vigil/static, readOnly: true}
- {name: dynamic, mountPath: /etc/vigil/dynamic, readOnly: true}
{{- if not (hasKey .Values.config.static "instanceKeyFile") }}
- {name: instance-key, mountPath: /etc/vigil/instance-key, readOnly: true}
{{- end }}
{{- if include "vigil.speaksTls" . }}
- {name: tls, mountPath: /etc/vigil/tls, readOnly: true}
{{- if include "vigil.clientCaSource" . }}
- {name: client-ca, mountPath: /etc/vigil/client-ca, readOnly: true}
{{- end }}
{{- end }}
{{- if .Values.store.existingSecret }}
- {name: store, mountPath: /etc/vigil/store, readOnly: true}
{{- end }}
{{- if .Values.secrets.otlpHeaders.existingSecret }}
- {name: otlp, mountPath: /etc/vigil/otlp, readOnly: true}
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}
