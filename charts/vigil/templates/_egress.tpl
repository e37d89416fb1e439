{{/* Whom the configuration makes Vigil ask, and the rules that let it. */}}

{{/* Every URL that is fetched, as a JSON list: key sets, discovery, the collector. */}}
{{- define "vigil.urls" -}}
{{- $urls := list -}}
{{- $dynamic := .Values.config.dynamic -}}
{{- $issuers := ($dynamic.identity).issuers | default list -}}
{{- $postures := (((($dynamic.context).device).posture).issuers) | default list -}}
{{- $domains := (($dynamic.identity).workloads).trustDomains | default list -}}
{{- range concat $issuers $postures $domains -}}
{{- if (.jwks).uri -}}{{- $urls = append $urls .jwks.uri -}}{{- end -}}
{{- if (.jwks).discovery -}}{{- $urls = append $urls (.issuer | default (printf "https://%s" .name)) -}}{{- end -}}
{{- end -}}
{{- with ((.Values.config.static.telemetry).otlp).url -}}{{- $urls = append $urls . -}}{{- end -}}
{{- toJson $urls -}}
{{- end -}}

{{/* The store as a JSON list of "host:port": one server, or the Sentinels or cluster nodes that are named. */}}
{{- define "vigil.storeHosts" -}}
{{- $hosts := list -}}
{{- $store := .Values.config.static.store | default dict -}}
{{- if eq ($store.kind | default "memory") "redis" -}}
{{- $redis := $store.redis | default dict -}}
{{- $nodes := concat (($redis.sentinel).nodes | default list) (($redis.cluster).nodes | default list) -}}
{{- if $nodes -}}
{{- $hosts = $nodes -}}
{{- else -}}
{{- $host := $redis.host | default "127.0.0.1" -}}
{{- $bare := ternary (printf "[%s]" $host) $host (contains ":" $host) -}}
{{- $hosts = list (printf "%s:%d" $bare ($redis.port | default 6379 | int)) -}}
{{- end -}}
{{- end -}}
{{- toJson $hosts -}}
{{- end -}}

{{/* Every host with its port, "host:port", as a JSON list without doubles. */}}
{{- define "vigil.hosts" -}}
{{- $hosts := list -}}
{{- range include "vigil.urls" . | fromJsonArray -}}
{{- $url := urlParse . -}}
{{- $default := ternary "80" "443" (eq $url.scheme "http") -}}
{{- $hasPort := regexMatch ":[0-9]+$" $url.host -}}
{{- $hosts = append $hosts (ternary $url.host (printf "%s:%s" $url.host $default) $hasPort) -}}
{{- end -}}
{{- $hosts = concat $hosts (include "vigil.storeHosts" . | fromJsonArray) -}}
{{- $hosts | uniq | sortAlpha | toJson -}}
{{- end -}}

{{/*
Where a host may stand, as peers of a NetworkPolicy: dict root, host, isStore. It knows addresses and namespaces only, so
a name outside the cluster may have any address but those of the node itself and of the cloud's metadata. NAME.NAMESPACE
is a name of the cluster for a store alone: an issuer may be called example.com.
*/}}
{{- define "vigil.peersOf" -}}
{{- $host := .host | trimPrefix "[" | trimSuffix "]" -}}
{{- if regexMatch "^[0-9]+(\\.[0-9]+){3}$" $host }}
- ipBlock: {cidr: {{ $host }}/32}
{{- else if contains ":" $host }}
- ipBlock: {cidr: {{ $host }}/128}
{{- else if regexMatch "^[^.]+$" $host }}
- namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: {{ .root.Release.Namespace | quote }}}}
{{- else if regexMatch "^[^.]+(\\.[^.]+)?\\.[^.]+\\.svc(\\.|$)" $host }}
- namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: {{ regexReplaceAll "^.*?([^.]+)\\.svc(\\..*)?$" $host "${1}" | quote }}}}
{{- else if and .isStore (regexMatch "^[^.]+\\.[^.]+$" $host) }}
- namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: {{ regexFind "[^.]+$" $host | quote }}}}
{{- else }}
- ipBlock: {cidr: 0.0.0.0/0, except: [169.254.0.0/16, 168.63.129.16/32, 100.100.100.200/32]}
- ipBlock: {cidr: "::/0", except: ["fe80::/10", "fd00:ec2::254/128"]}
{{- end }}
{{- end -}}

{{/*
One rule for each host. Who names Sentinels is sent on by them, to servers that no value tells: at their usual port, in the
same place.
*/}}
{{- define "vigil.hostRules" -}}
{{- $root := . -}}
{{- $store := include "vigil.storeHosts" . | fromJsonArray -}}
{{- $sentinels := ((((.Values.config.static.store).redis).sentinel).nodes) | default list -}}
{{- range include "vigil.hosts" . | fromJsonArray }}
{{- $port := regexFind "[0-9]+$" . }}
{{- $host := trimSuffix (printf ":%s" $port) . }}
{{- $narrowed := get $root.Values.networkPolicy.hosts ($host | trimPrefix "[" | trimSuffix "]") | default dict }}
{{- if not (regexMatch "^(127\\..*|localhost|\\[::1\\])$" $host) }}
# {{ . }}
- to:
    {{- if $narrowed.to }}
    {{- toYaml $narrowed.to | nindent 4 }}
    {{- else }}
    {{- include "vigil.peersOf" (dict "root" $root "host" $host "isStore" (has . $store)) | trim | nindent 4 }}
    {{- end }}
  ports:
    {{- if $narrowed.ports }}
    {{- toYaml $narrowed.ports | nindent 4 }}
    {{- else }}
    - {protocol: TCP, port: {{ $port }}}
    {{- if has . $sentinels }}
    - {protocol: TCP, port: 6379}
    {{- end }}
    {{- end }}
{{- end }}
{{- end }}
{{- end -}}
