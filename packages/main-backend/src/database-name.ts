const DEFAULT_NAME = 'finance-management';

const nameInAddress = (uri: string): string | undefined => {
  const path = /^mongodb(?:\+srv)?:\/\/[^/]+\/([^?]+)/.exec(uri)?.[1];
  return path === undefined || path === '' ? undefined : decodeURIComponent(path);
};

/**
 * Which database is the main back end's, by the rule that its services have always had: the name that is set wins, else
 * the one in the address, else `finance-management`.
 * @param settings `DATABASE_URL` and `MONGO_DB_NAME`, either of them unset
 */
export const mainBackendDatabaseName = (settings: {
  DATABASE_URL?: string | undefined;
  MONGO_DB_NAME?: string | undefined;
}): string => settings.MONGO_DB_NAME ?? nameInAddress(settings.DATABASE_URL ?? '') ?? DEFAULT_NAME;
