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

{{- define "ipman.charonImage" -}}
{{ .Values.charon.image.repository }}:{{ .Values.charon.image.tag | default .Chart.AppVersion }}
{{- end }}
