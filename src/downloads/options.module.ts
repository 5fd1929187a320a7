import {
  ConfigurableModuleBuilder,
  type FactoryProvider,
  type InjectionToken,
  Module,
} from '@nestjs/common';
import { LINK_CONFIG, LinkSigner } from '../auth/link-signer.js';
import { ALFRESCO_CONFIG } from '../alfresco/alfresco-api.js';
import { PACING_CONFIG } from '../config/pacing.js';
import { DownloadEndings } from './progress/download-endings.js';
import { Metrics } from '../observability/metrics.js';
import { UpstreamMetrics } from '../alfresco/http/upstream-metrics.js';
import { UpstreamObserver } from '../alfresco/http/upstream-observer.js';
import { DOWNLOADS_CONFIG } from './downloads-config.js';
import { PROBLEM_PAGES, problemPages } from '../problems/problem-type.js';
import {
  type DownloadsModuleOptions,
  alfrescoConfig,
  downloadsConfig,
  linkConfig,
  pacingOf,
  retentionOf,
} from './downloads-options.js';
import { STORE } from './registry/registry.module.js';
import { openRegistry } from './registry/registry.factory.js';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<DownloadsModuleOptions>().setClassMethodName('forRoot').build();

/** Injection token of the `DownloadsModuleOptions`. */
export const DOWNLOADS_OPTIONS = MODULE_OPTIONS_TOKEN;

/** What `forRootAsync` takes: `useFactory` with `inject` and `imports`, `useClass` or `useExisting`. */
export type DownloadsModuleAsyncOptions = typeof ASYNC_OPTIONS_TYPE;

function fromOptions<T>(
  provide: InjectionToken,
  useFactory: (options: DownloadsModuleOptions) => T,
): FactoryProvider<T> {
  return { provide, useFactory, inject: [DOWNLOADS_OPTIONS] };
}

/** What comes of the options, for `DownloadsModule` and those that it consists of. */
@Module({
  providers: [
    fromOptions(ALFRESCO_CONFIG, alfrescoConfig),
    fromOptions(DOWNLOADS_CONFIG, downloadsConfig),
    fromOptions(LINK_CONFIG, linkConfig),
    fromOptions(PACING_CONFIG, pacingOf),
    fromOptions(STORE, (options) => {
      const { store } = options;
      return typeof store === 'string'
        ? openRegistry({ url: store, retentionMs: retentionOf(options) }, pacingOf(options).store)
        : store;
    }),
    fromOptions(PROBLEM_PAGES, (options) => options.problemPages ?? problemPages()),
    fromOptions(Metrics, ({ metrics }) => new Metrics(metrics)),
    LinkSigner,
    UpstreamMetrics,
    UpstreamObserver,
    DownloadEndings,
  ],
  exports: [
    DOWNLOADS_OPTIONS,
    ALFRESCO_CONFIG,
    DOWNLOADS_CONFIG,
    PACING_CONFIG,
    STORE,
    PROBLEM_PAGES,
    Metrics,
    LinkSigner,
    UpstreamMetrics,
    UpstreamObserver,
    DownloadEndings,
  ],
})
export class OptionsModule extends ConfigurableModuleClass {}
