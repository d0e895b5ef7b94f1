// node generate.mjs FILE: writes the JSON Schema (draft 7) of the dashboards that the current
// Grafana reads. Only names, types and values of enumerations get there, no text.
//
// A new panel type or transformation is a line here and its types in types.ts.
import { readFileSync, writeFileSync } from 'node:fs';
import { createGenerator } from 'ts-json-schema-generator';

const transformations = {
  groupingToMatrix: 'GroupingToMatrix',
  merge: 'Merge',
  organize: 'Organize',
};
const panels = {
  heatmap: { options: 'HeatmapOptions', custom: 'HeatmapField' },
  stat: { options: 'StatOptions' },
  'state-timeline': { options: 'StateTimelineOptions', custom: 'StateTimelineField' },
  table: { options: 'TableOptions', custom: 'TableField' },
  text: { options: 'TextOptions' },
  timeseries: { options: 'TimeseriesOptions', custom: 'TimeseriesField' },
};

const generator = createGenerator({
  path: 'types.ts',
  tsconfig: 'tsconfig.json',
  expose: 'none',
  topRef: false,
  jsDoc: 'none',
  functions: 'fail',
  additionalProperties: false,
});

function typed(name) {
  const { $schema, definitions, ...type } = generator.createSchema(name);
  return type;
}

const ref = (name) => ({ $ref: `#/definitions/${name}` });
const list = (items) => ({ type: 'array', items });

// `type` with members that it leaves open, or does not have.
const withMembers = (type, members) => ({
  ...type,
  properties: { ...type.properties, ...members },
});

const closed = (members) => ({
  type: 'object',
  additionalProperties: false,
  required: Object.keys(members),
  properties: members,
});

// `type`, of which one member says what others are: each value of it has a shape.
const told = (type, member, shapes) => ({
  ...withMembers(type, { [member]: { enum: Object.keys(shapes) } }),
  required: [...new Set([member, ...(type.required ?? [])])],
  allOf: Object.entries(shapes).map(([value, shape]) => ({
    if: { properties: { [member]: { const: value } } },
    then: shape,
  })),
});

// The same made of a union of types, if it is one of that kind: the errors are better.
function toldByType(union) {
  const shapes = union.anyOf.map((shape) => [shape.properties?.type?.const, shape]);
  if (!shapes.every(([value]) => value)) return union;
  return told({ type: 'object' }, 'type', Object.fromEntries(shapes));
}

const mapped = (object, change) =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => change(name, value)));

const members = (type, prefix = '') =>
  mapped(definitions[type].properties, (name) => [
    `${prefix}${name}`,
    { properties: { value: ref(`${type}/properties/${name}`) } },
  ]);

const definitions = {};
for (const type of [
  ...['Dashboard', 'Row', 'Panel', 'Variable', 'Field', 'Link', 'Matcher', 'Reducer', 'Query'],
  'Transformation',
  ...Object.values(transformations),
  ...Object.values(panels).flatMap(({ options, custom = [] }) => [options].concat(custom)),
]) {
  definitions[type] = JSON.parse(JSON.stringify(typed(type)), (_, value) =>
    value?.anyOf ? toldByType(value) : value,
  );
}

definitions.Field = withMembers(definitions.Field, { links: list(ref('Link')) });
definitions.FieldConfig = closed({
  defaults: withMembers(definitions.Field, { custom: { type: 'object' } }),
  overrides: list(closed({ matcher: ref('Matcher'), properties: list({ type: 'object' }) })),
});

// What the fields of one plugin's panels have of their own, by default and set by overrides.
function fieldConfig(custom) {
  const property = closed({ id: {}, value: {} });
  const shapes = { ...members('Field'), ...(custom ? members(custom, 'custom.') : {}) };
  const own = { properties: { properties: list(told(property, 'id', shapes)) } };
  return {
    properties: {
      defaults: { properties: { custom: custom ? ref(custom) : closed({}) } },
      overrides: { items: own },
    },
  };
}

definitions.Transformation = told(
  withMembers(definitions.Transformation, { options: {} }),
  'id',
  mapped(transformations, (id, type) => [
    id,
    { required: ['options'], properties: { options: ref(type) } },
  ]),
);
definitions.Panel = told(
  withMembers(definitions.Panel, {
    options: {},
    fieldConfig: ref('FieldConfig'),
    targets: list(ref('Query')),
    transformations: list(ref('Transformation')),
  }),
  'type',
  mapped(panels, (type, { options, custom }) => [
    type,
    { properties: { options: ref(options), fieldConfig: fieldConfig(custom) } },
  ]),
);
definitions.Row = withMembers(definitions.Row, { panels: list(ref('Panel')) });
definitions.RowOrPanel = {
  if: { properties: { type: { const: 'row' } } },
  then: ref('Row'),
  else: ref('Panel'),
};
definitions.Dashboard = withMembers(definitions.Dashboard, {
  panels: list(ref('RowOrPanel')),
  templating: withMembers(definitions.Dashboard.properties.templating, {
    list: list(ref('Variable')),
  }),
  __requires: { type: 'array' }, // Not of the model: what an export adds for the import.
});

// Their types say string. They are names of functions that @grafana/data has.
for (const [options, member] of [
  ['StatOptions', 'reduceOptions'],
  ['StateTimelineOptions', 'legend'],
  ['TimeseriesOptions', 'legend'],
]) {
  definitions[options].properties[member].properties.calcs = list(ref('Reducer'));
}

const from = ['schema', 'data', 'schema-10'].map((folder) => {
  const manifest = JSON.parse(readFileSync(`node_modules/@grafana/${folder}/package.json`));
  return `${manifest.name} ${manifest.version} (${manifest.license})`;
});
const schema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  $comment: `Made of types in ${from.join(', ')} by make grafana-schema. Copyright Grafana Labs.`,
  ...ref('Dashboard'),
  definitions,
};

// One line for what fits into it.
function written(value, indent = '') {
  const line = JSON.stringify(value);
  if (line.length + indent.length <= 110 || typeof value !== 'object') return line;
  const deeper = `${indent} `;
  const parts = Array.isArray(value)
    ? value.map((item) => deeper + written(item, deeper))
    : Object.entries(value).map(([k, v]) => `${deeper}${JSON.stringify(k)}: ${written(v, deeper)}`);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return `${open}\n${parts.join(',\n')}\n${indent}${close}`;
}
writeFileSync(process.argv[2], `${written(schema)}\n`);
