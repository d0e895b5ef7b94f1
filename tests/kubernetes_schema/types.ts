// The kinds of objects that config/kubernetes and config/helm have; generate.mjs makes a schema of each.
export type { IPodMonitor as PodMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor';
export type { IPrometheusRule as PrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule';
export type { IServiceMonitor as ServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor';
export type { IDaemonSet as DaemonSet } from 'kubernetes-models/apps/v1/DaemonSet';
export type { IConfigMap as ConfigMap } from 'kubernetes-models/v1/ConfigMap';
export type { INamespace as Namespace } from 'kubernetes-models/v1/Namespace';
export type { IService as Service } from 'kubernetes-models/v1/Service';
export type { IServiceAccount as ServiceAccount } from 'kubernetes-models/v1/ServiceAccount';
