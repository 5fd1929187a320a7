import type { SandboxUser } from './options.ts';

/**
 * Ids of the nodes that every sandbox starts with. They never change, so that tests, documents and demos can use them.
 */
export const SAMPLE_NODES = {
  /** company home, the top folder */
  root: 'bdd640fb-0667-4ad1-9c80-317fa3b1799d',
  /** the folder with the alias -shared- */
  sharedFolder: '23b8c1e9-3924-46de-beb1-3b9046685257',
  /** parent of the folders with the alias -my- */
  userHomes: 'bd9c66b3-ad3c-4d6d-9a3d-1fa7bc8960a9',
  /** tree of folders: 3 levels, 6 files, 1 empty folder */
  projectsFolder: '972a8469-1641-4f82-8b9d-2434e465e150',
  /** a real one-page PDF */
  reportPdf: '17fc695a-07a0-4a6e-8822-e8f36c031199',
  /** a real Word document */
  contractDocx: '9a1de644-815e-46d1-bb8f-aa1837f8a88b',
  /** docTest1.txt, 13 bytes */
  textFile: 'b74d0fb1-32e7-4629-8fad-c1a606cb0fb3',
  /** docTest2.txt, 13 bytes */
  secondTextFile: '6b65a6a4-8b81-48f6-b38a-088ca65ed389',
  /** docTest3.txt, 13 bytes, inside nestedFolder */
  thirdTextFile: '47378190-96da-4dac-b2ff-5d2a386ecbe0',
  /** docTest4.txt, 13 bytes, inside nestedSubFolder */
  fourthTextFile: 'c241330b-01a9-471f-9e8a-774bcf36d58b',
  /** folder1: docTest3.txt, then subFolder1 with docTest4.txt */
  nestedFolder: '6c307511-b2b9-437a-a8df-6ec4ce4a2bbd',
  /** subFolder1 inside nestedFolder */
  nestedSubFolder: '371ecd7b-27cd-4130-8722-9389571aa876',
  /** folder3: holds textFile as a secondary child */
  secondaryParentFolder: '1a2a73ed-562b-4f79-8374-59eef50bea63',
  /** name in three scripts */
  unicodeFile: '5be6128e-18c2-4797-a142-ea7d17be3111',
  /** name with double quotes, apostrophe, percent sign and semicolon */
  quotedFile: '43b7a3a6-9a8d-4a03-980d-7b71d8f56413',
  /** no children: its ZIP goes straight from PENDING to DONE */
  emptyFolder: '759cde66-bacf-43d0-8b1f-9163ce9ff57f',
  /** zero bytes: its ZIP goes straight from PENDING to DONE */
  emptyFile: 'ec1b8ca1-f91e-4d4c-9ff4-9b7889463e85',
  /** generated, incompressible, `largeFileBytes` long */
  largeFile: '4b0dbb41-8d52-48f1-942c-3fe860e7a113',
  /** generated, incompressible, 20,000,000 bytes */
  mediumFile: 'e2acf72f-9e57-4f7a-a0ee-89aed453dd32',
  /** only bob and administrators may read it: 403 */
  forbiddenFile: '3139d32c-93cd-49bf-9c94-1cf0dc98d2c1',
  /** everyone may read the folder and one child; the other child is bob's */
  forbiddenInsideFolder: 'a9488d99-0bbb-4599-91ce-5dd2b45ed1f0',
  /** content in cold storage: 412 */
  archivedFile: 'fc377a4c-4a15-444d-85e7-ce8a3a578a8e',
  /** folder holding an archived file: 412 */
  archivedInsideFolder: 'ddd1dfb2-3b98-4ef8-9af6-1a26146d3f31',
  /** its job crashes half-way: the download stays IN_PROGRESS forever */
  crashingFile: '7412b293-4729-4739-a14f-f3d719db3ad0',
  /** its job crashes at the first byte: the download stays PENDING forever */
  unreadableContentFile: '29a3b2e9-5d65-4441-9588-42dea2bc372f',
  /** counted in the estimate, left out of the ZIP: DONE with filesAdded < totalFiles */
  missingContentFile: 'ab9099a4-35a2-40ae-9af3-05535ec42e08',
  /** readable, but not a cm:cmobject: 422 */
  person: 'aefcfad8-efc8-4849-b3aa-7efe4458a885',
  /** stock id that is not a UUID; folder with one file */
  renderingActions: 'rendering_actions_space',
  /** stock id with a colon; empty category */
  tagRoot: 'tag:tag-root',
  /** stock id with a dot; folder with one file */
  appDefault: 'APP.DEFAULT',
  /** system container of all download nodes; only administrators may read it, and no one can zip it */
  downloadsContainer: 'downloads_container',
} as const;

/** The accounts of every sandbox by default. The passwords are distinctive, so that tests can search for leaks of them. */
export const SAMPLE_USERS: readonly SandboxUser[] = [
  { id: 'admin', password: 'adm1n-s3cret-Pa55', displayName: 'Administrator', admin: true },
  { id: 'downloads-service', password: 'svc-s3cret-Pa55', displayName: 'Downloads Service' },
  { id: 'alice', password: 'al1ce-s3cret-Pa55', displayName: 'Alice Example' },
  { id: 'bob', password: 'b0b-s3cret-Pa55', displayName: 'Bob Example' },
];
