import { type SandboxOptions, startSandbox } from '../../../sandbox/sandbox.ts';
import { MutualTls } from '../mutual-tls.js';
import { type Begin, type UpstreamFault, connecting, fault } from './faults.js';

const UNREACHABLE = { json: 'ALFRESCO_UNREACHABLE' } as const;
const TIMEOUT = { json: 'ALFRESCO_TIMEOUT' } as const;

/** Routes new connections to another server, which must not receive a request. */
function impostor(identify: () => SandboxOptions): Begin {
  let options: SandboxOptions | undefined;
  return async ({ proxy }) => {
    const good = proxy.target;
    const other = await startSandbox((options ??= identify()));
    proxy.reset();
    proxy.target = Number(new URL(other.url).port);
    return async () => {
      proxy.target = good;
      await other.close();
      expect(other.requests).toEqual([]);
    };
  };
}

function ofAnotherAuthority(): SandboxOptions {
  const foreign = new MutualTls();
  foreign.close();
  return { tls: foreign.server };
}

/** Faults of TLS connections. @param trusted certificates of the right Alfresco */
export function tlsFaults(trusted: () => MutualTls): UpstreamFault[] {
  return [
    fault(
      'Alfresco shows a certificate of another authority',
      impostor(ofAnotherAuthority),
      UNREACHABLE,
    ),
    fault(
      'Alfresco shows an expired certificate',
      impostor(() => ({ tls: trusted().issueExpired('/CN=alfresco') })),
      UNREACHABLE,
    ),
    fault(
      'Alfresco shows a certificate for another host',
      impostor(() => ({ tls: trusted().issue('/CN=alfresco', 'DNS:elsewhere.example') })),
      UNREACHABLE,
    ),
    fault(
      'Alfresco speaks HTTP instead of TLS',
      impostor(() => ({})),
      UNREACHABLE,
    ),
    fault(
      'Alfresco sends something other than a TLS handshake',
      connecting((it) => void it.write('hello\n')),
      UNREACHABLE,
    ),
    fault(
      'Alfresco resets the connection during the TLS handshake',
      connecting((it) => void it.resetAndDestroy()),
      UNREACHABLE,
    ),
    fault(
      'Alfresco closes the connection during the TLS handshake',
      connecting((it) => void it.end()),
      UNREACHABLE,
    ),
    fault(
      'Alfresco never begins the TLS handshake',
      connecting(() => {}),
      TIMEOUT,
    ),
  ];
}
