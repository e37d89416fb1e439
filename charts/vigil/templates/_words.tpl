{{/* Words of the values that mean something else than whoever wrote them thought. */}}

{{/* Values that have another name now: files/moved.yaml. The schema lets the old ones pass, so that this can be said. */}}
{{- define "vigil.problems.moved" -}}
{{- $out := list -}}
{{- range (.Files.Get "files/moved.yaml" | fromYaml).moved -}}
{{- $at := $.Values -}}
{{- $isThere := true -}}
{{- range splitList "." .old -}}
{{- if and $isThere (kindIs "map" $at) (hasKey $at .) -}}{{- $at = get $at . -}}{{- else -}}{{- $isThere = false -}}{{- end -}}
{{- end -}}
{{- if $isThere -}}
{{- $out = append $out (printf "%s is called %s since version %s: rename it (docs/install.md)" .old .now .since) -}}
{{- end -}}
{{- end -}}
{{- toJson $out -}}
{{- end -}}

{{/* Helm reads YAML 1.1, in which an unquoted y or n is a yes or a no: keys of JWKs have these names. */}}
{{- define "vigil.problems.yesNo" -}}
{{- $out := list -}}
{{- $dynamic := .Values.config.dynamic -}}
{{- $lists := dict
      "identity.issuers" (($dynamic.identity).issuers)
      "identity.workloads.trustDomains" ((($dynamic.identity).workloads).trustDomains)
      "context.device.posture.issuers" (((($dynamic.context).device).posture).issuers) -}}
{{- range $path, $list := $lists -}}
{{- range $i, $issuer := $list -}}
{{- range $j, $jwk := ((($issuer).jwks).inline).keys -}}
{{- range $word, $letter := dict "true" "y" "false" "n" -}}
{{- if hasKey $jwk $word -}}
{{- $out = append $out (printf "config.dynamic.%s[%d].jwks.inline.keys[%d] has a member %s, which is how Helm reads %s without quotes: write %q: ... there" $path $i $j $word $letter $letter) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $out -}}
{{- end -}}
