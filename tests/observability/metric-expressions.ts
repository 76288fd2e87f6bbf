import { isOfTheProcess } from '../../scripts/observability/metrics-document.ts';

/** A metric of docs/metrics.md. */
export interface RegisteredMetric {
  type: string;
  labels: readonly string[];
}

const WORDS = new Set(
  'and or unless by without on ignoring group_left group_right bool sum min max avg count topk rate increase deriv time histogram_quantile label_values'.split(
    ' ',
  ),
);
/** Labels that Prometheus or the registry of a service puts on every line. */
const EVERYWHERE = ['service', 'instance', 'job'];
const SUFFIX = /_(bucket|sum|count)$/;

/**
 * Names of metrics in an expression: words that are neither functions, nor labels, nor in quotes.
 * @param expression in PromQL
 */
export function namesIn(expression: string): string[] {
  const bare = expression
    .replaceAll(/"[^"]*"/g, '')
    .replaceAll(/\{[^}]*\}/g, '')
    .replaceAll(/\[[^\]]*\]/g, '')
    .replaceAll(/\b(by|without|on|ignoring)\s*\([^)]*\)/g, '');
  return [...bare.matchAll(/[a-zA-Z_:][\w:]*/g)].map(([name]) => name).filter((name) => !WORDS.has(name));
}

const groupedBy = (expression: string): string[] =>
  [...expression.matchAll(/\b(?:by|on)\s*\(([^)]*)\)/g)].flatMap(([, list = '']) =>
    list
      .split(',')
      .map((label) => label.trim())
      .filter((label) => label !== ''),
  );

/**
 * Labels that the result of an expression is grouped by.
 * @param expression in PromQL
 */
export const labelsIn = (expression: string): string[] => [...new Set(groupedBy(expression))];

function labelsOf(
  name: string,
  registered: ReadonlyMap<string, RegisteredMetric>,
): readonly string[] | undefined {
  if (name === 'up' || isOfTheProcess(name)) {
    return [];
  }
  const whole = registered.get(name);
  const histogram = registered.get(name.replace(SUFFIX, ''));
  if (whole !== undefined && whole.type !== 'histogram') {
    return whole.labels;
  }
  return SUFFIX.test(name) && histogram?.type === 'histogram' ? [...histogram.labels, 'le'] : undefined;
}

/**
 * What an expression asks for that no service exposes: metrics that are not registered, and labels in matchers or
 * groupings that the metrics beside them do not have.
 * @param expression in PromQL
 * @param registered metrics by name
 * @returns one sentence for each
 */
export function troublesIn(expression: string, registered: ReadonlyMap<string, RegisteredMetric>): string[] {
  const names = namesIn(expression);
  const unknown = names.filter((name) => labelsOf(name, registered) === undefined);
  const matched = [...expression.matchAll(/(\w+)\{([^}]*)\}/g)].flatMap(([, name = '', matchers = '']) => {
    const known = [...(labelsOf(name, registered) ?? []), ...EVERYWHERE];
    return [...matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)]
      .map(([, label = '']) => label)
      .filter((label) => !known.includes(label))
      .map((label) => `${name} has no label ${label}`);
  });
  const all = [...names.flatMap((name) => labelsOf(name, registered) ?? []), ...EVERYWHERE];
  const grouped = groupedBy(expression)
    .filter((label) => !all.includes(label))
    .map((label) => `nothing has the label ${label} by which it is grouped`);
  return [...unknown.map((name) => `${name} is not registered`), ...matched, ...grouped];
}
