/**
 * The style of the element. Its own variables begin with `--_`: the page may define its colours by others of the usual
 * names, such as `--accent`. Colours follow `color-scheme` of the page, which may follow the user's choice.
 */
export const STYLE = `
:host {
  --_accent: var(--alfresco-zip-accent, light-dark(#1d5fd1, #8db5ff));
  --_on-accent: var(--alfresco-zip-on-accent, light-dark(#fff, #0c1a33));
  --_track: var(--alfresco-zip-track, light-dark(#e1e6ed, #303a47));
  --_good: var(--alfresco-zip-good, light-dark(#14693a, #7fdca5));
  --_warn: var(--alfresco-zip-warn, light-dark(#7a4a00, #f4c777));
  --_bad: var(--alfresco-zip-bad, light-dark(#a5161f, #ffa4a4));
  --_radius: var(--alfresco-zip-radius, 0.5rem);
  display: inline-grid;
  gap: 0.5rem;
  max-width: 100%;
  font: inherit;
  overflow-wrap: anywhere;
}
:host([hidden]), [hidden] { display: none !important; }
* { box-sizing: border-box; }
p { margin: 0; }
.panel { display: grid; gap: 0.375rem; inline-size: min(26rem, 100%); min-inline-size: min(16rem, 100%); }
.status { font-weight: 600; }
.status[data-tone='good'] { color: var(--_good); }
.status[data-tone='warn'] { color: var(--_warn); }
.status[data-tone='bad'] { color: var(--_bad); }
.details { font-size: 0.875em; font-variant-numeric: tabular-nums; }
.note { font-size: 0.9375em; }
.error { color: var(--_bad); }
.note:empty, .details:empty { display: none; }
/* Out of the flow, yet there: an alert has to exist before it says something. */
.error:empty { position: absolute; }
.actions { display: flex; flex-wrap: wrap; gap: 0.5rem; }
.bar { block-size: 0.75rem; border-radius: 99px; background: var(--_track); overflow: hidden; }
.fill { block-size: 100%; border-radius: inherit; background: var(--_accent); transition: inline-size 0.25s linear; }
.bar:not([aria-valuenow]) .fill { inline-size: 30%; animation: wander 1.4s ease-in-out infinite alternate; }
@keyframes wander { to { margin-inline-start: 70%; } }
button {
  min-block-size: 2.5rem;
  padding: 0.375rem 0.875rem;
  border: 1px solid currentColor;
  border-radius: var(--_radius);
  background: none;
  color: inherit;
  font: inherit;
  font-weight: 550;
  cursor: pointer;
}
button.primary { border-color: var(--_accent); background: var(--_accent); color: var(--_on-accent); }
button:hover:not(:disabled) { text-decoration: underline; }
button:disabled { border-color: transparent; background: var(--_track); color: light-dark(#54606e, #b4bfcc); cursor: default; }
:focus-visible { outline: 3px solid var(--_accent); outline-offset: 2px; border-radius: 4px; }
.spoken { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (prefers-reduced-motion: reduce) {
  .fill { transition: none; }
  .bar:not([aria-valuenow]) .fill { inline-size: 100%; animation: none; opacity: 0.4; }
}
@media (forced-colors: active) {
  .bar { border: 1px solid CanvasText; }
  .fill { background: Highlight; forced-color-adjust: none; }
}
`;
