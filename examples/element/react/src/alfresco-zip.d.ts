import type { AlfrescoZip, AlfrescoZipEventMap } from 'alfresco-downloads-client/element';
import type { DetailedHTMLProps, HTMLAttributes } from 'react';

type Properties = Pick<
  AlfrescoZip,
  'nodeIds' | 'downloadId' | 'baseUrl' | 'credentials' | 'label' | 'authorization' | 'texts'
>;
type Listeners = {
  [Name in keyof AlfrescoZipEventMap as `on${Name}`]: (event: AlfrescoZipEventMap[Name]) => void;
};

// React 19 sets what the element has as properties, and listens to its events by `on` and their name.
declare module 'react' {
  namespace JSX {
    interface IntrinsicElements {
      'alfresco-zip': DetailedHTMLProps<HTMLAttributes<AlfrescoZip>, AlfrescoZip> &
        Partial<Properties & Listeners>;
    }
  }
}
