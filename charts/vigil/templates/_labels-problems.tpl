{{/* Labels that the chart writes itself: written twice, one of them would win by chance. */}}

{{- define "vigil.problems.labels" -}}
{{- $out := list -}}
{{- $selector := list "app.kubernetes.io/name" "app.kubernetes.io/instance" "app.kubernetes.io/component" -}}
{{- $common := list "helm.sh/chart" "app.kubernetes.io/version" "app.kubernetes.io/managed-by" "vigil/for-trials-only" -}}
{{- $own := dict "podLabels" $selector "commonLabels" (concat $selector $common) -}}
{{- range $value, $keys := $own -}}
{{- range $keys -}}
{{- if hasKey (get $.Values $value) . -}}
{{- $out = append $out (printf "%s has %s, which the chart writes itself: take it out%s" $value . (ternary " (nameOverride sets it)" "" (eq . "app.kubernetes.io/name"))) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $out -}}
{{- end -}}
