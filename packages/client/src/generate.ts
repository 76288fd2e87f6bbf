import openapiTS, { astToString } from 'openapi-typescript';

/**
 * Types of the public API from its OpenAPI document.
 * @param document the document as JSON text
 * @returns the text of `schema.ts`
 * @throws Error for text that is no OpenAPI document
 */
export async function generateTypes(document: string): Promise<string> {
  const tree = await openapiTS(document);
  return `// Types of the public API; written by \`npm run docs\`, never by hand.\n${astToString(tree)}`;
}
