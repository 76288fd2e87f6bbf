import { COMMON_HOLDINGS, type Holding } from '@orrery/service-kit';
import type { ServiceWithUserData } from '@orrery/contracts';
import { HOLDINGS as categorization } from '../services/categorization/src/holdings.ts';
import { IDENTITY_HOLDINGS as identity } from '../services/identity/src/holdings.ts';
import { HOLDINGS as ingestion } from '../services/ingestion/src/holdings.ts';
import { HOLDINGS as insights } from '../services/insights/src/holdings.ts';
import { HOLDINGS as segmentation } from '../services/segmentation/src/holdings.ts';
import { HOLDINGS as missions } from '../services/missions/src/holdings.ts';
import { HOLDINGS as advisor } from '../services/advisor/src/holdings.ts';
import { HOLDINGS as chat } from '../services/chat/src/holdings.ts';

/** What each service declares to hold about users; erasure and export work from the same lists. */
export const HOLDINGS_BY_SERVICE: Readonly<Record<ServiceWithUserData, readonly Holding[]>> = {
  identity,
  ingestion,
  categorization,
  insights,
  segmentation,
  missions,
  advisor,
  chat,
};

const fieldRows = ({ fields, hidden = [] }: Holding): string[] =>
  Object.entries(fields.shape).map(([name, schema]) => {
    const meaning = 'description' in schema ? String(schema.description) : '';
    return `| \`${name}\` | ${meaning} | ${hidden.includes(name) ? 'no' : 'yes'} |`;
  });

const sectionOf = (holding: Holding): string[] => [
  `### \`${holding.collection}\``,
  '',
  `${holding.purpose}. Kept ${holding.retention.replace(/^(\d)/, 'for $1')}.`,
  '',
  '| Field | What it is | In the export |',
  '|---|---|---|',
  ...fieldRows(holding),
  '',
];

/** The data map as Markdown: field, purpose and retention of everything that is held about users. */
export const dataMap = (): string =>
  [
    '# Data map',
    '',
    'Everything that the services hold about users. Written by `npm run docs` from the lists by which erasure and export work (`services/*/src/holdings.ts`).',
    '',
    'Not named here, because they hold no user id: keyed digests of erased users (90 days), of ended tokens (until their expiry) and of names and addresses that failed to log in (15 minutes). Log lines carry a digest of the user id.',
    '',
    '## Every service',
    '',
    ...COMMON_HOLDINGS.flatMap(sectionOf),
    ...Object.entries(HOLDINGS_BY_SERVICE).flatMap(([service, holdings]) => [
      `## ${service}`,
      '',
      ...holdings.flatMap(sectionOf),
    ]),
  ]
    .join('\n')
    .replace(/\n+$/, '\n');
