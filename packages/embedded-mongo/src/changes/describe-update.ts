import type { BsonDocument } from '../semantics/types.ts';
import { identicalValues } from '../semantics/update-identity.ts';
import { isArray, isDocument, setField } from '../semantics/values.ts';

/** What an update changed, as `updateDescription` shows it. */
export interface UpdateDescription {
  updatedFields: BsonDocument;
  removedFields: string[];
  truncatedArrays: { field: string; newSize: number }[];
  /** The steps of those paths above that may be misread: of fields whose names look like positions or have dots. */
  disambiguatedPaths?: Record<string, (string | number)[]>;
}

/** The steps of a path: field names, and positions in arrays as numbers. */
type Path = readonly (string | number)[];

interface NamedPath {
  segments: string[];
  /** An array that only becomes longer is described by its new elements. */
  appends: boolean;
}

/** Which paths an update names: those are described as a whole. */
export class NamedPaths {
  private readonly update: BsonDocument | BsonDocument[];
  private paths: NamedPath[] | undefined;

  /** Takes the operators of an update; a pipeline names no paths. */
  constructor(update: BsonDocument | BsonDocument[]) {
    this.update = update;
  }

  /** How a path is named, if it is: `$`, `$[]` and `$[id]` stand for any position. */
  find(path: Path): NamedPath | undefined {
    this.paths ??= Array.isArray(this.update) ? [] : pathsOf(this.update);
    return this.paths.find(
      ({ segments }) =>
        segments.length === path.length &&
        segments.every((segment, index) => segment === String(path[index]) || segment.startsWith('$')),
    );
  }
}

function pathsOf(update: BsonDocument): NamedPath[] {
  return Object.entries(update).flatMap(([operator, fields]) =>
    Object.entries(isDocument(fields) ? fields : {}).flatMap(([path, argument]) => {
      const named = { segments: path.split('.'), appends: operator === '$push' };
      return operator === '$rename' && typeof argument === 'string'
        ? [named, { segments: argument.split('.'), appends: false }]
        : [named];
    }),
  );
}

/** Works out what `after` changed in `before`; `named` are the paths that the update itself named. */
export function describeUpdate(
  before: BsonDocument,
  after: BsonDocument,
  named: NamedPaths,
): UpdateDescription {
  const description: UpdateDescription = { updatedFields: {}, removedFields: [], truncatedArrays: [] };
  compareDocuments(before, after, []);
  return description;

  function nameOf(path: Path): string {
    const name = path.join('.');
    if (path.some((step) => typeof step === 'string' && (step.includes('.') || /^\d+$/.test(step)))) {
      description.disambiguatedPaths ??= {};
      setField(description.disambiguatedPaths, name, path);
    }
    return name;
  }

  function update(path: Path, value: unknown): void {
    setField(description.updatedFields, nameOf(path), value);
  }

  function compareDocuments(old: BsonDocument, fresh: BsonDocument, path: Path): void {
    for (const name of Object.keys(fresh)) {
      if (Object.hasOwn(old, name)) {
        compareValues(old[name], fresh[name], [...path, name]);
      } else {
        update([...path, name], fresh[name]);
      }
    }
    for (const name of Object.keys(old)) {
      if (!Object.hasOwn(fresh, name)) {
        description.removedFields.push(nameOf([...path, name]));
      }
    }
  }

  function compareValues(old: unknown, fresh: unknown, path: Path): void {
    if (identicalValues(old, fresh)) {
      return;
    }
    const name = named.find(path);
    if (isArray(old) && isArray(fresh)) {
      if (name === undefined || (name.appends && isExtended(old, fresh))) {
        compareArrays(old, fresh, path);
        return;
      }
    } else if (name === undefined && isDocument(old) && isDocument(fresh)) {
      compareDocuments(old, fresh, path);
      return;
    }
    update(path, fresh);
  }

  function compareArrays(old: readonly unknown[], fresh: readonly unknown[], path: Path): void {
    fresh.forEach((value, index) => {
      const place = [...path, index];
      if (index < old.length) {
        compareValues(old[index], value, place);
      } else {
        update(place, value);
      }
    });
    if (fresh.length < old.length) {
      description.truncatedArrays.push({ field: nameOf(path), newSize: fresh.length });
    }
  }
}

function isExtended(old: readonly unknown[], fresh: readonly unknown[]): boolean {
  return fresh.length > old.length && old.every((value, index) => identicalValues(value, fresh[index]));
}
