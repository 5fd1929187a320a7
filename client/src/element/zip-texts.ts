/**
 * The texts of the element in English. `{…}` stands for a value. Of texts that depend on a number, there is one for each
 * plural category of the language (`files-few`, …).
 */
export const ENGLISH = {
  make: 'Download as ZIP',
  save: 'Save',
  cancel: 'Cancel',
  'give-up': 'Give up',
  retry: 'Try again',
  progress: 'Progress of the ZIP',
  asking: 'Asking for it',
  waiting: 'Waiting',
  making: 'Being made',
  cancelling: 'Cancelling',
  'not-begun': 'Not begun',
  stalled: 'Stalled',
  done: 'Ready',
  cancelled: 'Cancelled',
  'too-large': 'Too large',
  gone: 'Gone',
  unknown: 'Not known',
  bytes: '{done} of {total}',
  files: '{done} of {total}',
  'files-one': '{count} file',
  'files-other': '{count} files',
  speed: '{bytes}/s',
  left: 'about {time} left',
  size: '{files}, {bytes}',
  'note-lost': 'Connection lost. Trying again in {time}.',
  'note-not-begun':
    'Alfresco has not begun with it since {time}. Other ZIPs may be in front of it, or its job may be lost: it does not say which. Wait, or remove it and make a new one.',
  'note-stalled':
    'Nothing has happened since {time}. Alfresco may be busy, or its job may have crashed: it does not say which. Wait, or remove it and make a new one.',
  'note-too-late': 'It was finished before it could be cancelled.',
  'note-missing-one': '{count} file could not be read by Alfresco and is missing.',
  'note-missing-other': '{count} files could not be read by Alfresco and are missing.',
  'note-too-large': 'Alfresco makes no ZIP of more than {bytes}. Choose less.',
  'note-gone':
    'It was removed: from elsewhere, or by Alfresco, which does so an hour or two after the last change. Make a new one.',
  'error-unreachable': 'The service cannot be reached. Check your connection and try again.',
  'error-unexpected': 'Something went wrong in this page. Reload it, and try again.',
  'error-proxy': '{title}. Try again later.',
  'error-retry': 'Try again in {time}.',
} as const;

/** The name of a text that has an English default. */
export type ZipText = keyof typeof ENGLISH;

/**
 * Texts that replace the English ones. Besides those, there may be one for each error code of the service, such as
 * `error-node-not-found` for `NODE_NOT_FOUND`, which replaces what the service says.
 */
export type ZipTexts = Readonly<
  Partial<Record<ZipText, string>> &
    Record<`error-${string}` | `files-${string}` | `note-missing-${string}`, string>
>;
