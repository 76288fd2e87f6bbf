import { describe, expect, it } from '@jest/globals';
import { html, nothing } from './html.ts';

describe('a piece of a page', () => {
  it('escapes every value, in text and in attributes', () => {
    expect(html`<p title="${'" onclick="x'}">${"<script>alert(1)</script> & 'co'"}</p>`.text).toBe(
      '<p title="&quot; onclick=&quot;x">&lt;script&gt;alert(1)&lt;/script&gt; &amp; &#39;co&#39;</p>',
    );
  });

  it('takes other pieces as they are, alone and in lists', () => {
    const rows = ['a', '<b>'].map((name) => html`<b>${name}</b>`);

    const list = html`<i>${rows}</i>`;

    expect(html`${list}${nothing}${7}`.text).toBe('<i><b>a</b><b>&lt;b&gt;</b></i>7');
  });
});
