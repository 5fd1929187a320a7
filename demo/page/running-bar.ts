import type { AlfrescoZip } from 'alfresco-downloads-client/element';
import { byId, setText } from './dom.ts';

/**
 * Shows what is being made in a line at the top of narrow windows, where the list of downloads is below the folder.
 *
 * @param list of elements, whose events it hears
 */
export function showRunning(list: HTMLElement, signal: AbortSignal): void {
  const bar = byId('running');
  const text = byId('running-text');
  const percentages = new Map<EventTarget, number>();

  const draw = () => {
    const [first, ...others] = percentages;
    bar.hidden = first === undefined;
    if (!first) return;
    const [zip, percent] = first;
    const more = others.length > 0 ? ` and ${others.length} more` : '';
    setText(text, `${(zip as AlfrescoZip).label}: ${Math.floor(percent)}%${more}`);
  };

  list.addEventListener(
    'zip-progress',
    ({ target, detail }) => {
      percentages.set(target!, detail.percent);
      draw();
    },
    { signal },
  );
  for (const end of ['zip-done', 'zip-cancelled', 'zip-removed', 'zip-error'] as const) {
    const forget = ({ target }: Event) => {
      percentages.delete(target!);
      draw();
    };
    list.addEventListener(end, forget, { signal });
  }
  draw();
}
