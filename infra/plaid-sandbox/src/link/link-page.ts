import { z } from 'zod';
import { createItem } from '../state/create-item.ts';
import type { TokenRecord } from '../state/records.ts';
import { issuePublicToken, type Sandbox } from '../state/sandbox.ts';
import { movePayment } from '../endpoints/transfers.ts';
import { repairItem } from '../state/repair-item.ts';
import { INSTITUTIONS, findInstitution } from '../world/institutions.ts';
import { PlaidError } from '../wire/plaid-error.ts';

const Form = z.object({
  token: z.string(),
  institution: z.string().default(''),
  username: z.string().default('user_good'),
  password: z.string().default('pass_good'),
});

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escaped = (text: string): string => text.replaceAll(/[&<>"']/gu, (sign) => ENTITIES[sign] ?? sign);

const page = (title: string, content: string): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>
<style>
body{font:16px system-ui;max-width:26rem;margin:3rem auto;padding:0 1rem;color:#1c1c28}
label{display:block;margin:1rem 0 .25rem}
input,select,button{font:inherit;width:100%;box-sizing:border-box;padding:.6rem;border:1px solid #aab;border-radius:.4rem}
button{margin-top:1.5rem;background:#1c1c28;color:#fff;border:0}
code{display:block;padding:.8rem;background:#eef;border-radius:.4rem;overflow-wrap:anywhere}
.note{color:#556}.fault{color:#a11}
</style>
<h1>${escaped(title)}</h1>
${content}
</html>
`;

const hidden = (token: TokenRecord): string =>
  `<input type="hidden" name="token" value="${escaped(token._id)}">`;

const formFor = (token: TokenRecord, fault: string | undefined): string => {
  const warning = fault === undefined ? '' : `<p class="fault" role="alert">${escaped(fault)}</p>`;
  const app = escaped(token.link?.client_name ?? 'An app');
  if (token.link?.payment_id !== undefined && token.link.payment_id !== null) {
    return page(
      'Approve a payment',
      `${warning}<form method="post" action="/link"><p>${app} asks for a payment.</p>${hidden(token)}<button>Approve</button></form>`,
    );
  }
  const credentials = `<label for="username">User name</label><input id="username" name="username" value="user_good" autocomplete="off">
<label for="password">Password</label><input id="password" name="password" type="password" value="pass_good" autocomplete="off">
<p class="note">A sandbox: type no real password. <b>user_us</b>, <b>user_uk</b>, <b>user_fr</b>, <b>user_kr</b> are people with two years of data.</p>`;
  if (token.item_id !== null) {
    return page(
      'Sign in again',
      `${warning}<form method="post" action="/link"><p>${app} has lost its access to your bank.</p>${hidden(token)}${credentials}<button>Sign in</button></form>`,
    );
  }
  const banks = INSTITUTIONS.map(
    ({ id, name, countries }) => `<option value="${id}">${escaped(name)} (${countries.join(', ')})</option>`,
  ).join('');
  return page(
    'Link a bank',
    `${warning}<form method="post" action="/link"><p>${app} asks to read your accounts.</p>${hidden(token)}
<label for="institution">Bank</label><select id="institution" name="institution">${banks}</select>
${credentials}<button>Link</button></form>`,
  );
};

const openToken = async (sandbox: Sandbox, id: string): Promise<TokenRecord> => {
  const token = await sandbox.database.tokens.findOne({
    _id: id,
    kind: 'link',
    expires_at: { $gt: sandbox.clock.real() },
  });
  if (token === null) {
    throw new PlaidError('INVALID_LINK_TOKEN', 'this link is not valid, or no longer valid');
  }
  return token;
};

/**
 * The page on which a person links a bank.
 * @param sandbox where
 * @param tokenId link token of the address
 * @throws PlaidError when the token is not good
 */
export const showLinkPage = async (sandbox: Sandbox, tokenId: string): Promise<string> =>
  formFor(await openToken(sandbox, tokenId), undefined);

const finishLink = async (
  sandbox: Sandbox,
  token: TokenRecord,
  form: z.output<typeof Form>,
): Promise<string> => {
  const { link } = token;
  if (link === null) {
    throw new PlaidError('INVALID_LINK_TOKEN');
  }
  if (link.payment_id !== null) {
    await movePayment(sandbox, link.payment_id, 'PAYMENT_STATUS_INITIATED', link.webhook);
    return page('Payment approved', '<p>You can close this page.</p>');
  }
  if (token.item_id !== null) {
    if (form.password !== 'pass_good') {
      throw new PlaidError('INVALID_CREDENTIALS');
    }
    await repairItem(sandbox, token.item_id);
    return page('Signed in again', '<p>The bank is connected as before. You can close this page.</p>');
  }
  const item = await createItem(sandbox, {
    institutionId: form.institution,
    products: [
      ...link.products,
      ...link.if_supported.filter((product) => findInstitution(form.institution)?.products.includes(product)),
    ],
    username: form.username,
    password: form.password,
    webhook: link.webhook,
    daysRequested: link.days_requested,
    oldestDay: null,
    newestDay: null,
  });
  const publicToken = await issuePublicToken(sandbox, item._id);
  const institutionName = findInstitution(item.institution_id)?.name ?? item.institution_id;
  await sandbox.database.tokens.updateOne(
    { _id: token._id },
    {
      $set: {
        'link.finished': {
          public_token: publicToken,
          institution_id: item.institution_id,
          institution_name: institutionName,
          item_id: item._id,
          at: sandbox.clock.real(),
        },
      },
    },
  );
  if (link.webhook !== '') {
    await sandbox.webhooks.sendTo(link.webhook, {
      webhook_type: 'LINK',
      webhook_code: 'SESSION_FINISHED',
      status: 'SUCCESS',
      link_session_id: token._id.slice('link-sandbox-'.length),
      link_token: token._id,
      public_token: publicToken,
      public_tokens: [publicToken],
    });
  }
  return page(
    'Linked',
    `<p>${escaped(institutionName)} is linked. The app exchanges this public token within 30 minutes:</p>
<code id="public-token">${escaped(publicToken)}</code>`,
  );
};

/**
 * What the page answers when its form is sent.
 * @param sandbox where
 * @param body the form, URL-encoded
 * @returns the next page; a refused sign-in shows the form again
 * @throws PlaidError when the token is not good
 */
export const answerLinkForm = async (sandbox: Sandbox, body: string): Promise<string> => {
  const form = Form.parse(Object.fromEntries(new URLSearchParams(body)));
  const token = await openToken(sandbox, form.token);
  try {
    return await finishLink(sandbox, token, form);
  } catch (error) {
    if (error instanceof PlaidError) {
      return formFor(token, error.message);
    }
    throw error;
  }
};
