// Checks the boards against Grafana's own schema; .ci/run compiles it beside npm's @grafana/schema.
// The package does not export the types of panel options, so they are imported from their files.
// Plain turns enumerations into their values, since JSON has those instead of their names.
import type { Dashboard, Panel } from '@grafana/schema';
import type { Options as BarGauge } from './node_modules/@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen';
import type { Options as Stat } from './node_modules/@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type { Options as Table } from './node_modules/@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type { FieldConfig as Line, Options as TimeSeries } from './node_modules/@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

type Plain<T> = T extends string ? `${T}`
  : T extends number ? (number extends T ? T : `${T}` extends `${infer N extends number}` ? N : never)
  : T extends boolean | null | undefined ? T
  : T extends Array<infer E> ? Array<Plain<E>>
  : T extends object ? { [K in keyof T]: Plain<T[K]> }
  : T;

type Of<Type extends string, Options, Custom = unknown> = Omit<Panel, 'type' | 'options' | 'fieldConfig'> & {
  type: Type;
  options: Options;
  fieldConfig: Omit<NonNullable<Panel['fieldConfig']>, 'defaults'> & { defaults: NonNullable<Panel['fieldConfig']>['defaults'] & { custom?: Custom } };
};
type Row = Extract<NonNullable<Dashboard['panels']>[number], { type: 'row' }>;

export type Board = Plain<Omit<Dashboard, 'panels'>> & {
  panels: Array<Plain<Row | Of<'stat', Stat> | Of<'bargauge', BarGauge> | Of<'table', Table> | Of<'timeseries', TimeSeries, Line>>>;
};
