/**
 * A path is canonical when every reader splits it alike: printable ASCII, no empty, `.` or `..` segment (with or without `;…` behind it), no backslash,
 * and no percent escape that hides a slash, a backslash, a dot or a control character. Two parsers that disagree about
 * a path are how a request slips past a check, so anything else is refused instead of repaired.
 */
const CANONICAL = /^(?:\/(?!\.{1,2}(?:[;/]|$))(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+)+\/?$/;
// %2e (.), %2f (/), %5c (\), %00-%1f and %7f (controls), %25 (a second layer of escapes).
const HIDDEN = /%(?:2[ef5]|5c|[01][0-9a-f]|7f)/i;
const MAX_PATH_LENGTH = 2_048;

/**
 * Whether the path may be routed.
 * @param path path of the request target without query
 */
export const isCanonicalPath = (path: string): boolean =>
  path.length <= MAX_PATH_LENGTH && (path === '/' || CANONICAL.test(path)) && !HIDDEN.test(path);

/**
 * Splits a request target into path and query.
 * @param target `req.url` of a request
 * @returns undefined for an absolute or asterisk target, which an edge has no use for
 */
export function splitTarget(target: string): { path: string; query: string } | undefined {
  if (!target.startsWith('/') || target.startsWith('//')) {
    return undefined;
  }
  const mark = target.indexOf('?');
  return mark === -1
    ? { path: target, query: '' }
    : { path: target.slice(0, mark), query: target.slice(mark) };
}
