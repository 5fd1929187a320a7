/** What Swagger UI lacks: on a phone its tables run out of the window, and its own name needs no bar of its own. */
export const DOCS_STYLE = `
.swagger-ui .topbar { display: none; }
.swagger-ui .body-param__text { min-height: 9rem; }
@media (max-width: 640px) {
  .swagger-ui .wrapper { padding: 0 .5rem; }
  .swagger-ui .info { margin: 1.5rem 0; }
  .swagger-ui .scheme-container { padding: 1rem 0; }
  .swagger-ui .opblock-tag { flex-wrap: wrap; }
  .swagger-ui .opblock-tag small { flex-basis: 100%; order: 1; padding: 0; }
  .swagger-ui .opblock-tag .expand-operation { margin-left: auto; }
  .swagger-ui .opblock-summary-path { max-width: none; word-break: break-word; }
  .swagger-ui .opblock .opblock-section-header, .swagger-ui .opblock-description-wrapper,
  .swagger-ui .table-container, .swagger-ui .responses-inner { padding: .75rem; }
  .swagger-ui .opblock-body table, .swagger-ui .opblock-body tbody,
  .swagger-ui .opblock-body tr, .swagger-ui .opblock-body td { display: block; width: auto; min-width: 0; max-width: 100%; }
  .swagger-ui .opblock-body thead, .swagger-ui .response-col_links:not(:has(.response-control-media-type, .renderedMarkdown, pre, b)) { display: none; }
  .swagger-ui .opblock-body table.headers { padding-left: .75rem; }
  .swagger-ui .opblock-body table.headers td { padding: 0; }
  .swagger-ui .opblock-body table.headers tr { padding: .25rem 0; }
  .swagger-ui .opblock-body table tbody tr td { padding: .25rem 0; }
  .swagger-ui .responses-table .response-col_status { padding-top: 1rem; font-weight: bold; border-top: 1px solid #3b41514d; }
  .swagger-ui .parameters-col_description input[type=text], .swagger-ui .parameters-col_description select { max-width: none; width: 100%; }
  .swagger-ui .opblock-body pre { overflow-wrap: anywhere; }
  .swagger-ui .examples-select-element, .swagger-ui .content-type { max-width: 100%; }
  .swagger-ui .json-schema-2020-12, .swagger-ui .model-box { max-width: 100%; margin-inline: 0; overflow-wrap: anywhere; }
}
`;
