{{/*
Combinations that cannot work or are a risk that somebody has to take on purpose. All of them are told at once, each with
what to do. The schema has already refused what is misspelt.
*/}}
{{- define "vigil.validate" -}}
{{- include "vigil.validateSections" . -}}
{{- $problems := concat
      (include "vigil.problems.moved" . | fromJsonArray)
      (include "vigil.problems.store" . | fromJsonArray)
      (include "vigil.problems.labels" . | fromJsonArray)
      (include "vigil.problems.tls" . | fromJsonArray)
      (include "vigil.problems.config" . | fromJsonArray)
      (include "vigil.problems.attach" . | fromJsonArray)
      (include "vigil.problems.matrix" . | fromJsonArray)
      (include "vigil.problems.envoyFilter" . | fromJsonArray)
      (include "vigil.problems.open" . | fromJsonArray)
      (include "vigil.problems.pods" . | fromJsonArray)
      (include "vigil.problems.secrets" . | fromJsonArray) -}}
{{- if $problems -}}
{{- printf "\n\nvigil cannot be installed like this:\n- %s\n" (join "\n- " $problems) | fail -}}
{{- end -}}
{{- end -}}

{{- define "vigil.problems.store" -}}
{{- $out := list -}}
{{- $store := .Values.config.static.store | default dict -}}
{{- $isRedis := eq ($store.kind | default "memory") "redis" -}}
{{- $isMemory := not (or $isRedis .Values.devStore.enabled) -}}
{{- if and $isMemory (gt (include "vigil.maxReplicas" . | int) 1) (not .Values.acknowledge.memoryStoreWithReplicas) -}}
{{- $out = append $out "several pods with the memory store: each remembers for itself, so a proof that one has seen can be replayed to another. Give config.static.store (kind: redis, redis: {host: ...}), or for a trial devStore.enabled=true or replicaCount=1, or set acknowledge.memoryStoreWithReplicas=true" -}}
{{- end -}}
{{- if and $isRedis (empty $store.redis) -}}
{{- $out = append $out "config.static.store.kind is redis, but where it stands is not told: give config.static.store.redis.host" -}}
{{- end -}}
{{- if and .Values.devStore.enabled (or $store.kind $store.redis) -}}
{{- $out = append $out "devStore.enabled and config.static.store contradict each other: the dev store is the store; take one of them out" -}}
{{- end -}}
{{- with .Values.store -}}
{{- if and .existingSecret (not $isRedis) -}}
{{- $out = append $out "store.existingSecret is given, but no store asks for it: set config.static.store.kind=redis, or leave it out" -}}
{{- end -}}
{{- if and (empty .existingSecret) (or .passwordKey .sentinelPasswordKey .caKey .certKey .keyKey) -}}
{{- $out = append $out "keys of a Secret of the store are given, but not the Secret: give store.existingSecret" -}}
{{- end -}}
{{- if and .existingSecret (not (or .passwordKey .sentinelPasswordKey .caKey .certKey .keyKey)) -}}
{{- $out = append $out "store.existingSecret is given, but nothing of it is used: give store.passwordKey or store.caKey" -}}
{{- end -}}
{{- if and .sentinelPasswordKey (empty ($store.redis).sentinel) -}}
{{- $out = append $out "store.sentinelPasswordKey is given, but there are no Sentinels: give config.static.store.redis.sentinel, or leave it out" -}}
{{- end -}}
{{- end -}}
{{- toJson $out -}}
{{- end -}}

{{- define "vigil.problems.config" -}}
{{- $out := list -}}
{{- $static := .Values.config.static -}}
{{- if and .Values.existingConfigMap (or .Values.config.dynamic .Values.config.policy) -}}
{{- $out = append $out "existingConfigMap and config.dynamic (or config.policy) contradict each other: take one of them out" -}}
{{- end -}}
{{- if and (include "vigil.observes" .) (not (($static.acknowledge).observe)) -}}
{{- $out = append $out "config.dynamic asks for observe mode, which lets every request pass: set config.static.acknowledge.observe=true, or enforce and try single rules with shadow: true" -}}
{{- end -}}
{{- $out = concat $out (include "vigil.problems.yesNo" . | fromJsonArray) -}}
{{- if empty (include "vigil.grpcListen" .) -}}
{{- $out = append $out "config.static.server.listen has only Unix sockets, which no other pod reaches: add 0.0.0.0:9000" -}}
{{- else if eq (include "vigil.grpcPort" .) (include "vigil.probesPort" .) -}}
{{- $out = append $out (printf "checks and probes cannot share port %s: change config.static.probes.listen" (include "vigil.probesPort" .)) -}}
{{- end -}}
{{- range (append $static.server.listen $static.probes.listen) -}}
{{- if regexMatch "^(127\\.|localhost:|\\[::1\\])" . -}}
{{- $out = append $out (printf "nobody outside the pod reaches %s: listen on 0.0.0.0, or on [::] where the cluster speaks IPv6" .) -}}
{{- end -}}
{{- end -}}
{{- if hasPrefix "unix:" $static.probes.listen -}}
{{- $out = append $out "config.static.probes.listen is a Unix socket, which kubelet cannot ask: write 0.0.0.0:9090" -}}
{{- end -}}
{{- toJson $out -}}
{{- end -}}

{{- define "vigil.problems.pods" -}}
{{- $out := list -}}
{{- if and .Values.autoscaling.enabled (gt (.Values.autoscaling.minReplicas | int) (.Values.autoscaling.maxReplicas | int)) -}}
{{- $out = append $out "autoscaling.minReplicas is greater than autoscaling.maxReplicas" -}}
{{- end -}}
{{- if and .Values.autoscaling.enabled (eq .Values.kind "DaemonSet") -}}
{{- $out = append $out "a DaemonSet has as many pods as there are nodes: set autoscaling.enabled=false, or kind=Deployment" -}}
{{- end -}}
{{- with .Values.autoscaling -}}
{{- if and .keda.enabled (not .enabled) -}}
{{- $out = append $out "autoscaling.keda says by what pods are counted, and autoscaling.enabled whether: set autoscaling.enabled=true" -}}
{{- end -}}
{{- if and .keda.enabled (or (empty .keda.serverAddress) (eq (.targetChecksInFlight | int) 0)) -}}
{{- $out = append $out "KEDA asks Prometheus for checks in flight: give autoscaling.keda.serverAddress and autoscaling.targetChecksInFlight" -}}
{{- end -}}
{{- if and (not .keda.enabled) (or .keda.serverAddress .keda.query .keda.authenticationRef) -}}
{{- $out = append $out "Prometheus is asked by KEDA alone: set autoscaling.keda.enabled=true, or leave the rest of autoscaling.keda out" -}}
{{- end -}}
{{- end -}}
{{- $drain := include "vigil.drainSeconds" . | int -}}
{{- if lt (include "vigil.graceSeconds" . | int) $drain -}}
{{- $out = append $out (printf "terminationGracePeriodSeconds ends a pod in the middle of its drain: give at least %d, or 0 to have it computed" $drain) -}}
{{- end -}}
{{- with .Values.podDisruptionBudget -}}
{{- if and .enabled (ne (toString .minAvailable) "") (ne (toString .maxUnavailable) "") -}}
{{- $out = append $out "a PodDisruptionBudget takes one of minAvailable and maxUnavailable: set podDisruptionBudget.maxUnavailable to \"\" to use the other" -}}
{{- end -}}
{{- end -}}
{{- toJson $out -}}
{{- end -}}
