import {
  MIME_TYPES,
  failingContent,
  generatedContent,
  memoryContent,
  missingContent,
  type NodeContent,
} from './node-content.ts';
import { Repository, type NewNode } from './repository.ts';
import type { RepositoryNode } from './node-model.ts';
import type { SandboxNode, SandboxUser } from '../options.ts';
import { sampleDocx, samplePdf } from './sample-documents.ts';
import { SAMPLE_NODES as ID } from '../sample-nodes.ts';

/** Creation time of the sample documents: fixed, so that two ZIPs of the same nodes have equal entries. */
const CREATED_AT = new Date('2026-01-15T09:30:00.000Z');
const MEDIUM_FILE_BYTES = 20_000_000;
const CRASHING_FILE_BYTES = 1_000_000;

interface SampleSettings {
  users: readonly SandboxUser[];
  nodes: readonly SandboxNode[];
  largeFileBytes: number;
  onRemove: (node: RepositoryNode) => void;
}

/** A repository with the sample tree that `SAMPLE_NODES` documents. */
export function sampleRepository(settings: SampleSettings): Repository {
  const repository = new Repository(settings.users, settings.onRemove);
  let unnamed = 0;
  const nextId = (): string =>
    `5a3d1e00-0000-4000-8000-${String((unnamed += 1)).padStart(12, '0')}`;

  const folder = (parentId: string, name: string, id: string = nextId()): string =>
    repository.add({ id, name, parentId, type: 'cm:folder', createdAt: CREATED_AT }).id;
  const file = (
    parentId: string,
    name: string,
    content: NodeContent,
    id: string = nextId(),
    more: Partial<RepositoryNode> = {},
  ): string =>
    repository.add({
      id,
      name,
      parentId,
      content,
      type: 'cm:content',
      createdAt: CREATED_AT,
      ...more,
    }).id;
  const privateToBob = { creator: 'bob', readers: [] };

  repository.add({ id: ID.root, name: 'Company Home', type: 'cm:folder', createdAt: CREATED_AT });
  folder(ID.root, 'Shared', ID.sharedFolder);
  folder(ID.root, 'User Homes', ID.userHomes);
  for (const user of settings.users) {
    const id = repository.homeId(user.id);
    if (repository.get(id) !== undefined) continue;
    repository.add({
      id,
      name: user.id,
      parentId: ID.userHomes,
      type: 'cm:folder',
      createdAt: CREATED_AT,
      creator: user.id,
      readers: [],
    });
  }

  const documents = folder(ID.root, 'Documents');
  file(
    documents,
    'Report.pdf',
    memoryContent(samplePdf('Sample report'), MIME_TYPES.pdf),
    ID.reportPdf,
  );
  file(
    documents,
    'Contract.docx',
    memoryContent(sampleDocx(CREATED_AT), MIME_TYPES.docx),
    ID.contractDocx,
  );
  file(documents, 'docTest1.txt', text('docTest1 text'), ID.textFile);
  file(documents, 'docTest2.txt', text('docTest2 text'), ID.secondTextFile);
  file(documents, 'naïve 日本 отчёт.txt', text('Grüße, 世界, привет\n'), ID.unicodeFile);
  file(documents, `Report "final" 100%; v1'.txt`, text('quoted\n'), ID.quotedFile);
  file(documents, 'empty.txt', memoryContent(Buffer.alloc(0), MIME_TYPES.text), ID.emptyFile);
  file(documents, 'medium.bin', generatedContent('medium', MEDIUM_FILE_BYTES), ID.mediumFile);
  file(documents, 'large.bin', generatedContent('large', settings.largeFileBytes), ID.largeFile);
  folder(documents, 'empty folder', ID.emptyFolder);

  folder(documents, 'folder1', ID.nestedFolder);
  file(ID.nestedFolder, 'docTest3.txt', text('docTest3 text'), ID.thirdTextFile);
  folder(ID.nestedFolder, 'subFolder1', ID.nestedSubFolder);
  file(ID.nestedSubFolder, 'docTest4.txt', text('docTest4 text'), ID.fourthTextFile);
  folder(documents, 'folder3', ID.secondaryParentFolder);
  repository.link(ID.secondaryParentFolder, ID.textFile);

  folder(ID.root, 'Projects', ID.projectsFolder);
  file(ID.projectsFolder, 'README.txt', text('Projects of this year.\n'));
  const apollo = folder(ID.projectsFolder, 'Apollo');
  file(apollo, 'Plan.txt', text('1. Launch\n2. Land\n3. Return\n'));
  file(apollo, 'Budget.pdf', memoryContent(samplePdf('Budget'), MIME_TYPES.pdf));
  const minutes = folder(apollo, 'Minutes');
  file(minutes, '2026-01-08.txt', text('Present: Alice, Bob.\n'));
  file(minutes, '2026-01-15.txt', text('Present: Alice.\n'));
  const gemini = folder(ID.projectsFolder, 'Gemini');
  file(gemini, 'Photo.bin', generatedContent('photo', 300_000));
  folder(gemini, 'Empty');

  file(documents, 'bob-private.txt', text('private\n'), ID.forbiddenFile, privateToBob);
  folder(documents, 'mixed rights', ID.forbiddenInsideFolder);
  file(ID.forbiddenInsideFolder, 'for-everyone.txt', text('for everyone\n'));
  file(ID.forbiddenInsideFolder, 'for-bob.txt', text('for bob\n'), nextId(), privateToBob);
  file(documents, 'archived.txt', text('in cold storage\n'), ID.archivedFile, { archived: true });
  folder(documents, 'old', ID.archivedInsideFolder);
  file(ID.archivedInsideFolder, 'old.txt', text('old\n'), nextId(), { archived: true });

  const crashing = generatedContent('crashing', CRASHING_FILE_BYTES);
  file(
    documents,
    'crashing.bin',
    failingContent(crashing, CRASHING_FILE_BYTES / 2),
    ID.crashingFile,
  );
  file(documents, 'unreadable.bin', failingContent(crashing, 0), ID.unreadableContentFile);
  file(documents, 'lost.txt', missingContent(42), ID.missingContentFile);

  repository.add({ id: ID.person, type: 'cm:person', createdAt: CREATED_AT });
  folder(ID.root, 'Rendering Actions Space', ID.renderingActions);
  file(ID.renderingActions, 'doclib.txt', text('rendering action\n'));
  repository.add({ id: ID.tagRoot, name: 'Tags', type: 'cm:category', createdAt: CREATED_AT });
  folder(ID.root, 'Default Application', ID.appDefault);
  file(ID.appDefault, 'settings.txt', text('theme=light\n'));
  repository.add({
    id: ID.downloadsContainer,
    name: 'downloads',
    type: 'sys:container',
    createdAt: CREATED_AT,
    creator: 'System',
    readers: [],
  });
  for (const node of settings.nodes) repository.add(givenNode(node));
  return repository;
}

function givenNode({ text: value, randomBytes, type, ...node }: SandboxNode): NewNode {
  const content =
    randomBytes === undefined
      ? value === undefined
        ? undefined
        : text(value)
      : generatedContent(node.name, randomBytes);
  return {
    parentId: ID.root,
    createdAt: CREATED_AT,
    type: type ?? (content === undefined ? 'cm:folder' : 'cm:content'),
    ...(content === undefined ? {} : { content }),
    ...node,
  };
}

function text(value: string): NodeContent {
  return memoryContent(Buffer.from(value), MIME_TYPES.text);
}
