/** One instruction of a Dockerfile, continuation lines joined. */
export interface Instruction {
  keyword: string;
  text: string;
}

/** A stage: its base image, its name if any, and what it does in order. */
export interface Stage {
  base: string;
  name: string | undefined;
  instructions: readonly Instruction[];
}

/**
 * Reads the Dockerfiles that we write: stages, and in them instructions with continuation lines.
 * @param text contents of the file
 * @throws Error for an instruction before the first FROM
 */
export function parseDockerfile(text: string): Stage[] {
  const logical = text
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('#'))
    .join('\n')
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const stages: { base: string; name: string | undefined; instructions: Instruction[] }[] = [];
  for (const line of logical) {
    const [, keyword = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(line) ?? [];
    if (keyword === 'FROM') {
      const [, base = '', name] = /^(\S+)(?:\s+AS\s+(\S+))?$/.exec(rest) ?? [];
      stages.push({ base, name, instructions: [] });
      continue;
    }
    const stage = stages.at(-1);
    if (stage === undefined) {
      throw new Error(`${keyword} stands before the first FROM`);
    }
    stage.instructions.push({ keyword, text: rest });
  }
  return stages;
}

/**
 * Variables of an ENV instruction.
 * @param text `NAME=value NAME="value with spaces"`
 */
export const parseEnv = (text: string): Record<string, string> =>
  Object.fromEntries(
    [...text.matchAll(/(\w+)=(?:"([^"]*)"|(\S*))/g)].map(([, name = '', quoted, plain]) => [
      name,
      quoted ?? plain ?? '',
    ]),
  );

/**
 * Program and arguments of CMD or HEALTHCHECK in the form of a JSON list.
 * @param text text of the instruction
 * @throws Error when it is in shell form, which would put a shell between the process and its signals
 */
export function parseExec(text: string): string[] {
  const list = /\[.*\]$/.exec(text)?.[0];
  if (list === undefined) {
    throw new Error(`not in exec form: ${text}`);
  }
  return (JSON.parse(list) as unknown[]).map(String);
}

/**
 * Whether `.dockerignore` keeps a file out of the build. Understands the patterns that ours uses: a name or path from
 * the root, and `**` before a name at any depth.
 * @param patterns lines of the file
 * @param path path from the root with `/`
 */
export function isIgnored(patterns: readonly string[], path: string): boolean {
  return patterns.some((pattern) => {
    const [, name] = /^\*\*\/(.+)$/.exec(pattern) ?? [];
    if (name === undefined) {
      return path === pattern || path.startsWith(`${pattern}/`);
    }
    const [before = '', after] = name.split('*');
    return path
      .split('/')
      .some((part) =>
        after === undefined ? part === name : part.startsWith(before) && part.endsWith(after),
      );
  });
}
