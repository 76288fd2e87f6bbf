import { z } from 'zod';
import { findInstitution, INSTITUTIONS, type SandboxInstitution } from '../world/institutions.ts';
import { PlaidError } from '../wire/plaid-error.ts';
import { fields, limited, openEndpoint, PageSize, type Endpoint } from './endpoint.ts';

const Switch = z.boolean().nullish();
const Countries = z.array(z.string().length(2)).min(1);
// One transparent pixel; a real logo would be a picture of 152 by 152.
const LOGO =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';

const institutionObject = (
  institution: SandboxInstitution,
  options: { metadata: boolean; status: boolean; since: number },
): object => {
  const healthy = {
    breakdown: { error_institution: 0, error_plaid: 0, refresh_interval: 'NORMAL', success: 1 },
    last_status_change: new Date(options.since).toISOString(),
    status: 'HEALTHY',
  };
  return {
    country_codes: institution.countries,
    dtc_numbers: [],
    institution_id: institution.id,
    name: institution.name,
    oauth: institution.oauth,
    products: institution.products,
    routing_numbers: institution.routingNumbers,
    ...(options.metadata ? { logo: LOGO, primary_color: institution.color, url: institution.url } : {}),
    ...(options.status
      ? { status: { auth: healthy, identity: healthy, item_logins: healthy, transactions_updates: healthy } }
      : {}),
  };
};

const list = openEndpoint({
  schema: fields({
    count: PageSize,
    offset: z.int().min(0),
    country_codes: Countries,
    options: z
      .strictObject({
        products: z.array(z.string()).nullish(),
        routing_numbers: z.array(z.string()).nullish(),
        oauth: Switch,
        include_optional_metadata: Switch,
        include_auth_metadata: Switch,
        include_payment_initiation_metadata: Switch,
      })
      .optional(),
  }),
  limit: limited('INSTITUTIONS_GET_LIMIT', 10),
  run({ clock }, { count, offset, country_codes, options }) {
    const found = INSTITUTIONS.filter(
      (institution) =>
        institution.countries.some((country) => country_codes.includes(country)) &&
        (options?.products ?? []).every((product) => institution.products.includes(product)) &&
        (options?.oauth === undefined || options.oauth === null || institution.oauth === options.oauth) &&
        (options?.routing_numbers === undefined ||
          options.routing_numbers === null ||
          institution.routingNumbers.some((number) => options.routing_numbers?.includes(number))),
    );
    const metadata = options?.include_optional_metadata === true;
    return Promise.resolve({
      institutions: found
        .slice(offset, offset + count)
        .map((institution) =>
          institutionObject(institution, { metadata, status: false, since: clock.real() }),
        ),
      total: found.length,
    });
  },
});

const byId = openEndpoint({
  schema: fields({
    institution_id: z.string(),
    country_codes: Countries,
    options: z
      .strictObject({
        include_optional_metadata: Switch,
        include_status: Switch,
        include_auth_metadata: Switch,
        include_payment_initiation_metadata: Switch,
      })
      .optional(),
  }),
  limit: limited('INSTITUTIONS_GET_BY_ID_LIMIT', 400),
  run({ clock }, { institution_id, country_codes, options }) {
    const institution = findInstitution(institution_id);
    if (
      institution === undefined ||
      !institution.countries.some((country) => country_codes.includes(country))
    ) {
      throw new PlaidError('INVALID_INSTITUTION');
    }
    return Promise.resolve({
      institution: institutionObject(institution, {
        metadata: options?.include_optional_metadata === true,
        status: options?.include_status === true,
        since: clock.real(),
      }),
    });
  },
});

export const INSTITUTION_ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  '/institutions/get': list,
  '/institutions/get_by_id': byId,
};
