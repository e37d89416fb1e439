{{/* What keeps Vigil from a certificate, or lets strangers ask. */}}

{{- define "vigil.problems.tls" -}}
{{- $out := list -}}
{{- $server := .Values.config.static.server -}}
{{- $mode := include "vigil.tlsMode" . -}}
{{- $speaksTls := include "vigil.speaksTls" . -}}
{{- $clientCa := include "vigil.clientCaFile" . -}}
{{- if hasKey $server "tls" -}}
{{- $out = append $out "config.static.server.tls is written by the chart: set tls.mode=secret and tls.existingSecret instead" -}}
{{- end -}}
{{- if and (eq $mode "secret") (empty .Values.tls.existingSecret) -}}
{{- $out = append $out "tls.mode is secret: give tls.existingSecret, the name of a Secret that holds tls.crt, tls.key and ca.crt" -}}
{{- end -}}
{{- if and .Values.tls.existingSecret (ne $mode "secret") -}}
{{- $out = append $out (printf "tls.existingSecret is given, but tls.mode=%s does not read it: set tls.mode=secret, or leave it out" $mode) -}}
{{- end -}}
{{- if and $speaksTls (empty $server.callers) (not .Values.acknowledge.anyCaller) -}}
{{- $out = append $out "nobody says which Envoys may ask: give config.static.server.callers (SANs of their certificates), or set acknowledge.anyCaller=true" -}}
{{- end -}}
{{- if and $speaksTls $server.callers (empty $clientCa) -}}
{{- $out = append $out (printf "config.static.server.callers are told apart by their client certificates: give %s" (ternary "tls.clientCa" "tls.clientCaKey or tls.clientCa" (eq $mode "podCertificate"))) -}}
{{- end -}}
{{- if and (not $speaksTls) $server.callers -}}
{{- $out = append $out (printf "config.static.server.callers needs tls.mode=secret, certManager, spiffeCsi or podCertificate: with tls.mode=%s Vigil itself sees no client certificate; close its port by the mesh and by networkPolicy.callers" $mode) -}}
{{- end -}}
{{- if and (eq $mode "off") (not .Values.acknowledge.plaintext) -}}
{{- $out = append $out "tls.mode off sends the tokens of your users over the network unencrypted: use mesh or secret, or set acknowledge.plaintext=true" -}}
{{- end -}}
{{- $sources := include "vigil.clientCaSource" . | fromYamlArray -}}
{{- if gt (len $sources) 1 -}}
{{- $out = append $out "tls.clientCa names several places: give one of configMap, secret, clusterTrustBundle.name and clusterTrustBundle.signerName" -}}
{{- end -}}
{{- if and $sources (not $speaksTls) -}}
{{- $out = append $out (printf "tls.clientCa is given, but with tls.mode=%s Vigil itself sees no client certificate: leave it out, or use another tls.mode" $mode) -}}
{{- end -}}
{{- concat $out (include (printf "vigil.problems.tls.%s" $mode) . | fromJsonArray) | toJson -}}
{{- end -}}

{{- define "vigil.problems.tls.mesh" -}}[]{{- end -}}
{{- define "vigil.problems.tls.off" -}}[]{{- end -}}
{{- define "vigil.problems.tls.secret" -}}[]{{- end -}}

{{- define "vigil.problems.tls.certManager" -}}
{{- $out := list -}}
{{- with .Values.tls.certManager -}}
{{- if empty .issuerRef.name -}}
{{- $out = append $out "tls.mode is certManager: give tls.certManager.issuerRef (name, and kind when it is a ClusterIssuer)" -}}
{{- end -}}
{{- if and (eq .privateKey.algorithm "Ed25519") (ne (.privateKey.size | int) 0) -}}
{{- $out = append $out "keys of Ed25519 have one size: set tls.certManager.privateKey.size=0" -}}
{{- end -}}
{{- if and (eq .privateKey.algorithm "ECDSA") (not (has (.privateKey.size | int) (list 256 384 521))) -}}
{{- $out = append $out "keys of ECDSA have 256, 384 or 521 bits: change tls.certManager.privateKey.size" -}}
{{- end -}}
{{- if and (eq .privateKey.algorithm "RSA") (not (has (.privateKey.size | int) (list 2048 4096 8192))) -}}
{{- $out = append $out "keys of RSA have 2048, 4096 or 8192 bits: change tls.certManager.privateKey.size" -}}
{{- end -}}
{{- end -}}
{{- toJson $out -}}
{{- end -}}

{{- define "vigil.problems.tls.spiffeCsi" -}}
{{- $out := list -}}
{{- with .Values.tls.spiffeCsi -}}
{{- if eq .driver "csi.spiffe.io" -}}
{{- $out = append $out "the driver csi.spiffe.io gives the socket of the Workload API, and Vigil reads files: set tls.spiffeCsi.driver to one that writes them, such as spiffe.csi.cert-manager.io" -}}
{{- end -}}
{{- if empty .trustDomain -}}
{{- $out = append $out "tls.mode is spiffeCsi: give tls.spiffeCsi.trustDomain, the one that the driver was installed with" -}}
{{- end -}}
{{- end -}}
{{- toJson $out -}}
{{- end -}}

{{- define "vigil.problems.tls.podCertificate" -}}
{{- $out := list -}}
{{- $version := .Capabilities.KubeVersion.Version -}}
{{- if semverCompare "<1.35.0-0" $version -}}
{{- $out = append $out (printf "tls.mode podCertificate needs Kubernetes 1.35, and this is %s: use certManager or secret" $version) -}}
{{- else if and (lookup "v1" "ServiceAccount" .Release.Namespace "default") (not (or (.Capabilities.APIVersions.Has "certificates.k8s.io/v1/PodCertificateRequest") (.Capabilities.APIVersions.Has "certificates.k8s.io/v1beta1/PodCertificateRequest"))) -}}
{{- $out = append $out "tls.mode podCertificate is not switched on in this cluster: its API server does not know PodCertificateRequest (before Kubernetes 1.37 that takes the feature gate PodCertificateRequest, on API server and kubelets, and the API certificates.k8s.io/v1beta1); use certManager or secret" -}}
{{- end -}}
{{- with .Values.tls.podCertificate -}}
{{- if empty .signerName -}}
{{- $out = append $out "tls.mode is podCertificate: give tls.podCertificate.signerName" -}}
{{- else if eq .signerName "kubernetes.io/kube-apiserver-client-pod" -}}
{{- $out = append $out "the signer kubernetes.io/kube-apiserver-client-pod makes certificates of clients, and Vigil is a server: give another tls.podCertificate.signerName" -}}
{{- end -}}
{{- if and (hasPrefix "kubernetes.io/" .signerName) (gt (.maxExpirationSeconds | int) 86400) -}}
{{- $out = append $out "signers of kubernetes.io give at most a day: set tls.podCertificate.maxExpirationSeconds to 86400 or less" -}}
{{- end -}}
{{- end -}}
{{- toJson $out -}}
{{- end -}}
