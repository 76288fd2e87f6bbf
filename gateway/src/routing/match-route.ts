import { ROUTES, type RouteRule } from './route-table.ts';

interface Node {
  rule?: RouteRule;
  children: Map<string, Node>;
  parameter?: Node;
}

const segmentsOf = (path: string): string[] => path.split('/').filter((segment) => segment !== '');

function buildTree(rules: readonly RouteRule[]): Node {
  const root: Node = { children: new Map() };
  for (const rule of rules) {
    let node = root;
    for (const segment of segmentsOf(rule.path)) {
      const isParameter = segment.startsWith('{');
      const next = (isParameter ? node.parameter : node.children.get(segment)) ?? {
        children: new Map<string, Node>(),
      };
      if (isParameter) {
        node.parameter = next;
      } else {
        node.children.set(segment, next);
      }
      node = next;
    }
    if (node.rule !== undefined) {
      throw new Error(`two rules for ${rule.path}`);
    }
    node.rule = rule;
  }
  return root;
}

/**
 * Compiles rules into a function from a canonical path to its rule.
 * @param rules the route table
 * @returns the longest matching rule, or undefined when the path does not exist outside
 * @throws Error when two rules have the same path
 */
export function compileRoutes(rules: readonly RouteRule[] = ROUTES): (path: string) => RouteRule | undefined {
  const root = buildTree(rules);
  return (path) => {
    const segments = segmentsOf(path);
    let node: Node | undefined = root;
    let found: RouteRule | undefined;
    for (const [index, segment] of segments.entries()) {
      node = node.children.get(segment) ?? node.parameter;
      if (node === undefined) {
        break;
      }
      const isLast = index === segments.length - 1;
      if (node.rule !== undefined && (isLast || node.rule.exact !== true)) {
        found = node.rule;
      }
    }
    return found;
  };
}
