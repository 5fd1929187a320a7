import 'alfresco-downloads-client/element';
import { type ChangeEvent, useState } from 'react';

const DOCUMENTS = {
  Projects: '972a8469-1641-4f82-8b9d-2434e465e150',
  'large.bin': '4b0dbb41-8d52-48f1-942c-3fe860e7a113',
  'of bob only': '3139d32c-93cd-49bf-9c94-1cf0dc98d2c1',
};

export function App() {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [nodeIds, setNodeIds] = useState<readonly string[]>([]);
  const [message, setMessage] = useState('');

  const choose = ({ target }: ChangeEvent<HTMLInputElement>) =>
    setNodeIds(
      target.checked ? [...nodeIds, target.value] : nodeIds.filter((id) => id !== target.value),
    );

  return (
    <>
      <h1>Documents</h1>
      <form>
        <label>
          Name{' '}
          <input autoComplete="username" value={name} onChange={(e) => setName(e.target.value)} />
        </label>
        <label>
          Password{' '}
          <input
            type="password"
            autoComplete="current-password"
            value={password}
            onChange={(e) => setPassword(e.target.value)}
          />
        </label>
      </form>
      <fieldset>
        <legend>Choose</legend>
        {Object.entries(DOCUMENTS).map(([title, id]) => (
          <label key={id}>
            <input type="checkbox" value={id} onChange={choose} /> {title}
          </label>
        ))}
      </fieldset>
      <alfresco-zip
        nodeIds={nodeIds}
        authorization={() => `Basic ${btoa(`${name}:${password}`)}`}
        onzip-created={() => setMessage('')}
        onzip-done={({ detail }) =>
          setMessage(`The page knows: ${detail.entry.filesAdded} files are in the ZIP.`)
        }
        onzip-error={({ detail }) => setMessage(`The page knows: ${detail.message}`)}
      >
        Download what is chosen
      </alfresco-zip>
      <p>{message}</p>
    </>
  );
}
