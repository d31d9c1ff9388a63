import { html } from '/vendor/preact.js';
import { linkTo } from '../route.js';

/** A link within these pages: followed without a new load, but a link all the same (middle click, copy address). */
export function Link({ to, go, current = false, children, ...rest }) {
  const follow = (event) => {
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(to);
  };
  return html`<a href=${linkTo(to)} aria-current=${current ? 'page' : undefined} onClick=${follow} ...${rest}>${children}</a>`;
}
