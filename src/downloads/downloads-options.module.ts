import {
  ConfigurableModuleBuilder,
  type FactoryProvider,
  type InjectionToken,
  Module,
} from '@nestjs/common';
import { ALFRESCO_CONFIG } from '../alfresco/alfresco-api.js';
import { ApplicationCallers, CallerSource } from '../auth/caller.guard.js';
import { LinkSigner } from '../auth/signed-link.js';
import { DOWNLOADS_CONFIG } from '../config/app-config.js';
import { PACING_CONFIG } from '../config/pacing.js';
import { Metrics } from '../observability/metrics.js';
import { PROBLEM_PAGES, problemPages } from '../problems/problem-document.js';
import { PEERS } from './progress/progress-sharing.js';
import { openRegistry } from './registry/registry.factory.js';
import { STORE } from './registry/registry.module.js';
import {
  type DownloadsModuleOptions,
  alfrescoConfig,
  downloadsConfig,
  linkConfig,
  pacingOf,
  peersOf,
  retentionOf,
} from './downloads-options.js';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<DownloadsModuleOptions>().setClassMethodName('forRoot').build();

/** Argument of `forRootAsync`: `useFactory` with `inject` and `imports`, `useClass` or `useExisting`. */
export type DownloadsModuleAsyncOptions = typeof ASYNC_OPTIONS_TYPE;

function fromOptions<T>(
  provide: InjectionToken,
  useFactory: (options: DownloadsModuleOptions) => T,
): FactoryProvider<T> {
  return { provide, useFactory, inject: [MODULE_OPTIONS_TOKEN] };
}

/** Makes of the options what `DownloadsModule` and the modules below it inject. */
@Module({
  providers: [
    fromOptions(ALFRESCO_CONFIG, alfrescoConfig),
    fromOptions(DOWNLOADS_CONFIG, downloadsConfig),
    fromOptions(LinkSigner, (options) => new LinkSigner(linkConfig(options))),
    fromOptions(
      CallerSource,
      (options) => new ApplicationCallers((request) => options.callerOf(request)),
    ),
    fromOptions(PACING_CONFIG, pacingOf),
    fromOptions(STORE, (options) => {
      const { store } = options;
      return typeof store === 'string'
        ? openRegistry({ url: store, retentionMs: retentionOf(options) }, pacingOf(options).store)
        : store;
    }),
    fromOptions(PEERS, peersOf),
    fromOptions(PROBLEM_PAGES, (options) => options.problemPages ?? problemPages()),
    fromOptions(Metrics, ({ metrics }) => new Metrics(metrics)),
  ],
  exports: [
    ALFRESCO_CONFIG,
    DOWNLOADS_CONFIG,
    PACING_CONFIG,
    STORE,
    PEERS,
    PROBLEM_PAGES,
    Metrics,
    LinkSigner,
    CallerSource,
  ],
})
export class OptionsModule extends ConfigurableModuleClass {}
