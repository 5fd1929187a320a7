import type { SandboxNode, SandboxUser } from '../sandbox.ts';

/** Users of the recordings, each with the name as password. */
export const USERS: readonly SandboxUser[] = [
  { id: 'admin', password: 'admin', displayName: 'Administrator', admin: true },
  { id: 'bob', password: 'bob' },
  { id: 'eve', password: 'eve' },
];

const FOLDER = '0c7f1c5e-4f0e-4a57-8b6e-0d2f6b7a1c01';
const SUBFOLDER = '0c7f1c5e-4f0e-4a57-8b6e-0d2f6b7a1c02';
const BIG_FOLDER = '0c7f1c5e-4f0e-4a57-8b6e-0d2f6b7a1c03';
const PRIVATE_FOLDER = '0c7f1c5e-4f0e-4a57-8b6e-0d2f6b7a1c04';
const MIXED_FOLDER = '0c7f1c5e-4f0e-4a57-8b6e-0d2f6b7a1c05';
const BIG_DONE_FOLDER = '0c7f1c5e-4f0e-4a57-8b6e-0d2f6b7a1c06';
const BIG_FILE_BYTES = 400_000_000;
/** Size of the one big ZIP that is made here; that of the recordings has 1.2 GB. */
export const BIG_DONE_BYTES = 24_000_000;

/** Nodes of the recordings by the names of their placeholders, parents before children. */
const NODES = {
  folder: { id: FOLDER, name: 'top' },
  subfolder: { id: SUBFOLDER, name: 'sub', parentId: FOLDER },
  randomFile: { name: 'rnd3m.bin', parentId: SUBFOLDER, randomBytes: 3_000_000 },
  helloFile: { name: 'hello.txt', parentId: FOLDER, text: 'hello world\n' },
  emptyFolder: { name: 'emptyfolder' },
  file100: { name: 'a100.txt', text: 'A'.repeat(100) },
  umlautFile: { name: 'uml aut-ä.txt', text: 'umlaut\n' },
  bigFolder: { id: BIG_FOLDER, name: 'big' },
  big1: { name: 'big1.bin', parentId: BIG_FOLDER, randomBytes: BIG_FILE_BYTES },
  big2: { name: 'big2.bin', parentId: BIG_FOLDER, randomBytes: BIG_FILE_BYTES },
  big3: { name: 'big3.bin', parentId: BIG_FOLDER, randomBytes: BIG_FILE_BYTES },
  bigDoneFolder: { id: BIG_DONE_FOLDER, name: 'big' },
  bigDone1: { name: 'big1.bin', parentId: BIG_DONE_FOLDER, randomBytes: BIG_DONE_BYTES / 3 },
  bigDone2: { name: 'big2.bin', parentId: BIG_DONE_FOLDER, randomBytes: BIG_DONE_BYTES / 3 },
  bigDone3: { name: 'big3.bin', parentId: BIG_DONE_FOLDER, randomBytes: BIG_DONE_BYTES / 3 },
  privateFolder: { id: PRIVATE_FOLDER, name: 'private', readers: [] },
  privateFile: {
    name: 'secret.txt',
    parentId: PRIVATE_FOLDER,
    text: 'secret text\n',
    readers: [],
  },
  mixedFolder: { id: MIXED_FOLDER, name: 'mixed' },
  publicFile: { name: 'public.txt', parentId: MIXED_FOLDER, text: 'for all to see\n' },
  secretFile: { name: 'secret.txt', parentId: MIXED_FOLDER, text: 'secret\n', readers: [] },
  attrCharFile: { name: "a!#$&+-.^_`~'(),;=@[]{} %z.txt", text: 'x' },
  unicodeFile: { name: 'naïve 日本 😀.txt', text: 'x' },
  neverFilledNode: { name: 'zero.txt', type: 'cm:content' },
  hiddenFile: { name: '.hidden', text: 'x' },
  signsFile: { name: 'a+b&c,d#e.txt', text: 'x' },
} satisfies Record<string, Omit<SandboxNode, 'id'> & { id?: string }>;

export type NodeName = keyof typeof NODES;

export const NODE_IDS = Object.fromEntries(
  Object.entries(NODES).map(([name, node], index) => [
    name,
    'id' in node ? node.id : `0c7f1c5e-4f0e-4a57-8b6e-${String(index).padStart(12, '0')}`,
  ]),
) as Record<NodeName, string>;

/** The nodes to start a stand-in with. */
export const FIXTURE_NODES: readonly SandboxNode[] = Object.entries(NODES).map(([name, node]) => ({
  ...node,
  id: NODE_IDS[name as NodeName],
}));

/** Downloads that exist before a case, by the names of their placeholders: creator and nodes. */
export const DOWNLOADS: Readonly<Record<string, readonly [userId: string, ...ids: string[]]>> = {
  'id of a01-two-nodes': ['admin', 'file100', 'folder'],
  'id of a02-single-file': ['admin', 'file100'],
  'id of a18-a-download-node': ['admin', 'id of a01-two-nodes'],
  'id of a11-folder-only': ['admin', 'folder'],
  'id of a11b-empty-folder-only': ['admin', 'emptyFolder'],
  'id of f29-bob-own-download-post': ['bob', 'file100', 'folder'],
  mixedDownload: ['bob', 'mixedFolder'],
  unicodeDownload: ['admin', 'unicodeFile'],
  bigDownload: ['admin', 'bigFolder'],
  waitingDownload: ['admin', 'bigFolder'],
  smallDownload: ['admin', 'file100'],
  zeroDownload: ['admin', 'neverFilledNode'],
  evesDownload: ['eve', 'file100'],
  evesOtherDownload: ['eve', 'file100'],
  adminsDownload: ['admin', 'file100'],
  bigDoneDownload: ['admin', 'bigDoneFolder'],
};
