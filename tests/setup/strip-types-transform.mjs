import { createHash } from 'node:crypto';
import { stripTypeScriptTypes } from 'node:module';

/**
 * Jest transform that removes types exactly as Node does at run time, so a test executes the same
 * JavaScript, with the same line and column numbers, as the running service.
 */
export default {
  process(source) {
    return { code: stripTypeScriptTypes(source, { mode: 'strip' }) };
  },
  getCacheKey(source, path) {
    return createHash('sha256').update(process.version).update(path).update(source).digest('hex');
  },
};
