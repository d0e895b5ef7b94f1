// The parts of a dashboard, cut out of Grafana's own types; generate.mjs puts them together.
import type { DataLink, QueryVariableModel } from '@grafana/data';
import type { ReducerID } from './node_modules/@grafana/data/dist/types/transformations/fieldReducer';
import type { FieldMatcherID } from './node_modules/@grafana/data/dist/types/transformations/matchers/ids';
import type { GroupingToMatrixTransformerOptions } from './node_modules/@grafana/data/dist/types/transformations/transformers/groupingToMatrix';
import type { MergeTransformerOptions } from './node_modules/@grafana/data/dist/types/transformations/transformers/merge';
import type { OrganizeFieldsTransformerOptions } from './node_modules/@grafana/data/dist/types/transformations/transformers/organize';
import type { Prometheus } from './node_modules/@grafana/prometheus/dist/types/dataquery';
import type * as heatmap from './node_modules/@grafana/schema/dist/types/raw/composable/heatmap/panelcfg/x/types.gen';
import type * as stat from './node_modules/@grafana/schema/dist/types/raw/composable/stat/panelcfg/x/types.gen';
import type * as stateTimeline from './node_modules/@grafana/schema/dist/types/raw/composable/statetimeline/panelcfg/x/types.gen';
import type * as table from './node_modules/@grafana/schema/dist/types/raw/composable/table/panelcfg/x/types.gen';
import type * as text from './node_modules/@grafana/schema/dist/types/raw/composable/text/panelcfg/x/types.gen';
import type * as timeseries from './node_modules/@grafana/schema/dist/types/raw/composable/timeseries/panelcfg/x/types.gen';
import type * as grafana from './node_modules/@grafana/schema/dist/types/raw/dashboard/x/types.gen';
import type { PrometheusDataQuery } from './node_modules/@grafana/schema-10/dist/esm/raw/composable/prometheus/dataquery/x/PrometheusDataQuery_types.gen';

export type Dashboard = Omit<grafana.Dashboard, 'panels'>;
export type Row = Omit<grafana.RowPanel, 'panels'>;
export type Panel = Omit<
  grafana.Panel,
  'type' | 'options' | 'fieldConfig' | 'targets' | 'transformations'
>;

export type HeatmapOptions = heatmap.Options;
export type HeatmapField = heatmap.FieldConfig;
export type StatOptions = stat.Options;
export type StateTimelineOptions = stateTimeline.Options;
export type StateTimelineField = stateTimeline.FieldConfig;
export type TableOptions = table.Options;
export type TableField = table.FieldConfig;
export type TextOptions = text.Options;
export type TimeseriesOptions = timeseries.Options;
export type TimeseriesField = timeseries.FieldConfig;

export type Field = Omit<grafana.FieldConfig, 'custom' | 'links'>;
export type Matcher = Omit<grafana.MatcherConfig, 'id'> & { id: `${FieldMatcherID}` };
export type Reducer = `${ReducerID}`;

export type Transformation = Omit<grafana.DataTransformerConfig, 'id' | 'options'>;
export type GroupingToMatrix = GroupingToMatrixTransformerOptions;
export type Merge = MergeTransformerOptions;
export type Organize = OrganizeFieldsTransformerOptions;

// Of what a dashboard's variables have, @grafana/data names two things that @grafana/schema does not.
type NothingChosen = Record<string, never>;
export type Variable = Omit<grafana.VariableModel, 'current'> & {
  current?: grafana.VariableOption | NothingChosen;
  definition?: string;
};

// Not the type itself: the rest of it is functions and what plugins hand to each other.
export interface Link {
  title: string;
  url: string;
  targetBlank?: boolean;
  oneClick?: boolean;
}

// That of the current release is in @grafana/prometheus, under another licence (AGPL) than ours, so
// only compared; the last one in @grafana/schema is of 10.4. `scope` is gone since.
export type Query = Omit<PrometheusDataQuery, 'datasource' | 'scope'> & {
  datasource?: grafana.DataSourceRef;
};

// The compiler stops at what does not hold.
type Holds<Fact extends true> = Fact;
type Text<Type> = Type extends string ? `${Type}` : Type;
type Same<A, B> = { [Name in keyof A]: Text<A[Name]> } extends { [Name in keyof B]: Text<B[Name]> }
  ? { [Name in keyof B]: Text<B[Name]> } extends { [Name in keyof A]: Text<A[Name]> }
    ? true
    : false
  : false;
export type LinkIsGrafanas = Holds<Same<Link, Pick<DataLink, keyof Link>>>;
export type DefinitionIsGrafanas = Holds<
  Same<{ definition: string }, Pick<QueryVariableModel, 'definition'>>
>;
export type NothingIsAChoice = Holds<
  NothingChosen extends QueryVariableModel['current'] ? true : false
>;
type Asked = Omit<Query, 'datasource'>;
export type QueryIsOfTheCurrentRelease = Holds<Same<Asked, Pick<Prometheus, keyof Asked>>>;
