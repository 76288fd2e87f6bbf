import { html, nothing } from './html.ts';
import { MONITOR_PATH, page } from './layout.ts';

/**
 * The form that asks for an administrator's token.
 * @param message what was wrong, or undefined
 */
export const signInPage = (message: string | undefined): string =>
  page(
    'Orrery: sign in',
    html`<main class="sign-in">
      <section>
        <h1>Orrery operations</h1>
        ${message === undefined ? nothing : html`<p class="notice" role="alert">${message}</p>`}
        <form method="post" action="${MONITOR_PATH}/sign-in">
          <label for="token">Token of an administrator</label>
          <input
            id="token"
            name="token"
            type="password"
            autocomplete="off"
            required
            autofocus
            maxlength="4096"
          />
          <p class="soft">
            A start on a laptop prints one as <code>ADMIN_TOKEN</code>. It is kept in this browser until you
            sign out or it ends.
          </p>
          <p><button class="main">Sign in</button></p>
        </form>
      </section>
    </main>`,
  );

/**
 * Says that a form was not taken, and leads back.
 * @param message why
 */
export const refusedPage = (message: string): string =>
  page(
    'Orrery: not done',
    html`<main class="sign-in">
      <section>
        <h1>Orrery operations</h1>
        <p class="notice" role="alert">${message}</p>
        <p><a href="${MONITOR_PATH}">Load the page again</a></p>
      </section>
    </main>`,
  );
