import { AlfrescoZip, type AlfrescoZipEventMap } from './element/alfresco-zip.ts';

export { AlfrescoZip, type AlfrescoZipEventMap, type ZipFailure } from './element/alfresco-zip.ts';
export type { ZipTexts } from './element/zip-texts.ts';

declare global {
  interface HTMLElementTagNameMap {
    'alfresco-zip': AlfrescoZip;
  }
  interface HTMLElementEventMap extends AlfrescoZipEventMap {}
}

// Not in Node.js, and once if two versions are loaded.
if (globalThis.customElements && !customElements.get('alfresco-zip')) {
  customElements.define('alfresco-zip', AlfrescoZip);
}
