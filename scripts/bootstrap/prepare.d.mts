/** Root folder of the repository. */
export declare const root: string;

/** Arguments with which every TypeScript program of the workspace is started, by its path from the root. */
export declare const nodeArguments: (program: string, args?: readonly string[]) => string[];
