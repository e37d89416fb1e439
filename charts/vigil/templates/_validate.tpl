{{/*
Combinations that cannot work or are a risk that somebody has to take on purpose. All of them are told at once, each with
what to do. The schema has already refused what is misspelt.
*/}}
{{- define "vigil.validate" -}}
{{- include "vigil.validateSections" . -}}
{{- $problems := concat
      (include "vigil.problems.store" . | fromJsonArray)
      (include "vigil.problems.tls" . | fromJsonArray)
      (include "vigil.problems.config" . | fromJsonArray)
      (include "vigil.problems.attach" . | fromJsonArray)
      (include "vigil.problems.envoyFilter" . | fromJsonArray)
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
{{- if and (empty .existingSecret) (or .passwordKey .caKey .certKey .keyKey) -}}
{{- $out = append $out "keys of a Secret of the store are given, but not the Secret: give store.existingSecret" -}}
{{- end -}}
{{- if and .existingSecret (not (or .passwordKey .caKey .certKey .keyKey)) -}}
{{- $out = append $out "store.existingSecret is given, but nothing of it is used: give store.passwordKey or store.caKey" -}}
{{- end -}}
{{- end -}}
{{- toJson $out -}}
{{- end -}}

{{- define "vigil.problems.tls" -}}
{{- $out := list -}}
{{- $server := .Values.config.static.server -}}
{{- $mode := include "vigil.tlsMode" . -}}
{{- if has $mode (list "certManager" "spiffeCsi" "podCertificate") -}}
{{- $out = append $out (printf "tls.mode %s is not built yet: use mesh, or secret with a Secret that holds tls.crt, tls.key and ca.crt (cert-manager can write it)" $mode) -}}
{{- end -}}
{{- if hasKey $server "tls" -}}
{{- $out = append $out "config.static.server.tls is written by the chart: set tls.mode=secret and tls.existingSecret instead" -}}
{{- end -}}
{{- if and (eq $mode "secret") (empty .Values.tls.existingSecret) -}}
{{- $out = append $out "tls.mode is secret: give tls.existingSecret, the name of a Secret that holds tls.crt, tls.key and ca.crt" -}}
{{- end -}}
{{- if and (eq $mode "secret") (empty $server.callers) (not .Values.acknowledge.anyCaller) -}}
{{- $out = append $out "nobody says which Envoys may ask: give config.static.server.callers (SANs of their certificates), or set acknowledge.anyCaller=true" -}}
{{- end -}}
{{- if and (eq $mode "secret") $server.callers (empty .Values.tls.clientCaKey) -}}
{{- $out = append $out "config.static.server.callers are told apart by their client certificates: give tls.clientCaKey" -}}
{{- end -}}
{{- if and (ne $mode "secret") $server.callers -}}
{{- $out = append $out (printf "config.static.server.callers needs tls.mode=secret: with tls.mode=%s Vigil itself sees no client certificate; close its port by the mesh and by networkPolicy.callers" $mode) -}}
{{- end -}}
{{- if and (eq $mode "off") (not .Values.acknowledge.plaintext) -}}
{{- $out = append $out "tls.mode off sends the tokens of your users over the network unencrypted: use mesh or secret, or set acknowledge.plaintext=true" -}}
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
