{{- define "ipman.namespace" -}}
{{ .Values.global.namespace | default .Release.Namespace }}
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

{{- /* A string is an image of the Go operator's, with another charon's way to be started. */ -}}
{{- define "ipman.charonImage" -}}
{{- $image := dict "repository" "ipman-charon" }}
{{- if kindIs "map" .Values.charon.image }}{{ $image = .Values.charon.image }}{{ end -}}
{{ $image.repository }}:{{ $image.tag | default .Chart.AppVersion }}
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

{{- /* Roles that were made by hand give rights to the agents' common service account. */ -}}
{{- define "ipman.secretAccess" -}}
{{ .Values.secretAccess | default (ternary "named" "namespace" .Values.rbac.create) }}
{{- end }}
