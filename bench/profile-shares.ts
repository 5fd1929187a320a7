/** What is used here of a profile of `node:inspector`. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: {
      readonly functionName: string;
      /** Of the file or module; empty for code that is not JavaScript. */
      readonly url: string;
      readonly lineNumber: number;
    };
    readonly children?: readonly number[];
  }[];
  /** Ids of nodes. */
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

type Node = CpuProfile['nodes'][number];

const IDLE = '(idle)';
const FUNCTIONS = 40;

/**
 * Renders two tables of self time without the idle time, as Markdown: by part and by function. Code that is not JavaScript
 * counts as its caller's.
 *
 * @param count of units of work during the profile
 */
export function renderShares(profile: CpuProfile, count: number, unit: string): string {
  const byId = new Map(profile.nodes.map((node) => [node.id, node]));
  const parents = new Map(
    profile.nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node] as const)),
  );
  const parts = new Map<string, number>();
  const functions = new Map<string, number>();
  let total = 0;
  profile.samples.forEach((id, index) => {
    const node = byId.get(id)!;
    if (node.callFrame.functionName === IDLE) return;
    const spent = profile.timeDeltas[index + 1] ?? 0;
    const caller = scripted(node, parents);
    total += spent;
    add(parts, partOf(caller), spent);
    add(functions, nameOf(node, caller), spent);
  });
  const table = (head: string, all: ReadonlyMap<string, number>, limit = Infinity) => [
    `| ${head} | us per ${unit} | % |`,
    '| --- | --- | --- |',
    ...[...all]
      .toSorted(([, a], [, b]) => b - a)
      .slice(0, limit)
      .map(
        ([name, spent]) =>
          `| ${name} | ${(spent / count).toFixed(2)} | ${((100 * spent) / total).toFixed(1)} |`,
      ),
    '',
  ];
  return [
    `${(total / count).toFixed(2)} us of the main thread per ${unit}.`,
    '',
    ...table('part', parts),
    ...table('function', functions, FUNCTIONS),
  ].join('\n');
}

function add(sums: Map<string, number>, name: string, value: number): void {
  sums.set(name, (sums.get(name) ?? 0) + value);
}

/** The innermost frame of a file or module: the node itself, or who called it. */
function scripted(node: Node, parents: ReadonlyMap<number, Node>): Node {
  let at: Node | undefined = node;
  while (at && at.callFrame.url === '') at = parents.get(at.id);
  return at ?? node;
}

function partOf({ callFrame: { url, functionName } }: Node): string {
  if (url === '') return functionName;
  const [, ofPackage] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? [];
  if (ofPackage) return ofPackage;
  const [, ofService] = /\/dist\/([^/]+)/.exec(url) ?? [];
  if (ofService) return `src/${ofService}`;
  // Such as `node:_http_outgoing` and `node:internal/streams/writable`, parts of `http` and `streams`.
  const ofNode = /^node:(?:internal\/)?(?:_([a-z]+)|([^/]+))/.exec(url);
  return ofNode ? `node:${ofNode[1] ?? ofNode[2]}` : url;
}

function nameOf({ callFrame }: Node, { callFrame: caller }: Node): string {
  const name = callFrame.functionName || '(anonymous)';
  if (caller.url === '') return name;
  const file = caller.url.replace(/^.*\/(?:node_modules|dist)\//, '');
  const place = `${file}:${caller.lineNumber + 1}`;
  return callFrame === caller ? `${name} ${place}` : `${name}, called at ${place}`;
}
