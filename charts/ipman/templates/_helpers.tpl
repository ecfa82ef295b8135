{{- define "ipman.namespace" -}}
{{- $adopted := include "ipman.adoptedNamespaces" . | fromJsonArray }}
{{- .Values.global.namespace | default (first (append $adopted .Release.Namespace)) }}
{{- end }}

{{- /* The namespaces that the Go operator's chart created as part of this release, as a JSON
list. Helm deletes an object that an upgrade no longer renders, so namespace.yaml renders them.
A Service of that chart identifies them at the first upgrade, ipman's annotation from then on. Every
template needs the namespace, so .Values keeps the result for the rest of the run. */ -}}
{{- define "ipman.adoptedNamespaces" -}}
{{- if not (hasKey .Values "adoptedNamespaces") }}
{{- $adopted := list }}
{{- if .Release.IsUpgrade }}
{{- range (lookup "v1" "Namespace" "" "").items }}
{{- $name := .metadata.name }}
{{- if include "ipman.isOwned" (dict "root" $ "object" .) }}
{{- if or (hasKey .metadata.annotations "ipman.dialo.ai/adopted") (lookup "v1" "Service" $name "ipman-restctl-service") }}
{{- $adopted = append $adopted $name }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- $_ := set .Values "adoptedNamespaces" $adopted }}
{{- end }}
{{- .Values.adoptedNamespaces | toJson }}
{{- end }}

{{- /* "true" for an object of the API server that belongs to this release, empty otherwise. */ -}}
{{- define "ipman.isOwned" -}}
{{- $annotations := .object.metadata.annotations | default dict }}
{{- $release := .root.Release }}
{{- if and (eq (get $annotations "meta.helm.sh/release-name") $release.Name) (eq (get $annotations "meta.helm.sh/release-namespace") $release.Namespace) -}}
true
{{- end }}
{{- end }}

{{- /* The API server accepts 1 to 30 seconds; the Go operator's default is 60. */ -}}
{{- define "ipman.timeoutSeconds" -}}
{{ min 30 (int .Values.controller.podTimeoutSeconds) }}
{{- end }}

{{- define "ipman.labels" -}}
app.kubernetes.io/name: ipman
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: ipman
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "ipman.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "ipman.pullPolicy" -}}
{{ .Values.controller.pullPolicy | default .Values.image.pullPolicy }}
{{- end }}

{{- /* A string names an image of the Go operator, whose charon starts differently. */ -}}
{{- define "ipman.charonImage" -}}
{{- $image := dict "repository" "ipman-charon" }}
{{- if kindIs "map" .Values.charon.image }}{{ $image = .Values.charon.image }}{{ end -}}
{{ $image.repository }}:{{ $image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "ipman.legacyCharonImage" -}}
{{- with .Values.charon.legacyImage }}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end }}

{{- define "ipman.charonPullPolicy" -}}
{{- $policy := "IfNotPresent" }}
{{- if kindIs "map" .Values.charon.image }}{{ $policy = .Values.charon.image.pullPolicy }}{{ end -}}
{{ .Values.charon.pullPolicy | default $policy }}
{{- end }}

{{- define "ipman.mutating" -}}
{{ .Values.webhook.mutatingWebhookName | default (printf "ipman-%s" .Release.Name) }}
{{- end }}

{{- define "ipman.validating" -}}
{{ .Values.webhook.validatingWebhookName | default (printf "ipman-%s" .Release.Name) }}
{{- end }}

{{- /* Roles that an administrator manages refer to the common service account of the agents. */ -}}
{{- define "ipman.secretAccess" -}}
{{ .Values.secretAccess | default (ternary "named" "namespace" .Values.rbac.create) }}
{{- end }}

{{- /* "true" or empty. The values of an earlier release, which an upgrade may reuse, lack it. */ -}}
{{- define "ipman.namespaceDefaults" -}}
{{- if (.Values.namespaceDefaults | default dict).enabled }}true{{ end }}
{{- end }}
