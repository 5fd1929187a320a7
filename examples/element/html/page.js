const zip = document.querySelector('alfresco-zip');
const form = document.querySelector('#log-in');
const documents = document.querySelector('#documents');
const message = document.querySelector('#message');

// For each request, so that it could be a token that is renewed. With the cookie of a session there is nothing to set.
zip.authorization = () => {
  const { name, password } = Object.fromEntries(new FormData(form));
  return `Basic ${btoa(`${name}:${password}`)}`;
};

documents.addEventListener('change', () => {
  zip.nodeIds = [...documents.querySelectorAll(':checked')].map(({ value }) => value);
});

zip.addEventListener('zip-created', () => (message.textContent = ''));
zip.addEventListener('zip-done', ({ detail }) => {
  message.textContent = `The page knows: ${detail.entry.filesAdded} files are in the ZIP.`;
});
zip.addEventListener('zip-error', ({ detail }) => {
  message.textContent = `The page knows: ${detail.message}`;
});
