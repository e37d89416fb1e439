{{/* What the configuration needs to be told, against what the chosen attachment tells: files/attachments.yaml. */}}

{{/* The ways that are chosen, as JSON: those of values, else an Envoy that somebody attaches by hand. */}}
{{- define "vigil.attachments" -}}
{{- $out := list -}}
{{- range $name := list "istio" "envoyFilter" "envoyGateway" -}}
{{- if (get $.Values.attach $name).enabled -}}{{- $out = append $out $name -}}{{- end -}}
{{- end -}}
{{- toJson ($out | default (list "plain")) -}}
{{- end -}}

{{/* Needs of config.dynamic, as JSON: the capability, and in words who needs it. */}}
{{- define "vigil.needs" -}}
{{- $out := list -}}
{{- $showsCertificate := false -}}
{{- range .Values.config.dynamic.entrypoints -}}
{{- if (.match).extension -}}
{{- $out = append $out (dict "id" "extension" "who" (printf "the entrypoint %s is told by match.extension" .name)) -}}
{{- end -}}
{{- if (.match).callerSan -}}
{{- $out = append $out (dict "id" "callerSan" "who" (printf "the entrypoint %s is told by match.callerSan" .name)) -}}
{{- end -}}
{{- if or .xfcc .clientCertFrom -}}{{- $showsCertificate = true -}}{{- end -}}
{{- end -}}
{{- if not $showsCertificate -}}
{{- range (.Values.config.dynamic.enforcement).resourceMetadata -}}
{{- if .certificateBoundTokens -}}
{{- $out = append $out (dict "id" "clientCertificate" "who" (printf "tokens for %s are bound to the client's certificate" .resource)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $out -}}
{{- end -}}

{{- define "vigil.problems.matrix" -}}
{{- $out := concat (include "vigil.problems.targets" . | fromJsonArray) (include "vigil.problems.extensions" . | fromJsonArray) -}}
{{- $needs := include "vigil.needs" . | fromJsonArray -}}
{{- if $needs -}}
{{- $chosen := include "vigil.attachments" . | fromJsonArray -}}
{{- $capabilities := (.Files.Get "files/attachments.yaml" | fromYaml).capabilities -}}
{{- range $needs -}}
{{- $row := get $capabilities .id -}}
{{- $isGiven := false -}}
{{- range $chosen -}}
{{- if (get $row .).given -}}{{- $isGiven = true -}}{{- end -}}
{{- end -}}
{{- if not $isGiven -}}
{{- $ways := list $row.instead -}}
{{- $others := list -}}
{{- range $name := list "envoyFilter" "envoyGateway" -}}
{{- if (get $row $name).given -}}{{- $others = append $others (printf "attach.%s" $name) -}}{{- end -}}
{{- end -}}
{{- if $others -}}{{- $ways = append $ways (join " or " $others) -}}{{- end -}}
{{- $out = append $out (printf "%s, which attach.%s does not send: use %s" .who (join " and attach." $chosen) (join ", or " $ways)) -}}
{{- else if and (eq .id "callerSan") (or (empty (include "vigil.speaksTls" $)) (empty (include "vigil.clientCaFile" $))) -}}
{{- $out = append $out (printf "%s, but Vigil asks nobody for a certificate: set tls.mode=secret with a CA of the Envoys" .who) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $out -}}
{{- end -}}

{{/* What the policies of the release guard, as JSON: "NAMESPACE/what". It opens when they go. */}}
{{- define "vigil.guarded" -}}
{{- $out := list -}}
{{- range $name := include "vigil.attachments" . | fromJsonArray -}}
{{- range dig $name "policies" list $.Values.attach -}}
{{- $labels := list -}}
{{- range $key, $value := .selector -}}{{- $labels = append $labels (printf "%s=%s" $key $value) -}}{{- end -}}
{{- range .targetRefs -}}{{- $labels = append $labels (printf "%s %s" .kind .name) -}}{{- end -}}
{{- $out = append $out (printf "%s/%s" .namespace (join "," $labels)) -}}
{{- end -}}
{{- end -}}
{{- $out | uniq | toJson -}}
{{- end -}}

{{/* Policies for something that cannot have one. */}}
{{- define "vigil.problems.targets" -}}
{{- $out := list -}}
{{- $table := .Files.Get "files/attachments.yaml" | fromYaml -}}
{{- range $way := list "istio" "envoyFilter" "envoyGateway" -}}
{{- $kinds := get $table.targets $way -}}
{{- with get $.Values.attach $way -}}
{{- if .enabled -}}
{{- range $policy := .policies -}}
{{- range .targetRefs -}}
{{- if and $kinds (not (has .kind $kinds)) -}}
{{- $out = append $out (printf "the policy %s of attach.%s names a %s, which it cannot guard: targetRefs take %s" $policy.name $way .kind (join ", " $kinds)) -}}
{{- else if and (hasKey . "group") (ne .group (get $table.targetGroups .kind)) -}}
{{- $out = append $out (printf "the policy %s of attach.%s names a %s of the group %q, which there is none of: the group is %q, or leave it out" $policy.name $way .kind .group (get $table.targetGroups .kind)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $out -}}
{{- end -}}

{{/* Entrypoints that are told by what no policy sends. */}}
{{- define "vigil.problems.extensions" -}}
{{- $out := list -}}
{{- $ways := list -}}
{{- $policies := list -}}
{{- range $way := list "envoyFilter" "envoyGateway" -}}
{{- with get $.Values.attach $way -}}
{{- if .enabled -}}{{- $ways = append $ways $way -}}{{- $policies = concat $policies .policies -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- if $ways -}}
{{- range $entrypoint := .Values.config.dynamic.entrypoints -}}
{{- $wanted := (.match).extension | default dict -}}
{{- $isSent := empty $wanted -}}
{{- range $policies -}}
{{- $sent := .contextExtensions | default dict -}}
{{- if deepEqual (mergeOverwrite (deepCopy $sent) $wanted) $sent -}}{{- $isSent = true -}}{{- end -}}
{{- end -}}
{{- if not $isSent -}}
{{- $out = append $out (printf "no policy of attach.%s sends what the entrypoint %s is told by: give its match.extension as contextExtensions of one" (first $ways) $entrypoint.name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $out -}}
{{- end -}}
