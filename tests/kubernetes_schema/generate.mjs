// node generate.mjs FILE: writes the JSON Schema (draft 7) of the Kubernetes objects that this tree ships. Only names,
// types and values of enumerations get there, no text. A further kind is a line here and in types.ts.
import { readFileSync, writeFileSync } from 'node:fs';
import { createGenerator } from 'ts-json-schema-generator';

const kinds = ['ConfigMap', 'DaemonSet', 'Namespace', 'PodMonitor', 'PrometheusRule', 'Service', 'ServiceAccount', 'ServiceMonitor'];

const generator = createGenerator({
  path: 'types.ts',
  tsconfig: 'tsconfig.json',
  expose: 'all',
  topRef: true,
  jsDoc: 'none',
  functions: 'fail',
  additionalProperties: false,
});

// Every type that a kind needs. Two types of one name would take each other's place.
const definitions = {};
for (const kind of kinds) {
  for (const [name, type] of Object.entries(generator.createSchema(kind).definitions)) {
    const known = JSON.stringify(definitions[name] ?? type);
    if (known !== JSON.stringify(type)) throw new Error(`two types are called ${name}`);
    definitions[name] = type;
  }
}

const versions = JSON.parse(readFileSync('package.json')).dependencies;
const origin = ['kubernetes-models', '@kubernetes-models/prometheus-operator']
  .map((name) => `${name} ${versions[name]} (MIT)`)
  .join(', ');
const schema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  $comment: `Made by make kubernetes-schema of the types of ${origin}, which are made of the OpenAPI descriptions of Kubernetes and prometheus-operator (Apache-2.0).`,
  type: 'object',
  required: ['apiVersion', 'kind', 'metadata'],
  properties: { kind: { enum: kinds } },
  allOf: kinds.map((kind) => ({
    if: { properties: { kind: { const: kind } } },
    then: { $ref: `#/definitions/${kind}` },
  })),
  definitions,
};
writeFileSync(process.argv[2], JSON.stringify(schema, null, 1) + '\n');
